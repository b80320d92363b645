/* One record as a JSON object on one line, as a file of refused rows has it: {"dataElement":"a","value":"1"}.
 *
 * For formats whose records cannot stand for themselves, because a part of them is said further up in the
 * file. Readers of JSON read it back as the same cells. */
#ifndef BB_FORMATS_CELLS_JSON_H
#define BB_FORMATS_CELLS_JSON_H

#include "reader.h"

/* Append the object, without an end of line. names: [cells->count]. What is absent, or was too long to keep,
 * is left out; numbers and truth values stand as they were written; of a text, what is not UTF-8 becomes
 * U+FFFD. */
void bb_cells_json(const struct bb_cells *cells, const struct bb_bytes *names, struct bb_buffer *to);

/* Append one string of JSON, quotes and all. */
void bb_json_quote(struct bb_bytes text, struct bb_buffer *to);

#endif
