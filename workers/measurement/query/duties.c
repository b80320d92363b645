/* Of what an organization said of an indicator the last that counts; the index of adoptions has them one
 * behind the other. */
#include "duties.h"

#include "limit.h"

#include "workers/measurement/store/adoption.h"

#include <errno.h>
#include <stdlib.h>

static int
add_duty(struct bb_duties *duties, const struct bb_duty *duty)
{
    if (duties->n == duties->size) {
        size_t size = duties->size ? duties->size * 2 : 256;
        struct bb_duty *grown = realloc(duties->duty, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        duties->duty = grown;
        duties->size = size;
    }
    duties->duty[duties->n++] = *duty;
    duties->types[duty->type] = true;
    return 0;
}

static uint32_t
later(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The days of which nothing but the earlier end counts; 0: it has none. */
static uint32_t
earlier_end(uint32_t end, uint32_t other)
{
    return other && other < end ? other : end;
}

/* An adoption as a duty, if it is one. */
static int
take_adoption(struct bb_duties *duties, struct bb_query *query, struct bb_query_step *step,
              const struct bb_adoption *adoption)
{
    struct bb_term *indicator, *organization;
    struct bb_duty duty = {.organization = adoption->organization, .indicator = adoption->indicator};
    int r = bb_terms_indicator(&query->terms, &step->snapshot, duty.indicator, &indicator);

    if (r == 0)
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, duty.organization,
                         &organization);
    if (r != 0)
        return r;
    if (indicator->rules->computed || indicator->rules->frequency == 0 ||
        indicator->rules->frequency == BB_PERIOD_SPAN)
        return 0;
    duty.type = (uint8_t)indicator->rules->frequency;
    duty.retired_day = indicator->rules->retired_day ? indicator->rules->retired_day : UINT32_MAX;
    duty.due_days = indicator->rules->has_due_days ? indicator->rules->due_days : UINT32_MAX;
    duty.from_day = later(adoption->from_day, organization->joined_day);
    duty.end_day = earlier_end(earlier_end(BB_PERIOD_NO_END, adoption->until_day), organization->left_day);
    return add_duty(duties, &duty);
}

static bool
is_wanted(const struct bb_duties *duties, const struct bb_query *query, struct bb_bytes key)
{
    return (!duties->limited || bb_query_takes_part(query, bb_get_u32(key.data))) &&
           (duties->indicator == 0 || duties->indicator == bb_get_u32(key.data)) &&
           (duties->organization == 0 || duties->organization == bb_get_u32(key.data + 4));
}

static int
by_organization(const void *a, const void *b)
{
    const struct bb_duty *x = a, *y = b;

    if (x->organization != y->organization)
        return x->organization < y->organization ? -1 : 1;
    return x->indicator < y->indicator ? -1 : x->indicator > y->indicator;
}

int
bb_duties_read(struct bb_duties *duties, struct bb_query *query, struct bb_query_step *step)
{
    uint8_t first[BB_ADOPTION_KEY];
    struct bb_bytes key, payload;
    struct bb_adoption last = {0}, next;
    int r;

    bb_adoption_key(duties->indicator, 0, 0, first);
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_ADOPTION, bb_bytes(first, sizeof first), &key, &payload);
    while (r == 0 && (duties->indicator == 0 || duties->indicator == bb_get_u32(key.data))) {
        if (bb_adoption_unpack(key, payload, &next) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_ADOPTION, key);
        if (last.indicator && (next.indicator != last.indicator || next.organization != last.organization)) {
            r = take_adoption(duties, query, step, &last);
            last.indicator = 0;
        }
        if (r == 0 && is_wanted(duties, query, key) && bb_adoption_sequence(key) <= query->sequence)
            last = next;
        if (r == 0)
            r = bb_snapshot_move(&step->snapshot, BB_VIEW_ADOPTION, MDB_NEXT, &key, &payload);
    }
    if (r >= 0 && last.indicator)
        r = take_adoption(duties, query, step, &last);
    if (r >= 0 && duties->n)
        qsort(duties->duty, duties->n, sizeof *duties->duty, by_organization);
    return r > 0 ? 0 : r;
}

void
bb_duties_release(struct bb_duties *duties)
{
    free(duties->duty);
}

size_t
bb_duties_find(const struct bb_duties *duties, uint32_t organization, uint32_t indicator)
{
    const struct bb_duty sought = {.organization = organization, .indicator = indicator};
    size_t low = 0, high = duties->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_organization(&duties->duty[middle], &sought) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
bb_duty_is_expected(const struct bb_duty *duty, struct bb_period period, uint32_t last_day)
{
    return duty->type == period.type && last_day >= duty->from_day && last_day < duty->end_day &&
           period.day < duty->retired_day;
}
