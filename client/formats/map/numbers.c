#include "numbers.h"

#include "bare.h"

#include <stdio.h>

const struct bb_numbers bb_numbers_plain = {.decimal = '.'};

bool
bb_numbers_are_plain(const struct bb_numbers *numbers)
{
    return !*numbers->group && numbers->decimal == '.' && !numbers->with_units && !numbers->scaled;
}

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Copy the integer part without its separators. Returns the bytes read, 0 when the groups are not of three.
 */
static size_t
copy_groups(struct bb_bytes t, size_t at, const char *separator, char *to, size_t *len)
{
    size_t gap = strlen(separator), digits = 0, groups = 0, start = at;

    for (;; at++) {
        if (at < t.len && is_digit(t.data[at])) {
            to[(*len)++] = (char)t.data[at];
            digits++;
            continue;
        }
        if (groups && digits != 3)
            return 0;
        if (at + gap > t.len || memcmp(t.data + at, separator, gap) != 0)
            return at > start ? at : 0;
        if (digits == 0 || digits > 3)
            return 0;
        groups++;
        digits = 0;
        at += gap - 1;
    }
}

static bool
rewrite(const struct bb_numbers *numbers, struct bb_bytes t, char to[BB_NUMBER_BYTES], size_t *ret_len)
{
    size_t at = 0, len = 0;

    if (t.len && (t.data[0] == '-' || t.data[0] == '+'))
        to[len++] = (char)t.data[at++];
    if (*numbers->group && at < t.len && is_digit(t.data[at])) {
        at = copy_groups(t, at, numbers->group, to, &len);
        if (at == 0)
            return false;
    }
    for (; at < t.len; at++) {
        char c = (char)t.data[at];
        if (numbers->decimal == ',' && c == '.')
            return false;
        to[len++] = numbers->decimal == ',' && c == ',' ? '.' : c;
    }
    *ret_len = len;
    return true;
}

/* Exactly: 0.25 times 100 is 25. False: it is no number, or has too many digits then. */
static bool
multiply(struct bb_decimal by, char to[BB_NUMBER_BYTES], size_t *len)
{
    struct bb_decimal value;
    int scale = by.scale;

    if (bb_decimal_parse(bb_bytes(to, *len), &value) != 0)
        return false;
    for (; by.mantissa && by.mantissa % 10 == 0; scale--)
        by.mantissa /= 10;
    if (__builtin_mul_overflow(value.mantissa, by.mantissa, &value.mantissa))
        return false;
    for (scale += value.scale; scale < 0; scale++)
        if (__builtin_mul_overflow(value.mantissa, 10, &value.mantissa))
            return false;
    for (; scale > BB_DECIMAL_SCALE && value.mantissa % 10 == 0; scale--)
        value.mantissa /= 10;
    if (scale > BB_DECIMAL_SCALE)
        return false;
    value.scale = (uint8_t)scale;
    *len = bb_decimal_write(&value, to);
    return true;
}

/* Rewritten, and a number; one with too many digits is for others to refuse. */
static bool
read_number(const struct bb_numbers *numbers, struct bb_bytes text, char to[BB_NUMBER_BYTES], size_t *ret_len)
{
    struct bb_decimal value;

    return text.len < BB_NUMBER_BYTES && rewrite(numbers, text, to, ret_len) &&
           bb_decimal_parse(bb_bytes(to, *ret_len), &value) != BB_DECIMAL_E_SYNTAX;
}

bool
bb_numbers_read(const struct bb_numbers *numbers, bool plain, struct bb_bytes text, char to[BB_NUMBER_BYTES],
                size_t *ret_len)
{
    const struct bb_numbers *rules = plain ? &bb_numbers_plain : numbers;
    char bare[BB_NUMBER_BYTES];

    if (!read_number(rules, text, to, ret_len)) {
        size_t len = rules->with_units ? bb_bare_number(text, rules->group, bare, sizeof bare) : 0;
        if (len == 0 || !read_number(rules, bb_bytes(bare, len), to, ret_len))
            return false;
    }
    return !numbers->scaled || multiply(numbers->scale, to, ret_len);
}

void
bb_numbers_describe(const struct bb_numbers *numbers, char *to, size_t size)
{
    snprintf(to, size, "a number with '%c' as decimal mark%s%s%s%s", numbers->decimal,
             *numbers->group ? " and '" : "", numbers->group,
             *numbers->group ? "' between groups of three digits" : "",
             numbers->with_units ? ", and nothing but a unit beside it" : "");
}
