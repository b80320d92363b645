/* Which column of a list holds what: the check of its header. For lists of indicators, places and partners.
 *
 * Pure: a header in, a layout or a message out. */
#ifndef BB_FORMATS_LAYOUT_H
#define BB_FORMATS_LAYOUT_H

#include "client/formats/text/csv_reader.h"

#define BB_LAYOUT_FIELDS 32

struct bb_layout {
    size_t columns;                   /* every row must have as many cells */
    int16_t meaning[BB_CSV_COLUMNS];  /* index of a field */
    int16_t column[BB_LAYOUT_FIELDS]; /* of each field; -1: the file does not have it */
};

/* fields: names, ended by NULL, at most BB_LAYOUT_FIELDS. 0 | -EINVAL and a message (without the name of the
 * file) at error. */
int bb_layout_init(struct bb_layout *layout, const struct bb_csv_row *header, const char *const *fields,
                   char *error, size_t size);

/* Is the row as wide as the header, and sound? true, or false with a sentence (found, expected) at reason. */
bool bb_layout_row(const struct bb_layout *layout, const struct bb_csv_row *row, char *reason, size_t size);

#endif
