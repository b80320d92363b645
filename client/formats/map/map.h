/* How a file is to be read: what --map MAP.json says, and --ignore.
 *
 * A map is a Frictionless Table Schema (fields, missingValues) with a dialect, an encoding, and what only we
 * have: which readings a record gives, as templates over its cells. backbone-map(5) tells every member. The
 * map belongs to its owner and does not change once it is read: plan.h binds it to the names of a file. */
#ifndef BB_FORMATS_MAP_H
#define BB_FORMATS_MAP_H

#include "aliases.h"
#include "numbers.h"
#include "pattern.h"
#include "template.h"

#include "client/formats/text/decode.h"
#include "client/lib/backbone.h"

enum bb_format {
    BB_FORMAT_ANY = 0, /* not said */
    BB_FORMAT_CSV,
    BB_FORMAT_FIXED,
    BB_FORMAT_JSONL,
    BB_FORMAT_DHIS2_JSON,
    BB_FORMAT_DHIS2_CSV,
    BB_FORMAT_XML, /* dataValueSet of DHIS2 */
    BB_FORMAT_ADX,
    BB_FORMATS
};

/* "csv", "fixed", "jsonl", "dhis2-json", "dhis2-csv", "xml", "adx"; static. */
const char *bb_format_name(enum bb_format format);
/* -1: none is called so. */
int bb_format_by_name(const char *name);

struct bb_texts {
    struct bb_bytes *item;
    size_t count;
};

bool bb_texts_have(const struct bb_texts *texts, struct bb_bytes text);

struct bb_missing {
    struct bb_bytes text;
    const char *label; /* "missing", "suppressed", "not_applicable"; static */
};

struct bb_missings {
    struct bb_missing *item;
    size_t count;
};

/* The label, or NULL: the text is none of them. */
const char *bb_missing_label(const struct bb_missings *missings, struct bb_bytes text);

/* How the cells of one column are read. */
struct bb_map_column {
    struct bb_bytes name; /* blanks squeezed */
    uint32_t column;      /* its position, from 1; 0: found by its name */
    uint32_t from, to;    /* fixed width: characters, from 1; 0: not said */
    bool optional;        /* a file may be without it: then it is empty */
    bool has_numbers, has_missing;
    struct bb_numbers numbers;
    struct bb_missings missing;
    struct bb_texts yes, no;        /* trueValues, falseValues; none: those of the map */
    struct bb_texts prefix, suffix; /* stripped, the first that is there */
    bool squeeze;
    struct bb_pattern *extract; /* the first group, or all of it */
    struct bb_aliases aliases;
    struct bb_texts words;      /* constraints.enum; none: any */
    struct bb_pattern *pattern; /* constraints.pattern */
};

/* Is this so of a record? */
struct bb_condition {
    struct bb_texts columns; /* none: every one */
    enum { BB_IF_EMPTY, BB_IF_MATCHES, BB_IF_NOT } kind;
    struct bb_pattern *pattern;
};

struct bb_conditions {
    struct bb_condition *item; /* any of them */
    size_t count;
};

/* Texts with names of their own, taken out of titles, the name of the file, or a template over cells. */
struct bb_capture {
    enum { BB_FROM_TITLE, BB_FROM_FILE, BB_FROM_CELLS } from;
    uint32_t line; /* of the titles, from 1; 0: the first that matches */
    struct bb_template source;
    struct bb_pattern *pattern;
    struct bb_texts names;    /* of its groups */
    struct bb_texts fallback; /* where it does not match; none: that is a mistake */
};

struct bb_dimension {
    struct bb_bytes name;
    struct bb_template template;
};

/* One reading that a record gives. */
struct bb_map_reading {
    bool said[BB_COLUMNS];
    struct bb_template member[BB_COLUMNS];
    struct bb_dimension *dimension; /* of the disaggregation, when it is an object */
    size_t n_dimensions;
    bool optional;              /* not for a file without its columns */
    struct bb_pattern *columns; /* one for each column whose name matches; NULL: one */
    struct bb_texts names;      /* of the groups */
};

struct bb_named_aliases {
    struct bb_bytes name; /* of a column, a capture, or a member of a reading */
    struct bb_aliases aliases;
};

struct bb_dialect {
    char delimiter;
    bool no_header;
    uint32_t header_row[4]; /* as a spreadsheet counts rows, empty ones too */
    size_t n_header_rows;   /* 0: the first row that is not empty */
    const char *join;       /* between the rows of a header */
    bool fill;              /* a cell of a group row holds for the empty ones to its right */
    char comment;           /* rows that begin with it are none; 0: none do */
};

enum bb_other_columns { BB_OTHER_REFUSE = 0, BB_OTHER_IGNORE, BB_OTHER_DISAGGREGATION };

struct bb_ignored {
    struct bb_bytes name;
    bool by_option; /* --ignore said so, who knows this one file */
};

struct bb_map {
    struct bb_arena arena;
    struct bb_pattern **pattern; /* all of them, to be given back */
    size_t n_patterns;
    enum bb_format format;
    enum bb_encoding encoding;
    struct bb_dialect dialect;
    struct bb_map_column *field;
    size_t n_fields;
    struct bb_missings missing;
    struct bb_numbers numbers;
    struct bb_texts yes, no; /* words for 1 and 0 of an indicator that is boolean */
    struct bb_capture *capture;
    size_t n_captures;
    struct bb_conditions skip, withdraw;
    struct bb_conditions drop[BB_COLUMNS];
    struct bb_ignored *ignore;
    size_t n_ignored;
    enum bb_other_columns others;
    struct bb_named_aliases *aliases;
    size_t n_aliases;
    struct bb_template strategy; /* what a record says of itself; no pieces: nothing */
    struct bb_template dry_run;
    bool known_places;     /* a new one is refused, where there are registered ones */
    struct bb_texts parts; /* dimensions whose code may be dimension=code parts instead */
    struct bb_map_reading *rule;
    size_t n_rules;                   /* at least one */
    const char *fallback[BB_COLUMNS]; /* --organization: where a reading has none */
};

/* Names of the members of a reading, by enum bb_column; ends with NULL. */
extern const char *const bb_import_fields[BB_COLUMNS + 1];

/* A map that changes nothing. 0 | -ENOMEM */
int bb_map_init(struct bb_map *map);
void bb_map_release(struct bb_map *map);

/* Read a map into one that is fresh. name: of the file, for messages.
 * 0 | -EINVAL and a message at error | -ENOMEM */
int bb_map_parse(struct bb_map *map, const char *name, struct bb_bytes text, char *error, size_t size);
/* As bb_map_parse(), from a file; also -errno of the file, without a message. */
int bb_map_read(struct bb_map *map, const char *file, char *error, size_t size);

/* --ignore: names with commas between them. 0 | -ENOMEM */
int bb_map_ignore(struct bb_map *map, const char *list);

/* The field of this name, or NULL. */
const struct bb_map_column *bb_map_field(const struct bb_map *map, struct bb_bytes name);
/* The aliases of this name, or NULL. */
const struct bb_aliases *bb_map_aliases(const struct bb_map *map, struct bb_bytes name);

#endif
