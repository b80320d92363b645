#include "hidden_ask.h"

#include "runtime/rowset.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its lines are for all, but not those of an indicator that protects small numbers. */
static bool
shares(uint32_t organization)
{
    return at.pattern >> (organization - 1) & 1;
}

/* Figures */

static const struct model_figure *
find_figure(uint32_t place, uint32_t disaggregation, uint32_t organization)
{
    for (size_t f = 0; f < at.model.n_figures; f++) {
        const struct bb_suppress_figure *key = &at.model.figure[f].key;
        if (key->place == place && key->disaggregation == disaggregation && key->organization == organization)
            return &at.model.figure[f];
    }
    return NULL;
}

static void
add_figure(const struct model_figure *figure, bool row[MODEL_READINGS])
{
    for (size_t i = 0; figure && i < at.model.n; i++)
        row[i] |= figure->part[i];
}

static int64_t
sum_of(const bool row[MODEL_READINGS], unsigned count)
{
    int64_t sum = 0;

    for (size_t i = 0; i < at.model.n; i++)
        sum += row[i] ? model_count(&at.model, i, count) : 0;
    return sum;
}

static void
tell(struct told *told, const bool row[MODEL_READINGS])
{
    for (size_t i = 0; i < told->n; i++)
        if (memcmp(told->row[i], row, sizeof *told->row) == 0)
            return;
    assert_true(told->n < TOLD);
    memcpy(told->row[told->n++], row, sizeof *told->row);
}

/* Asking */

/* Of which periods, put together by what, as of which moment. */
struct asking {
    const char *from, *to, *per;
    const uint64_t *as_of; /* a sequence; NULL: at present */
    bool plainly;          /* the table itself, at present: what is withheld is hidden */
    bool nothing;          /* is told of others, as something changed since */
};

static const struct asking plainly = {.from = at.period, .to = at.period, .per = "", .plainly = true};

struct question {
    unsigned places;    /* bits of those named; 0: none is */
    int disaggregation; /* -1: none is named */
    enum { NOTHING, PLACE, ORGANIZATION, DISAGGREGATION } by;
    const char *indicator;
    int64_t times; /* what is shown is so many times the figure */
    const struct asking *as;
};

static struct test_caller
viewer_of(const struct told *told, Bb__Role role, char code[static 20])
{
    if (told->viewer == MODEL_OUTSIDER)
        strcpy(code, "outsider");
    else
        snprintf(code, 20, "o%u-%u", at.pattern, told->viewer);
    return (struct test_caller){.organization = code, .role = role, .max_bytes = 128 << 10};
}

static uint32_t
group_number(const struct question *q, const char *group)
{
    char text[20];

    for (uint32_t i = 0; i < 16; i++) {
        if (q->by == PLACE && i < MODEL_PLACES && strcmp(group, place_names[at.tree][i]) == 0)
            return i;
        if (q->by == DISAGGREGATION && i < MODEL_DISAGGREGATIONS &&
            bb_bytes_equal(bb_bytes_str(group), model_disaggregations[i].text))
            return i;
        snprintf(text, sizeof text, "o%u-%u", at.pattern, i);
        if (q->by == ORGANIZATION && strcmp(group, text) == 0)
            return i;
    }
    fail();
    return 0;
}

/* What the point adds up, by the rules of PROTOCOL.md. ret_only: the figure, where it is one. */
static void
row_of(const struct question *q, const char *group, bool row[MODEL_READINGS],
       const struct model_figure **ret_only)
{
    uint32_t place = BB_SUPPRESS_OPEN, organization = BB_SUPPRESS_ALL,
             disaggregation = q->disaggregation < 0 ? BB_SUPPRESS_OPEN : (uint32_t)q->disaggregation;
    unsigned places = q->places;

    memset(row, 0, sizeof(bool[MODEL_READINGS]));
    if (q->by == PLACE)
        places = 1u << group_number(q, group);
    else if (q->by == ORGANIZATION)
        organization = group_number(q, group);
    else if (q->by == DISAGGREGATION)
        disaggregation = group_number(q, group);
    *ret_only = NULL;
    for (uint32_t p = 0; p < MODEL_PLACES; p++)
        if (places & 1u << p)
            add_figure(*ret_only = find_figure(p, disaggregation, organization), row);
    if (places == 0)
        add_figure(*ret_only = find_figure(place, disaggregation, organization), row);
    else if (places & (places - 1))
        *ret_only = NULL;
}

static void
check_number(const char *text, int64_t number)
{
    char expected[40];

    snprintf(expected, sizeof expected, "%lld", (long long)number);
    assert_string_equal(text, expected);
}

/* A point is what the model says it is, or withheld. */
static void
take_point(struct told *told, const struct question *q, const Bb__TrendPoint *point)
{
    const struct model_figure *only;
    bool row[MODEL_READINGS];

    row_of(q, point->group, row, &only);
    if (point->withheld) {
        assert_null(point->value);
        assert_null(point->numerator);
        assert_null(point->denominator);
        if (only && q->as->plainly)
            told->withheld[only - at.model.figure] = true;
        return;
    }
    if (point->readings == 0)
        return;
    if (q->as->nothing) { /* but its own line */
        assert_true(told->viewer != MODEL_OUTSIDER && point->organizations == 1);
        return;
    }
    if (at.model.n_counts == 2 && q->times == 1) {
        check_number(point->numerator, sum_of(row, 0));
        check_number(point->denominator, sum_of(row, 1));
    } else if (at.model.n_counts == 1) {
        check_number(point->value, q->times * sum_of(row, 0));
    }
    tell(told, row);
}

static Bb__AsOf *
moment_of(const struct asking *as, Bb__AsOf *as_of)
{
    *as_of = (Bb__AsOf)BB__AS_OF__INIT;
    as_of->has_sequence = true;
    as_of->sequence = as->as_of ? *as->as_of : 0;
    return as->as_of ? as_of : NULL;
}

static void
ask_trend(struct told *told, Bb__Role role, const struct question *q)
{
    static const char *const by[] = {"", "place", "organization", "disaggregation"};
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    char *places[MODEL_PLACES], code[20], disaggregation[16];
    const struct test_caller caller = viewer_of(told, role, code);
    struct test_answer answer;
    Bb__AsOf as_of;

    request.indicator = (char *)(uintptr_t)q->indicator;
    request.period_from = (char *)(uintptr_t)q->as->from;
    request.period_to = (char *)(uintptr_t)q->as->to;
    request.per = (char *)(uintptr_t)q->as->per;
    request.as_of = moment_of(q->as, &as_of);
    request.by = (char *)(uintptr_t)by[q->by];
    request.place = places;
    for (uint32_t p = 0; p < MODEL_PLACES; p++)
        if (q->places & 1u << p)
            places[request.n_place++] = (char *)(uintptr_t)place_names[at.tree][p];
    if (q->disaggregation >= 0) {
        const struct bb_bytes text = model_disaggregations[q->disaggregation].text;
        snprintf(disaggregation, sizeof disaggregation, "%.*s", (int)text.len, (const char *)text.data);
        request.disaggregation = disaggregation;
    }
    test_ask(&at.s->store, &caller, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, &answer);
    if (answer.r == 1)
        check_int(answer.failure.code, BB_ERROR_INVALID, answer.failure.message); /* there is no total */
    else
        check_int(answer.r, 0, answer.failure.message);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer.part[i];
        for (size_t p = 0; p < reply->n_point; p++)
            take_point(told, q, reply->point[p]);
    }
    test_answer_release(&answer);
}

/* Every choice of places, disaggregation and group; but for the table itself at most one place is named. */
static void
ask_trends(struct told *told, Bb__Role role, const struct asking *as)
{
    for (unsigned places = 0; places < 1u << at.kind->places; places++)
        for (int d = -1; d < (int)at.kind->disaggregations && (as->plainly || !(places & (places - 1))); d++)
            for (int by = NOTHING; by <= DISAGGREGATION; by++) {
                struct question q = {places, d, by, at.indicator, 1, as};
                ask_trend(told, role, &q);
                q.indicator = at.computed;
                q.times = 2;
                if (places < 3 && d < 2)
                    ask_trend(told, role, &q);
            }
}

/* What is computed from two disaggregations is told only where both are. */
static void
ask_parts(struct told *told)
{
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    char code[20];
    const struct test_caller caller = viewer_of(told, BB__ROLE__ROLE_PARTNER, code);
    const Bb__TrendReply *reply;
    bool row[MODEL_READINGS] = {false};
    struct test_answer answer;

    request.indicator = at.parts;
    request.period_from = request.period_to = at.period;
    test_ask(&at.s->store, &caller, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, &answer);
    check_int(answer.r, 0, answer.failure.message);
    reply = (const Bb__TrendReply *)(const void *)answer.part[0];
    add_figure(find_figure(BB_SUPPRESS_OPEN, 1, BB_SUPPRESS_ALL), row);
    add_figure(find_figure(BB_SUPPRESS_OPEN, 2, BB_SUPPRESS_ALL), row);
    if (at.model.n_counts == 1 && reply->n_point > 0 && reply->point[0]->value) {
        check_number(reply->point[0]->value, sum_of(row, 0));
        tell(told, row);
    }
    test_answer_release(&answer);
}

/* The model's reading behind a row. */
static size_t
reading_of(const struct bb_rowview *view, const struct bb_rowref *ref)
{
    char code[20];

    for (size_t i = 0; i < at.model.n; i++) {
        const struct bb_suppress_reading *r = &at.model.reading[i];
        snprintf(code, sizeof code, "o%u-%u", at.pattern, r->organization);
        if (bb_bytes_equal(view->text[ref->organization], bb_bytes_str(code)) &&
            bb_bytes_equal(view->text[ref->place], bb_bytes_str(place_names[at.tree][r->place])) &&
            bb_bytes_equal(view->text[ref->disaggregation], model_disaggregations[r->disaggregation].text))
            return i;
    }
    fail();
    return 0;
}

static void
take_rows(struct told *told, const Bb__Rows *rows)
{
    struct bb_rowview view;
    struct bb_rowref ref;
    const char *what;

    assert_int_equal(bb_rowview_init(&view, rows, &what), 0);
    for (uint32_t i = 0; i < rows->count; i++) {
        bool row[MODEL_READINGS] = {false};
        size_t reading;
        bb_rowview_get(&view, i, &ref);
        reading = reading_of(&view, &ref);
        row[reading] = true;
        if (!(ref.flags & BB_ROW_WITHHELD)) {
            assert_int_equal(at.model.reading[reading].organization, told->viewer);
            tell(told, row);
            continue;
        }
        assert_int_equal(ref.flags & (BB_ROW_VALUE | BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR), 0);
        assert_true(shares(at.model.reading[reading].organization));
    }
    bb_rowview_release(&view);
}

static void
ask_readings(struct told *told, bool latest, const struct asking *as)
{
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    Bb__AsOf as_of;
    char code[20];
    const struct test_caller caller = viewer_of(told, BB__ROLE__ROLE_PARTNER, code);
    struct test_answer answer;

    request.indicator = at.indicator;
    request.period_from = (char *)(uintptr_t)as->from;
    request.period_to = (char *)(uintptr_t)as->to;
    request.as_of = moment_of(as, &as_of);
    request.has_latest = request.latest = latest;
    test_ask(&at.s->store, &caller, BB_METHOD_READINGS_LIST, &request.base, &bb__readings_part__descriptor,
             &answer);
    check_int(answer.r, 0, answer.failure.message);
    for (size_t i = 0; i < answer.n_parts; i++)
        take_rows(told, ((const Bb__ReadingsPart *)(const void *)answer.part[i])->rows);
    test_answer_release(&answer);
}

static void
ask_histories(struct told *told, const struct asking *as)
{
    char code[20], whose[20], disaggregation[16];
    const struct test_caller caller = viewer_of(told, BB__ROLE__ROLE_PARTNER, code);

    for (size_t i = 0; i < at.model.n; i++) {
        const struct bb_suppress_reading *r = &at.model.reading[i];
        const struct bb_bytes text = model_disaggregations[r->disaggregation].text;
        Bb__HistoryQuery request = BB__HISTORY_QUERY__INIT;
        Bb__AsOf as_of;
        struct test_answer answer;
        if (!shares(r->organization) && r->organization != told->viewer)
            continue;
        snprintf(whose, sizeof whose, "o%u-%u", at.pattern, r->organization);
        snprintf(disaggregation, sizeof disaggregation, "%.*s", (int)text.len, (const char *)text.data);
        request.indicator = at.indicator;
        request.organization = whose;
        request.place = (char *)(uintptr_t)place_names[at.tree][r->place];
        request.disaggregation = disaggregation;
        request.period = (char *)(uintptr_t)as->from;
        request.as_of = moment_of(as, &as_of);
        test_ask(&at.s->store, &caller, BB_METHOD_READINGS_HISTORY, &request.base,
                 &bb__history_part__descriptor, &answer);
        if (answer.r == 1 && as->nothing) { /* it was not there yet */
            test_answer_release(&answer);
            continue;
        }
        check_int(answer.r, 0, answer.failure.message);
        take_rows(told, ((const Bb__HistoryPart *)(const void *)answer.part[0])->rows);
        test_answer_release(&answer);
    }
}

static void
ask_progress(struct told *told, Bb__Role role, const struct asking *as)
{
    Bb__ProgressQuery request = BB__PROGRESS_QUERY__INIT;
    const struct question q = {0, -1, NOTHING, at.indicator, 1, as};
    char *indicator = at.indicator, code[20];
    const struct test_caller caller = viewer_of(told, role, code);
    const Bb__ProgressReply *reply;
    const Bb__Progress *item;
    struct test_answer answer;
    Bb__AsOf as_of;

    request.indicator = &indicator;
    request.n_indicator = 1;
    request.period = (char *)(uintptr_t)as->from;
    request.as_of = moment_of(as, &as_of);
    test_ask(&at.s->store, &caller, BB_METHOD_PROGRESS, &request.base, &bb__progress_reply__descriptor,
             &answer);
    check_int(answer.r, 0, answer.failure.message);
    reply = (const Bb__ProgressReply *)(const void *)answer.part[0];
    assert_int_equal(reply->n_item, 1);
    item = reply->item[0];
    if (item->latest && !item->ambiguous)
        take_point(told, &q, item->latest);
    if (item->latest && item->latest->withheld)
        assert_true(!item->change && !item->distance && !item->has_corrected && !item->has_on_track);
    test_answer_release(&answer);
}

void
ask_all(struct told *told, bool longer)
{
    const struct asking others[] = {
        {.from = at.year, .to = at.year, .per = ""},
        {.from = at.year, .to = at.year, .per = "quarterly"},
        {.from = at.year, .to = at.year, .per = "yearly"},
        {.from = at.quarter, .to = at.quarter, .per = ""},
        {.from = at.year, .to = at.year, .per = "", .as_of = &at.then},
        {.from = at.year, .to = at.year, .per = "yearly", .as_of = &at.then},
        {.from = at.year, .to = at.year, .per = "", .as_of = &at.before, .nothing = true},
        {.from = at.year, .to = at.year, .per = "quarterly", .as_of = &at.before, .nothing = true},
    };

    told->n = 0;
    memset(told->withheld, 0, sizeof told->withheld);
    ask_trends(told, BB__ROLE__ROLE_PARTNER, &plainly);
    ask_parts(told);
    ask_readings(told, false, &plainly);
    ask_readings(told, true, &plainly);
    ask_histories(told, &plainly);
    ask_progress(told, BB__ROLE__ROLE_PARTNER, &plainly);
    for (size_t i = 0; longer && i < COUNT(others); i++) {
        ask_trends(told, BB__ROLE__ROLE_PARTNER, &others[i]);
        ask_readings(told, i & 1, &others[i]);
        ask_histories(told, &others[i]);
        ask_progress(told, BB__ROLE__ROLE_PARTNER, &others[i]);
    }
    if (told->viewer != MODEL_OUTSIDER)
        return;
    ask_trends(told, BB__ROLE__ROLE_OBSERVER, &plainly);
    ask_progress(told, BB__ROLE__ROLE_OBSERVER, &plainly);
}
