/* Additions across organizations: one that reports for a place, and nothing in it, beside what all others
 * report in it. Who adds up what the others have counted knows the sum, and would find what is hidden of its
 * parts.
 *
 * Taken for that where the whole group has the same sum, not only a single code of it. */
#ifndef BB_SUPPRESS_ACROSS_H
#define BB_SUPPRESS_ACROSS_H

#include "suppress_relate.h"

/* The scratch arena is reset. 0 | -EDQUOT | -ERANGE */
int bb_relate_across(struct bb_relating *relating);

#endif
