/* From the cells of one row to the row that is sent: constants, missing values, separators in numbers.
 *
 * Pure. A number that does not follow the map's separators is told, never guessed at. */
#ifndef BB_FORMATS_ROWMAP_H
#define BB_FORMATS_ROWMAP_H

#include "map.h"

#define BB_ROWMAP_NUMBER 128

/* Where rewritten numbers stand: one for each field; as long-lived as the row. */
struct bb_rowmap_scratch {
    char number[BB_COLUMNS][BB_ROWMAP_NUMBER];
};

/* Change the row in place. plain: bits (1 << field) of the numbers that are written plainly whatever the map
 * says: those of JSON. Returns the field that is no number by the map's separators (as it is written), or -1.
 */
int bb_rowmap_apply(const struct bb_map *map, unsigned plain, struct bb_rowmap_scratch *scratch,
                    struct bb_row_text *row);

#endif
