/* What a row must fulfil by itself, whatever else is stored. Pure. */
#ifndef BB_RULES_H
#define BB_RULES_H

#include "expression.h"
#include "indicator.h"
#include "note.h"
#include "reading.h"

/* Check the numbers and the state of a reading; an explicit state drops the value (with a warning).
 * Returns the code of the reason to refuse it, or BB_ROW_CODE_NONE; the note is filled with the reason, or
 * with a warning (code 64 and up), or has code BB_ROW_CODE_NONE. */
enum bb_row_code bb_rules_check(const struct bb_indicator *indicator, struct bb_reading *reading,
                                struct bb_note *ret_note);

/* The value of a reading in state ok: as reported, or computed from its parts to this many digits after the
 * point. False when it has neither. */
bool bb_reading_value(const struct bb_indicator *indicator, const struct bb_reading *reading, unsigned scale,
                      struct bb_decimal *ret_value);

/* ... exactly. 0 | BB_EXPRESSION_E_NO_DATA it has a state, or was withdrawn | BB_EXPRESSION_E_OVERFLOW */
int bb_reading_fraction(const struct bb_indicator *indicator, const struct bb_reading *reading,
                        struct bb_fraction *ret_value);

enum bb_decision { BB_DECIDE_CREATED, BB_DECIDE_UPDATED, BB_DECIDE_UNCHANGED, BB_DECIDE_DUPLICATE };

/* What becomes of a reading. old: the present one, or NULL; next: what was sent, its absent comment already
 * taken from the old one; batch: the batch it came in. */
enum bb_decision bb_rules_decide(const struct bb_reading *old, const struct bb_reading *next, uint64_t batch);

#endif
