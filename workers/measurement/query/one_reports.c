/* Of all together the counts are those of the trend's points (cover.h), which are worked out once for
 * everybody who asks; of one organization there is little to look up each time. */
#include "one.h"

#include "duties.h"
#include "said.h"

/* What it is made from: itself, or those that are reported in the end. */
struct inputs {
    struct bb_computed *computed; /* owns the ids, where there is one */
    uint32_t itself;
    const uint32_t *id;
    size_t n;
};

/* One that is refused is made from nothing: it has no point either. */
static int
find_inputs(struct bb_one *one, struct bb_query_step *step, uint32_t indicator,
            const struct bb_indicator *rules, struct inputs *inputs)
{
    const struct bb_series_scope scope = {.kept_cells = 1};
    int r;

    *inputs = (struct inputs){.itself = indicator, .id = &inputs->itself, .n = 1};
    if (!rules->computed)
        return 0;
    inputs->n = 0;
    r = bb_computed_new(one->query, step, indicator, &scope, &inputs->computed);
    if (r == 0)
        bb_computed_inputs(inputs->computed, &inputs->id, &inputs->n);
    return r < 0 ? r : 0;
}

/* Of all together */

static int
count_all(struct bb_one *one, struct bb_query_step *step, const struct inputs *inputs,
          struct bb_period period, uint32_t *ret_expected, uint32_t *ret_reported)
{
    struct bb_cover cover = {.query = one->query, .counts = true, .past = one->past};
    const struct bb_cover_point *at;
    int r = 0;

    for (size_t i = 0; r == 0 && i < inputs->n; i++)
        r = bb_cover_add(&cover, inputs->id[i]);
    if (r == 0)
        r = bb_cover_point(&cover, step, period, &at);
    if (r == 0) {
        *ret_expected = at->expected;
        *ret_reported = at->reported;
    }
    one->looked += cover.looked;
    bb_cover_release(&cover);
    return r;
}

/* Of one organization */

/* Its duty; ret_has: there is one. */
static int
find_duty(struct bb_one *one, struct bb_query_step *step, uint32_t indicator, struct bb_duty *ret_duty,
          bool *ret_has)
{
    struct bb_duties duties = {.indicator = indicator, .organization = one->organization};
    int r = bb_duties_read(&duties, one->query, step);

    *ret_has = r == 0 && duties.n > 0;
    if (*ret_has)
        *ret_duty = duties.duty[0];
    one->looked++;
    bb_duties_release(&duties);
    return r;
}

static int
count_own(struct bb_one *one, struct bb_query_step *step, uint32_t indicator, struct bb_period period,
          uint32_t *expected, uint32_t *reported)
{
    struct bb_said_index index;
    struct bb_said said;
    struct bb_duty duty;
    unsigned looked = 0;
    bool has;
    int r = find_duty(one, step, indicator, &duty, &has);

    if (r != 0 || !has || !bb_duty_is_expected(&duty, period, bb_period_end(period) - 1))
        return r;
    ++*expected;
    r = bb_said_index_begin(&index, step, period, &duty);
    if (r == 0)
        r = bb_said_gather(&index, step, &duty, &said, &looked);
    one->looked += looked;
    if (r == 0)
        *reported += bb_said_state(&said) != BB_REPORT_SILENT;
    return r;
}

int
bb_one_reports(struct bb_one *one, struct bb_query_step *step, uint32_t indicator,
               const struct bb_indicator *rules, struct bb_period period, uint32_t *ret_expected,
               uint32_t *ret_reported)
{
    struct inputs inputs;
    uint32_t expected = 0, reported = 0;
    int r = find_inputs(one, step, indicator, rules, &inputs);

    if (r == 0 && !one->organization)
        r = count_all(one, step, &inputs, period, &expected, &reported);
    for (size_t i = 0; r == 0 && one->organization && i < inputs.n; i++)
        r = count_own(one, step, inputs.id[i], period, &expected, &reported);
    bb_computed_destroy(&inputs.computed);
    if (r != 0)
        return r;
    *ret_expected = expected;
    *ret_reported = reported;
    return 0;
}

int
bb_one_has_agreed(struct bb_one *one, struct bb_query_step *step, uint32_t indicator,
                  const struct bb_indicator *rules, uint32_t day, bool *ret_agreed)
{
    struct inputs inputs;
    struct bb_duty duty;
    bool has, agreed = false;
    int r = find_inputs(one, step, indicator, rules, &inputs);

    for (size_t i = 0; r == 0 && i < inputs.n; i++) {
        r = find_duty(one, step, inputs.id[i], &duty, &has);
        agreed |= r == 0 && has && duty.from_day <= day && day < duty.end_day;
    }
    bb_computed_destroy(&inputs.computed);
    *ret_agreed = agreed;
    return r;
}
