#include "sparkline.h"

#include "runtime/decimal.h"

#include <string.h>

#define STEPS 7 /* from the lowest of eight bars to the highest */

static const char *const bars[STEPS + 1] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

static bool
is_number(const char *text, struct bb_decimal *ret)
{
    return text && bb_decimal_parse(bb_bytes_str(text), ret) == 0;
}

/* high - low; false when it does not fit, which decimals of 34 digits do not get to. */
static bool
difference(struct bb_decimal high, struct bb_decimal low, struct bb_sum *ret)
{
    *ret = (struct bb_sum){{0}};
    return bb_sum_add(ret, high) == 0 && bb_sum_subtract(ret, low) == 0;
}

static const char *
bar_of(struct bb_decimal value, struct bb_decimal low, struct bb_decimal high)
{
    struct bb_sum above, range;
    char step[BB_DECIMAL_TEXT];
    if (bb_decimal_compare(low, high) == 0 || !difference(value, low, &above) ||
        !difference(high, low, &range) ||
        bb_sum_ratio((struct bb_decimal){.mantissa = STEPS}, &above, &range, 0, step) != 0)
        return bars[STEPS / 2];
    return bars[step[0] >= '0' && step[0] <= '0' + STEPS ? step[0] - '0' : 0];
}

/* The last value among those that share a bar. */
static bool
share_of(const char *const *values, size_t from, size_t to, struct bb_decimal *ret)
{
    while (to > from)
        if (is_number(values[--to], ret))
            return true;
    return false;
}

char *
bb_sparkline(const char *const *values, size_t n, char out[static BB_SPARKLINE_TEXT])
{
    size_t width = n < BB_SPARKLINE_BARS ? n : BB_SPARKLINE_BARS;
    struct bb_decimal value, low = {0}, high = {0};
    bool any = false;
    out[0] = '\0';
    for (size_t i = 0; i < width; i++) {
        if (!share_of(values, i * n / width, (i + 1) * n / width, &value))
            continue;
        if (!any || bb_decimal_compare(value, low) < 0)
            low = value;
        if (!any || bb_decimal_compare(value, high) > 0)
            high = value;
        any = true;
    }
    for (size_t i = 0; any && i < width; i++)
        strcat(out,
               share_of(values, i * n / width, (i + 1) * n / width, &value) ? bar_of(value, low, high) : " ");
    return out;
}
