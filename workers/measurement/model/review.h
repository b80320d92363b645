/* Reviews: what became of what an organization reported of an indicator for a period.
 *
 * A unit is (organization, indicator, period), with all its places and disaggregations. It is a draft while
 * nothing was said of it; its organization submits it, and staff returns it with a comment, approves it,
 * locks it, and unlocks it with a reason. What is said stays as a record for each moment. Pure. */
#ifndef BB_REVIEW_H
#define BB_REVIEW_H

#include "proto/bytes.h"
#include "proto/limits.h"
#include "runtime/period.h"

/* On disk; never reused. */
enum bb_review_state {
    BB_REVIEW_DRAFT = 0, /* never in a record */
    BB_REVIEW_SUBMITTED = 1,
    BB_REVIEW_RETURNED = 2,
    BB_REVIEW_APPROVED = 3,
    BB_REVIEW_LOCKED = 4,
};
#define BB_REVIEW_STATES 5u

enum bb_review_action {
    BB_REVIEW_SUBMIT,
    BB_REVIEW_RETURN,
    BB_REVIEW_APPROVE,
    BB_REVIEW_LOCK,
    BB_REVIEW_UNLOCK,
};
#define BB_REVIEW_ACTIONS 5u

struct bb_review_unit {
    uint32_t organization, indicator;
    struct bb_period period;
};

struct bb_review {
    enum bb_review_state state;
    struct bb_bytes comment, reason;
    struct bb_bytes member; /* organization/member who said so */
};

/* "draft"; "submit". Static. */
const char *bb_review_state_name(enum bb_review_state state);
/* -1: no such word */
int bb_review_state_by_name(const char *name);
int bb_review_action_by_name(const char *name);

/* What becomes of a unit that stands there when this is said of it. 0 something | 1 nothing: it is that
 * already | 2 that cannot be: ret_expected has the states from which it can, in words (static). */
enum { BB_REVIEW_E_SAME = 1, BB_REVIEW_E_STATE = 2 };
int bb_review_next(enum bb_review_action action, const struct bb_review *now, const struct bb_review *said,
                   enum bb_review_state *ret_next, const char **ret_expected);

/* Does it stand further on than where the action leads to? */
bool bb_review_is_past(enum bb_review_action action, enum bb_review_state state);

/* Does a unit in this state count where only what is approved does? */
static inline bool
bb_review_is_approved(enum bb_review_state state)
{
    return state == BB_REVIEW_APPROVED || state == BB_REVIEW_LOCKED;
}

/* In the view `review`: organization | indicator | period | sequence of the entry -> record. */
#define BB_REVIEW_UNIT   (4 + 4 + BB_PERIOD_KEY) /* most bytes of the part before the sequence */
#define BB_REVIEW_KEY    (BB_REVIEW_UNIT + 8)
#define BB_REVIEW_PACKED (1 + 3 * 2 + 2 * BB_LIMIT_COMMENT_BYTES + 2 * BB_LIMIT_CODE_BYTES + 1)

/* Returns the length of the unit's part; of the whole key. */
size_t bb_review_unit_pack(const struct bb_review_unit *unit, uint8_t out[static BB_REVIEW_UNIT]);
size_t bb_review_key_pack(const struct bb_review_unit *unit, uint64_t sequence,
                          uint8_t out[static BB_REVIEW_KEY]);
/* 0 | -EBADMSG */
int bb_review_key_unpack(struct bb_bytes in, struct bb_review_unit *ret_unit, uint64_t *ret_sequence);

/* state | each of comment, reason, member behind its length. A text that is too long is none. */
size_t bb_review_pack(const struct bb_review *review, uint8_t out[static BB_REVIEW_PACKED]);
/* Texts are borrowed from the record. 0 | -EBADMSG */
int bb_review_unpack(struct bb_bytes record, struct bb_review *ret_review);

#endif
