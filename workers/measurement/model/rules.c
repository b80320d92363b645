#include "rules.h"

#include <stdio.h>

bool
bb_reading_value(const struct bb_indicator *indicator, const struct bb_reading *reading, unsigned scale,
                 struct bb_decimal *ret_value)
{
    if (reading->flags & BB_ROW_VALUE) {
        *ret_value = reading->value;
        return true;
    }
    return bb_reading_has_parts(reading) && bb_decimal_ratio(indicator->factor, reading->numerator,
                                                             reading->denominator, scale, ret_value) == 0;
}

int
bb_reading_fraction(const struct bb_indicator *indicator, const struct bb_reading *reading,
                    struct bb_fraction *ret_value)
{
    struct bb_fraction value, below;

    if (BB_ROW_STATE(reading->flags) != BB_STATE_OK || bb_reading_withdrawn(reading))
        return BB_EXPRESSION_E_NO_DATA;
    if (reading->flags & BB_ROW_VALUE) {
        *ret_value = bb_fraction_of(reading->value);
        return 0;
    }
    if (!bb_reading_has_parts(reading))
        return BB_EXPRESSION_E_NO_DATA;
    value = bb_fraction_of(reading->numerator);
    below = bb_fraction_of(indicator->factor);
    if (bb_fraction_multiply(&value, &below) != 0)
        return BB_EXPRESSION_E_OVERFLOW;
    below = bb_fraction_of(reading->denominator);
    if (bb_fraction_divide(&value, &below) != 0)
        return BB_EXPRESSION_E_OVERFLOW;
    *ret_value = value;
    return 0;
}

static struct bb_bytes
format(struct bb_decimal d, char out[static BB_DECIMAL_TEXT])
{
    return bb_bytes(out, bb_decimal_format(d, out));
}

static enum bb_row_code
check_presence(const struct bb_reading *reading, struct bb_note *note)
{
    uint32_t flags = reading->flags;

    if (flags & BB_ROW_VALUE || bb_reading_has_parts(reading))
        return BB_ROW_CODE_NONE;
    if (flags & BB_ROW_NUMERATOR)
        return bb_note_set(note, BB_ROW_CODE_MISSING_DENOMINATOR, BB_FIELD_DENOMINATOR,
                           "found a numerator without a denominator, expected both, or a value");
    return bb_note_set(note, BB_ROW_CODE_NO_VALUE, BB_FIELD_VALUE,
                       "found nothing, expected a value, numerator and denominator, or a status (missing, "
                       "suppressed, not_applicable)");
}

static enum bb_row_code
check_denominator(const struct bb_reading *reading, struct bb_note *note)
{
    char text[BB_DECIMAL_TEXT];

    if (reading->flags & BB_ROW_DENOMINATOR && reading->denominator.mantissa <= 0)
        return bb_note_found(note, BB_ROW_CODE_BAD_DENOMINATOR, BB_FIELD_DENOMINATOR,
                             format(reading->denominator, text), "a number above 0");
    return BB_ROW_CODE_NONE;
}

static enum bb_row_code
check_bounds(const struct bb_indicator *indicator, struct bb_decimal value, struct bb_note *note)
{
    char found[BB_DECIMAL_TEXT], bound[BB_DECIMAL_TEXT];

    if (indicator->has_minimum && bb_decimal_compare(value, indicator->minimum) < 0) {
        bb_decimal_format(indicator->minimum, bound);
        return bb_note_found(note, BB_ROW_CODE_BELOW_MINIMUM, BB_FIELD_VALUE, format(value, found),
                             "at least %s, the indicator's minimum", bound);
    }
    if (indicator->has_maximum && bb_decimal_compare(value, indicator->maximum) > 0) {
        bb_decimal_format(indicator->maximum, bound);
        return bb_note_found(note, BB_ROW_CODE_ABOVE_MAXIMUM, BB_FIELD_VALUE, format(value, found),
                             "at most %s, the indicator's maximum", bound);
    }
    return BB_ROW_CODE_NONE;
}

static void
warn_of_parts(const struct bb_indicator *indicator, const struct bb_reading *reading, struct bb_note *note)
{
    char factor[BB_DECIMAL_TEXT], numerator[BB_DECIMAL_TEXT], denominator[BB_DECIMAL_TEXT],
        right[BB_DECIMAL_TEXT], found[BB_DECIMAL_TEXT];
    struct bb_decimal ratio;

    if (!(reading->flags & BB_ROW_VALUE) || !bb_reading_has_parts(reading) ||
        !bb_decimal_disagrees(reading->value, indicator->factor, reading->numerator, reading->denominator))
        return;
    if (bb_decimal_ratio(indicator->factor, reading->numerator, reading->denominator, reading->value.scale,
                         &ratio))
        return;
    bb_decimal_format(indicator->factor, factor);
    bb_decimal_format(reading->numerator, numerator);
    bb_decimal_format(reading->denominator, denominator);
    bb_decimal_format(ratio, right);
    bb_note_found(note, BB_ROW_CODE_VALUE_DISAGREES, BB_FIELD_VALUE, format(reading->value, found),
                  "%s x %s / %s = %s", factor, numerator, denominator, right);
}

enum bb_row_code
bb_rules_check(const struct bb_indicator *indicator, struct bb_reading *reading, struct bb_note *ret_note)
{
    enum bb_row_code code;
    struct bb_decimal value;

    ret_note->code = BB_ROW_CODE_NONE;
    code = check_denominator(reading, ret_note);
    if (code)
        return code;
    if (BB_ROW_STATE(reading->flags) != BB_STATE_OK) {
        if (reading->flags & BB_ROW_VALUE)
            bb_note_set(ret_note, BB_ROW_CODE_VALUE_IGNORED, BB_FIELD_VALUE,
                        "the status %s says that there is no value: the value was not kept",
                        bb_state_name(BB_ROW_STATE(reading->flags)));
        reading->flags &= ~BB_ROW_VALUE;
        return BB_ROW_CODE_NONE;
    }
    code = check_presence(reading, ret_note);
    if (code)
        return code;
    if (!bb_reading_value(indicator, reading, BB_DECIMAL_SCALE, &value))
        return bb_note_set(ret_note, BB_ROW_CODE_BAD_DENOMINATOR, BB_FIELD_DENOMINATOR,
                           "the value that follows from numerator and denominator has more than 34 digits");
    code = check_bounds(indicator, value, ret_note);
    if (!code)
        warn_of_parts(indicator, reading, ret_note);
    return code;
}

enum bb_decision
bb_rules_decide(const struct bb_reading *old, const struct bb_reading *next, uint64_t batch)
{
    if (!old)
        return BB_DECIDE_CREATED;
    if (bb_reading_same(old, next))
        return BB_DECIDE_UNCHANGED;
    return old->batch == batch ? BB_DECIDE_DUPLICATE : BB_DECIDE_UPDATED;
}
