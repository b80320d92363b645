/* How the columns of a file are to be read: what --map MAP.json and --ignore say.
 *
 *     {
 *       "columns":            {"Student Count": "value", "District": "organization"},
 *       "constants":          {"indicator": "chronic-absence", "period": "2018-19"},
 *       "missingValues":      ["", {"value": "*", "label": "suppressed"}],
 *       "thousandsSeparator": ",",
 *       "decimalComma":       false,
 *       "delimiter":          ",",
 *       "ignore":             ["District Code"]
 *     }
 *
 * Every member may be absent; an unknown one is an error. `columns` names the field that a column of the file
 * holds; `constants` gives a field that no column holds. missingValues is a list of texts and of objects with
 * a label (as in Frictionless Table Schema), or one object {"text": "label"}; a label is missing (where none
 * is given), suppressed or not_applicable. The map belongs to its owner and does not change once it is read.
 */
#ifndef BB_FORMATS_MAP_H
#define BB_FORMATS_MAP_H

#include "client/lib/backbone.h"

#include "proto/bytes.h"

struct bb_map_column {
    char *header;
    int field; /* enum bb_column */
};

struct bb_map_missing {
    char *text;
    const char *label; /* "missing", "suppressed", "not_applicable"; static */
};

struct bb_map_ignored {
    char *name;
    bool by_option; /* --ignore said so, who knows this one file */
};

struct bb_map {
    struct bb_map_column *column;
    size_t n_columns;
    char *constant[BB_COLUMNS]; /* NULL: none */
    struct bb_map_missing *missing;
    size_t n_missing;
    struct bb_map_ignored *ignore;
    size_t n_ignored;
    char *thousands; /* NULL: none */
    bool decimal_comma;
    char delimiter; /* of CSV */
};

/* Names of the fields, by enum bb_column; ends with NULL. */
extern const char *const bb_import_fields[BB_COLUMNS + 1];

/* A map that changes nothing. */
void bb_map_init(struct bb_map *map);
void bb_map_release(struct bb_map *map);

/* Read a map into one that is fresh. name: of the file, for messages.
 * 0 | -EINVAL and a message at error | -ENOMEM */
int bb_map_parse(struct bb_map *map, const char *name, struct bb_bytes text, char *error, size_t size);
/* As bb_map_parse(), from a file; also -errno of the file, without a message. */
int bb_map_read(struct bb_map *map, const char *file, char *error, size_t size);

/* --ignore: names with commas between them. 0 | -ENOMEM */
int bb_map_ignore(struct bb_map *map, const char *list);

/* What a name in a header, or a key of an object, means: a field (enum bb_column, 0 and up), or one of these.
 */
enum bb_meaning {
    BB_MEANS_NOTHING = -1,    /* to be ignored */
    BB_MEANS_ANNOTATION = -2, /* row, code, field, reason of a file of refused rows: ignored */
    BB_MEANS_UNKNOWN = -3,
};
int bb_map_meaning(const struct bb_map *map, struct bb_bytes name);

#endif
