/* What is computed from an indicator is looked up once a digest, as of the digest's sequence, whatever entry
 * names it: the view `dependent` says what was so at that moment. */
#include "digest_core.h"

#include "workers/measurement/store/dependents.h"
#include "workers/measurement/store/names.h"
#include "workers/measurement/store/terms.h"

#include <errno.h>

/* One that is computed from it, when it is wanted. */
static int
add_dependent(struct bb_digest_adding *adding, uint32_t id, struct bb_digest_input *input)
{
    uint8_t data[BB_OBJECT_KEY];
    struct bb_bytes key = bb_bytes(data, bb_object_key(BB_OBJECT_INDICATOR, id, data)), payload, code,
                    details;
    struct bb_digest *digest = adding->digest;
    uint32_t number;
    int r = bb_snapshot_get(&adding->snapshot, BB_VIEW_OBJECT, key, &payload);

    if (r > 0 || (r == 0 && bb_object_unpack(payload, &code, &details) != 0))
        return bb_snapshot_damaged(&adding->snapshot, BB_VIEW_OBJECT, key);
    if (r == 0)
        r = bb_digest_intern_indicator(digest, code, &number);
    if (r != 0 || number + 1 == BB_DIGEST_LEFT_OUT)
        return r;
    digest->indicator[number].computed = id;
    input->dependent[input->n++] = number;
    return 0;
}

static int
find_dependents(struct bb_digest_adding *adding, uint32_t indicator, struct bb_digest_input *input)
{
    struct bb_ids ids = {0};
    int r = bb_dependents_find(&adding->snapshot, indicator, &ids);

    if (r == 0 && ids.count > 0) {
        input->dependent = bb_arena_alloc(&adding->digest->arena, ids.count * sizeof *input->dependent);
        r = input->dependent ? 0 : -ENOMEM;
    }
    for (uint32_t i = 0; r == 0 && i < ids.count; i++)
        r = add_dependent(adding, ids.id[i], input);
    bb_ids_release(&ids);
    return r;
}

static int
look_up(struct bb_digest_adding *adding, struct bb_bytes code, struct bb_digest_input *input)
{
    uint32_t indicator;
    int r = bb_digest_look(adding);

    if (r != 0)
        return r;
    r = bb_term_find(&adding->snapshot, BB_OBJECT_INDICATOR, code, &indicator);
    if (r > 0)
        return bb_snapshot_damaged(&adding->snapshot, BB_VIEW_NAME, code);
    adding->snapshot.sequence = adding->digest->sequence;
    if (r == 0)
        r = find_dependents(adding, indicator, input);
    adding->snapshot.sequence = adding->sequence;
    return r;
}

int
bb_digest_dependents(struct bb_digest_adding *adding, uint32_t index,
                     const struct bb_digest_input **ret_input)
{
    struct bb_digest *digest = adding->digest;
    struct bb_digest_input found = {0};
    void *items = digest->input;
    uint32_t number = adding->input[index];
    bool is_new;
    int r;

    if (number == 0) {
        struct bb_bytes code = adding->view.text[index];
        r = bb_digest_intern(&digest->inputs, code, &items, sizeof *digest->input, &digest->input_size,
                             &number, &is_new);
        digest->input = items;
        if (r == 0 && is_new)
            r = look_up(adding, code, &found);
        if (r != 0)
            return r;
        if (is_new)
            digest->input[digest->n_input++] = found;
        adding->input[index] = ++number;
    }
    *ret_input = &digest->input[number - 1];
    return 0;
}
