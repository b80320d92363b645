/* Where indicators stand, found again by hand: random definitions, readings, withdrawals, reviews, adoptions
 * and retirements; what progress says of them, now and as of every earlier moment, to every caller, must
 * follow from what the trend, the list of readings and the expected reports say. */
#include "fixture.h"
#include "query_ask.h"

#include "proto/reports.h"
#include "runtime/calendar.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { INDICATORS = 6, COMPUTED = 5, VERSIONS = 200 };

static const struct {
    const char *code, *aggregation, *frequency, *publish, *above, *below;
} indicators[INDICATORS] = {
    {"reach", "sum", "monthly", NULL, NULL, NULL},
    {"share", "ratio", "monthly", NULL, NULL, NULL},
    {"open", "last", NULL, NULL, NULL, NULL},
    {"mean", "average", "yearly", NULL, NULL, NULL},
    {"seen", "sum", "monthly", "approved", NULL, NULL},
    {"both", NULL, "monthly", NULL, "#{reach}+2*#{share}", "#{seen}"},
};
static const char *const organizations[] = {"a", "b", "c"};
/* All are over, whatever day it is. The first of them are months. */
static const char *const periods[] = {"2025-01", "2025-02", "2025-03", "2025-04", "2025-05",
                                      "2024",    "2025",    "2024-Q4", "2025-Q1", "2023/2024"};
#define MONTHS 5u

/* A definition, as far as standing goes by it. */
struct version {
    uint64_t sequence;
    int indicator;
    const char *direction, *baseline_period, *baseline_value, *target_period, *target_value, *targets;
    uint32_t retired; /* day; 0 not */
};

struct world {
    struct fixture f;
    struct version version[VERSIONS];
    int n;
    bool months; /* and several dimensions; else periods of every type, and one dimension, so that a total is
                    never refused for what lies within its period */
    uint32_t batches;
};

static uint32_t
roll(uint32_t n)
{
    return (uint32_t)random() % n;
}

static char *
text(const char *t)
{
    return (char *)(uintptr_t)t;
}

#define ANY(list) (list[roll(COUNT(list))])

/* The story */

static uint64_t
head(const struct world *w)
{
    return bb_journal_head(w->f.journal).sequence;
}

static const struct version *
version_at(const struct world *w, int indicator, uint64_t sequence)
{
    const struct version *found = NULL;

    for (int i = 0; i < w->n; i++)
        if (w->version[i].indicator == indicator && (!found || w->version[i].sequence <= sequence))
            found = &w->version[i];
    return found;
}

static void
add_version(struct world *w, const struct version *version)
{
    assert_true(w->n < VERSIONS);
    w->version[w->n] = *version;
    w->version[w->n++].sequence = head(w);
}

static void
define(struct world *w, int indicator)
{
    static const char *const directions[] = {NULL, "none", "increase", "decrease", "increase"};
    static const char *const some_periods[] = {NULL, "2024", "2025-02", "2024-12", "2025-03", "2025"};
    static const char *const some_values[] = {NULL, "0", "10", "12.50", "-3", "7"};
    static const char *const lists[] = {NULL, "2025-03=20.5", "2025-04=8; a@2025-02=5; 2025=33.25",
                                        "b@2025=1", "2024=4; 2025-02=9"};
    const struct version *old = version_at(w, indicator, UINT64_MAX);
    Bb__Indicator d = BB__INDICATOR__INIT, *list = &d;
    struct version v = {.indicator = indicator,
                        .direction = ANY(directions),
                        .baseline_period = ANY(some_periods),
                        .baseline_value = ANY(some_values),
                        .target_period = ANY(some_periods),
                        .target_value = ANY(some_values),
                        .targets = ANY(lists),
                        .retired = old ? old->retired : 0};

    d.code = d.name = text(indicators[indicator].code);
    d.organization_aggregation = text(indicators[indicator].aggregation);
    d.frequency = text(indicators[indicator].frequency);
    d.publish = text(indicators[indicator].publish);
    d.numerator_expression = text(indicators[indicator].above);
    d.denominator_expression = text(indicators[indicator].below);
    d.decimals = text("4");
    d.direction = text(v.direction);
    d.baseline_period = text(v.baseline_period);
    d.baseline_value = text(v.baseline_value);
    d.target_period = text(v.target_period);
    d.target_value = text(v.target_value);
    d.targets = text(v.targets);
    fixture_define(&w->f, &list, 1);
    assert_int_not_equal(w->f.defined->item[0]->outcome, BB_OUTCOME_REJECTED);
    add_version(w, &v);
}

static void
retire(struct world *w)
{
    int indicator = (int)roll(INDICATORS);
    Bb__IndicatorRetire request = BB__INDICATOR_RETIRE__INIT;
    struct version v = *version_at(w, indicator, UINT64_MAX);
    char from[BB_PERIOD_TEXT];

    v.retired = (uint32_t)(roll(3) ? bb_day_of(2025, 1 + (int)roll(5), 1) : bb_day_of(2400, 1, 1));
    bb_date_format(v.retired, from);
    request.code = text(indicators[indicator].code);
    request.has_undo = request.undo = roll(2) == 0;
    if (request.undo)
        v.retired = 0;
    else
        request.from = from;
    fixture_retire(&w->f, &request);
    add_version(w, &v);
}

static void
adopt(struct world *w)
{
    Bb__Adoption adoption = BB__ADOPTION__INIT, *list = &adoption;
    char from[BB_PERIOD_TEXT], until[BB_PERIOD_TEXT];
    uint32_t day = (uint32_t)bb_day_of(2024, 1 + (int)roll(12), 1);

    bb_date_format(day, from);
    bb_date_format(day + roll(500), until);
    adoption.indicator = text(indicators[roll(INDICATORS)].code);
    adoption.organization = text(ANY(organizations));
    adoption.from = from;
    adoption.until = roll(2) ? until : NULL;
    fixture_adopt(&w->f, NULL, &list, 1);
}

static void
review(struct world *w)
{
    static const char *const actions[] = {"submit", "approve", "submit", "approve",
                                          "lock",   "unlock",  "return"};
    Bb__Review request = BB__REVIEW__INIT;

    request.action = text(ANY(actions));
    request.organization = text(ANY(organizations));
    request.period = text(periods[roll(MONTHS)]);
    request.comment = strcmp(request.action, "return") == 0 ? text("again") : NULL;
    request.reason = strcmp(request.action, "unlock") == 0 ? text("wrong") : NULL;
    fixture_review(&w->f, NULL, &request);
}

/* A reading, its correction, or its withdrawal; some are refused. */
static void
report(struct world *w)
{
    static const char *const values[] = {"0", "1", "2.50", "-3", "17", "40.125"};
    static const char *const parts[] = {"1|4", "3|4", "0|7", "7.5|10"};
    static const char *const one[] = {"", "", "sex=f", "sex=m"}, *const several[] = {"", "sex=f", "sex=m",
                                                                                     "age=old"};
    static const char *const places[] = {"", "", "Somewhere"};
    int indicator = (int)roll(COMPUTED);
    const char *value = ANY(values), *part = ANY(parts);
    char row[256];
    uint32_t dice = roll(10);

    snprintf(row, sizeof row, "%s|%s|%s|%s|%s|%s|%s|%s", indicators[indicator].code, ANY(organizations),
             w->months ? "" : ANY(places), w->months ? ANY(several) : ANY(one),
             periods[roll(w->months ? MONTHS - 2 : COUNT(periods))], indicator == 1 || dice < 3 ? "" : value,
             dice < 3         ? "|"
             : indicator == 1 ? part
                              : "|",
             dice == 0  ? "missing"
             : dice < 3 ? "withdrawn"
                        : "");
    w->batches++;
    fixture_submit_rows(&w->f,
                        (struct fixture_submission){.batch = (uint8_t)w->batches,
                                                    .batch_more = (uint8_t)(w->batches >> 8),
                                                    .reason = BB_REASON_RECOUNT},
                        &(const char *){row}, 1);
}

static void
tell(struct world *w, unsigned entries)
{
    fixture_open(&w->f);
    for (int i = 0; i < INDICATORS; i++)
        define(w, i);
    for (unsigned i = 0; i < entries; i++) {
        uint32_t dice = roll(20);
        if (dice == 0)
            define(w, (int)roll(INDICATORS));
        else if (dice == 1 && roll(4) == 0)
            retire(w);
        else if (dice < 4)
            adopt(w);
        else if (dice < 7)
            review(w);
        else
            report(w);
        if (roll(30) == 0)
            fixture_apply(&w->f);
    }
    fixture_apply(&w->f);
}

/* What is asked */

struct question {
    struct test_store store;
    uint64_t sequence;
    Bb__AsOf as_of; /* of it */
    bool now;
    const struct test_caller *caller;
    const char *period; /* NULL: the latest */
    bool named;         /* each indicator by its code, or all of them */
};

static Bb__AsOf *
moment(struct question *q)
{
    return q->now ? NULL : &q->as_of;
}

/* A figure: value = mantissa / 10^scale. */
struct figure {
    bool known;
    struct bb_decimal d;
};

static struct figure
read_figure(const char *t)
{
    struct figure f = {.known = t && *t};

    if (f.known)
        assert_int_equal(bb_decimal_parse(bb_bytes_str(t), &f.d), 0);
    return f;
}

/* Its mantissa with so many digits after the point. */
static __int128
scaled(struct bb_decimal d, unsigned scale)
{
    __int128 m = d.mantissa;

    for (unsigned i = d.scale; i < scale; i++)
        m *= 10;
    return m;
}

static unsigned
longer(struct bb_decimal a, struct bb_decimal b)
{
    return a.scale > b.scale ? a.scale : b.scale;
}

static int
compare(struct bb_decimal a, struct bb_decimal b)
{
    __int128 x = scaled(a, longer(a, b)), y = scaled(b, longer(a, b));

    return (x > y) - (x < y);
}

/* a - b */
static void
print_difference(FILE *to, struct bb_decimal a, struct bb_decimal b)
{
    struct bb_decimal d = {.mantissa = scaled(a, longer(a, b)) - scaled(b, longer(a, b)),
                           .scale = (uint8_t)longer(a, b)};
    char out[BB_DECIMAL_TEXT];

    bb_decimal_format(d, out);
    fputs(out, to);
}

/* A point of the trend */

struct point {
    bool there, ambiguous;
    struct bb_period period;
    struct figure value;
    bool withheld;
    char line[512];
};

static void
print_point(const Bb__TrendPoint *p, char *out, size_t size)
{
    snprintf(out, size, "%s %s %s/%s %u %u %u%s", p->period, p->value ? p->value : "-",
             p->numerator ? p->numerator : "-", p->denominator ? p->denominator : "-", p->organizations,
             p->readings, p->without_parts, p->withheld ? " withheld" : "");
}

/* What the trend says of a period; there: if that is something. */
static struct point
ask_point(struct question *q, int indicator, struct bb_period period)
{
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    struct point found = {.period = period};
    struct test_answer answer;
    char name[BB_PERIOD_TEXT], refused[64];

    bb_period_format(period, name);
    request.indicator = text(indicators[indicator].code);
    request.period_from = request.period_to = name;
    request.as_of = moment(q);
    test_ask(&q->store, q->caller, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, &answer);
    snprintf(refused, sizeof refused, "in %s there is no total", name);
    assert_true(answer.r == 0 || strstr(answer.failure.message, "by several dimensions"));
    found.there = found.ambiguous = answer.r == 1 && strstr(answer.failure.message, refused) != NULL;
    if (found.ambiguous)
        snprintf(found.line, sizeof found.line, "%s - -/- 0 0 0", name);
    for (size_t i = 0; answer.r == 0 && i < answer.n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer.part[i];
        for (size_t k = 0; k < reply->n_point; k++) {
            const Bb__TrendPoint *p = reply->point[k];
            if (strcmp(p->period, name) != 0)
                continue;
            print_point(p, found.line, sizeof found.line);
            found.value = read_figure(p->value);
            found.withheld = p->withheld;
            found.there = p->readings > 0 || p->withheld;
        }
    }
    test_answer_release(&answer);
    return found;
}

static struct bb_period
read_period(const char *t, int indicator)
{
    struct bb_period period;
    const char *frequency = indicators[indicator].frequency;
    int hint = frequency ? bb_period_type_by_frequency(bb_bytes_str(frequency)) : 0;

    assert_int_equal(bb_period_parse(bb_bytes_str(t), (enum bb_period_type)hint, &period), 0);
    return period;
}

static bool
is_before(struct bb_period a, struct bb_period b)
{
    return a.day < b.day || (a.day == b.day && a.type < b.type);
}

/* The last period that says something, of those that may be the latest; or that may stand before `latest`. */
static struct point
find_point(struct question *q, int indicator, const struct point *latest)
{
    const char *frequency = indicators[indicator].frequency;
    struct point found = {.there = false};

    for (size_t i = 0; i < COUNT(periods); i++) {
        struct bb_period period = test_period(periods[i]);
        struct point point;
        if (frequency && period.type != (uint8_t)bb_period_type_by_frequency(bb_bytes_str(frequency)))
            continue;
        if (latest && (period.type != latest->period.type || !is_before(period, latest->period)))
            continue;
        if (!latest && q->period) {
            struct bb_period asked = read_period(q->period, indicator);
            if (period.day < asked.day || bb_period_end(period) > bb_period_end(asked))
                continue;
        }
        if (found.there && is_before(period, found.period))
            continue;
        point = ask_point(q, indicator, period);
        if (point.there)
            found = point;
    }
    return found;
}

/* What was expected, came, and was corrected */

/* Of one that is reported; both grow. */
static void
count_reports_of(struct question *q, int indicator, const char *period, unsigned *expected,
                 unsigned *reported)
{
    Bb__ReportingQuery request = BB__REPORTING_QUERY__INIT;
    struct test_answer answer;

    request.indicator = text(indicators[indicator].code);
    request.period_from = request.period_to = text(period);
    request.as_of = moment(q);
    test_ask(&q->store, &test_staff, BB_METHOD_REPORTING, &request.base, &bb__reporting_part__descriptor,
             &answer);
    check_int(answer.r, 0, answer.failure.message);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__ReportingPart *part = (const Bb__ReportingPart *)(const void *)answer.part[i];
        for (size_t k = 0; k < part->n_status; k++) {
            if (strcmp(part->text[part->period[k] - 1], period) != 0)
                continue;
            ++*expected;
            *reported += (part->status[k] & ((1u << BB_REPORT_TIME_SHIFT) - 1)) != BB_REPORT_SILENT;
        }
    }
    test_answer_release(&answer);
}

/* Of one that is computed those of its inputs. */
static void
count_reports(struct question *q, int indicator, const char *period, unsigned *ret_expected,
              unsigned *ret_reported)
{
    static const int inputs[] = {0, 1, 4};

    *ret_expected = *ret_reported = 0;
    if (indicator != COMPUTED)
        count_reports_of(q, indicator, period, ret_expected, ret_reported);
    for (size_t i = 0; indicator == COMPUTED && i < COUNT(inputs); i++)
        count_reports_of(q, inputs[i], period, ret_expected, ret_reported);
}

static unsigned
count_corrected(struct question *q, int indicator, const char *period)
{
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    struct test_answer answer;
    unsigned n = 0;

    request.indicator = text(indicators[indicator].code);
    request.period_from = request.period_to = text(period);
    request.as_of = moment(q);
    test_ask(&q->store, &test_staff, BB_METHOD_READINGS_LIST, &request.base, &bb__readings_part__descriptor,
             &answer);
    check_int(answer.r, 0, answer.failure.message);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__ReadingsPart *part = (const Bb__ReadingsPart *)(const void *)answer.part[i];
        const Bb__Rows *rows = part->rows;
        for (size_t k = 0; k < part->n_revision; k++) {
            uint32_t at = rows->period[rows->n_period == 1 ? 0 : k];
            n += part->revision[k] > 1 && strcmp(rows->text[at - 1], period) == 0;
        }
    }
    test_answer_release(&answer);
    return n;
}

static void
print_counts(FILE *to, struct question *q, int indicator, const struct point *latest)
{
    unsigned expected = 0, reported = 0;
    char name[BB_PERIOD_TEXT] = "";

    if (latest->there)
        bb_period_format(latest->period, name);
    else if (q->period)
        bb_period_format(read_period(q->period, indicator), name);
    if (*name)
        count_reports(q, indicator, name, &expected, &reported);
    fprintf(to, "|%u of %u|", reported, expected);
    if (latest->there && !latest->withheld && indicator != COMPUTED)
        fprintf(to, "%u", count_corrected(q, indicator, name));
}

/* Where it stands */

struct target {
    bool there;
    struct bb_period period;
    struct bb_decimal value;
};

static void
offer(struct target *next, int indicator, const char *period, const char *value, uint32_t end)
{
    struct bb_period p = read_period(period, indicator);

    if (bb_period_end(p) < end || (next->there && bb_period_end(p) >= bb_period_end(next->period)))
        return;
    *next = (struct target){true, p, test_decimal(value)};
}

/* Of all together, the first that is not over before `end`. */
static struct target
find_target(const struct version *v, uint32_t end)
{
    struct target next = {.there = false};
    char copy[128], *rest = copy;

    if (v->target_period && v->target_value)
        offer(&next, v->indicator, v->target_period, v->target_value, end);
    snprintf(copy, sizeof copy, "%s", v->targets ? v->targets : "");
    for (char *one; rest && *rest && (one = strsep(&rest, ";"));) {
        char *value = strchr(one, '=');
        *value++ = '\0';
        one += strspn(one, " ");
        if (!strchr(one, '@'))
            offer(&next, v->indicator, one, value, end);
    }
    return next;
}

static int
better(const struct version *v)
{
    if (!v->direction || strcmp(v->direction, "none") == 0)
        return 0;
    return strcmp(v->direction, "increase") == 0 ? 1 : -1;
}

static const char *
movement(const struct version *v, struct bb_decimal from, struct bb_decimal to)
{
    int sign = compare(to, from);

    if (sign == 0)
        return "unchanged";
    if (better(v) == 0)
        return sign > 0 ? "rising" : "falling";
    return sign == better(v) ? "improving" : "worsening";
}

/* (value - b) * (e - s) against (t - b) * (d - s). */
static void
print_track(FILE *to, const struct version *v, const struct target *target, struct bb_decimal value,
            uint32_t d)
{
    struct figure b = read_figure(v->baseline_value);
    uint32_t e = bb_period_end(target->period), s;
    unsigned scale = longer(value, target->value);
    __int128 ahead;

    if (better(v) == 0)
        return;
    if (d == e) {
        fputs(compare(value, target->value) * better(v) >= 0 ? "yes" : "no", to);
        return;
    }
    if (!b.known || !v->baseline_period)
        return;
    s = bb_period_end(read_period(v->baseline_period, v->indicator));
    if (d < s)
        return;
    scale = b.d.scale > scale ? b.d.scale : scale;
    ahead = (scaled(value, scale) - scaled(b.d, scale)) * (__int128)(e - s) -
            (scaled(target->value, scale) - scaled(b.d, scale)) * (__int128)(d - s);
    fputs(ahead * better(v) >= 0 ? "yes" : "no", to);
}

static void
print_standing(FILE *to, struct question *q, const struct version *v, const struct point *latest,
               const struct point *previous)
{
    struct figure baseline = read_figure(v->baseline_value);
    uint32_t end = latest->there ? bb_period_end(latest->period)
                   : q->period   ? bb_period_end(read_period(q->period, v->indicator))
                                 : 0;
    struct target target = find_target(v, end);
    const char *moved = "";
    char name[BB_PERIOD_TEXT] = "", value[BB_DECIMAL_TEXT] = "";

    if (latest->value.known && previous->value.known) {
        print_difference(to, latest->value.d, previous->value.d);
        moved = movement(v, previous->value.d, latest->value.d);
    }
    fputc('|', to);
    if (latest->value.known && baseline.known &&
        (!v->baseline_period || end >= bb_period_end(read_period(v->baseline_period, v->indicator)))) {
        print_difference(to, latest->value.d, baseline.d);
        if (!previous->value.known)
            moved = movement(v, baseline.d, latest->value.d);
    }
    if (target.there) {
        bb_period_format(target.period, name);
        bb_decimal_format(target.value, value);
    }
    fprintf(to, "|%s|%s=%s|", moved, name, value);
    if (target.there && latest->value.known)
        print_difference(to, target.value, latest->value.d);
    fputc('|', to);
    if (target.there && latest->value.known)
        print_track(to, v, &target, latest->value.d, end);
}

static bool
is_left_out(const struct question *q, const struct version *v)
{
    uint32_t by = q->period ? read_period(q->period, v->indicator).day : bb_clock_day(bb_clock_utc());

    return !q->named && (v->sequence > q->sequence || (v->retired && v->retired <= by));
}

static char *
by_hand(const struct world *w, struct question *q)
{
    char *out;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    for (int i = 0; i < INDICATORS; i++) {
        const struct version *v = version_at(w, i, q->sequence);
        struct point latest, previous = {.there = false};
        if (is_left_out(q, v))
            continue;
        latest = find_point(q, i, NULL);
        if (latest.there)
            previous = find_point(q, i, &latest);
        fprintf(to, "%s|%s%s|%s|", indicators[i].code, latest.line, latest.ambiguous ? " ambiguous" : "",
                previous.line);
        print_standing(to, q, v, &latest, &previous);
        print_counts(to, q, i, &latest);
        fputc('\n', to);
    }
    fclose(to);
    return out;
}

/* As the service answers */

static const char *
given(const char *t)
{
    return t ? t : "";
}

static bool
is_ours(const char *code)
{
    for (int i = 0; i < INDICATORS; i++)
        if (strcmp(indicators[i].code, code) == 0)
            return true;
    return false;
}

static void
print_item(FILE *to, const Bb__Progress *item)
{
    char latest[512] = "", previous[512] = "", corrected[16] = "";

    if (!is_ours(item->indicator->code))
        return;
    if (item->latest)
        print_point(item->latest, latest, sizeof latest);
    if (item->previous)
        print_point(item->previous, previous, sizeof previous);
    if (item->has_corrected)
        snprintf(corrected, sizeof corrected, "%u", item->corrected);
    fprintf(to, "%s|%s%s|%s|%s|%s|%s|%s=%s|%s|%s|%u of %u|%s\n", item->indicator->code, latest,
            item->ambiguous ? " ambiguous" : "", previous, given(item->change),
            given(item->change_since_baseline), given(item->movement), given(item->target_period),
            given(item->target_value), given(item->distance),
            !item->has_on_track ? ""
            : item->on_track    ? "yes"
                                : "no",
            item->reported, item->expected, corrected);
}

static char *
as_answered(struct question *q, size_t max_bytes)
{
    Bb__ProgressQuery request = BB__PROGRESS_QUERY__INIT;
    struct test_caller caller = *q->caller;
    struct test_answer answer;
    char *out, *codes[INDICATORS];
    size_t len;
    FILE *to = open_memstream(&out, &len);

    for (int i = 0; i < INDICATORS; i++)
        codes[i] = text(indicators[i].code);
    request.indicator = codes;
    request.n_indicator = q->named ? INDICATORS : 0;
    request.period = text(q->period);
    request.as_of = moment(q);
    caller.max_bytes = max_bytes;
    test_ask(&q->store, &caller, BB_METHOD_PROGRESS, &request.base, &bb__progress_reply__descriptor, &answer);
    check_int(answer.r, 0, answer.failure.message);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__ProgressReply *reply = (const Bb__ProgressReply *)(const void *)answer.part[i];
        for (size_t k = 0; k < reply->n_item; k++)
            print_item(to, reply->item[k]);
    }
    test_answer_release(&answer);
    fclose(to);
    return out;
}

static const struct test_caller callers[] = {
    {.organization = "backbone", .role = BB__ROLE__ROLE_STAFF, .max_bytes = 128 << 10},
    {.organization = "a", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "b", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "watcher", .role = BB__ROLE__ROLE_OBSERVER, .max_bytes = 128 << 10},
};

static void
check_one(struct world *w)
{
    static const char *const asked[] = {"2025", "2025-03", "2025-Q1", "2024", "2023/2024", "2022"};
    struct question q = {.store = {.views = w->f.views, .journal = w->f.journal},
                         .now = roll(3) == 0,
                         .sequence = head(w),
                         .caller = &ANY(callers),
                         .period = roll(2) ? ANY(asked) : NULL,
                         .named = roll(2)};
    char *expected, *found, what[128];

    bb__as_of__init(&q.as_of);
    if (!q.now)
        q.sequence = 12 + roll((uint32_t)head(w) - 11); /* all are defined */
    q.as_of.has_sequence = true;
    q.as_of.sequence = q.sequence;
    snprintf(what, sizeof what, "as %s, entry %llu%s, period %s", q.caller->organization,
             (unsigned long long)q.sequence, q.now ? " (now)" : "", q.period ? q.period : "-");
    expected = by_hand(w, &q);
    found = as_answered(&q, roll(2) ? 1 + roll(600) : 128 << 10);
    check_text(found, expected, what);
    free(expected);
    free(found);
}

static void
test_brute_force(void **state)
{
    const char *seed = getenv("BB_SEED");
    unsigned first = seed ? (unsigned)atoi(seed) : 1;

    (void)state;
    for (unsigned i = first; i < first + 6; i++) {
        struct world *w = calloc(1, sizeof *w);

        assert_non_null(w);
        srandom(i);
        w->months = i % 3 == 0;
        tell(w, w->months ? 90 : 60 + 120 * (i % 2));
        for (int k = 0; k < 60; k++)
            check_one(w);
        assert_int_equal(fixture_verify(&w->f), 0);
        fixture_close(&w->f);
        free(w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brute_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
