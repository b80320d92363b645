/* A file of DHIS2's metadata, as its API and its import and export have it: one JSON object with a list for
 * each kind of object ("dataElements", "indicators", ...). It is read whole, in at most BB_METADATA_MEMORY.
 *
 * What is there is found by its id. What the objects mean is said where they are used: metadata_indicators.h,
 * metadata_places.h. One thread. */
#ifndef BB_FORMATS_METADATA_H
#define BB_FORMATS_METADATA_H

#include "client/formats/text/feed.h"

#include <jansson.h>

#define BB_METADATA_BYTES  (64u << 20)
#define BB_METADATA_MEMORY ((size_t)512 << 20)
#define BB_METADATA_BAD    1

/* By which of its names an object goes: idScheme. */
enum bb_id_scheme { BB_ID_UID, BB_ID_CODE, BB_ID_NAME };
/* "uid", "code" or "name"; -1: another word. */
int bb_id_scheme(const char *word);
/* As the property of an object is called: "id", "code", "name". */
const char *bb_id_property(enum bb_id_scheme scheme);

struct bb_metadata;

/* feed: UTF-8. 0 | BB_METADATA_BAD, and where and why at error | -errno: of the feed too */
int bb_metadata_read(struct bb_feed feed, struct bb_metadata **ret_metadata, char *error, size_t size);
/* Of an object that is there already: takes root, which may be NULL without memory. 0 | -ENOMEM */
int bb_metadata_of(json_t *root, struct bb_metadata **ret_metadata);
void bb_metadata_destroy(struct bb_metadata **metadata);

/* All objects of a kind, an array; NULL: the file does not have it. */
const json_t *bb_metadata_section(const struct bb_metadata *metadata, const char *section);
/* The object of this id; NULL: it is not in the file, or there is no id. Of "dataElements", "indicators",
 * "indicatorTypes", "categoryOptionCombos" (those within a categoryCombo too), "constants" and
 * "organisationUnits". */
const json_t *bb_metadata_find(const struct bb_metadata *metadata, const char *section, const char *id);

/* A property that is a text; NULL: it is absent, or something else. */
const char *bb_metadata_text(const json_t *object, const char *property);
/* The id of what a property points to: {"id": ...}, or the id itself. NULL: to nothing. */
const char *bb_metadata_reference(const json_t *object, const char *property);

#endif
