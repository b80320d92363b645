/* The readings of a file, one after the other, as they are to be sent, whatever its format.
 *
 * What stands in front of the rows (a header, titles) is checked when the source is opened; each reading then
 * comes mapped, or refused with a reason. Rows are numbered as people see them: 1 is the first row below the
 * header of a table, the first line of a file of objects, the first value of a set. */
#ifndef BB_FORMATS_SOURCE_H
#define BB_FORMATS_SOURCE_H

#include "client/formats/map/map.h"
#include "client/formats/plan/explain.h"
#include "client/formats/text/rawtext.h"

#define BB_SOURCE_MESSAGE 4096

/* Questions that a file asks and only a service knows the answer to. */
struct bb_source_asks {
    int (*is_boolean)(void *self, struct bb_bytes indicator); /* is its unit boolean? 1 | 0 | -errno */
    void *self;
};

enum bb_strategy { BB_STRATEGY_UPSERT = 0, BB_STRATEGY_CREATE, BB_STRATEGY_UPDATE, BB_STRATEGY_DELETE };

#define BB_STRATEGIES 4
extern const char *const bb_strategies[BB_STRATEGIES]; /* their names */

struct bb_source_options {
    const char *file;                  /* its name without folders; "" is standard input */
    enum bb_format format;             /* BB_FORMAT_ANY: as the map says, else told by name and first bytes */
    const struct bb_map *map;          /* needed */
    bool mapped;                       /* the map is the user's: that of the format does not count */
    struct bb_spool *spool;            /* NULL: the text of rows is not kept */
    const struct bb_explain *explain;  /* may be NULL */
    const struct bb_source_asks *asks; /* may be NULL: nothing is boolean */
    enum bb_strategy strategy;         /* where has_strategy; else what the file says, and upsert */
    bool has_strategy;
    bool dry_run; /* nothing is kept: a file that asks for that may be read */
};

struct bb_source;

struct bb_source_row {
    uint64_t number;        /* of the row */
    uint64_t line;          /* of the file where it starts */
    struct bb_row_text row; /* valid until the next call */
    struct bb_raw raw;      /* likewise; empty without a spool */
    uint32_t code;          /* BB_ROW_CODE_*: why it is refused; 0: it is not */
    uint32_t field;         /* BB_FIELD_*, or 0 */
    const char *reason;     /* found, expected */
};

/* The options and what they point to are borrowed, map and strings as long as the source lives. 0 | -EINVAL
 * and a message (without the name of the file) at error | -errno of reading */
int bb_source_new(struct bb_feed feed, const struct bb_source_options *options, struct bb_source **ret_source,
                  char *error, size_t size);
void bb_source_destroy(struct bb_source **source);

/* 0 | BB_SOURCE_END | -EILSEQ: it cannot be read on, and bb_source_error() says why | -errno */
#define BB_SOURCE_END 1
int bb_source_next(struct bb_source *source, struct bb_source_row *ret_row);
const char *bb_source_error(const struct bb_source *source);

/* Does its map want that places are known? Then the service is to refuse those that are new. */
bool bb_source_wants_known_places(const struct bb_source *source);

/* Bytes of the file read so far. */
uint64_t bb_source_position(const struct bb_source *source);

/* What a file of refused rows needs to know. Valid as long as the source. */
enum bb_format bb_source_format(const struct bb_source *source);
char bb_source_delimiter(const struct bb_source *source);
struct bb_bytes bb_source_titles(const struct bb_source *source); /* what is above the header, as it was */
struct bb_bytes bb_source_header(const struct bb_source *source); /* its last row, as it was; may be empty */
size_t bb_source_columns(const struct bb_source *source);         /* of a table */
size_t bb_source_own_columns(const struct bb_source *source);     /* ... without annotations behind them */
bool bb_source_is_annotated(const struct bb_source *source);      /* rows may end with annotations */
/* Must text in UTF-8 begin with a byte order mark, to be read as such with the same map? */
bool bb_source_wants_mark(const struct bb_source *source);
/* Is it a column that such a file adds: row, code, field, reason? By its index; by its name. */
bool bb_source_is_annotation(const struct bb_source *source, size_t column);
bool bb_source_is_annotation_name(const struct bb_source *source, struct bb_bytes name);

/* What --ignore names and no column of a table is called: quoted, with commas between them. Empty: none. */
const char *bb_source_not_there(const struct bb_source *source);

#endif
