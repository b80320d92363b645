/* Which column of a CSV file holds what: the check of its header.
 *
 * Pure: a header in, a layout or a message out. Serves every file that has a header: readings (with a map),
 * and lists of indicators, places and partners (without one). */
#ifndef BB_FORMATS_LAYOUT_H
#define BB_FORMATS_LAYOUT_H

#include "csv_reader.h"
#include "map.h"

#define BB_LAYOUT_FIELDS 32

struct bb_layout {
    size_t columns;                   /* every row must have as many cells */
    int16_t meaning[BB_CSV_COLUMNS];  /* index of a field, or enum bb_meaning */
    int16_t column[BB_LAYOUT_FIELDS]; /* of each field; -1: the file does not have it */
    bool annotated;                   /* has columns of a file of refused rows */
};

/* fields: names, ended by NULL, at most BB_LAYOUT_FIELDS. map: NULL where names are all there is.
 * 0 | -EINVAL and a message (without the name of the file) at error. */
int bb_layout_init(struct bb_layout *layout, const struct bb_csv_row *header, const char *const *fields,
                   const struct bb_map *map, char *error, size_t size);

/* Has the file, or the map, all that a reading needs? 0 | -EINVAL and a message at error. */
int bb_layout_check_readings(const struct bb_layout *layout, const struct bb_map *map, char *error,
                             size_t size);

/* Is the row as wide as the header, and sound? true, or false with a sentence (found, expected) at reason. */
bool bb_layout_row(const struct bb_layout *layout, const struct bb_csv_row *row, char *reason, size_t size);

#endif
