/* A map bound to the names of a file: what it makes of one record after the other.
 *
 * Pure. Names may grow (objects bring new ones), and the plan is bound again. A record gives as many readings
 * as the map has rules for; each is a row to send, or refused with field and reason. */
#ifndef BB_FORMATS_PLAN_H
#define BB_FORMATS_PLAN_H

#include "explain.h"

#include "client/formats/map/map.h"
#include "client/formats/read/reader.h"

struct bb_plan;

/* What is there before the first record. */
struct bb_plan_file {
    const char *name;             /* of the file, without folders */
    const struct bb_bytes *title; /* lines above the header */
    size_t n_titles;
};

/* What a name of the file is to the plan. */
enum bb_meaning {
    BB_MEANS_USED = 0,
    BB_MEANS_NOTHING = -1,    /* to be ignored */
    BB_MEANS_ANNOTATION = -2, /* row, code, field, reason of a file of refused rows: ignored */
    BB_MEANS_UNKNOWN = -3,
    BB_MEANS_BLANK = -4, /* a column without a name: fine as long as nothing stands in it */
};

/* One reading of a record. Valid until the next call. */
struct bb_mapped {
    struct bb_row_text row;
    struct bb_text
        word; /* the value was this word for 1 or 0, which only a boolean indicator has; else empty */
    struct bb_text strategy; /* of the record, as it says itself; empty: it does not */
    bool dry_run;            /* ... that nothing is to be kept */
    uint32_t code;           /* BB_ROW_CODE_*: why it is refused; 0: it is not */
    uint32_t field;          /* BB_FIELD_*, or 0 */
    const char *reason;      /* found, expected */
};

/* map, explain: borrowed; explain may be NULL. 0 | -EINVAL and what is wrong at error: a title or the name of
 * the file is not what the map speaks of | -ENOMEM */
int bb_plan_new(const struct bb_map *map, const struct bb_plan_file *file, const struct bb_explain *explain,
                struct bb_plan **ret_plan, char *error, size_t size);
void bb_plan_destroy(struct bb_plan **plan);

/* Bind it to these names. whole: a table, which has no others; what the map needs and is not there is a
 * mistake then. 0 | -EINVAL and what is wrong at error | -ENOMEM */
int bb_plan_bind(struct bb_plan *plan, const struct bb_bytes *names, size_t count, bool whole, char *error,
                 size_t size);
enum bb_meaning bb_plan_meaning(const struct bb_plan *plan, size_t name);
/* The same of a name that need not be among those it is bound to. */
enum bb_meaning bb_plan_means(const struct bb_plan *plan, struct bb_bytes name);
/* Does some rule say this member, by a template or by a column? */
bool bb_plan_says(const struct bb_plan *plan, enum bb_column member);

/* Is this one, which is not sound, to be skipped by what the map says? */
bool bb_plan_skips(struct bb_plan *plan, const struct bb_cells *cells);
/* Begin with a sound record: how many readings it gives. 0: it is to be skipped. */
size_t bb_plan_begin(struct bb_plan *plan, const struct bb_cells *cells);
/* The next of them: 0 | -ENOMEM */
int bb_plan_next(struct bb_plan *plan, struct bb_mapped *ret_mapped);

#endif
