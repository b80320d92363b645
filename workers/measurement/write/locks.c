#include "locks.h"

static int
find_state(struct bb_locks *locks, struct bb_head *head, const struct bb_reading_key *key,
           enum bb_review_state *ret_state)
{
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    uint8_t data[BB_REVIEW_UNIT];
    struct bb_bytes packed = bb_bytes(data, bb_review_unit_pack(&unit, data));
    const struct bb_map_entry *entry = bb_map_find(&locks->known, packed);
    struct bb_review review;
    int r;

    if (entry) {
        *ret_state = (enum bb_review_state)entry->value;
        return 0;
    }
    r = bb_head_review(head, &unit, &review);
    if (r == 0)
        r = bb_map_set(&locks->known, packed, review.state);
    *ret_state = review.state;
    return r;
}

int
bb_locks_look_up(struct bb_locks *locks, struct bb_head *head, const struct bb_reading_key *key,
                 struct bb_note *note)
{
    char period[BB_PERIOD_TEXT];
    enum bb_review_state state;
    int r = find_state(locks, head, key, &state);

    if (r != 0 || !bb_review_is_approved(state) ||
        (locks->reasoned && (locks->staff || state == BB_REVIEW_APPROVED)))
        return r;
    bb_period_format(key->period, period);
    if (state == BB_REVIEW_LOCKED)
        return (int)bb_note_set(
            note, BB_ROW_CODE_LOCKED, BB_FIELD_PERIOD,
            "found %s, which is locked for this indicator and organization, expected %s", period,
            locks->staff ? "a reason for the change" : "that staff changes it, for a reason, or unlocks it");
    return (int)bb_note_set(note, BB_ROW_CODE_NEEDS_REASON, BB_FIELD_PERIOD,
                            "found %s, which is approved for this indicator and organization, expected a "
                            "reason for the change",
                            period);
}

void
bb_locks_release(struct bb_locks *locks)
{
    bb_map_release(&locks->known);
}
