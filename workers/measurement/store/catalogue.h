/* The catalogue: indicators, organizations and registered places, in memory, as of the head of the journal.
 *
 * It is the writer's: loaded from the views at start, then kept up with each entry. Readers of the views look
 * at the views instead. Definitions are kept as the packed messages of the object view. */
#ifndef BB_CATALOGUE_H
#define BB_CATALOGUE_H

#include "names.h"

#include "runtime/codes.h"
#include "workers/measurement/model/indicator.h"

struct bb_object {
    char *text;       /* canonical text; NULL: no such object */
    uint8_t *details; /* packed Organization, Indicator or Place */
    size_t details_len;
    struct bb_codes *limit; /* organization: the indicators it takes part in; NULL: all */
};

struct bb_catalogue {
    struct bb_object *object[BB_OBJECT_KINDS];              /* by id; [0] is not used */
    uint32_t size[BB_OBJECT_KINDS], count[BB_OBJECT_KINDS]; /* room for ids, objects that there are */
    struct bb_indicator *indicator;                         /* by id, parallel to the objects of that kind */
    uint32_t indicator_size;
};

/* Read all objects that have details. 0 | -ENOMEM | -EBADMSG */
int bb_catalogue_load(struct bb_catalogue *catalogue, const struct bb_views *views);
void bb_catalogue_release(struct bb_catalogue *catalogue);

/* NULL: none with details. Valid until the next set. */
const struct bb_object *bb_catalogue_get(const struct bb_catalogue *catalogue, enum bb_object_kind kind,
                                         uint32_t id);
/* The numbers of a definition; the id is one of a known indicator. */
const struct bb_indicator *bb_catalogue_indicator(const struct bb_catalogue *catalogue, uint32_t id);

/* Is the indicator there for members of the organization? Of ids that are known. */
bool bb_catalogue_takes_part(const struct bb_catalogue *catalogue, const struct bb_codes *limit,
                             uint32_t indicator);

/* 0 | -ENOMEM | -EBADMSG: the definition of an indicator does not parse */
int bb_catalogue_set(struct bb_catalogue *catalogue, enum bb_object_kind kind, uint32_t id,
                     struct bb_bytes text, struct bb_bytes details);

#endif
