/* Files that are not text: compressed ones, archives, workbooks and documents, told by their first bytes.
 *
 * None is ever unpacked: what to do instead is said. */
#ifndef BB_FORMATS_PACKED_H
#define BB_FORMATS_PACKED_H

#include "proto/bytes.h"

#define BB_PACKED_LEAST 10u   /* bytes of the file that tell whether it is one of them */
#define BB_PACKED_MOST  2048u /* ... and which one, where bb_packed_is_archive() */

/* Is it a zip archive, of which there are many kinds? */
bool bb_packed_is_archive(struct bb_bytes head);

/* head: the first bytes of a file; more than BB_PACKED_MOST are of no use. "found ..., expected ...", a
 * static text; NULL: it is none of them. */
const char *bb_packed_refusal(struct bb_bytes head);

#endif
