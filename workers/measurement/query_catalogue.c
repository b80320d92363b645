/* indicator.list and place.list: objects as the views keep them.
 *
 * Their details are the very messages that the replies hold, so they are copied as they are: a reply is its
 * sequence (field 1) and the objects (field 2), https://protobuf.dev/programming-guides/encoding/. */
#include "query_core.h"

#define TAG_SEQUENCE 0x08 /* field 1, varint */
#define TAG_OBJECT   0x12 /* field 2, length-delimited */

struct state {
    uint32_t next; /* id to go on with */
    uint32_t only; /* indicator asked for; 0: all */
};

static void
append_varint(struct bb_buffer *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        bb_buffer_byte(out, (uint8_t)(v | 0x80));
    bb_buffer_byte(out, (uint8_t)v);
}

static void
append_object(struct bb_buffer *out, struct bb_bytes details)
{
    bb_buffer_byte(out, TAG_OBJECT);
    append_varint(out, details.len);
    bb_buffer_append(out, details.data, details.len);
}

/* The objects of a kind from state->next on, as far as the part reaches; those without details are names
 * that nobody registered. */
static int
append_objects(struct bb_query *query, struct bb_query_step *step, enum bb_object_kind kind)
{
    struct state *state = query->state;
    uint8_t first[BB_OBJECT_KEY];
    struct bb_bytes key, payload, text, details;
    size_t empty = step->out->len;
    unsigned looked = 0;
    int r;

    bb_object_key(kind, state->next, first);
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_OBJECT, bb_bytes(first, sizeof first), &key, &payload);
    while (r == 0 && key.len == BB_OBJECT_KEY && key.data[0] == kind) {
        state->next = bb_get_u32(key.data + 1);
        if ((step->out->len > empty && step->out->len >= step->max_bytes) || ++looked > BB_QUERY_STEP_RECORDS)
            return 0;
        if (bb_object_unpack(payload, &text, &details) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_OBJECT, key);
        if (details.len && (state->only == 0 || state->only == state->next))
            append_object(step->out, details);
        if (state->only)
            break;
        r = bb_snapshot_move(&step->snapshot, BB_VIEW_OBJECT, MDB_NEXT, &key, &payload);
    }
    step->final = true;
    return r > 0 ? 0 : r;
}

static int
append_part(struct bb_query *query, struct bb_query_step *step, enum bb_object_kind kind)
{
    int r;

    bb_buffer_byte(step->out, TAG_SEQUENCE);
    append_varint(step->out, query->sequence);
    r = append_objects(query, step, kind);
    return r == 0 ? step->out->error : r;
}

static int
begin_indicators(struct bb_query *query, struct bb_query_step *step)
{
    const Bb__IndicatorList *request = (const Bb__IndicatorList *)(const void *)query->request;
    struct state *state = query->state;
    int r;

    if (!request->code || !*request->code)
        return 0;
    r = bb_query_find(step, BB_OBJECT_INDICATOR, request->code, &state->only);
    state->next = state->only;
    return r;
}

static int
part_indicators(struct bb_query *query, struct bb_query_step *step)
{
    return append_part(query, step, BB_OBJECT_INDICATOR);
}

static int
part_places(struct bb_query *query, struct bb_query_step *step)
{
    return append_part(query, step, BB_OBJECT_PLACE);
}

const struct bb_query_kind bb_query_indicators = {
    .method = BB_METHOD_INDICATOR_LIST,
    .request = &bb__indicator_list__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin_indicators,
    .part = part_indicators,
};

const struct bb_query_kind bb_query_places = {
    .method = BB_METHOD_PLACE_LIST,
    .request = &bb__place_list__descriptor,
    .state_bytes = sizeof(struct state),
    .part = part_places,
};
