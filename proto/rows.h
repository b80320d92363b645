/* Codes of readings on the wire and in the journal: states, flags, outcomes, row codes, fields. Never reused.
 */
#ifndef BB_ROWS_H
#define BB_ROWS_H

#include <stdbool.h>
#include <stdint.h>

enum bb_state {
    BB_STATE_OK = 0,
    BB_STATE_MISSING = 1,
    BB_STATE_SUPPRESSED = 2,
    BB_STATE_NOT_APPLICABLE = 3,
    BB_STATE_WITHDRAWN = 4, /* never in the two bits of flags: it has a bit of its own */
};

/* Rows.flags */
#define BB_ROW_VALUE        0x01u /* the row has a value */
#define BB_ROW_NUMERATOR    0x02u
#define BB_ROW_DENOMINATOR  0x04u
#define BB_ROW_COMMENT      0x08u
#define BB_ROW_STATE_SHIFT  4 /* two bits: enum bb_state */
#define BB_ROW_STATE(flags) ((enum bb_state)(((flags) >> BB_ROW_STATE_SHIFT) & 3u))
#define BB_ROW_COMPUTED     0x40u  /* replies: the value was computed from its parts */
#define BB_ROW_WITHDRAWN    0x80u  /* there is no reading any more: a revision that counts nowhere */
#define BB_ROW_WITHHELD     0x100u /* replies: not all of it is told: without its value, or only its parts */
#define BB_ROW_FLAGS_MAX    0x1FFu

/* The state, or BB_STATE_WITHDRAWN. */
static inline enum bb_state
bb_row_state(uint32_t flags)
{
    return flags & BB_ROW_WITHDRAWN ? BB_STATE_WITHDRAWN : BB_ROW_STATE(flags);
}

/* Rows.expect_revision: there must be a reading, whichever its revision. */
#define BB_REVISION_ANY UINT32_MAX
/* ... there must be none, or one that was withdrawn. */
#define BB_REVISION_NONE (UINT32_MAX - 1)

#define BB_SCALE_MAX 24u
#define BB_SCALE_TEXT                                                                                        \
    255u /* the mantissa column holds an index into the dictionary: the decimal as plain text */

enum bb_outcome {
    BB_OUTCOME_REJECTED = 0,
    BB_OUTCOME_CREATED = 1,
    BB_OUTCOME_UPDATED = 2,
    BB_OUTCOME_UNCHANGED = 3,
    BB_OUTCOME_LOCKED = 4,
};

/* Is a row with this outcome in the journal? */
static inline bool
bb_outcome_is_kept(uint32_t outcome)
{
    return outcome != BB_OUTCOME_REJECTED && outcome != BB_OUTCOME_LOCKED;
}

/* X(number, NAME, "field it speaks of by default"): why a row was refused, or what it is warned of (64 and
 * up). */
#define BB_ROW_CODES(X)                                                                                      \
    X(1, UNKNOWN_INDICATOR)                                                                                  \
    X(2, UNKNOWN_ORGANIZATION)                                                                               \
    X(3, NOT_YOURS)                                                                                          \
    X(4, BAD_PLACE)                                                                                          \
    X(5, BAD_DISAGGREGATION)                                                                                 \
    X(6, BAD_PERIOD)                                                                                         \
    X(7, BAD_NUMBER)                                                                                         \
    X(8, NO_VALUE)                                                                                           \
    X(9, BELOW_MINIMUM)                                                                                      \
    X(10, ABOVE_MAXIMUM)                                                                                     \
    X(11, BAD_DENOMINATOR)                                                                                   \
    X(12, MISSING_DENOMINATOR)                                                                               \
    X(13, DUPLICATE_KEY)                                                                                     \
    X(14, BAD_STATUS)                                                                                        \
    X(15, BAD_TEXT)                                                                                          \
    X(16, TOO_LONG)                                                                                          \
    X(17, BAD_ROW)                                                                                           \
    X(18, ATOMIC)                                                                                            \
    X(21, BAD_VALUE)                                                                                         \
    X(22, NAME_TAKEN)                                                                                        \
    X(23, LOCKED)                                                                                            \
    X(24, NEEDS_REASON)                                                                                      \
    X(25, REVISION)                                                                                          \
    X(26, NEWER)                                                                                             \
    X(27, COMPUTED)                                                                                          \
    X(28, RETIRED)                                                                                           \
    X(29, SIGNATURE)                                                                                         \
    X(64, VALUE_DISAGREES)                                                                                   \
    X(65, VALUE_IGNORED)                                                                                     \
    X(66, JUMP)                                                                                              \
    X(67, FRACTION)                                                                                          \
    X(68, RULE_BROKEN)                                                                                       \
    X(69, NEW_PLACE)                                                                                         \
    X(70, NOT_BEGUN)                                                                                         \
    X(71, OTHER_FREQUENCY)                                                                                   \
    X(72, DROPPED)                                                                                           \
    X(73, WITHOUT_PARTS)

enum bb_row_code {
    BB_ROW_CODE_NONE = 0,
#define X(number, name) BB_ROW_CODE_##name = (number),
    BB_ROW_CODES(X)
#undef X
};

/* X(number, NAME, "name"): why a submission says something anew. */
#define BB_REASONS(X)                                                                                        \
    X(1, ENTRY_ERROR, "entry_error")                                                                         \
    X(2, LATE_DATA, "late_data")                                                                             \
    X(3, RECOUNT, "recount")                                                                                 \
    X(4, DEFINITION, "definition")                                                                           \
    X(5, DUPLICATE, "duplicate")                                                                             \
    X(6, OTHER, "other")

enum bb_reason {
    BB_REASON_NONE = 0,
#define X(number, id, name) BB_REASON_##id = (number),
    BB_REASONS(X)
#undef X
};

/* The columns of an import, in the order of its header. */
#define BB_FIELDS(X)                                                                                         \
    X(1, INDICATOR, "indicator")                                                                             \
    X(2, ORGANIZATION, "organization")                                                                       \
    X(3, PLACE, "place")                                                                                     \
    X(4, DISAGGREGATION, "disaggregation")                                                                   \
    X(5, PERIOD, "period")                                                                                   \
    X(6, VALUE, "value")                                                                                     \
    X(7, NUMERATOR, "numerator")                                                                             \
    X(8, DENOMINATOR, "denominator")                                                                         \
    X(9, STATUS, "status")                                                                                   \
    X(10, COMMENT, "comment")

enum bb_field {
    BB_FIELD_NONE = 0,
#define X(number, id, name) BB_FIELD_##id = (number),
    BB_FIELDS(X)
#undef X
        BB_FIELD_COUNT = 11,
};

/* "BAD_PERIOD"; "" for 0 or an unknown number. Static. */
const char *bb_row_code_name(uint32_t code);

/* "period"; "" for 0 or an unknown number. Static. */
const char *bb_field_name(uint32_t field);

/* "ok", "missing", "suppressed", "not_applicable", "withdrawn". Static. */
const char *bb_state_name(enum bb_state state);

/* The state of this name ("" is ok), or -1. */
int bb_state_by_name(const char *name);

/* "entry_error"; "" for 0 or an unknown number. Static. */
const char *bb_reason_name(uint32_t reason);

/* The reason of this name, or -1. */
int bb_reason_by_name(const char *name);

/* "created", "updated", "unchanged", "rejected", "locked". Static. */
const char *bb_outcome_name(uint32_t outcome);

#endif
