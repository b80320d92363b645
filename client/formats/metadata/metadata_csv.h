/* Metadata of DHIS2 as CSV: one kind of object a file, a row each, under a header whose second column is
 * `uid` (DHIS2 documentation, "CSV metadata import"). It becomes the same metadata as JSON does.
 *
 * Columns are told by their names, of which DHIS2 has more than are of use here. What a data element leaves
 * out is what DHIS2 takes it for: an INTEGER, of which there is a SUM. */
#ifndef BB_FORMATS_METADATA_CSV_H
#define BB_FORMATS_METADATA_CSV_H

#include "metadata.h"

#include "proto/bytes.h"

/* Does a file that begins like this have such a header? */
bool bb_metadata_is_csv(struct bb_bytes head);

/* section: what the objects are, "organisationUnits", or "dataElements", which are indicators where they have
 * a numerator. 0 | BB_METADATA_BAD, and where and why at error | -errno: of the feed too */
int bb_metadata_read_csv(struct bb_feed feed, const char *section, struct bb_metadata **ret_metadata,
                         char *error, size_t size);

#endif
