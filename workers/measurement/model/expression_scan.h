/* The text of an expression while it is read: where the reader is, and what it has to say when it cannot go
 * on. For expression_parse.c alone. */
#ifndef BB_EXPRESSION_SCAN_H
#define BB_EXPRESSION_SCAN_H

#include "expression.h"

struct bb_scan {
    struct bb_bytes text;
    size_t at;
    struct bb_expression_error *error;
};

/* Part of the text, by where it begins and ends. */
struct bb_scan_part {
    size_t from, to;
};

bool bb_scan_is_blank(uint8_t c);
bool bb_scan_is_digit(uint8_t c);

/* The byte there, 0 behind the end; the text has no 0. */
uint8_t bb_scan_at(const struct bb_scan *s, size_t at);
/* The next byte that is not blank, which it is at afterwards. */
uint8_t bb_scan_peek(struct bb_scan *s);
/* Where this byte comes next; the end of the text where it does not. */
size_t bb_scan_find(const struct bb_scan *s, size_t from, uint8_t byte);

/* What can only be meant as a whole: a word with what is in its braces, a number, something in quotes or
 * brackets; else one character. */
struct bb_scan_part bb_scan_token(const struct bb_scan *s, size_t from);

/* Without the blanks at its ends. */
struct bb_scan_part bb_scan_trim(const struct bb_scan *s, struct bb_scan_part part);
struct bb_bytes bb_scan_bytes(const struct bb_scan *s, struct bb_scan_part part);

/* Fill the error: what was found (an empty part: the end), " (a remark)" or "", what was expected. Returns
 * BB_EXPRESSION_E_MALFORMED. */
int bb_scan_refuse(struct bb_scan *s, struct bb_scan_part found, const char *remark, const char *expected);
/* The same for the next token, with a remark when DHIS2 knows it. */
int bb_scan_refuse_here(struct bb_scan *s, const char *expected);

#endif
