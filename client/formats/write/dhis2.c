#include "dhis2.h"

#include "runtime/calendar.h"

#include <stdio.h>

#define INTERVAL_YEARS 999 /* that are read of an interval; of more there is no spelling but ours */

static size_t
years(int year, const struct bb_period *period, char out[static BB_DHIS2_PERIOD])
{
    int n;

    switch (period->type) {
    case BB_PERIOD_FISCAL_APRIL:
        n = snprintf(out, BB_DHIS2_PERIOD, "%04dApril", year);
        break;
    case BB_PERIOD_FISCAL_JULY:
        n = snprintf(out, BB_DHIS2_PERIOD, "%04dJuly", year);
        break;
    case BB_PERIOD_FISCAL_OCTOBER:
        n = snprintf(out, BB_DHIS2_PERIOD, "%04dOct", year);
        break;
    case BB_PERIOD_SPAN:
        if (period->years > INTERVAL_YEARS)
            return bb_period_format(*period, out);
        n = snprintf(out, BB_DHIS2_PERIOD, "%04d-01-01/P%uY", year, (unsigned)period->years);
        break;
    default:
        n = snprintf(out, BB_DHIS2_PERIOD, "%04d", year);
    }
    return (size_t)n;
}

size_t
bb_dhis2_period(struct bb_period period, char out[static BB_DHIS2_PERIOD])
{
    int year, month, day, n;

    bb_day_to_date(period.day, &year, &month, &day);
    switch (period.type) {
    case BB_PERIOD_SEMESTER:
        n = snprintf(out, BB_DHIS2_PERIOD, "%04dS%d", year, (month - 1) / 6 + 1);
        break;
    case BB_PERIOD_QUARTER:
        n = snprintf(out, BB_DHIS2_PERIOD, "%04dQ%d", year, (month - 1) / 3 + 1);
        break;
    case BB_PERIOD_MONTH:
        n = snprintf(out, BB_DHIS2_PERIOD, "%04d%02d", year, month);
        break;
    case BB_PERIOD_WEEK:
        bb_day_to_week(period.day, &year, &month);
        n = snprintf(out, BB_DHIS2_PERIOD, "%04dW%d", year, month);
        break;
    case BB_PERIOD_DAY:
        n = snprintf(out, BB_DHIS2_PERIOD, "%04d%02d%02d", year, month, day);
        break;
    default:
        return years(year, &period, out);
    }
    return (size_t)n;
}

/* Behind the dimension, when the text begins with it; else the text is not touched. */
static bool
skip_dimension(struct bb_bytes *text, const char *dimension)
{
    size_t len = strlen(dimension);

    if (text->len < len || memcmp(text->data, dimension, len) != 0)
        return false;
    *text = bb_bytes(text->data + len, text->len - len);
    return true;
}

/* A code by itself must not be taken for parts, nor for the combination that is the total (builtin.c). */
static bool
is_one_code(struct bb_bytes text)
{
    return text.len > 0 && !memchr(text.data, '=', text.len) && !memchr(text.data, ';', text.len) &&
           !bb_bytes_equal(text, bb_bytes_str("HllvX50cXC0")) &&
           !bb_bytes_equal(text, bb_bytes_str("default"));
}

void
bb_dhis2_combinations(struct bb_bytes disaggregation, struct bb_bytes *ret_category,
                      struct bb_bytes *ret_attribute)
{
    struct bb_bytes rest = disaggregation, code = disaggregation;
    const uint8_t *end;

    *ret_category = disaggregation;
    *ret_attribute = bb_bytes(NULL, 0);
    if (skip_dimension(&code, "attributeOptionCombo=")) {
        end = memchr(code.data, ';', code.len);
        rest = end ? bb_bytes(end + 1, (size_t)(code.data + code.len - end - 1)) : bb_bytes(NULL, 0);
        code.len -= rest.len + (end != NULL);
        if (!is_one_code(code))
            return;
        *ret_attribute = code;
        *ret_category = rest;
    }
    if (skip_dimension(&rest, "categoryOptionCombo=") && is_one_code(rest))
        *ret_category = rest;
}
