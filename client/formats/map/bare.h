/* Numbers with a unit beside them: "95 %", "EUR 1,200", "-$5", "12.5 kg", "300 Students".
 *
 * Only what is known to be a unit is dropped: what changes a number, or says that it is a bound or an
 * estimate, makes the text no number: "(5)", "<5%", "5-", "1.5K", "5 million", "5 or more". Pure. */
#ifndef BB_FORMATS_BARE_H
#define BB_FORMATS_BARE_H

#include "proto/bytes.h"

/* The number in a text with units around it, with its sign in front, to `to`. group: what may stand between
 * its digits beside points and commas; "": nothing. Returns its length; 0: it is no such text. */
size_t bb_bare_number(struct bb_bytes text, const char *group, char *to, size_t size);

#endif
