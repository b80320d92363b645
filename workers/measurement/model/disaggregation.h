/* Disaggregations: "race=White;gender=female", the part of the people that a reading is about.
 *
 * Pure. The canonical text has its parts sorted by dimension and joined with ';'. Parts may also be separated
 * by ',' where what follows has the form dimension=code: a code may hold a comma ("race=Asian, not
 * Hispanic"). A dimension is a code (runtime/text.h); its value is any text without ';' and control
 * characters. */
#ifndef BB_DISAGGREGATION_H
#define BB_DISAGGREGATION_H

#include "proto/limits.h"
#include "runtime/buffer.h"

#define BB_DISAGGREGATION_PARTS 8

/* 0 | 1 malformed: *ret_what says in a static phrase what is wrong. The canonical text replaces what `out`
 * holds. */
int bb_disaggregation_parse(struct bb_bytes text, struct bb_buffer *out, const char **ret_what);

/* The dimensions of a canonical text, "gender;race". Replaces what `out` holds. */
void bb_disaggregation_dimensions(struct bb_bytes canonical, struct bb_buffer *out);

#endif
