/* What a peer sent is checked once, whole: column by column, so that a row can be had afterwards by looking
 * at nothing but its entries. A column has no entry (each row has the default), one (each row has it) or one
 * a row. */
#include "rowset.h"

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
    if (!column_fits(view->rows, n))
        return what;
    for (size_t i = 0; i < n; i++)
        if (at[i] > view->n_text)
            return what;
    return NULL;
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

static struct bb_decimal
number_at(const struct bb_rowview *view, size_t n_mantissa, const int64_t *mantissa, size_t n_scale,
          const uint32_t *scale, uint32_t i)
{
    uint32_t s;
    int64_t m;
    struct bb_decimal d;

    if (n_mantissa == 0 && n_scale == 0) /* no row has one */
        return (struct bb_decimal){0};
    s = at32(n_scale, scale, i);
    m = at64(n_mantissa, mantissa, i);
    d = (struct bb_decimal){.mantissa = m, .scale = (uint8_t)s};
    if (s == BB_SCALE_TEXT)
        (void)bb_decimal_parse(view->text[m], &d); /* checked by bb_rowview_init() */
    return d;
}

void
bb_rowview_get(const struct bb_rowview *view, uint32_t i, struct bb_rowref *ret_ref)
{
    const Bb__Rows *r = view->rows;

#define TEXT(field)   at32(r->n_##field, r->field, i)
#define NUMBER(field) number_at(view, r->n_##field, r->field, r->n_##field##_scale, r->field##_scale, i)
    *ret_ref = (struct bb_rowref){
        .indicator = TEXT(indicator),
        .organization = TEXT(organization),
        .place = TEXT(place),
        .disaggregation = TEXT(disaggregation),
        .period = TEXT(period),
        .comment = TEXT(comment),
        .flags = TEXT(flags),
        .value = NUMBER(value),
        .numerator = NUMBER(numerator),
        .denominator = NUMBER(denominator),
        .expect_revision = TEXT(expect_revision),
    };
#undef TEXT
#undef NUMBER
}
