#include "progress_by_hand.h"

#include "query_catalogue.h"

#include "proto/reports.h"
#include "runtime/calendar.h"
#include "runtime/clock.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

Bb__AsOf *
progress_moment(struct progress_question *q)
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

void
progress_print_point(const Bb__TrendPoint *p, char *out, size_t size)
{
    snprintf(out, size, "%s %s %s/%s %u %u %u%s", p->period, p->value ? p->value : "-",
             p->numerator ? p->numerator : "-", p->denominator ? p->denominator : "-", p->organizations,
             p->readings, p->without_parts, p->withheld ? " withheld" : "");
}

/* What the trend says of a period; there: if that is something. */
static struct point
ask_point(struct progress_question *q, int indicator, struct bb_period period)
{
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    struct point found = {.period = period};
    struct test_answer answer;
    char name[BB_PERIOD_TEXT], refused[64];

    bb_period_format(period, name);
    request.indicator = test_text(progress_indicators[indicator].code);
    request.period_from = request.period_to = name;
    request.as_of = progress_moment(q);
    request.by = q->organization ? test_text("organization") : NULL;
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
            if (strcmp(p->period, name) != 0 || (q->organization && strcmp(p->group, q->organization) != 0))
                continue;
            progress_print_point(p, found.line, sizeof found.line);
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
    const char *frequency = progress_indicators[indicator].frequency;
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
find_point(struct progress_question *q, int indicator, const struct point *latest)
{
    const char *frequency = progress_indicators[indicator].frequency;
    struct point found = {.there = false};

    for (size_t i = 0; i < PROGRESS_PERIODS; i++) {
        struct bb_period period = test_period(progress_periods[i]);
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
        if ((found.there && is_before(period, found.period)) || period.day > bb_clock_day(bb_clock_utc()))
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
count_reports_of(struct progress_question *q, int indicator, const char *period, unsigned *expected,
                 unsigned *reported)
{
    Bb__ReportingQuery request = BB__REPORTING_QUERY__INIT;
    struct test_answer answer;

    request.indicator = test_text(progress_indicators[indicator].code);
    request.period_from = request.period_to = test_text(period);
    request.organization = test_text(q->organization);
    request.as_of = progress_moment(q);
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
count_reports(struct progress_question *q, int indicator, const char *period, unsigned *ret_expected,
              unsigned *ret_reported)
{
    *ret_expected = *ret_reported = 0;
    if (indicator != PROGRESS_COMPUTED)
        count_reports_of(q, indicator, period, ret_expected, ret_reported);
    for (int i = 0; indicator == PROGRESS_COMPUTED && i < PROGRESS_COMPUTED; i++)
        if (progress_is_input(i))
            count_reports_of(q, i, period, ret_expected, ret_reported);
}

static unsigned
count_corrected(struct progress_question *q, int indicator, const char *period)
{
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    struct test_answer answer;
    unsigned n = 0;

    request.indicator = test_text(progress_indicators[indicator].code);
    request.period_from = request.period_to = test_text(period);
    request.organization = test_text(q->organization);
    request.as_of = progress_moment(q);
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
print_counts(FILE *to, struct progress_question *q, int indicator, const struct point *latest)
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
    if (latest->there && !latest->withheld && indicator != PROGRESS_COMPUTED)
        fprintf(to, "%u", count_corrected(q, indicator, name));
}

/* Where it stands */

struct target {
    bool there, own;
    struct bb_period period;
    struct bb_decimal value;
};

static void
offer(struct target *next, int indicator, const char *period, const char *value, uint32_t end)
{
    struct bb_period p = read_period(period, indicator);

    if (bb_period_end(p) < end || (next->there && bb_period_end(p) >= bb_period_end(next->period)))
        return;
    *next = (struct target){.there = true, .period = p, .value = test_decimal(value)};
}

/* Of all together, or of one organization, the first that is not over before `end`. */
static struct target
find_target_of(const struct progress_version *v, const char *organization, uint32_t end)
{
    struct target next = {.there = false};
    char copy[128], *rest = copy;

    if (!organization && v->target_period && v->target_value)
        offer(&next, v->indicator, v->target_period, v->target_value, end);
    snprintf(copy, sizeof copy, "%s", v->targets ? v->targets : "");
    for (char *one; rest && *rest && (one = strsep(&rest, ";"));) {
        char *value = strchr(one, '='), *at = strchr(one, '@');
        *value++ = '\0';
        one += strspn(one, " ");
        if (at)
            *at++ = '\0';
        if (organization ? at && strcmp(one, organization) == 0 : !at)
            offer(&next, v->indicator, at ? at : one, value, end);
    }
    return next;
}

/* Can what one organization reports be held against what is said of all together? */
static bool
is_comparable(int indicator)
{
    const char *aggregation = progress_indicators[indicator].aggregation;

    return !aggregation || strcmp(aggregation, "sum") != 0; /* the computed one is divided */
}

static struct target
find_target(const struct progress_question *q, const struct progress_version *v, uint32_t end)
{
    struct target next = {.there = false};

    if (q->organization)
        next = find_target_of(v, q->organization, end);
    next.own = next.there;
    if (!next.there && (!q->organization || is_comparable(v->indicator)))
        next = find_target_of(v, NULL, end);
    return next;
}

/* What changes are counted from. */
struct baseline {
    struct figure figure;
    const char *period;
    bool own;
};

static struct baseline
find_baseline(struct progress_question *q, const struct progress_version *v)
{
    struct baseline baseline = {.figure = read_figure(v->baseline_value), .period = v->baseline_period};
    struct point then;

    if (!q->organization)
        return baseline;
    if (!is_comparable(v->indicator))
        baseline.figure.known = false;
    if (!v->baseline_period)
        return baseline;
    then = ask_point(q, v->indicator, read_period(v->baseline_period, v->indicator));
    if (!then.there)
        return baseline;
    baseline.figure = then.value;
    baseline.own = then.value.known;
    return baseline;
}

static int
better(const struct progress_version *v)
{
    if (!v->direction || strcmp(v->direction, "none") == 0)
        return 0;
    return strcmp(v->direction, "increase") == 0 ? 1 : -1;
}

static const char *
movement(const struct progress_version *v, struct bb_decimal from, struct bb_decimal to)
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
print_track(FILE *to, const struct progress_version *v, const struct baseline *baseline,
            const struct target *target, struct bb_decimal value, uint32_t d)
{
    struct figure b = baseline->figure;
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
print_standing(FILE *to, struct progress_question *q, const struct progress_version *v,
               const struct point *latest, const struct point *previous)
{
    struct baseline baseline = find_baseline(q, v);
    uint32_t end = latest->there ? bb_period_end(latest->period)
                   : q->period   ? bb_period_end(read_period(q->period, v->indicator))
                                 : 0;
    struct target target = find_target(q, v, end);
    const char *moved = "";
    char name[BB_PERIOD_TEXT] = "", value[BB_DECIMAL_TEXT] = "";

    if (latest->value.known && previous->value.known) {
        print_difference(to, latest->value.d, previous->value.d);
        moved = movement(v, previous->value.d, latest->value.d);
    }
    fputc('|', to);
    if (latest->value.known && baseline.figure.known &&
        (!v->baseline_period || end >= bb_period_end(read_period(v->baseline_period, v->indicator)))) {
        print_difference(to, latest->value.d, baseline.figure.d);
        if (!previous->value.known)
            moved = movement(v, baseline.figure.d, latest->value.d);
    }
    if (target.there) {
        bb_period_format(target.period, name);
        bb_decimal_format(target.value, value);
    }
    fprintf(to, "|%s|%s=%s%s|", moved, name, value, target.own ? "*" : "");
    if (target.there && latest->value.known)
        print_difference(to, target.value, latest->value.d);
    fprintf(to, "|%s", baseline.own ? "own " : "");
    if (target.there && latest->value.known)
        print_track(to, v, &baseline, &target, latest->value.d, end);
}

static bool
is_left_out(const struct progress_question *q, const struct progress_version *v)
{
    uint32_t by = q->period ? read_period(q->period, v->indicator).day : bb_clock_day(bb_clock_utc());

    return !q->named && (v->sequence > q->sequence || (v->retired && v->retired <= by));
}

/* Of those that are not named, one that the organization has no figure of and has not adopted: the computed
 * one where it has adopted none that it is computed from. */
static bool
is_nothing_to_it(const struct progress_story *story, const struct progress_question *q, int indicator,
                 const struct point *latest)
{
    uint32_t day =
        q->period ? bb_period_end(read_period(q->period, indicator)) - 1 : bb_clock_day(bb_clock_utc());
    bool agreed = false;

    if (q->named || !q->organization || latest->there)
        return false;
    for (int i = 0; i < PROGRESS_INDICATORS; i++)
        agreed |= (indicator == i || (indicator == PROGRESS_COMPUTED && progress_is_input(i))) &&
                  progress_has_adopted(story, i, q->organization, day, q->sequence);
    return !agreed;
}

char *
progress_by_hand(const struct progress_story *story, struct progress_question *q)
{
    char *out;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    for (int i = 0; i < PROGRESS_INDICATORS; i++) {
        const struct progress_version *v = progress_version_at(story, i, q->sequence);
        struct point latest, previous = {.there = false};
        if (is_left_out(q, v))
            continue;
        latest = find_point(q, i, NULL);
        if (latest.there)
            previous = find_point(q, i, &latest);
        if (is_nothing_to_it(story, q, i, &latest))
            continue;
        fprintf(to, "%s|%s%s|%s|", progress_indicators[i].code, latest.line,
                latest.ambiguous ? " ambiguous" : "", previous.line);
        print_standing(to, q, v, &latest, &previous);
        print_counts(to, q, i, &latest);
        fputc('\n', to);
    }
    fclose(to);
    return out;
}
