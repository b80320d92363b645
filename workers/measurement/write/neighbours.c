/* The history of a series is at hand once it was asked for, and then follows every reading that is taken,
 * judged or not. The first look costs a seek for each of the twelve periods before that have readings at all.
 * To judge one that is at hand takes some tenth of a microsecond, more if there is something to say; a load
 * takes all the time that there is, so what may be judged is bounded by time (history.h), and only ALWAYS
 * looks of a submission are not: who sends little is not left out because of who sends much. A dry run has a
 * history of its own, which begins with what the head's has.
 *
 * A value that is said to be a fraction is not said to be a jump as well. */
#include "neighbours.h"

#include "workers/measurement/model/rules.h"

#include <errno.h>
#include <math.h>

#define ALWAYS     16u
#define LOAD_COSTS 4u /* times as much as to judge */

static double
number(struct bb_decimal d)
{
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12,
                                 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24};

    if (d.mantissa == (int64_t)d.mantissa)
        return (double)(int64_t)d.mantissa / ten[d.scale];
    return (double)d.mantissa / ten[d.scale];
}

/* As a number to compare with; NAN: it has none. */
static double
value_of(const struct bb_indicator *indicator, const struct bb_reading *reading)
{
    uint32_t parts = BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR;

    if (BB_ROW_STATE(reading->flags) != BB_STATE_OK || bb_reading_withdrawn(reading))
        return NAN;
    if (reading->flags & BB_ROW_VALUE)
        return number(reading->value);
    if ((reading->flags & parts) != parts)
        return NAN;
    return number(indicator->factor) * number(reading->numerator) / number(reading->denominator);
}

/* A damaged record is not for a warning to stumble over: who reads it is told. 0 | <0 */
static int
look(struct bb_intake *intake, const struct bb_indicator *indicator, const struct bb_reading_key *key,
     double *ret_value)
{
    uint8_t data[BB_READING_KEY];
    struct bb_bytes record;
    struct bb_reading reading;
    int r;

    *ret_value = NAN;
    r = bb_intake_present(intake, bb_bytes(data, bb_reading_key_pack(key, data, NULL)), &record);
    if (r == 0)
        r = bb_reading_unpack(record, &reading);
    if (r == 0)
        *ret_value = value_of(indicator, &reading);
    return r == -EBADMSG || r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* May so much be done for a row? */
static bool
may(struct bb_intake *intake, uint32_t cost)
{
    return intake->judged++ < ALWAYS || bb_history_allows(&intake->head->history, intake->now, cost);
}

/* The periods before this one that have readings. Rows of one period follow each other. */
static const struct bb_periods_before *
periods_before(struct bb_intake *intake, struct bb_period period)
{
    const struct bb_history *history = bb_intake_history(intake), *head = &intake->head->history;
    struct bb_periods_before *b = &intake->before;
    uint32_t known = history->periods.count + head->periods.count;

    if (b->known == known && bb_period_same(b->of, period))
        return b;
    *b = (struct bb_periods_before){.of = period, .known = known};
    for (uint8_t i = 1; i <= BB_OUTLIER_MOST && bb_history_before(period, &period); i++)
        if (bb_history_has_period(history, period) || bb_history_has_period(head, period)) {
            b->back[b->n] = i;
            b->period[b->n++] = period;
        }
    return b;
}

/* What stands before it, as the readings have it. 0 | BB_STORE_E_NOT_FOUND it was not looked for | <0 */
static int
load(struct bb_intake *intake, const struct bb_indicator *indicator, const struct bb_neighbour *next,
     double value[static BB_HISTORY_VALUES])
{
    const struct bb_periods_before *b = periods_before(intake, next->key->period);
    struct bb_reading_key key = *next->key;
    int r = b->n == 0 || may(intake, LOAD_COSTS) ? 0 : BB_STORE_E_NOT_FOUND;

    for (uint32_t i = 0; i < BB_HISTORY_VALUES; i++)
        value[i] = NAN;
    for (uint32_t i = 0; r == 0 && i < b->n; i++) {
        key.period = b->period[i];
        r = look(intake, indicator, &key, &value[b->back[i]]);
    }
    return r;
}

static struct bb_series *
find(struct bb_intake *intake, const struct bb_reading_key *key)
{
    struct bb_history *history = bb_intake_history(intake);
    struct bb_series *series = bb_history_find(history, key);
    const struct bb_series *real = NULL;

    if (!series && intake->dryrun)
        real = bb_history_find(&intake->head->history, key);
    return real ? bb_history_copy(history, real) : series;
}

/* What it is judged by comes from the readings. series: where it was, and where it is now, or NULL. Returns
 * as gather(). */
static int
gather_anew(struct bb_intake *intake, const struct bb_indicator *indicator, const struct bb_neighbour *next,
            double before[static BB_OUTLIER_MOST], struct bb_series **series)
{
    double loaded[BB_HISTORY_VALUES];
    int n = 0, r = load(intake, indicator, next, loaded);

    if (r != 0)
        return r < 0 ? r : 0;
    for (uint32_t i = 1; i < BB_HISTORY_VALUES; i++)
        if (!isnan(loaded[i]))
            before[n++] = loaded[i];
    if (!*series || next->ordinal > (*series)->top)
        *series = bb_history_put(bb_intake_history(intake), next->key, next->ordinal, loaded);
    return n;
}

/* The values before it, latest first, unless it is not to be judged; and the history has this one then. How
 * many | <0 */
static int
gather(struct bb_intake *intake, const struct bb_indicator *indicator, const struct bb_neighbour *next,
       double value, double before[static BB_OUTLIER_MOST])
{
    struct bb_series *series = find(intake, next->key);
    int n = 0, r = 0;

    if (!series || !bb_series_reaches(series, next->ordinal))
        n = gather_anew(intake, indicator, next, before, &series);
    else if (!isnan(value) && may(intake, 1))
        n = bb_series_before(series, next->ordinal, before);
    if (n >= 0 && series)
        r = bb_history_set(bb_intake_history(intake), series, next->ordinal, value);
    return r == 0 ? n : r;
}

/* The value as text, the point moved so far to the right. */
static struct bb_bytes
found(const struct bb_indicator *indicator, const struct bb_reading *reading, unsigned shift,
      char out[static BB_DECIMAL_TEXT])
{
    struct bb_decimal d;

    if (!bb_reading_value(indicator, reading, BB_DECIMALS_DEFAULT, &d))
        d = (struct bb_decimal){0};
    for (; shift > 0; shift--) {
        if (d.scale > 0)
            d.scale--;
        else
            d.mantissa *= 10;
    }
    return bb_bytes(out, bb_decimal_format(bb_decimal_trim(d), out));
}

static void
judge(const struct bb_indicator *indicator, const struct bb_neighbour *next, double value,
      const double *before, size_t n, struct bb_note *ret_note)
{
    char text[BB_DECIMAL_TEXT], meant[BB_DECIMAL_TEXT];
    struct bb_outlier o;
    double times;

    if (indicator->percent && bb_outlier_fraction(before, n, value, &o)) {
        found(indicator, next->reading, 2, meant);
        bb_note_found(
            ret_note, BB_ROW_CODE_FRACTION, BB_FIELD_VALUE, found(indicator, next->reading, 0, text),
            "percent: a hundredth of what is usual (%.10g, the median of the %zu before it), as a fraction "
            "would be; is %s percent meant?",
            o.median, n, meant);
    } else if (bb_outlier_jump(before, n, value, &o)) {
        times = o.distance / o.usual;
        bb_note_found(ret_note, BB_ROW_CODE_JUMP, BB_FIELD_VALUE, found(indicator, next->reading, 0, text),
                      "something like the %zu before it: this is %.10g from their median %.10g, %.*f times "
                      "as far as they are",
                      n, o.distance, o.median, times < 10 ? 1 : 0, times);
    }
}

int
bb_neighbours_judge(struct bb_intake *intake, const struct bb_neighbour *next, struct bb_note *ret_note)
{
    const struct bb_indicator *indicator =
        bb_catalogue_indicator(&intake->head->catalogue, next->key->indicator);
    double before[BB_OUTLIER_MOST], value = value_of(indicator, next->reading);
    int n = gather(intake, indicator, next, value, before);

    if (n > 0 && !isnan(value))
        judge(indicator, next, value, before, (size_t)n, ret_note);
    return n < 0 ? n : 0;
}
