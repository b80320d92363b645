/* Records of one organization and indicator stand together, so a period is one walk for all duties. */
#include "said.h"

#include "workers/measurement/model/presence.h"

/* A record of the index, as it was at the query's sequence. */
static int
add_said(struct bb_query_step *step, const struct bb_said_index *index, struct bb_said *said)
{
    struct bb_reading reading;
    enum bb_presence_kind kind;
    int r = bb_snapshot_indexed(&step->snapshot, &index->parsed, index->payload, &reading);

    if (r != 0)
        return r < 0 ? r : 0;
    kind = bb_presence_of(&reading);
    if (kind == BB_PRESENCE_WITHDRAWN)
        return 0;
    said->value |= kind == BB_PRESENCE_VALUE;
    said->zero |= kind == BB_PRESENCE_ZERO;
    said->unavailable |= kind == BB_PRESENCE_UNAVAILABLE;
    said->first = reading.first < said->first ? reading.first : said->first;
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
bb_said_gather(struct bb_said_index *index, struct bb_query_step *step, const struct bb_duty *duty,
               struct bb_said *ret_said, unsigned *looked)
{
    int r = 0, c;

    *ret_said = (struct bb_said){.first = UINT64_MAX};
    while (r == 0 && index->has && (c = compare(index, duty)) <= 0) {
        if (c == 0)
            r = add_said(step, index, ret_said);
        if (r == 0)
            r = parse_index(step, index,
                            bb_snapshot_move(&step->snapshot, BB_VIEW_BY_ORGANIZATION, MDB_NEXT, &index->key,
                                             &index->payload));
        ++*looked;
    }
    return r;
}
