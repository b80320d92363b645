/* A line: which values of one organization make up its figure of a period.
 *
 * Pure. An organization that reports a total may report what is in it as well: places beside the empty place,
 * disaggregations beside the total. Then the total counts, and its parts do not. Values are taken in the
 * order of their keys, so a total comes before its parts.
 *
 * Decided for each organization by itself: what one reports as a total hides nothing of another. Only values
 * are taken; a state (missing, suppressed, not applicable) hides nothing. */
#ifndef BB_LINE_H
#define BB_LINE_H

#include "proto/bytes.h"

/* What is a part of what. */
struct bb_line_rules {
    bool places; /* all places are parts of the empty one */
    bool codes;  /* in each place all disaggregations are parts of the total */
};

/* Zeroed: nothing taken yet. */
struct bb_line {
    bool whole;    /* there is a value at the empty place */
    bool in_place; /* the members below are of `place` */
    uint32_t place;
    bool total;                 /* it has a total */
    struct bb_bytes dimensions; /* else what its values are by; borrowed; data NULL: no value yet */
};

enum bb_line_verdict {
    BB_LINE_COUNTS = 0,
    BB_LINE_HIDDEN = 1,
    BB_LINE_AMBIGUOUS = 2, /* a second dimension in this place, and no total */
};

/* Is a value in this cell hidden by what was taken before? What is hidden need not be taken. */
bool bb_line_hides(const struct bb_line *line, struct bb_line_rules rules, uint32_t place,
                   uint32_t disaggregation);

/* dimensions: those of the disaggregation, valid as long as the line. */
enum bb_line_verdict bb_line_take(struct bb_line *line, struct bb_line_rules rules, uint32_t place,
                                  uint32_t disaggregation, struct bb_bytes dimensions);

#endif
