/* Ids are unique within a kind, and looked up in an index of jansson's own hash tables.
 *
 * A file of 64 MiB may be made of empty lists, each of which takes thirty times as much memory as text: while
 * jansson reads, it is given no more than BB_METADATA_MEMORY. What it has may be freed later by anybody. */
#include "metadata.h"

#include "client/formats/text/json_words.h"

#include "runtime/buffer.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (64u << 10)

struct bb_metadata {
    json_t *root;
    json_t *index; /* of each section in `indexed`: objects by id */
};

static const char *const indexed[] = {
    "dataElements", "indicators", "indicatorTypes", "categoryOptionCombos", "constants", "organisationUnits",
};

static const char *const schemes[] = {"uid", "code", "name"};

int
bb_id_scheme(const char *word)
{
    for (int i = BB_ID_UID; i <= BB_ID_NAME; i++)
        if (strcmp(word, schemes[i]) == 0)
            return i;
    return -1;
}

const char *
bb_id_property(enum bb_id_scheme scheme)
{
    return scheme == BB_ID_UID ? "id" : schemes[scheme];
}

const char *
bb_metadata_text(const json_t *object, const char *property)
{
    return json_string_value(json_object_get(object, property));
}

const char *
bb_metadata_reference(const json_t *object, const char *property)
{
    const json_t *value = json_object_get(object, property);

    return json_is_object(value) ? bb_metadata_text(value, "id") : json_string_value(value);
}

const json_t *
bb_metadata_section(const struct bb_metadata *metadata, const char *section)
{
    const json_t *list = json_object_get(metadata->root, section);

    return json_is_array(list) ? list : NULL;
}

const json_t *
bb_metadata_find(const struct bb_metadata *metadata, const char *section, const char *id)
{
    return id ? json_object_get(json_object_get(metadata->index, section), id) : NULL;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static int
add_objects(json_t *objects, const json_t *list)
{
    size_t i;
    json_t *object;

    json_array_foreach(list, i, object)
    {
        const char *id = bb_metadata_text(object, "id");
        if (id && json_object_set(objects, id, object) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* Exports for people who enter data have the combinations of each categoryCombo within it. */
static int
add_combinations(json_t *objects, const json_t *combos)
{
    size_t i;
    json_t *combo;
    int r = 0;

    json_array_foreach(combos, i, combo)
    {
        if (r == 0)
            r = add_objects(objects, json_object_get(combo, "categoryOptionCombos"));
    }
    return r;
}

static int
build_index(struct bb_metadata *metadata)
{
    int r = 0;

    metadata->index = json_object();
    for (size_t i = 0; r == 0 && i < sizeof indexed / sizeof *indexed; i++) {
        json_t *objects = json_object();
        r = json_object_set_new(metadata->index, indexed[i], objects) < 0 ? -ENOMEM : 0;
        if (r == 0 && strcmp(indexed[i], "categoryOptionCombos") == 0)
            r = add_combinations(objects, json_object_get(metadata->root, "categoryCombos"));
        if (r == 0)
            r = add_objects(objects, json_object_get(metadata->root, indexed[i]));
    }
    return r;
}

/* 0 | -EMSGSIZE: more than BB_METADATA_BYTES | -errno */
static int
read_whole(struct bb_feed feed, struct bb_buffer *text)
{
    ssize_t n;

    do {
        uint8_t block[BLOCK];
        n = feed.read(feed.self, block, sizeof block);
        if (n > 0)
            bb_buffer_append(text, block, (size_t)n);
    } while (n > 0 && text->error == 0);
    return n < 0 ? (int)n : text->error;
}

static struct {
    size_t taken;
    bool refused;
} memory;

static void *
take_memory(size_t size)
{
    void *at = size > BB_METADATA_MEMORY - memory.taken ? NULL : malloc(size);

    memory.refused |= at == NULL;
    memory.taken += at ? malloc_usable_size(at) : 0;
    memory.taken = memory.taken < BB_METADATA_MEMORY ? memory.taken : BB_METADATA_MEMORY;
    return at;
}

static void
give_memory(void *at)
{
    size_t size = at ? malloc_usable_size(at) : 0;

    memory.taken -= size < memory.taken ? size : memory.taken;
    free(at);
}

static json_t *
load(struct bb_bytes text, json_error_t *where)
{
    json_malloc_t old_malloc;
    json_free_t old_free;
    json_t *root;

    json_get_alloc_funcs(&old_malloc, &old_free);
    memory.taken = 0;
    memory.refused = false;
    json_set_alloc_funcs(take_memory, give_memory);
    root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, where);
    json_set_alloc_funcs(old_malloc, old_free);
    return root;
}

static void
explain(const json_error_t *where, char *error, size_t size)
{
    char words[300] = "found the end of the file, expected the rest of a JSON object";

    if (json_error_code(where) != json_error_premature_end_of_input)
        bb_json_explain(where, words, sizeof words);
    snprintf(error, size, "line %d, column %d: %s", where->line, where->column, words);
}

/* 0 | BB_METADATA_BAD, and where and why at error */
static int
parse(struct bb_bytes text, json_t **ret_root, char *error, size_t size)
{
    json_error_t where;
    json_t *root = load(text, &where);

    if (json_is_object(root)) {
        *ret_root = root;
        return 0;
    }
    if (root)
        snprintf(error, size, "line 1: found %s, expected an object: metadata of DHIS2", bb_json_kind(root));
    else if (memory.refused)
        snprintf(error, size,
                 "found more objects than %zu MiB of memory hold, expected fewer: export fewer of them",
                 BB_METADATA_MEMORY >> 20);
    else
        explain(&where, error, size);
    json_decref(root);
    return BB_METADATA_BAD;
}

int
bb_metadata_of(json_t *root, struct bb_metadata **ret_metadata)
{
    struct bb_metadata *metadata = calloc(1, sizeof *metadata);
    int r = -ENOMEM;

    if (metadata)
        metadata->root = root;
    else
        json_decref(root);
    if (metadata && root)
        r = build_index(metadata);
    if (r)
        bb_metadata_destroy(&metadata);
    else
        *ret_metadata = metadata;
    return r;
}

int
bb_metadata_read(struct bb_feed feed, struct bb_metadata **ret_metadata, char *error, size_t size)
{
    struct bb_buffer text;
    json_t *root = NULL;
    int r;

    bb_buffer_init(&text, BB_METADATA_BYTES);
    r = read_whole(feed, &text);
    if (r == 0)
        r = parse(bb_buffer_bytes(&text), &root, error, size);
    bb_buffer_release(&text);
    if (r == -EMSGSIZE) {
        snprintf(error, size,
                 "found more than %u MiB of metadata, expected at most that: export fewer objects",
                 BB_METADATA_BYTES >> 20);
        r = BB_METADATA_BAD;
    }
    return r ? r : bb_metadata_of(root, ret_metadata);
}

void
bb_metadata_destroy(struct bb_metadata **metadata)
{
    if (!*metadata)
        return;
    json_decref((*metadata)->index);
    json_decref((*metadata)->root);
    free(*metadata);
    *metadata = NULL;
}
