#include "catalogue.h"

#include "proto/limits.h"
#include "proto/message.h"

#include "worker.pb-c.h"

#include <errno.h>
#include <stdlib.h>

void
bb_catalogue_release(struct bb_catalogue *catalogue)
{
    for (int kind = 0; kind < BB_OBJECT_KINDS; kind++) {
        for (uint32_t id = 0; id < catalogue->size[kind]; id++) {
            free(catalogue->object[kind][id].text);
            free(catalogue->object[kind][id].details);
            bb_codes_destroy(&catalogue->object[kind][id].limit);
        }
        free(catalogue->object[kind]);
    }
    free(catalogue->indicator);
    *catalogue = (struct bb_catalogue){0};
}

const struct bb_object *
bb_catalogue_get(const struct bb_catalogue *catalogue, enum bb_object_kind kind, uint32_t id)
{
    int k = bb_object_index(kind);

    return id < catalogue->size[k] && catalogue->object[k][id].text ? &catalogue->object[k][id] : NULL;
}

const struct bb_indicator *
bb_catalogue_indicator(const struct bb_catalogue *catalogue, uint32_t id)
{
    return &catalogue->indicator[id];
}

bool
bb_catalogue_takes_part(const struct bb_catalogue *catalogue, const struct bb_codes *limit,
                        uint32_t indicator)
{
    const struct bb_object *object =
        limit ? bb_catalogue_get(catalogue, BB_OBJECT_INDICATOR, indicator) : NULL;

    return !limit || (object && bb_codes_has(limit, bb_bytes_str(object->text)));
}

/* Room for this id, zeroed. */
static int
reserve(void **array, uint32_t *size, uint32_t id, size_t element)
{
    uint32_t wanted = *size ? *size : 64;
    uint8_t *grown;

    if (id < *size)
        return 0;
    while (wanted <= id)
        wanted *= 2;
    grown = realloc(*array, wanted * element);
    if (!grown)
        return -ENOMEM;
    memset(grown + *size * element, 0, (wanted - *size) * element);
    *array = grown;
    *size = wanted;
    return 0;
}

static int
parse_indicator(struct bb_catalogue *catalogue, uint32_t id, struct bb_bytes details)
{
    struct bb_arena arena;
    Bb__Indicator *definition;
    struct bb_note note;
    const char *column;
    int r =
        reserve((void **)&catalogue->indicator, &catalogue->indicator_size, id, sizeof(struct bb_indicator));

    if (r != 0)
        return r;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    r = bb_unpack(bb__indicator, details, &arena, &definition);
    if (r == 0)
        r = bb_indicator_parse(definition, &catalogue->indicator[id], &note, &column);
    bb_arena_release(&arena);
    return r > 0 ? -EBADMSG : r;
}

static int
read_limit(struct bb_bytes details, struct bb_codes **ret_limit)
{
    Bb__Organization *organization;
    struct bb_arena arena;
    int r;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    r = bb_unpack(bb__organization, details, &arena, &organization);
    if (r == 0)
        r = bb_codes_new(organization->indicator, organization->n_indicator, ret_limit);
    bb_arena_release(&arena);
    return r;
}

int
bb_catalogue_set(struct bb_catalogue *catalogue, enum bb_object_kind kind, uint32_t id, struct bb_bytes text,
                 struct bb_bytes details)
{
    int k = bb_object_index(kind), r;
    struct bb_object new = {.limit = NULL}, *object;

    r = reserve((void **)&catalogue->object[k], &catalogue->size[k], id, sizeof(struct bb_object));
    if (r == 0 && kind == BB_OBJECT_INDICATOR)
        r = parse_indicator(catalogue, id, details);
    if (r == 0 && kind == BB_OBJECT_ORGANIZATION)
        r = read_limit(details, &new.limit);
    if (r != 0)
        return r;
    new.text = strndup((const char *)text.data, text.len);
    new.details = malloc(details.len ? details.len : 1);
    new.details_len = details.len;
    if (!new.text || !new.details) {
        free(new.text);
        free(new.details);
        bb_codes_destroy(&new.limit);
        return -ENOMEM;
    }
    memcpy(new.details, details.data, details.len);
    object = &catalogue->object[k][id];
    catalogue->count[k] += !object->text;
    free(object->text);
    free(object->details);
    bb_codes_destroy(&object->limit);
    *object = new;
    return 0;
}

static int
load_object(struct bb_catalogue *catalogue, struct bb_bytes key, struct bb_bytes payload)
{
    struct bb_bytes text, details;
    int r = key.len == BB_OBJECT_KEY ? bb_object_unpack(payload, &text, &details) : -EBADMSG;

    if (r != 0 || details.len == 0)
        return r;
    return bb_catalogue_set(catalogue, key.data[0], bb_get_u32(key.data + 1), text, details);
}

int
bb_catalogue_load(struct bb_catalogue *catalogue, const struct bb_views *views)
{
    struct bb_bytes key, payload;
    MDB_cursor *cursor = NULL;
    MDB_txn *txn;
    int r = bb_store_begin(views->store, false, &txn);

    *catalogue = (struct bb_catalogue){0};
    if (r != 0)
        return r;
    r = bb_cursor_open(txn, views->dbi[BB_VIEW_OBJECT], &cursor);
    while (r == 0) {
        r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload);
        if (r == 0)
            r = load_object(catalogue, key, payload);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    bb_store_abort(views->store, &txn);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}
