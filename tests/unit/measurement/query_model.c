#include "query_model_core.h"

#include "tests/unit/check.h"

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

const struct model_review *
model_last_review(const struct model *model, const struct bb_review_unit *unit, uint64_t sequence)
{
    const struct model_review *found = NULL;

    for (size_t i = 0; i < model->n_reviews; i++) {
        const struct model_review *review = &model->review[i];
        if (review->sequence <= sequence && review->unit.organization == unit->organization &&
            review->unit.indicator == unit->indicator && bb_period_same(review->unit.period, unit->period))
            found = review;
    }
    return found;
}

enum bb_review_state
model_review(const struct model *model, const struct bb_review_unit *unit, uint64_t sequence)
{
    const struct model_review *review = model_last_review(model, unit, sequence);

    return review ? review->state : BB_REVIEW_DRAFT;
}

bool
model_is_published(const struct model *model, const struct bb_reading_key *key, uint64_t sequence)
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

void
model_as_of(const struct model *model, uint64_t sequence, struct model_rows *ret_rows)
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
        assert_true(ret_rows->n < MODEL_ROWS);
    }
    for (size_t i = 0; i < ret_rows->n;)
        if (is_withdrawn(ret_rows->row[i]))
            ret_rows->row[i] = ret_rows->row[--ret_rows->n];
        else
            i++;
}

bool
model_is_ok(const struct test_row *row)
{
    return BB_ROW_STATE(row->reading.flags) == BB_STATE_OK;
}

bool
model_has_parts(const struct test_row *row)
{
    return (row->reading.flags & BB_ROW_NUMERATOR) && (row->reading.flags & BB_ROW_DENOMINATOR);
}

bool
model_in_range(const struct model_question *q, struct bb_period period)
{
    if (q->from && period.day < test_period(q->from).day)
        return false;
    return !q->to || bb_period_end(period) <= bb_period_end(test_period(q->to));
}

bool
model_place_fits(const struct model_question *q, uint32_t place)
{
    if (q->any_place)
        return true;
    for (size_t i = 0; i < q->n_places; i++)
        if (q->place[i] == place)
            return true;
    return false;
}

int
model_compare_rows(const void *a_pointer, const void *b_pointer)
{
    const struct test_row *a = *(const struct test_row *const *)a_pointer,
                          *b = *(const struct test_row *const *)b_pointer;
    uint8_t x[BB_READING_KEY], y[BB_READING_KEY];
    size_t n = bb_reading_key_pack(&a->key, x, NULL), m = bb_reading_key_pack(&b->key, y, NULL);
    int c = memcmp(x, y, n < m ? n : m);

    return c ? c : (n > m) - (n < m);
}

bool
model_may_see(const struct model *model, const struct model_question *q, uint32_t organization)
{
    if (q->caller->role == BB__ROLE__ROLE_STAFF)
        return true;
    return q->caller->role == BB__ROLE__ROLE_PARTNER &&
           (organization == q->own || model->shares[organization]);
}
