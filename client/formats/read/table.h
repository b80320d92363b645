/* Tables: CSV, and text of fixed width. A reader whose names stand above the rows, or in the map.
 *
 * What is above the rows of the header are titles. Rows of the file are counted as a spreadsheet counts them,
 * empty ones too, to find the header; records from 1 below it, empty ones not. */
#ifndef BB_FORMATS_TABLE_H
#define BB_FORMATS_TABLE_H

#include "reader.h"

#include "client/formats/map/map.h"

/* What stands before the first record. Valid as long as the reader. */
struct bb_table_head {
    const struct bb_bytes *name;
    size_t count;
    size_t own;     /* columns without those that a file of refused rows adds at the end */
    bool annotated; /* rows may end with annotations (annotation.h), wherever they end */
    const struct bb_bytes *title;
    size_t n_titles;
    uint64_t line;          /* of the last row of the header; 0: there is none */
    bool broken;            /* its quotes are not sound */
    struct bb_bytes before; /* the text of titles as it was, for a file of refused rows */
    struct bb_bytes header; /* ... of the header's last row */
};

/* Begin: reads as far as the header. map: its dialect and fields; borrowed. spool NULL: the text of rows is
 * not kept. 0 | -EINVAL and a message at error | -errno of reading */
int bb_csv_table(struct bb_feed feed, const struct bb_map *map, struct bb_spool *spool,
                 struct bb_reader *ret_reader, const struct bb_table_head **ret_head, char *error,
                 size_t size);
int bb_fixed_table(struct bb_feed feed, const struct bb_map *map, struct bb_spool *spool,
                   struct bb_reader *ret_reader, const struct bb_table_head **ret_head, char *error,
                   size_t size);

#endif
