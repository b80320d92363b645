#include "query_model_core.h"

#include <stdio.h>
#include <stdlib.h>

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
    if (model_is_ok(row) && !(flags & BB_ROW_VALUE) && model_has_parts(row)) {
        model_divide(rules, row, model_decimals(rules), &d);
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
    return model_may_see(model, q, key->organization) && model_is_published(model, key, q->sequence);
}

static bool
is_asked_for(const struct model_question *q, const struct bb_reading_key *key)
{
    return (!q->indicator || key->indicator == q->indicator) &&
           (!q->organization || key->organization == q->organization) && model_place_fits(q, key->place) &&
           (q->any_disaggregation || key->disaggregation == q->disaggregation) &&
           model_in_range(q, key->period);
}

/* The readings that a question gets, in their order. */
static void
find_readings(const struct model *model, const struct model_question *q, struct model_rows *ret)
{
    struct model_rows *all = calloc(1, sizeof *all);
    bool narrow = q->caller->role == BB__ROLE__ROLE_PARTNER && !q->indicator && !q->organization;

    model_as_of(model, q->sequence, all);
    qsort(all->row, all->n, sizeof all->row[0], narrow ? compare_by_organization : model_compare_rows);
    ret->n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct bb_reading_key *key = &all->row[i]->key;
        if (is_asked_for(q, key) && may_read(model, q, key))
            ret->row[ret->n++] = all->row[i];
    }
    free(all);
}

char *
model_readings(const struct model *model, const struct model_question *q)
{
    struct model_rows *rows = calloc(1, sizeof *rows);
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
    struct model_rows *rows = calloc(1, sizeof *rows);
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

/* Since: told or not at each moment */

/* The number of the event that is current, behind 0; 0: the caller is told nothing of it at that moment, as
 * definitions are now. */
static size_t
told_at(const struct model *model, const struct model_question *q, const struct bb_reading_key *key,
        uint64_t sequence)
{
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    enum bb_review_state state = model_review(model, &unit, sequence);
    size_t current = 0;

    if (q->caller->role != BB__ROLE__ROLE_STAFF && key->organization != q->own &&
        (!model_may_see(model, q, key->organization) ||
         (model_rules(model, key->indicator, q->sequence)->publish_approved && state != BB_REVIEW_APPROVED &&
          state != BB_REVIEW_LOCKED)))
        return 0;
    for (size_t i = 0; i < model->n; i++)
        if (model->event[i].sequence <= sequence && model_same_key(&model->event[i].row.key, key))
            current = model->event[i].row.reading.flags & BB_ROW_WITHDRAWN ? 0 : i + 1;
    return current;
}

/* The row that tells of a change of this reading, if there was one. */
static bool
tell_change(const struct model *model, const struct model_question *q, uint64_t since, struct test_row *row)
{
    size_t before = told_at(model, q, &row->key, since), now = before;
    bool changed = false;

    for (uint64_t at = since + 1; at <= q->sequence; at++) {
        now = told_at(model, q, &row->key, at);
        changed |= now != before;
        before = now;
    }
    if (now)
        row->reading = model->event[now - 1].row.reading;
    else if (q->caller->role != BB__ROLE__ROLE_STAFF && row->key.organization != q->own)
        row->reading = (struct bb_reading){.flags = BB_ROW_WITHDRAWN};
    return changed;
}

/* What was current last of each reading, in the order of the first. */
static size_t
last_of_each(const struct model *model, uint64_t sequence, struct test_row *rows)
{
    size_t n = 0;

    for (size_t i = 0; i < model->n && model->event[i].sequence <= sequence; i++) {
        size_t at = 0;
        while (at < n && !model_same_key(&rows[at].key, &model->event[i].row.key))
            at++;
        rows[at] = model->event[i].row;
        n += at == n;
        assert_true(n < MODEL_ROWS);
    }
    return n;
}

char *
model_since(const struct model *model, const struct model_question *q, uint64_t since)
{
    bool narrow = q->caller->role == BB__ROLE__ROLE_PARTNER && !q->indicator && !q->organization;
    struct test_row *rows = calloc(MODEL_ROWS, sizeof *rows);
    size_t n = last_of_each(model, q->sequence, rows);
    struct model_rows *told = calloc(1, sizeof *told);
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    for (size_t i = 0; i < n; i++)
        if (is_asked_for(q, &rows[i].key) && tell_change(model, q, since, &rows[i]))
            told->row[told->n++] = &rows[i];
    qsort(told->row, told->n, sizeof told->row[0], narrow ? compare_by_organization : model_compare_rows);
    for (size_t i = 0; i < told->n; i++)
        print_row(to, model, told->row[i], q->sequence);
    fclose(to);
    free(told);
    free(rows);
    return text;
}

/* Histories */

/* The sequence of the revision from which on the caller may read; UINT64_MAX: none. */
static uint64_t
first_to_read(const struct model *model, const struct bb_reading_key *key, const struct model_question *q)
{
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    const struct model_review *review = model_last_review(model, &unit, q->sequence);
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
