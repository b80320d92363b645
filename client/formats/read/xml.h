/* A reader (reader.h) of XML: values of DHIS2 as a dataValueSet (dxf 2.0), and ADX. Which one it is, the root
 * element says; what cells there are, xml_values.h.
 *
 * Streamed over expat in memory that is bounded whatever the file holds. Nothing is fetched and nothing is
 * expanded: a file with an entity, or a document type from outside of it, is refused where that stands.
 * Encodings are UTF-8, UTF-16, ISO-8859-1, US-ASCII and windows-1252, as the file declares, unless its bytes
 * were decoded before. What is not well-formed ends the file; the values before it were given.
 *
 * The raw text of a record is one line of JSON (cells_json.h), with what its set or group says of it. */
#ifndef BB_FORMATS_XML_H
#define BB_FORMATS_XML_H

#include "reader.h"

#include "client/formats/text/feed.h"

#define BB_XML_TAG_BYTES (512u << 10) /* of a tag, or a comment */

/* decoded: the bytes are UTF-8, whatever the file declares. spool: borrowed; NULL: no raw text. 0 | -ENOMEM
 */
int bb_xml_reader(struct bb_feed feed, bool decoded, struct bb_spool *spool, struct bb_reader *ret_reader);

#endif
