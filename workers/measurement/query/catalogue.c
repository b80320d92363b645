/* indicator.list, place.list and adoption.list: objects as the views keep them.
 *
 * Their details, and the definitions of indicators, are the very messages that the replies hold, so they are
 * copied as they are: a reply is its sequence (field 1) and the objects (field 2),
 * https://protobuf.dev/programming-guides/encoding/. An indicator is given as it was defined at the moment
 * asked for; one that was not there yet is left out. */
#include "core.h"
#include "limit.h"

#include "proto/limits.h"
#include "workers/measurement/store/adoption.h"

#include <errno.h>

#define TAG_SEQUENCE 0x08 /* field 1, varint */
#define TAG_OBJECT   0x12 /* field 2, length-delimited */

struct state {
    uint32_t next; /* id to go on with */
    uint32_t only; /* indicator asked for; 0: all */
};

/* Of adoption.list. */
struct adoptions {
    uint32_t indicator, organization; /* asked for; 0: all */
    uint8_t next[BB_ADOPTION_KEY];    /* where the next part begins */
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

/* An indicator as it was defined. 0 | BB_STORE_E_NOT_FOUND it was not there yet | <0 */
static int
find_definition(struct bb_query *query, struct bb_query_step *step, uint32_t indicator,
                Bb__Indicator **ret_definition)
{
    int r;

    bb_arena_reset(&query->terms.scratch);
    r = bb_term_definition(&step->snapshot, indicator, &query->terms.scratch, ret_definition);
    if (r != 0)
        return r;
    return (*ret_definition)->sequence > query->sequence ? BB_STORE_E_NOT_FOUND : 0;
}

static int
append_indicator(struct bb_query *query, struct bb_query_step *step, uint32_t indicator)
{
    Bb__Indicator *definition;
    uint8_t *to;
    size_t len;
    int r = find_definition(query, step, indicator, &definition);

    if (r != 0)
        return r < 0 ? r : 0;
    len = bb__indicator__get_packed_size(definition);
    bb_buffer_byte(step->out, TAG_OBJECT);
    append_varint(step->out, len);
    to = bb_buffer_extend(step->out, len);
    if (to)
        bb__indicator__pack(definition, to);
    return step->out->error;
}

static int
append_one(struct bb_query *query, struct bb_query_step *step, enum bb_object_kind kind,
           struct bb_bytes details)
{
    const struct state *state = query->state;

    if (kind == BB_OBJECT_INDICATOR)
        return bb_query_takes_part(query, state->next) ? append_indicator(query, step, state->next) : 0;
    append_object(step->out, details);
    return 0;
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
        if ((step->out->len > empty && step->out->len >= step->max_bytes) ||
            ++looked > query->context.step_records)
            return 0;
        if (bb_object_unpack(payload, &text, &details) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_OBJECT, key);
        if (details.len && (state->only == 0 || state->only == state->next))
            r = append_one(query, step, kind, details);
        if (r != 0 || state->only)
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
    Bb__Indicator *definition;
    struct bb_quoted quoted;
    int r;

    if (!request->code || !*request->code)
        return 0;
    r = bb_query_find_indicator(query, step, request->code, &state->only);
    if (r != 0)
        return r;
    state->next = state->only;
    r = find_definition(query, step, state->only, &definition);
    if (r == BB_STORE_E_NOT_FOUND)
        return bb_query_refuse(step, BB_ERROR_NOT_FOUND, "indicator \"%s\" was not defined yet",
                               bb_quote(&quoted, bb_bytes_str(request->code)));
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

/* Adoptions */

static int
begin_adoptions(struct bb_query *query, struct bb_query_step *step)
{
    const Bb__AdoptionList *request = (const Bb__AdoptionList *)(const void *)query->request;
    struct adoptions *state = query->state;
    int r = 0;

    if (request->indicator && *request->indicator)
        r = bb_query_find_indicator(query, step, request->indicator, &state->indicator);
    if (r == 0 && request->organization && *request->organization)
        r = bb_query_find(step, BB_OBJECT_ORGANIZATION, request->organization, &state->organization);
    bb_adoption_key(state->indicator, 0, 0, state->next);
    return r;
}

static int
fill_adoption(struct bb_query *query, struct bb_query_step *step, const struct bb_adoption *from,
              struct bb_arena *texts, Bb__Adoption *to)
{
    struct bb_term *indicator, *organization;
    char *dates = bb_arena_alloc(texts, (size_t)2 * BB_PERIOD_TEXT);
    int r =
        dates ? bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, from->indicator, &indicator)
              : -ENOMEM;

    if (r == 0)
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, from->organization,
                         &organization);
    if (r != 0)
        return r;
    bb_date_format(from->from_day, dates);
    bb_date_format(from->until_day, dates + BB_PERIOD_TEXT);
    to->indicator = bb_arena_text(texts, indicator->text);
    to->organization = bb_arena_text(texts, organization->text);
    to->member = bb_arena_text(texts, from->member);
    to->has_version = true;
    to->version = from->version;
    to->from = dates;
    to->until = from->until_day ? dates + BB_PERIOD_TEXT : NULL;
    return to->indicator && to->organization && to->member ? 0 : -ENOMEM;
}

static int
append_adoption(struct bb_query *query, struct bb_query_step *step, uint64_t sequence,
                const struct bb_adoption *adoption)
{
    Bb__Adoption message = BB__ADOPTION__INIT;
    struct bb_arena texts;
    struct bb_entry entry;
    struct bb_buffer packed;
    int r = bb_snapshot_entry(&step->snapshot, sequence, &entry);

    bb_arena_init(&texts, BB_LIMIT_DECODE_BYTES);
    if (r == 0)
        r = fill_adoption(query, step, adoption, &texts, &message);
    if (r == 0) {
        message.has_sequence = message.has_time_us = true;
        message.sequence = sequence;
        message.time_us = (uint64_t)entry.time;
        bb_buffer_init(&packed, SIZE_MAX);
        bb__adoption__pack(&message, bb_buffer_extend(&packed, bb__adoption__get_packed_size(&message)));
        append_object(step->out, bb_buffer_bytes(&packed));
        bb_buffer_release(&packed);
    }
    bb_arena_release(&texts);
    return r;
}

/* What holds of the pair at whose first record the cursor stands: the last that is not above the sequence.
 * key, payload: then the record behind the pair. */
static int
take_pair(struct bb_query *query, struct bb_query_step *step, struct bb_bytes *key, struct bb_bytes *payload)
{
    const struct adoptions *state = query->state;
    struct bb_bytes pair = bb_bytes(key->data, BB_ADOPTION_PAIR);
    struct bb_adoption last;
    uint64_t sequence = 0;
    int r = 0;

    while (r == 0 && bb_bytes_equal(bb_bytes(key->data, BB_ADOPTION_PAIR), pair)) {
        uint64_t at = bb_get_u64(key->data + BB_ADOPTION_PAIR);
        if (at <= step->snapshot.sequence) {
            sequence = at;
            if (bb_adoption_unpack(*key, *payload, &last) != 0)
                return bb_snapshot_damaged(&step->snapshot, BB_VIEW_ADOPTION, *key);
        }
        r = bb_snapshot_move(&step->snapshot, BB_VIEW_ADOPTION, MDB_NEXT, key, payload);
        if (r == 0 && key->len != BB_ADOPTION_KEY)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_ADOPTION, *key);
    }
    if (r >= 0 && sequence && bb_query_takes_part(query, bb_get_u32(pair.data)) &&
        (state->organization == 0 || state->organization == bb_get_u32(pair.data + 4))) {
        int appended = append_adoption(query, step, sequence, &last);
        r = appended < 0 ? appended : r;
    }
    return r;
}

static int
part_adoptions(struct bb_query *query, struct bb_query_step *step)
{
    struct adoptions *state = query->state;
    struct bb_bytes key, payload;
    unsigned looked = 0;
    size_t empty;
    int r;

    bb_buffer_byte(step->out, TAG_SEQUENCE);
    append_varint(step->out, query->sequence);
    empty = step->out->len;
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_ADOPTION, bb_bytes(state->next, sizeof state->next), &key,
                         &payload);
    if (r == 0 && key.len != BB_ADOPTION_KEY)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_ADOPTION, key);
    while (r == 0 && (state->indicator == 0 || state->indicator == bb_get_u32(key.data))) {
        memcpy(state->next, key.data, sizeof state->next);
        if ((step->out->len > empty && step->out->len >= step->max_bytes) ||
            ++looked > query->context.step_records)
            return step->out->error;
        r = take_pair(query, step, &key, &payload);
    }
    step->final = true;
    return r < 0 ? r : step->out->error;
}

const struct bb_query_kind bb_query_adoptions = {
    .method = BB_METHOD_ADOPTION_LIST,
    .request = &bb__adoption_list__descriptor,
    .state_bytes = sizeof(struct adoptions),
    .begin = begin_adoptions,
    .part = part_adoptions,
};

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
