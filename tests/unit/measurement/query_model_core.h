/* What the parts of the model have in common: readings as of a sequence, who may know of them, and what they
 * amount to. */
#ifndef BB_TESTS_QUERY_MODEL_CORE_H
#define BB_TESTS_QUERY_MODEL_CORE_H

#include "query_model.h"

#define MODEL_ROWS 4096

struct model_rows {
    const struct test_row *row[MODEL_ROWS];
    size_t n;
};

/* All readings as of a sequence; those that are withdrawn are none. */
void model_as_of(const struct model *model, uint64_t sequence, struct model_rows *ret_rows);

/* For qsort() of rows: by the keys of readings. */
int model_compare_rows(const void *a, const void *b);

bool model_is_ok(const struct test_row *row);
bool model_has_parts(const struct test_row *row);

/* Was it asked for? */
bool model_in_range(const struct model_question *q, struct bb_period period);
bool model_place_fits(const struct model_question *q, uint32_t place);

/* May the caller know the line of this organization? */
bool model_may_see(const struct model *model, const struct model_question *q, uint32_t organization);
/* Does it count where only what is approved does? */
bool model_is_published(const struct model *model, const struct bb_reading_key *key, uint64_t sequence);
/* The last that was said of a unit; NULL: nothing was. */
const struct model_review *model_last_review(const struct model *model, const struct bb_review_unit *unit,
                                             uint64_t sequence);

/* The value of a row that has its parts only. */
void model_divide(const struct bb_indicator *rules, const struct test_row *row, unsigned digits,
                  struct bb_decimal *ret);
unsigned model_decimals(const struct bb_indicator *rules);

struct model_figure {
    char value[BB_DECIMAL_TEXT], numerator[BB_DECIMAL_TEXT], denominator[BB_DECIMAL_TEXT];
    unsigned readings, without_parts, organizations;
    uint32_t only, parts_only; /* the only organization behind it; 0 several, or none */
};

/* What the readings that were chosen amount to together. */
void model_figure(const struct bb_indicator *rules, const struct model_rows *chosen,
                  struct model_figure *ret_figure);

#endif
