/* What a file of refused rows says of a row: row, code, field, reason (client/cli/rejects.h writes it).
 *
 * Such files are corrected and imported again, so readers must know it from what is the file's own. In CSV it
 * is four cells at the end of a row, in text of fixed width a note behind the line. */
#ifndef BB_FORMATS_ANNOTATION_H
#define BB_FORMATS_ANNOTATION_H

#include "proto/bytes.h"

#include <stdbool.h>

#define BB_ANNOTATIONS 4
extern const char *const bb_annotations[BB_ANNOTATIONS]; /* their names, in their order */

/* Are these four cells the annotations of a row: a number, a known code, a known field or none, a reason? */
bool bb_annotation_is(const struct bb_bytes cell[BB_ANNOTATIONS]);

/* Does a row end with them? Empty cells behind them do not count. ret_own: cells in front of them. */
bool bb_annotation_ends(const struct bb_bytes *cell, size_t count, size_t *ret_own);
/* Do the names of a table end with theirs? */
bool bb_annotation_names(const struct bb_bytes *name, size_t count);

/* "...\t# row 7, BAD_NUMBER, value: found ..." */
#define BB_ANNOTATION_MARK "\t# row "

/* A line without the note behind it, if there is one. */
struct bb_bytes bb_annotation_cut(struct bb_bytes line);

#endif
