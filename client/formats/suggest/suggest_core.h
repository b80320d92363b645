/* What the parts of suggest.h share. */
#ifndef BB_FORMATS_SUGGEST_CORE_H
#define BB_FORMATS_SUGGEST_CORE_H

#include "grid.h"
#include "look.h"
#include "spelling.h"
#include "suggest.h"

#define BB_SUGGEST_ROWS 200u /* that are compared with each other, and with what is registered */

/* What a column is taken for. */
enum bb_role {
    BB_ROLE_NONE,      /* to be ignored */
    BB_ROLE_INDICATOR, /* one of the members of a reading */
    BB_ROLE_ORGANIZATION,
    BB_ROLE_PLACE,
    BB_ROLE_PERIOD,
    BB_ROLE_DATE, /* a period in a spelling that is none of ours */
    BB_ROLE_COMMENT,
    BB_ROLE_DIMENSION,
    BB_ROLE_MEASURE,     /* numbers, or yes and no */
    BB_ROLE_WIDE_PERIOD, /* numbers, below a period as the name of the column */
    BB_ROLE_PART,        /* of a date, or of a ratio */
};

struct bb_suggest_column {
    const char *name; /* as the map names it, in UTF-8 */
    const char *top;  /* the last row of its header alone */
    int spelling;     /* of a date, or of the name of a wide column; -1: ours */
    bool months;      /* its cells are names of months */
    bool by_position; /* its name is not the file's: it has none, or another one has the same */
    struct bb_look look;
    enum bb_role role;
};

/* v = 100 n / d, in all rows that have the three. */
struct bb_ratio {
    uint32_t value, numerator, denominator, rows;
};

#define BB_SUGGEST_RATIOS 64u

struct bb_suggestion {
    const struct bb_sample *sample;
    const char *file_name;
    const struct bb_known *known;
    struct bb_spellings *spellings;
    struct bb_arena arena; /* texts */
    json_t *map, *seen;
    bool failed; /* no memory */

    struct bb_grid grid;
    const char *format;
    char delimiter;
    struct bb_grid_column fixed[BB_GRID_WIDTH];
    uint32_t header[2]; /* rows of the grid */
    uint32_t headers;   /* 0: it has none */
    uint32_t data;      /* the first row below */
    struct bb_suggest_column *column;
    uint32_t columns;

    struct bb_ratio ratio[BB_SUGGEST_RATIOS];
    uint32_t ratios;
    const char *period; /* a template, NULL: none was found */
    const char *topic;  /* what the file is about, as a code: of its title, or its name; "" */
};

/* A text of the arena; NULL sets `failed`. */
const char *bb_suggest_text(struct bb_suggestion *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *bb_suggest_copy(struct bb_suggestion *s, struct bb_bytes text);
/* One more line of "seen". */
void bb_suggest_say(struct bb_suggestion *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Lower case letters and digits with '-' between them; never NULL. */
const char *bb_suggest_code(struct bb_suggestion *s, const char *text);
/* Does any of these words, with blanks between them, stand in the text? Letters of either case. */
bool bb_suggest_has_word(const char *text, const char *words);

/* A pattern for texts spelled like this one: a digit for a digit, all else as it is. */
const char *bb_suggest_shape(struct bb_suggestion *s, struct bb_bytes text);

/* Is it called value, numerator or denominator, as members of readings are? */
bool bb_suggest_is_member(const struct bb_suggest_column *column);

/* Find header, titles and the first row of data in the grid, and make the columns. */
int bb_suggest_header(struct bb_suggestion *s);
/* ... of objects, whose names stand in the first row of the grid. */
int bb_suggest_columns(struct bb_suggestion *s);
/* The spelling that all cells of a column have; -1: none. */
int bb_suggest_spelling(const struct bb_suggestion *s, uint32_t column);
/* Are all cells of a column names of months? */
bool bb_suggest_is_months(const struct bb_suggestion *s, uint32_t column);
/* The names of its groups, as a list. */
json_t *bb_suggest_spelling_names(const struct bb_spelling *spelling);
/* What names of months mean, once. */
void bb_suggest_months(struct bb_suggestion *s);
/* What each column is. */
void bb_suggest_roles(struct bb_suggestion *s);
/* Which measures are numerator and denominator of others. */
void bb_suggest_ratios(struct bb_suggestion *s);
/* Of several measures beside a column that names indicators, one is the value. */
void bb_suggest_keep_one(struct bb_suggestion *s);
/* Where the period stands: columns, names of columns, the title, the name of the file. */
void bb_suggest_period(struct bb_suggestion *s);
/* The members of the map that say all this, and of them those of readings. */
void bb_suggest_write(struct bb_suggestion *s);
void bb_suggest_readings(struct bb_suggestion *s);

/* Of JSON: the value is taken; what cannot be sets `failed`. */
void bb_suggest_set(struct bb_suggestion *s, json_t *object, const char *key, json_t *value);
void bb_suggest_append(struct bb_suggestion *s, json_t *list, json_t *value);
/* A member of the map, unless it is empty. */
void bb_suggest_set_filled(struct bb_suggestion *s, const char *key, json_t *value);
/* Does it hold numbers that go into readings? */
bool bb_suggest_is_measured(const struct bb_suggest_column *c);

#endif
