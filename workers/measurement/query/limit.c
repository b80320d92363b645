/* The list has codes, and codes of nothing are allowed in it: an indicator that is defined later is one of
 * them from then on. So ids are found anew for each query; who has no limit costs a look at its record. A
 * name that several indicators share is as unknown as what is not in the list, since it would tell of the
 * others. */
#include "limit.h"

#include "proto/message.h"

#include "worker.pb-c.h"

#include <errno.h>

#define INDICATOR_FIELD 10u /* of Organization, worker.proto */

/* A varint of protobuf; the rest of the input. False: it is cut. */
static bool
take_varint(struct bb_bytes *in, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < in->len && i < 10; i++) {
        value |= (uint64_t)(in->data[i] & 0x7F) << 7 * i;
        if (in->data[i] & 0x80)
            continue;
        *in = bb_bytes(in->data + i + 1, in->len - i - 1);
        *ret_value = value;
        return true;
    }
    return false;
}

/* May there be a list? An organization has many members, and mostly none: its fields, which are varints or
 * have a length, are passed over. What is odd is for who unpacks it to tell. */
static bool
may_have_list(struct bb_bytes details)
{
    uint64_t tag, value;

    while (details.len > 0) {
        if (!take_varint(&details, &tag) || tag >> 3 == INDICATOR_FIELD || !take_varint(&details, &value))
            return true;
        if ((tag & 7) != 2 && (tag & 7) != 0)
            return true;
        if ((tag & 7) == 2 && value > details.len)
            return true;
        if ((tag & 7) == 2)
            details = bb_bytes(details.data + value, details.len - (size_t)value);
    }
    return false;
}

static int
read_own(struct bb_query *query, struct bb_query_step *step, Bb__Organization **ret_organization)
{
    uint8_t data[BB_OBJECT_KEY];
    struct bb_bytes key = bb_bytes(data, bb_object_key(BB_OBJECT_ORGANIZATION, query->own, data)), payload,
                    text, details;
    int r = bb_snapshot_get(&step->snapshot, BB_VIEW_OBJECT, key, &payload);

    *ret_organization = NULL;
    if (r == 0)
        r = bb_object_unpack(payload, &text, &details);
    if (r == 0 && may_have_list(details)) {
        bb_arena_reset(&query->terms.scratch);
        r = bb_unpack(bb__organization, details, &query->terms.scratch, ret_organization);
    }
    if (r > 0 || r == -EBADMSG || r == -EMSGSIZE)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_OBJECT, key);
    return r;
}

static int
add_code(struct bb_query *query, struct bb_query_step *step, const char *code)
{
    uint32_t id;
    int r = bb_term_find_own(&step->snapshot, BB_OBJECT_INDICATOR, bb_bytes_str(code), &id);

    if (r == 0)
        return bb_ids_add(&query->limit.ids, id, NULL);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_query_limit_find(struct bb_query *query, struct bb_query_step *step)
{
    Bb__Organization *organization;
    int r;

    if (!query->limit.may || query->own == 0)
        return 0;
    r = read_own(query, step, &organization);
    if (r != 0 || !organization || organization->n_indicator == 0)
        return r;
    query->limit.is = true;
    for (size_t i = 0; r == 0 && i < organization->n_indicator; i++)
        r = add_code(query, step, organization->indicator[i]);
    bb_ids_sort(&query->limit.ids);
    return r;
}

bool
bb_query_takes_part(const struct bb_query *query, uint32_t indicator)
{
    const struct bb_ids *ids = &query->limit.ids;
    uint32_t low = 0, high = ids->count;

    while (query->limit.is && low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ids->id[middle] == indicator)
            return true;
        if (ids->id[middle] < indicator)
            low = middle + 1;
        else
            high = middle;
    }
    return !query->limit.is;
}

void
bb_query_limit_forget(struct bb_query *query)
{
    bb_ids_release(&query->limit.ids);
    query->limit.is = false;
}

int
bb_query_find_indicator(struct bb_query *query, struct bb_query_step *step, const char *text,
                        uint32_t *ret_id)
{
    uint32_t id;
    int r;

    if (!query->limit.is)
        return bb_query_find(step, BB_OBJECT_INDICATOR, text, ret_id);
    r = bb_term_find(&step->snapshot, BB_OBJECT_INDICATOR, bb_bytes_str(text), &id);
    if (r == BB_STORE_E_NOT_FOUND || (r == 0 && !bb_query_takes_part(query, id)))
        return bb_query_unknown(step, BB_OBJECT_INDICATOR, text);
    if (r == 0)
        *ret_id = id;
    return r;
}

struct bb_wanted
bb_query_indicators_wanted(const struct bb_query *query)
{
    static const uint32_t none;

    if (!query->limit.is)
        return (struct bb_wanted){NULL, 0};
    return (struct bb_wanted){query->limit.ids.id ? query->limit.ids.id : &none, query->limit.ids.count};
}
