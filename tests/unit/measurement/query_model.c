#include "query_model.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

/* Room for one more. */
static void *
grow(void *array, size_t n, size_t *size, size_t item_bytes)
{
    if (n < *size)
        return array;
    *size = *size ? *size * 2 : 64;
    array = realloc(array, *size * item_bytes);
    assert_non_null(array);
    return array;
}

void
model_add(struct model *model, uint64_t sequence, const struct test_row *row)
{
    model->event = grow(model->event, model->n, &model->size, sizeof *model->event);
    model->event[model->n++] = (struct model_event){sequence, *row};
}

void
model_add_review(struct model *model, const struct model_review *review)
{
    model->review = grow(model->review, model->n_reviews, &model->reviews_size, sizeof *model->review);
    model->review[model->n_reviews++] = *review;
}

void
model_add_version(struct model *model, const struct model_version *version)
{
    model->version = grow(model->version, model->n_versions, &model->versions_size, sizeof *model->version);
    model->version[model->n_versions++] = *version;
}

void
model_release(struct model *model)
{
    free(model->event);
    free(model->review);
    free(model->version);
}

bool
model_same_key(const struct bb_reading_key *a, const struct bb_reading_key *b)
{
    uint8_t x[BB_READING_KEY], y[BB_READING_KEY];
    size_t n = bb_reading_key_pack(a, x, NULL), m = bb_reading_key_pack(b, y, NULL);

    return n == m && memcmp(x, y, n) == 0;
}

static bool
same_period(struct bb_period a, struct bb_period b)
{
    return a.day == b.day && a.type == b.type && a.years == b.years;
}

/* Definitions and reviews */

const struct bb_indicator *
model_rules(const struct model *model, uint32_t indicator, uint64_t sequence)
{
    const struct model_version *found = NULL;

    for (size_t i = 0; i < model->n_versions; i++) {
        const struct model_version *version = &model->version[i];
        if (version->indicator == indicator && (!found || version->sequence <= sequence))
            found = version;
    }
    assert_non_null(found);
    return &found->rules;
}

/* The last that was said of a unit; NULL: nothing was. */
static const struct model_review *
last_review(const struct model *model, const struct bb_review_unit *unit, uint64_t sequence)
{
    const struct model_review *found = NULL;

    for (size_t i = 0; i < model->n_reviews; i++) {
        const struct model_review *review = &model->review[i];
        if (review->sequence <= sequence && review->unit.organization == unit->organization &&
            review->unit.indicator == unit->indicator && same_period(review->unit.period, unit->period))
            found = review;
    }
    return found;
}

enum bb_review_state
model_review(const struct model *model, const struct bb_review_unit *unit, uint64_t sequence)
{
    const struct model_review *review = last_review(model, unit, sequence);

    return review ? review->state : BB_REVIEW_DRAFT;
}

/* Does it count where only what is approved does? */
static bool
is_published(const struct model *model, const struct bb_reading_key *key, uint64_t sequence)
{
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    enum bb_review_state state = model_review(model, &unit, sequence);

    return !model_rules(model, key->indicator, sequence)->publish_approved || state == BB_REVIEW_APPROVED ||
           state == BB_REVIEW_LOCKED;
}

static bool
is_withdrawn(const struct test_row *row)
{
    return (row->reading.flags & BB_ROW_WITHDRAWN) != 0;
}

/* Readings as of a sequence; those that are withdrawn are none. */
struct rows {
    const struct test_row *row[4096];
    size_t n;
};

static void
as_of(const struct model *model, uint64_t sequence, struct rows *ret_rows)
{
    ret_rows->n = 0;
    for (size_t i = 0; i < model->n; i++) {
        const struct test_row *row = &model->event[i].row;
        size_t at = 0;
        if (model->event[i].sequence > sequence)
            continue;
        while (at < ret_rows->n && !model_same_key(&ret_rows->row[at]->key, &row->key))
            at++;
        ret_rows->row[at] = row;
        if (at == ret_rows->n)
            ret_rows->n++;
        assert_true(ret_rows->n < 4096);
    }
    for (size_t i = 0; i < ret_rows->n;)
        if (is_withdrawn(ret_rows->row[i]))
            ret_rows->row[i] = ret_rows->row[--ret_rows->n];
        else
            i++;
}

static bool
is_ok(const struct test_row *row)
{
    return BB_ROW_STATE(row->reading.flags) == BB_STATE_OK;
}

static bool
has_parts(const struct test_row *row)
{
    return (row->reading.flags & BB_ROW_NUMERATOR) && (row->reading.flags & BB_ROW_DENOMINATOR);
}

static bool
in_range(const struct model_question *q, struct bb_period period)
{
    if (q->from && period.day < test_period(q->from).day)
        return false;
    return !q->to || bb_period_end(period) <= bb_period_end(test_period(q->to));
}

static bool
place_fits(const struct model_question *q, uint32_t place)
{
    if (q->any_place)
        return true;
    for (size_t i = 0; i < q->n_places; i++)
        if (q->place[i] == place)
            return true;
    return false;
}

static int
compare_rows(const void *a_pointer, const void *b_pointer)
{
    const struct test_row *a = *(const struct test_row *const *)a_pointer,
                          *b = *(const struct test_row *const *)b_pointer;
    uint8_t x[BB_READING_KEY], y[BB_READING_KEY];
    size_t n = bb_reading_key_pack(&a->key, x, NULL), m = bb_reading_key_pack(&b->key, y, NULL);
    int c = memcmp(x, y, n < m ? n : m);

    return c ? c : (n > m) - (n < m);
}

static int
compare_by_organization(const void *a_pointer, const void *b_pointer)
{
    const struct test_row *a = *(const struct test_row *const *)a_pointer,
                          *b = *(const struct test_row *const *)b_pointer;
    uint8_t x[BB_READING_KEY], y[BB_READING_KEY];
    size_t n = bb_organization_key_pack(&a->key, x), m = bb_organization_key_pack(&b->key, y);
    int c = memcmp(x, y, n < m ? n : m);

    return c ? c : (n > m) - (n < m);
}

static bool
may_see(const struct model *model, const struct model_question *q, uint32_t organization)
{
    if (q->caller->role == BB__ROLE__ROLE_STAFF)
        return true;
    return q->caller->role == BB__ROLE__ROLE_PARTNER &&
           (organization == q->own || model->shares[organization]);
}

/* Figures */

static unsigned
decimals(const struct bb_indicator *rules)
{
    return rules->has_decimals ? rules->decimals : 6;
}

static void
divide(const struct bb_indicator *rules, const struct test_row *row, unsigned digits, struct bb_decimal *ret)
{
    assert_int_equal(
        bb_decimal_ratio(rules->factor, row->reading.numerator, row->reading.denominator, digits, ret), 0);
}

struct figure {
    char value[BB_DECIMAL_TEXT], numerator[BB_DECIMAL_TEXT], denominator[BB_DECIMAL_TEXT];
    unsigned readings, without_parts, organizations;
    uint32_t only, parts_only; /* the only organization behind it; 0 several, or none */
};

/* One reading: the digits that were reported. */
static void
one_figure(const struct bb_indicator *rules, const struct test_row *row, struct figure *figure)
{
    struct bb_decimal d = row->reading.value;

    if (!(row->reading.flags & BB_ROW_VALUE))
        divide(rules, row, decimals(rules), &d);
    bb_decimal_format(d, figure->value);
    if (!has_parts(row))
        return;
    bb_decimal_format(row->reading.numerator, figure->numerator);
    bb_decimal_format(row->reading.denominator, figure->denominator);
}

static void
value_of(const struct bb_indicator *rules, const struct test_row **ok, size_t n, size_t parts,
         const struct bb_sum *numerator, const struct bb_sum *denominator, char *out)
{
    struct bb_sum sum = {0};
    bool computed = false;

    for (size_t i = 0; i < n; i++) {
        struct bb_decimal d = ok[i]->reading.value;
        if (!(ok[i]->reading.flags & BB_ROW_VALUE)) {
            computed = true;
            divide(rules, ok[i], 24, &d);
        }
        assert_int_equal(bb_sum_add(&sum, d), 0);
    }
    if (rules->organization_aggregation == BB_AGGREGATE_RATIO) {
        if (parts == n)
            assert_int_equal(bb_sum_ratio(rules->factor, numerator, denominator, decimals(rules), out), 0);
    } else if (rules->organization_aggregation == BB_AGGREGATE_AVERAGE) {
        assert_int_equal(bb_sum_mean(&sum, n, decimals(rules), out), 0);
    } else if (computed) {
        assert_int_equal(bb_sum_mean(&sum, 1, decimals(rules), out), 0);
    } else {
        bb_sum_format(&sum, out);
    }
}

/* Where organizations count the same people: <0, 0, >0 */
static int
compare_counts(const struct bb_indicator *rules, const struct test_row *a, const struct test_row *b)
{
    struct bb_decimal x = a->reading.value, y = b->reading.value;
    int order;

    if (rules->organization_aggregation == BB_AGGREGATE_RATIO && has_parts(a) != has_parts(b))
        return has_parts(a) ? 1 : -1;
    if (rules->organization_aggregation == BB_AGGREGATE_RATIO && has_parts(a)) {
        order = bb_decimal_compare(a->reading.denominator, b->reading.denominator);
        return order ? order : bb_decimal_compare(a->reading.numerator, b->reading.numerator);
    }
    if (!(a->reading.flags & BB_ROW_VALUE))
        divide(rules, a, 24, &x);
    if (!(b->reading.flags & BB_ROW_VALUE))
        divide(rules, b, 24, &y);
    return bb_decimal_compare(x, y);
}

/* Do both say exactly the same? */
static bool
same_figure(const struct bb_indicator *rules, const struct test_row *a, const struct test_row *b)
{
    struct bb_indicator summed = *rules, ratio = *rules;

    summed.organization_aggregation = BB_AGGREGATE_SUM;
    ratio.organization_aggregation = BB_AGGREGATE_RATIO;
    return has_parts(a) == has_parts(b) && compare_counts(&summed, a, b) == 0 &&
           compare_counts(&ratio, a, b) == 0;
}

static bool
same_cell(const struct test_row *a, const struct test_row *b)
{
    return a->key.place == b->key.place && a->key.disaggregation == b->key.disaggregation;
}

/* Is another organization's reading taken instead of this one? */
static bool
is_beaten(const struct bb_indicator *rules, const struct rows *chosen, const struct test_row *row)
{
    for (size_t i = 0; rules->overlap_maximum && i < chosen->n; i++) {
        const struct test_row *other = chosen->row[i];
        int order =
            other != row && is_ok(other) && same_cell(other, row) ? compare_counts(rules, other, row) : -1;
        if (order > 0 || (order == 0 && other->key.organization < row->key.organization))
            return true;
    }
    return false;
}

/* Is one that says exactly the same taken instead of it? */
static bool
is_shown(const struct bb_indicator *rules, const struct rows *chosen, const struct test_row *row)
{
    for (size_t i = 0; i < chosen->n; i++)
        if (is_ok(chosen->row[i]) && same_cell(chosen->row[i], row) &&
            !is_beaten(rules, chosen, chosen->row[i]) && same_figure(rules, chosen->row[i], row))
            return true;
    return false;
}

static void
figure_of(const struct bb_indicator *rules, const struct rows *chosen, struct figure *figure)
{
    const struct test_row *ok[4096], *last = NULL;
    struct bb_sum numerator = {0}, denominator = {0};
    bool seen[MODEL_MAX] = {false}, seen_value[MODEL_MAX] = {false}, seen_parts[MODEL_MAX] = {false};
    size_t n = 0, parts = 0, with_values = 0, with_parts = 0;

    *figure = (struct figure){.readings = 0};
    for (size_t i = 0; i < chosen->n; i++) {
        const struct test_row *row = chosen->row[i];
        bool shown = is_ok(row) && is_shown(rules, chosen, row);
        if (!is_ok(row))
            continue;
        figure->readings++;
        figure->organizations += !seen[row->key.organization];
        seen[row->key.organization] = true;
        if (shown) {
            with_values += !seen_value[row->key.organization];
            figure->only = with_values == 1 ? row->key.organization : 0;
            seen_value[row->key.organization] = true;
        }
        if (shown && has_parts(row)) {
            with_parts += !seen_parts[row->key.organization];
            figure->parts_only = with_parts == 1 ? row->key.organization : 0;
            seen_parts[row->key.organization] = true;
        }
        if (is_beaten(rules, chosen, row))
            continue;
        ok[n++] = row;
        if (!last || row->reading.sequence > last->reading.sequence ||
            (row->reading.sequence == last->reading.sequence && compare_rows(&row, &last) > 0))
            last = row;
        if (!has_parts(row))
            continue;
        parts++;
        assert_int_equal(bb_sum_add(&numerator, row->reading.numerator), 0);
        assert_int_equal(bb_sum_add(&denominator, row->reading.denominator), 0);
    }
    if (n == 0)
        return;
    if (rules->organization_aggregation == BB_AGGREGATE_RATIO)
        figure->without_parts = (unsigned)(n - parts);
    if (rules->organization_aggregation == BB_AGGREGATE_LAST) {
        one_figure(rules, last, figure);
        figure->only = figure->parts_only = last->key.organization;
    } else if (n == 1) {
        one_figure(rules, ok[0], figure);
    } else {
        value_of(rules, ok, n, parts, &numerator, &denominator, figure->value);
        if (parts) {
            bb_sum_format(&numerator, figure->numerator);
            bb_sum_format(&denominator, figure->denominator);
        }
    }
}

/* Choosing */

static bool
any_ok(const struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        if (is_ok(rows->row[i]))
            return true;
    return false;
}

static void
append(struct rows *to, const struct rows *from)
{
    for (size_t i = 0; i < from->n; i++)
        to->row[to->n++] = from->row[i];
}

/* -1: any. */
static void
filter(const struct rows *rows, int organization, int place, int disaggregation, struct rows *ret)
{
    ret->n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const struct bb_reading_key *key = &rows->row[i]->key;
        if ((organization < 0 || key->organization == (uint32_t)organization) &&
            (place < 0 || key->place == (uint32_t)place) &&
            (disaggregation < 0 || key->disaggregation == (uint32_t)disaggregation))
            ret->row[ret->n++] = rows->row[i];
    }
}

/* What counts of one organization at one place. False: ambiguous. */
static bool
of_place(const struct model *model, const struct model_question *q, const struct rows *rows, uint32_t place,
         struct rows *ret)
{
    struct rows *here = calloc(1, sizeof *here), *code = calloc(1, sizeof *code);
    const char *dimensions = NULL;
    bool sound = true;

    filter(rows, -1, (int)place, -1, here);
    filter(here, -1, -1, 0, ret);
    if (!q->any_disaggregation) {
        *ret = *here;
    } else if (!any_ok(ret)) {
        for (uint32_t d = 1; d <= model->n_disaggregations; d++) {
            filter(here, -1, -1, (int)d, code);
            append(ret, code);
            if (!any_ok(code))
                continue;
            if (dimensions && strcmp(dimensions, model->dimensions[d]) != 0)
                sound = false;
            dimensions = model->dimensions[d];
        }
    }
    free(here);
    free(code);
    return sound;
}

/* What counts of one organization. */
static bool
choose_of(const struct model *model, const struct model_question *q, const struct rows *own, struct rows *ret)
{
    struct rows *place = calloc(1, sizeof *place);
    bool sound = true;

    for (uint32_t p = 0; sound && p <= model->n_places; p++) {
        if (!place_fits(q, p) || (q->any_place && model->aggregate[p]))
            continue;
        sound = of_place(model, q, own, p, place);
        append(ret, place);
        if (q->any_place && p == 0 && any_ok(place))
            break;
    }
    free(place);
    return sound;
}

static bool
choose(const struct model *model, const struct model_question *q, const struct rows *rows, struct rows *ret)
{
    struct rows *own = calloc(1, sizeof *own);
    bool sound = true;

    ret->n = 0;
    for (uint32_t o = 1; sound && o <= model->n_organizations; o++) {
        filter(rows, (int)o, -1, -1, own);
        sound = choose_of(model, q, own, ret);
    }
    free(own);
    return sound;
}

/* Trend */

static void
print_point(FILE *to, const struct model *model, const struct model_question *q, const char *period,
            const char *group, const struct rows *chosen)
{
    struct figure f;
    bool withheld = false;

    figure_of(model_rules(model, q->indicator, q->sequence), chosen, &f);
    if (f.only && !may_see(model, q, f.only)) {
        f.value[0] = f.numerator[0] = f.denominator[0] = '\0';
        withheld = true;
    } else if (f.parts_only && !may_see(model, q, f.parts_only)) {
        f.numerator[0] = f.denominator[0] = '\0';
        withheld = true;
    }
    fprintf(to, "%s|%s|%s|%s|%s|%u|%u|%u%s\n", period, group, *f.value ? f.value : "-",
            *f.numerator ? f.numerator : "-", *f.denominator ? f.denominator : "-", f.organizations,
            f.readings, f.without_parts, withheld ? "|withheld" : "");
}

static void
print_organizations(FILE *to, const struct model *model, const struct model_question *q, const char *period,
                    const struct rows *chosen)
{
    struct rows *own = calloc(1, sizeof *own);

    for (uint32_t o = 1; o <= model->n_organizations; o++) {
        struct figure f;
        own->n = 0;
        for (size_t i = 0; i < chosen->n; i++)
            if (chosen->row[i]->key.organization == o)
                own->row[own->n++] = chosen->row[i];
        if (own->n == 0)
            continue;
        figure_of(model_rules(model, q->indicator, q->sequence), own, &f);
        if (may_see(model, q, o))
            fprintf(to, "%s|%s|%s|%s|%s|1|%u|%u\n", period, model->organization[o], *f.value ? f.value : "-",
                    *f.numerator ? f.numerator : "-", *f.denominator ? f.denominator : "-", f.readings,
                    f.without_parts);
        else
            fprintf(to, "%s|%s|-|-|-|1|0|0|withheld\n", period, model->organization[o]);
    }
    free(own);
}

static bool
print_groups(FILE *to, const struct model *model, const struct model_question *q, const char *period,
             const struct rows *rows)
{
    bool by_place = strcmp(q->by, "place") == 0;
    uint32_t n = by_place ? model->n_places : model->n_disaggregations;
    struct rows *group = calloc(1, sizeof *group), *chosen = calloc(1, sizeof *chosen);
    bool sound = true;

    for (uint32_t id = 0; sound && id <= n; id++) {
        struct model_question narrowed = *q;
        filter(rows, -1, by_place ? (int)id : -1, by_place ? -1 : (int)id, group);
        if (group->n == 0)
            continue;
        if (by_place) { /* each place by itself, aggregates and the empty one as well */
            narrowed.any_place = false;
            narrowed.place[0] = id;
            narrowed.n_places = 1;
        } else {
            narrowed.any_disaggregation = false;
        }
        sound = choose(model, &narrowed, group, chosen);
        if (sound)
            print_point(to, model, q, period, by_place ? model->place[id] : model->disaggregation[id],
                        chosen);
    }
    free(group);
    free(chosen);
    return sound;
}

static bool
print_period(FILE *to, const struct model *model, const struct model_question *q, const char *period,
             const struct rows *rows)
{
    struct rows *chosen;
    bool sound;

    if (q->by && strcmp(q->by, "organization") != 0)
        return print_groups(to, model, q, period, rows);
    chosen = calloc(1, sizeof *chosen);
    sound = choose(model, q, rows, chosen);
    if (sound && q->by)
        print_organizations(to, model, q, period, chosen);
    else if (sound)
        print_point(to, model, q, period, "-", chosen);
    free(chosen);
    return sound;
}

char *
model_trend(const struct model *model, const struct model_question *q)
{
    struct rows *all = calloc(1, sizeof *all), *rows = calloc(1, sizeof *rows);
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    bool sound = true;

    as_of(model, q->sequence, all);
    for (size_t p = 0; sound && p < model->n_periods; p++) {
        struct bb_period period = test_period(model->period[p]);
        rows->n = 0;
        for (size_t i = 0; i < all->n; i++) {
            const struct bb_reading_key *key = &all->row[i]->key;
            if (key->indicator == q->indicator && same_period(key->period, period) && in_range(q, period) &&
                place_fits(q, key->place) &&
                (q->any_disaggregation || key->disaggregation == q->disaggregation) &&
                is_published(model, key, q->sequence))
                rows->row[rows->n++] = all->row[i];
        }
        if (rows->n)
            sound = print_period(to, model, q, model->period[p], rows);
    }
    fclose(to);
    free(all);
    free(rows);
    if (sound)
        return text;
    free(text);
    return strdup("AMBIGUOUS");
}

/* Readings */

static void
print_row(FILE *to, const struct model *model, const struct test_row *row, uint64_t sequence)
{
    const struct bb_reading_key *key = &row->key;
    const struct bb_reading *reading = &row->reading;
    const struct bb_indicator *rules = model_rules(model, key->indicator, sequence);
    char period[BB_PERIOD_TEXT], value[BB_DECIMAL_TEXT] = "", numerator[BB_DECIMAL_TEXT] = "",
                                 denominator[BB_DECIMAL_TEXT] = "";
    uint32_t flags = reading->flags;
    struct bb_decimal d = reading->value;

    period[bb_period_format(key->period, period)] = '\0';
    if (is_ok(row) && !(flags & BB_ROW_VALUE) && has_parts(row)) {
        divide(rules, row, decimals(rules), &d);
        flags |= BB_ROW_VALUE | BB_ROW_COMPUTED;
    }
    if (flags & BB_ROW_VALUE)
        bb_decimal_format(d, value);
    if (flags & BB_ROW_NUMERATOR)
        bb_decimal_format(reading->numerator, numerator);
    if (flags & BB_ROW_DENOMINATOR)
        bb_decimal_format(reading->denominator, denominator);
    fprintf(to, "%s|%s|%s|%s|%s|%02x|%s|%s|%s|%.*s|\n", model->indicator[key->indicator],
            model->organization[key->organization], model->place[key->place],
            model->disaggregation[key->disaggregation], period, flags, value, numerator, denominator,
            (int)reading->comment.len, (const char *)reading->comment.data);
}

/* May the caller read it in a list? */
static bool
may_read(const struct model *model, const struct model_question *q, const struct bb_reading_key *key)
{
    if (q->caller->role == BB__ROLE__ROLE_STAFF || (q->own && key->organization == q->own))
        return true;
    return may_see(model, q, key->organization) && is_published(model, key, q->sequence);
}

/* The readings that a question gets, in their order. */
static void
find_readings(const struct model *model, const struct model_question *q, struct rows *ret)
{
    struct rows *all = calloc(1, sizeof *all);
    bool narrow = q->caller->role == BB__ROLE__ROLE_PARTNER && !q->indicator && !q->organization;

    as_of(model, q->sequence, all);
    qsort(all->row, all->n, sizeof all->row[0], narrow ? compare_by_organization : compare_rows);
    ret->n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct bb_reading_key *key = &all->row[i]->key;
        if ((!q->indicator || key->indicator == q->indicator) &&
            (!q->organization || key->organization == q->organization) && place_fits(q, key->place) &&
            (q->any_disaggregation || key->disaggregation == q->disaggregation) && in_range(q, key->period) &&
            may_read(model, q, key))
            ret->row[ret->n++] = all->row[i];
    }
    free(all);
}

char *
model_readings(const struct model *model, const struct model_question *q)
{
    struct rows *rows = calloc(1, sizeof *rows);
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    find_readings(model, q, rows);
    for (size_t i = 0; i < rows->n; i++)
        print_row(to, model, rows->row[i], q->sequence);
    fclose(to);
    free(rows);
    return text;
}

static bool
same_series(const struct bb_reading_key *a, const struct bb_reading_key *b)
{
    return a->indicator == b->indicator && a->organization == b->organization && a->place == b->place &&
           a->disaggregation == b->disaggregation;
}

/* Types are numbered from the longest on. */
static bool
comes_later(struct bb_period a, struct bb_period b)
{
    return a.day > b.day || (a.day == b.day && a.type < b.type);
}

char *
model_latest(const struct model *model, const struct model_question *q)
{
    struct rows *rows = calloc(1, sizeof *rows);
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    find_readings(model, q, rows);
    for (size_t i = 0; i < rows->n; i++) {
        const struct bb_reading_key *key = &rows->row[i]->key;
        bool latest = true;
        for (size_t j = 0; j < rows->n; j++)
            latest &=
                !same_series(key, &rows->row[j]->key) || !comes_later(rows->row[j]->key.period, key->period);
        if (latest)
            print_row(to, model, rows->row[i], q->sequence);
    }
    fclose(to);
    free(rows);
    return text;
}

/* The sequence of the revision from which on the caller may read; UINT64_MAX: none. */
static uint64_t
first_to_read(const struct model *model, const struct bb_reading_key *key, const struct model_question *q)
{
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    const struct model_review *review = last_review(model, &unit, q->sequence);
    uint64_t first = 0;

    if (q->caller->role == BB__ROLE__ROLE_STAFF || (q->own && key->organization == q->own) ||
        !model_rules(model, key->indicator, q->sequence)->publish_approved)
        return 0;
    if (!review || (review->state != BB_REVIEW_APPROVED && review->state != BB_REVIEW_LOCKED))
        return UINT64_MAX;
    for (size_t i = 0; i < model->n; i++)
        if (model->event[i].sequence <= review->sequence && model_same_key(&model->event[i].row.key, key))
            first = model->event[i].sequence;
    return first;
}

char *
model_history(const struct model *model, const struct bb_reading_key *key, const struct model_question *q)
{
    uint64_t first = first_to_read(model, key, q);
    unsigned revisions = 0;
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    for (size_t i = 0; i < model->n; i++) {
        const struct model_event *event = &model->event[i];
        if (event->sequence < first || event->sequence > q->sequence || !model_same_key(&event->row.key, key))
            continue;
        print_row(to, model, &event->row, q->sequence);
        revisions++;
    }
    fclose(to);
    if (revisions)
        return text;
    free(text);
    return NULL;
}
