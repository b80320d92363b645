/* Mostly the revision's sequence decides. Where only what is approved is told to others, a reading is told
 * while it stands in a unit that is approved: what was said of the unit is gone through from the last one
 * back, and each stretch of time in which it was approved is looked at once, at its end. A reading that was
 * withdrawn within such a stretch stood in it before, since only what stands can be withdrawn. */
#include "since.h"

#include "review.h"

int
bb_since_find(struct bb_query *query, struct bb_query_step *step, const Bb__AsOf *asked,
              struct bb_since *ret_since)
{
    uint64_t sequence = 0;
    int r;

    *ret_since = (struct bb_since){.asked = asked && (asked->has_sequence || asked->has_time_us)};
    if (!ret_since->asked)
        return 0;
    r = bb_query_sequence_of(step, asked, &sequence);
    if (r == 0 && asked->has_sequence && sequence > query->sequence)
        return bb_query_refuse(
            step, BB_ERROR_INVALID,
            "since: found sequence %llu, expected at most %llu, the moment that is asked for",
            (unsigned long long)sequence, (unsigned long long)query->sequence);
    ret_since->sequence = sequence;
    return r;
}

/* What was said of the unit up to a moment. */
static int
review_at(struct bb_query_step *step, const struct bb_review_unit *unit, uint64_t sequence,
          bool *ret_approved, uint64_t *ret_said)
{
    const uint64_t now = step->snapshot.sequence;
    struct bb_review review;
    int r;

    step->snapshot.sequence = sequence;
    r = bb_snapshot_review(&step->snapshot, unit, &review, ret_said);
    step->snapshot.sequence = now;
    *ret_approved = r == 0 && bb_review_is_approved(review.state);
    return r;
}

/* The revision that was current. 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
revision_at(struct bb_query_step *step, const struct bb_reading_key *key, uint64_t sequence,
            struct bb_reading *ret_reading)
{
    const uint64_t now = step->snapshot.sequence;
    uint8_t data[BB_READING_KEY];
    struct bb_bytes packed = bb_bytes(data, bb_reading_key_pack(key, data, NULL)), record;
    int r = bb_snapshot_get(&step->snapshot, BB_VIEW_READING, packed, &record);

    step->snapshot.sequence = sequence;
    if (r == 0)
        r = bb_snapshot_revision(&step->snapshot, packed, record, ret_reading);
    step->snapshot.sequence = now;
    return r;
}

/* Since when the unit has been approved up to now, as far back as it matters; 0: it is not. */
static int
approved_from(struct bb_query_step *step, const struct bb_since *since, const struct bb_review_unit *unit,
              uint64_t *ret_from)
{
    uint64_t at = step->snapshot.sequence, said;
    bool approved;
    int r;

    *ret_from = 0;
    while ((r = review_at(step, unit, at, &approved, &said)) == 0 && approved) {
        *ret_from = said;
        if (said <= since->sequence)
            break;
        at = said - 1;
    }
    return r;
}

/* The reading stood, or did not, at the end of a stretch in which it was told while it stood. Sets when it
 * ceased to be told; stays 0 where it was not told in it. */
static int
look_at_end(struct bb_query_step *step, const struct bb_reading_key *key, uint64_t from, uint64_t to,
            uint64_t *ret_ceased, uint32_t *ret_revision)
{
    struct bb_reading reading;
    int r = revision_at(step, key, to, &reading);

    if (r != 0)
        return r > 0 ? 0 : r;
    if (!bb_reading_withdrawn(&reading))
        *ret_ceased = to + 1;
    else if (reading.sequence > from)
        *ret_ceased = reading.sequence;
    *ret_revision = reading.revision;
    return 0;
}

/* What is not told now: was it, after the moment, or at it? */
static int
find_ceased(struct bb_query_step *step, const struct bb_since *since, const struct bb_reading_key *key,
            struct bb_reading *reading, bool *ret_told)
{
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    uint64_t at = step->snapshot.sequence, said = 0, ceased = 0;
    uint32_t revision = 0;
    bool approved;
    int r;

    for (; (r = review_at(step, &unit, at, &approved, &said)) == 0; at = said - 1) {
        if (approved)
            r = look_at_end(step, key, said, at, &ceased, &revision);
        if (r != 0 || ceased || said <= since->sequence)
            break;
    }
    *ret_told = r == 0 && ceased > since->sequence;
    *reading = (struct bb_reading){.flags = BB_ROW_WITHDRAWN, .sequence = ceased, .revision = revision};
    return r;
}

static int
judge_published(struct bb_query_step *step, const struct bb_since *since, const struct bb_reading_key *key,
                struct bb_reading *reading, bool *ret_told)
{
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    uint64_t from;
    int r = approved_from(step, since, &unit, &from);

    if (r == 0 && (!from || bb_reading_withdrawn(reading)))
        return find_ceased(step, since, key, reading, ret_told);
    *ret_told = r == 0 && (from > since->sequence || reading->sequence > since->sequence);
    return r;
}

int
bb_since_judge(struct bb_query *query, struct bb_query_step *step, const struct bb_since *since,
               const struct bb_reading_key *key, struct bb_reading *reading, bool *ret_told)
{
    struct bb_term *indicator;
    int r;

    *ret_told = reading->sequence > since->sequence;
    if (query->scope == BB_SCOPE_ALL || key->organization == query->own)
        return 0;
    r = bb_terms_indicator(&query->terms, &step->snapshot, key->indicator, &indicator);
    if (r == 0 && indicator->rules->publish_approved)
        r = judge_published(step, since, key, reading, ret_told);
    if (bb_reading_withdrawn(reading))
        reading->flags = BB_ROW_WITHDRAWN; /* why is its organization's */
    return r;
}
