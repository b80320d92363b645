/* How numbers are written in a file, and the way from there to how everybody writes them.
 *
 * Separators of thousands are taken out only where they stand in front of groups of three digits: "2,5" read
 * with "," as separator is refused, for 25 is not what it says. Pure. */
#ifndef BB_FORMATS_NUMBERS_H
#define BB_FORMATS_NUMBERS_H

#include "runtime/decimal.h"

#define BB_NUMBER_BYTES 128 /* longer texts are no numbers */

struct bb_numbers {
    char group[5];   /* groupChar; "": none */
    char decimal;    /* decimalChar: '.' or ',' */
    bool with_units; /* bareNumber false: a unit beside a number is dropped (bare.h) */
    bool scaled;     /* the value is multiplied by `scale` */
    struct bb_decimal scale;
};

/* As everybody writes them. */
extern const struct bb_numbers bb_numbers_plain;

bool bb_numbers_are_plain(const struct bb_numbers *numbers);

/* Rewrite a number. False: it does not follow the rules. plain: it is written as everybody does, whatever the
 * rules say (a number of JSON), and only the scale is applied. */
bool bb_numbers_read(const struct bb_numbers *numbers, bool plain, struct bb_bytes text,
                     char to[BB_NUMBER_BYTES], size_t *ret_len);

/* "a number with ',' as decimal mark and '.' between groups of three digits" */
void bb_numbers_describe(const struct bb_numbers *numbers, char *to, size_t size);

#endif
