/* Values of DHIS2 in CSV: a record a row, its cells by the names that DHIS2 has in JSON.
 *
 * A first row that has at least two of the names of columns (dataelement, orgunit, catoptcombo, lastupdated,
 * ..., in letters of either case) is a header, and names the columns; a name that is not one of DHIS2's stays
 * as it is. Without a header they stand in DHIS2's order. A row may have fewer cells than there are columns;
 * one that has more is broken, as is one with misplaced quotes. The rest: csv_reader.h. */
#ifndef BB_FORMATS_DHIS2_CSV_H
#define BB_FORMATS_DHIS2_CSV_H

#include "table.h"

/* feed: of UTF-8 without a byte order mark (decode.h); its memory is the caller's; its first row is read
 * here, so that the names are known. spool: borrowed; NULL: the text of records is not kept. ret_head: names,
 * and the header for a file of refused rows, also when the file has none; valid as long as the reader. 0 |
 * -ENOMEM; errors of the feed come with the first record */
int bb_dhis2_csv_reader(struct bb_feed feed, char delimiter, struct bb_spool *spool,
                        struct bb_reader *ret_reader, const struct bb_table_head **ret_head);

#endif
