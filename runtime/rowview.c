/* What a peer sent is checked once, whole: column by column, so that a row can be had afterwards by looking
 * at nothing but its entries. A column has no entry (each row has the default), one (each row has it) or one
 * a row. */
#include "rowset.h"

#include "proto/limits.h"

#include <errno.h>
#include <stdlib.h>

static bool
column_fits(const Bb__Rows *rows, size_t n)
{
    return n == 0 || n == 1 || n == rows->count;
}

static const char *
check_index(const struct bb_rowview *view, size_t n, const uint32_t *at, const char *what)
{
    uint32_t greatest = 0;

    if (!column_fits(view->rows, n))
        return what;
    for (size_t i = 0; i < n; i++)
        greatest = at[i] > greatest ? at[i] : greatest;
    return greatest > view->n_text ? what : NULL;
}

static inline uint32_t
at32(size_t n, const uint32_t *column, uint32_t i)
{
    return n == 0 ? 0 : column[n == 1 ? 0 : i];
}

static inline int64_t
at64(size_t n, const int64_t *column, uint32_t i)
{
    return n == 0 ? 0 : column[n == 1 ? 0 : i];
}

static const char *
check_number(const struct bb_rowview *view, size_t n_mantissa, const int64_t *mantissa, size_t n_scale,
             const uint32_t *scale, const char *what)
{
    struct bb_decimal d;
    size_t n = n_mantissa > n_scale ? n_mantissa : n_scale;

    if (!column_fits(view->rows, n_mantissa) || !column_fits(view->rows, n_scale))
        return what;
    if (n_scale <= 1 && at32(n_scale, scale, 0) <= BB_SCALE_MAX) /* then any mantissa will do */
        return NULL;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t s = at32(n_scale, scale, i);
        int64_t m = at64(n_mantissa, mantissa, i);
        if (s == BB_SCALE_TEXT) {
            if (m < 1 || (uint64_t)m > view->n_text || bb_decimal_parse(view->text[m], &d) != 0)
                return what;
        } else if (s > BB_SCALE_MAX) {
            return what;
        }
    }
    return NULL;
}

static const char *
check_flags(const Bb__Rows *rows)
{
    if (!column_fits(rows, rows->n_flags))
        return "flags";
    for (size_t i = 0; i < rows->n_flags; i++)
        if (rows->flags[i] > BB_ROW_FLAGS_MAX)
            return "flags";
    return NULL;
}

static const char *
check_columns(const struct bb_rowview *view)
{
    const Bb__Rows *rows = view->rows;
    const char *what = check_flags(rows);

#define INDEX(field)                                                                                         \
    if (!what)                                                                                               \
    what = check_index(view, rows->n_##field, rows->field, #field)
#define NUMBER(field)                                                                                        \
    if (!what)                                                                                               \
    what = check_number(view, rows->n_##field, rows->field, rows->n_##field##_scale, rows->field##_scale,    \
                        #field)
    INDEX(indicator);
    INDEX(organization);
    INDEX(place);
    INDEX(disaggregation);
    INDEX(period);
    INDEX(comment);
    NUMBER(value);
    NUMBER(numerator);
    NUMBER(denominator);
#undef INDEX
#undef NUMBER
    if (!what && !column_fits(rows, rows->n_expect_revision))
        what = "expect_revision";
    return what;
}

static uint32_t
find_varying(const Bb__Rows *rows)
{
    uint32_t varies = 0;

#define COLUMN(name, field) varies |= rows->n_##field > 1 ? BB_VARIES_##name : 0
    COLUMN(INDICATOR, indicator);
    COLUMN(ORGANIZATION, organization);
    COLUMN(PLACE, place);
    COLUMN(DISAGGREGATION, disaggregation);
    COLUMN(PERIOD, period);
    COLUMN(COMMENT, comment);
    COLUMN(FLAGS, flags);
    COLUMN(EXPECT_REVISION, expect_revision);
    COLUMN(VALUE, value);
    COLUMN(VALUE, value_scale);
    COLUMN(NUMERATOR, numerator);
    COLUMN(NUMERATOR, numerator_scale);
    COLUMN(DENOMINATOR, denominator);
    COLUMN(DENOMINATOR, denominator_scale);
#undef COLUMN
    return varies;
}

int
bb_rowview_init(struct bb_rowview *view, const Bb__Rows *rows, const char **ret_what)
{
    const char *what;

    *view = (struct bb_rowview){.rows = rows, .n_text = rows->n_text};
    view->text = malloc((rows->n_text + 1) * sizeof *view->text);
    if (!view->text)
        return -ENOMEM;
    view->text[0] = bb_bytes(NULL, 0);
    for (size_t i = 0; i < rows->n_text; i++)
        view->text[i + 1] = bb_bytes_str(rows->text[i]);
    what = check_columns(view);
    view->varies = what ? 0 : find_varying(rows);
    /* a few bytes may say that there are four billion rows, all alike, but whoever reads them takes minutes
     */
    if (!what && view->varies == 0 && rows->count > BB_LIMIT_SUBMISSION_ROWS)
        what = "count";
    if (what) {
        bb_rowview_release(view);
        *ret_what = what;
        return -EBADMSG;
    }
    return 0;
}

void
bb_rowview_release(struct bb_rowview *view)
{
    free(view->text);
    view->text = NULL;
}

/* Checked by bb_rowview_init(). */
static inline void
get_number(const struct bb_rowview *view, size_t n_mantissa, const int64_t *mantissa, size_t n_scale,
           const uint32_t *scale, uint32_t i, struct bb_decimal *ret_number)
{
    uint32_t s = at32(n_scale, scale, i);
    int64_t m = at64(n_mantissa, mantissa, i);

    if (s == BB_SCALE_TEXT) {
        (void)bb_decimal_parse(view->text[m], ret_number);
    } else {
        ret_number->mantissa = m;
        ret_number->scale = (uint8_t)s;
    }
}

/* Of the columns that these bits name. */
static inline void
get_columns(const struct bb_rowview *view, uint32_t i, uint32_t columns, struct bb_rowref *ref)
{
    const Bb__Rows *rows = view->rows;

#define TEXT(name, field)                                                                                    \
    if (columns & BB_VARIES_##name)                                                                          \
    ref->field = at32(rows->n_##field, rows->field, i)
#define NUMBER(name, field)                                                                                  \
    if (columns & BB_VARIES_##name)                                                                          \
    get_number(view, rows->n_##field, rows->field, rows->n_##field##_scale, rows->field##_scale, i,          \
               &ref->field)
    TEXT(INDICATOR, indicator);
    TEXT(ORGANIZATION, organization);
    TEXT(PLACE, place);
    TEXT(DISAGGREGATION, disaggregation);
    TEXT(PERIOD, period);
    TEXT(COMMENT, comment);
    TEXT(FLAGS, flags);
    TEXT(EXPECT_REVISION, expect_revision);
    NUMBER(VALUE, value);
    NUMBER(NUMERATOR, numerator);
    NUMBER(DENOMINATOR, denominator);
#undef TEXT
#undef NUMBER
}

void
bb_rowview_get(const struct bb_rowview *view, uint32_t i, struct bb_rowref *ret_ref)
{
    get_columns(view, i, UINT32_MAX, ret_ref);
}

void
bb_rowview_move(const struct bb_rowview *view, uint32_t i, struct bb_rowref *ref)
{
    get_columns(view, i, view->varies, ref);
}
