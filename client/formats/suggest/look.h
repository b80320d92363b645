/* What the cells of a column look like: numbers and how they are written, periods, yes and no, codes that a
 * spreadsheet wrote, words that stand for no value. Pure; a guess for people to look at (suggest.h), never
 * for reading. */
#ifndef BB_FORMATS_LOOK_H
#define BB_FORMATS_LOOK_H

#include "proto/bytes.h"

#define BB_LOOK_WORDS    8u   /* that stand for no value, of a column */
#define BB_LOOK_DISTINCT 256u /* more are not counted */

/* What is told of a cell: one of these, and marks. */
enum bb_look_kind { BB_LOOK_EMPTY, BB_LOOK_NUMBER, BB_LOOK_MISSING, BB_LOOK_BOOLEAN, BB_LOOK_TEXT };

enum bb_look_mark {
    BB_LOOK_GROUPED = 1,    /* 1,234 */
    BB_LOOK_COMMA = 2,      /* 12,5: a decimal comma */
    BB_LOOK_UNIT = 4,       /* 12 %, $ 5 */
    BB_LOOK_WHOLE = 8,      /* without a fraction */
    BB_LOOK_PERIOD = 16,    /* a period of our time */
    BB_LOOK_PROTECTED = 32, /* ="0123" */
    BB_LOOK_ZERO = 64,      /* a number with leading zeros: a code */
    BB_LOOK_BLANKS = 128,   /* runs of blanks in it */
    BB_LOOK_YEAR = 256,     /* four digits, a year of our time */
    BB_LOOK_POINTED = 512,  /* 1.234,5 and 1.234.567: points between thousands */
    BB_LOOK_THREE = 1024,   /* 1.234, which may be the same */
};

struct bb_look_cell {
    enum bb_look_kind kind;
    unsigned marks;
    double number; /* for arithmetic over a sample, nothing else */
};

struct bb_look_cell bb_look_at(struct bb_bytes cell);

/* "suppressed", "not_applicable" or "missing", static: what the word seems to stand for; NULL: it is none. */
const char *bb_look_missing(struct bb_bytes word);

/* A column, cell by cell. */
struct bb_look {
    uint32_t rows, empty, numbers, missing, booleans, texts;
    uint32_t grouped, fractions /* of grouped ones: 1,234.5 */, comma, pointed, three, points, unit, whole,
        periods, is_protected, zeros, blanks, years, negative;
    uint32_t distinct; /* up to BB_LOOK_DISTINCT */
    uint64_t seen[BB_LOOK_DISTINCT];
    struct bb_bytes word[BB_LOOK_WORDS]; /* that stand for no value, each once; borrowed */
    uint32_t words;
    double least, most; /* of the numbers that are not negative */
    uint32_t sentinels; /* numbers such as -9999 where all others are not negative: see bb_look_end() */
    struct bb_bytes sentinel[4];
    bool commas; /* other columns of the file have decimal commas: told by bb_look_agree() */
};

void bb_look_add(struct bb_look *look, struct bb_bytes cell);
/* After the last cell: numbers that stand apart become words for no value. */
void bb_look_end(struct bb_look *look);

/* Do its numbers say that a comma is the decimal mark, or that a point is? 1,234 and 1.234 say neither. */
bool bb_look_has_commas(const struct bb_look *look);
bool bb_look_has_points(const struct bb_look *look);
/* The file has decimal commas in other columns: true where that makes other numbers of these. */
bool bb_look_agree(struct bb_look *look);

/* Are most of its cells numbers, beside words for no value? */
bool bb_look_is_number(const struct bb_look *look);
/* Are all of them periods? */
bool bb_look_is_period(const struct bb_look *look);
bool bb_look_is_boolean(const struct bb_look *look);
/* What stands between the thousands of its numbers, and in front of their fractions: ',' or '.'; 0: nothing
 * does. */
char bb_look_group(const struct bb_look *look);
char bb_look_decimal(const struct bb_look *look);

#endif
