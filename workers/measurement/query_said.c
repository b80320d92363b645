/* Records of one organization and indicator stand together, so a period is one walk for all duties. */
#include "query_said.h"

#include "presence.h"

#include <errno.h>

/* A record of the index, as it was at the query's sequence. */
static int
add_said(struct bb_query *query, struct bb_query_step *step, struct bb_bytes key, struct bb_bytes payload,
         struct bb_said *said)
{
    uint8_t data[BB_READING_KEY];
    struct bb_presence presence;
    struct bb_reading_key parsed;
    struct bb_reading reading;
    struct bb_bytes record;
    int r;

    if (bb_presence_unpack(payload, &presence) != 0)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, key);
    if (presence.first > query->sequence)
        return 0;
    if (query->sequence < step->snapshot.position) { /* it may have been something else then */
        if (bb_organization_key_unpack(key, &parsed) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, key);
        struct bb_bytes own = bb_bytes(data, bb_reading_key_pack(&parsed, data, NULL));
        r = bb_snapshot_get(&step->snapshot, BB_VIEW_READING, own, &record);
        if (r == 0)
            r = bb_snapshot_revision(&step->snapshot, own, record, &reading);
        if (r != 0)
            return r > 0 ? bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, key) : r;
        presence.kind = bb_presence_of(&reading);
    }
    if (presence.kind == BB_PRESENCE_WITHDRAWN)
        return 0;
    said->value |= presence.kind == BB_PRESENCE_VALUE;
    said->zero |= presence.kind == BB_PRESENCE_ZERO;
    said->unavailable |= presence.kind == BB_PRESENCE_UNAVAILABLE;
    said->first = presence.first < said->first ? presence.first : said->first;
    return 0;
}

enum bb_report_state
bb_said_state(const struct bb_said *said)
{
    return said->value         ? BB_REPORT_REPORTED
           : said->zero        ? BB_REPORT_ZERO
           : said->unavailable ? BB_REPORT_UNAVAILABLE
                               : BB_REPORT_SILENT;
}

static int
parse_index(struct bb_query_step *step, struct bb_said_index *index, int r)
{
    index->has = r == 0 && index->key.len > index->prefix_len &&
                 memcmp(index->key.data, index->prefix, index->prefix_len) == 0;
    if (index->has && bb_organization_key_unpack(index->key, &index->parsed) != 0)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_BY_ORGANIZATION, index->key);
    return r < 0 ? r : 0;
}

int
bb_said_index_begin(struct bb_said_index *index, struct bb_query_step *step, struct bb_period period,
                    const struct bb_duty *duty)
{
    const struct bb_reading_key first = {
        .period = period, .organization = duty->organization, .indicator = duty->indicator};
    uint8_t data[BB_READING_KEY];

    index->prefix_len = bb_period_pack(period, index->prefix);
    return parse_index(step, index,
                       bb_snapshot_seek(&step->snapshot, BB_VIEW_BY_ORGANIZATION,
                                        bb_bytes(data, bb_organization_key_pack(&first, data)), &index->key,
                                        &index->payload));
}

static int
compare(const struct bb_said_index *index, const struct bb_duty *duty)
{
    if (index->parsed.organization != duty->organization)
        return index->parsed.organization < duty->organization ? -1 : 1;
    return index->parsed.indicator < duty->indicator ? -1 : index->parsed.indicator > duty->indicator ? 1 : 0;
}

/* Walk the index up to the duty, and gather what is said of it. */
int
bb_said_gather(struct bb_said_index *index, struct bb_query *query, struct bb_query_step *step,
               const struct bb_duty *duty, struct bb_said *ret_said, unsigned *looked)
{
    int r = 0, c;

    *ret_said = (struct bb_said){.first = UINT64_MAX};
    while (r == 0 && index->has && (c = compare(index, duty)) <= 0) {
        if (c == 0)
            r = add_said(query, step, index->key, index->payload, ret_said);
        if (r == 0)
            r = parse_index(step, index,
                            bb_snapshot_move(&step->snapshot, BB_VIEW_BY_ORGANIZATION, MDB_NEXT, &index->key,
                                             &index->payload));
        ++*looked;
    }
    return r;
}
