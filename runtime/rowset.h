/* Tables of readings as columns: building and reading the message Rows (proto/measurement.proto).
 *
 * The builder interns texts into the dictionary and writes the shortest columns: none when every row has the
 * default, one entry when every row has the same. Building the same rows gives the same bytes, so a repeated
 * submission is equal to the first. The reader checks a message that a peer sent once, whole; after that
 * access cannot fail. */
#ifndef BB_ROWSET_H
#define BB_ROWSET_H

#include "buffer.h"
#include "decimal.h"

#include "proto/rows.h"

#include "measurement.pb-c.h"

/* One row in the open. Absent texts are empty; flags say which numbers and whether a comment is there. */
struct bb_row {
    struct bb_bytes indicator;
    struct bb_bytes organization;
    struct bb_bytes place;
    struct bb_bytes disaggregation;
    struct bb_bytes period;
    struct bb_bytes comment;
    uint32_t flags; /* BB_ROW_* */
    struct bb_decimal value;
    struct bb_decimal numerator;
    struct bb_decimal denominator;
    uint32_t expect_revision; /* 0: any, or none */
};

struct bb_rowset; /* the builder */

/* 0 | -ENOMEM */
int bb_rowset_new(struct bb_rowset **ret_set);
void bb_rowset_destroy(struct bb_rowset **set);
void bb_rowset_reset(struct bb_rowset *set);

/* Add a row; its texts are copied. 0 | -ENOMEM */
int bb_rowset_add(struct bb_rowset *set, const struct bb_row *row);

/* The same for a caller that has the same texts again and again: the index of a text in the dictionary (0 is
 * the empty one), valid until the set is reset; then rows of such indexes. 0 | -ENOMEM */
struct bb_rowref;
int bb_rowset_text(struct bb_rowset *set, struct bb_bytes text, uint32_t *ret_index);
int bb_rowset_add_ref(struct bb_rowset *set, const struct bb_rowref *ref);

uint32_t bb_rowset_count(const struct bb_rowset *set);
/* An upper bound of the packed size so far, cheap: for cutting submissions and reply parts. */
size_t bb_rowset_bytes(const struct bb_rowset *set);

/* A close upper bound of the packed size with this row added, at the cost of looking its texts up: for who
 * wants to fill a submission to the last byte. */
size_t bb_rowset_bytes_with(const struct bb_rowset *set, const struct bb_row *row);

/* Fill a message whose arrays belong to the set: valid until its next call. */
void bb_rowset_message(struct bb_rowset *set, Bb__Rows *ret_rows);

/* The reader: a checked view of a decoded message, which must outlive it. */
struct bb_rowview {
    const Bb__Rows *rows;
    struct bb_bytes *text; /* [n_text + 1], [0] is empty; owned */
    size_t n_text;
    uint32_t varies; /* enum bb_varies, of the columns in which rows may differ */
};

/* Of a number: value, scale, or both. */
enum bb_varies {
    BB_VARIES_INDICATOR = 1 << 0,
    BB_VARIES_ORGANIZATION = 1 << 1,
    BB_VARIES_PLACE = 1 << 2,
    BB_VARIES_DISAGGREGATION = 1 << 3,
    BB_VARIES_PERIOD = 1 << 4,
    BB_VARIES_COMMENT = 1 << 5,
    BB_VARIES_FLAGS = 1 << 6,
    BB_VARIES_VALUE = 1 << 7,
    BB_VARIES_NUMERATOR = 1 << 8,
    BB_VARIES_DENOMINATOR = 1 << 9,
    BB_VARIES_EXPECT_REVISION = 1 << 10,
};

/* One row as indexes into the dictionary (0 is the empty text). */
struct bb_rowref {
    uint32_t indicator, organization, place, disaggregation, period, comment;
    uint32_t flags;
    struct bb_decimal value, numerator, denominator;
    uint32_t expect_revision;
};

/* Check every column length, index, flag, scale and mantissa.
 * 0 | -EBADMSG and a static word of what is wrong at ret_what | -ENOMEM. */
int bb_rowview_init(struct bb_rowview *view, const Bb__Rows *rows, const char **ret_what);
void bb_rowview_release(struct bb_rowview *view);

/* i below rows->count. Everything of it is set. */
void bb_rowview_get(const struct bb_rowview *view, uint32_t i, struct bb_rowref *ret_ref);

/* The same for who goes through many: ref is of another row of the view, and becomes that of row i. Sets only
 * what varies. */
void bb_rowview_move(const struct bb_rowview *view, uint32_t i, struct bb_rowref *ref);

#endif
