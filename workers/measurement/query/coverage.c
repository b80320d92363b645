/* The memo is a table by id, which are small numbers without gaps. When it is full, what was asked for the
 * longest time ago is forgotten; whoever still has it drops it later. */
#include "coverage.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct bb_coverage {
    pthread_mutex_t lock;
    struct bb_covered **of; /* by id of an indicator; NULL: nothing is known */
    uint32_t n;
    size_t bytes, most;
    uint64_t asked; /* counts */
};

/* What is known of one indicator */

struct bb_covered *
bb_covered_new(uint32_t indicator)
{
    struct bb_covered *covered = calloc(1, sizeof *covered);

    if (covered)
        covered->indicator = indicator;
    return covered;
}

void
bb_covered_free(struct bb_covered *covered)
{
    if (!covered)
        return;
    free(covered->duty);
    free(covered->epoch);
    free(covered->fact);
    free(covered);
}

/* False: no memory. */
static bool
copy_array(void *to, const void *from, uint32_t n, size_t size)
{
    void *copy = malloc(n ? n * size : 1);

    if (copy && n)
        memcpy(copy, from, n * size);
    memcpy(to, &copy, sizeof copy);
    return copy;
}

struct bb_covered *
bb_covered_copy(const struct bb_covered *covered, bool facts)
{
    struct bb_covered *copy = malloc(sizeof *copy);

    if (!copy)
        return NULL;
    *copy = *covered;
    copy->references = 0;
    copy->n_facts = copy->facts_size = facts ? covered->n_facts : 0;
    copy->duty = NULL;
    copy->epoch = NULL;
    copy->fact = NULL;
    if (!copy_array(&copy->duty, covered->duty, covered->n_duties, sizeof *covered->duty) ||
        !copy_array(&copy->epoch, covered->epoch, covered->n_epochs, sizeof *covered->epoch) ||
        !copy_array(&copy->fact, covered->fact, copy->n_facts, sizeof *covered->fact)) {
        bb_covered_free(copy);
        return NULL;
    }
    return copy;
}

static bool
same_duties(const struct bb_covered *a, const struct bb_covered *b)
{
    for (uint32_t i = 0; i < a->n_duties; i++)
        if (a->duty[i].organization != b->duty[i].organization ||
            a->duty[i].from_day != b->duty[i].from_day || a->duty[i].end_day != b->duty[i].end_day)
            return false;
    return true;
}

static bool
same_epochs(const struct bb_covered *a, const struct bb_covered *b)
{
    for (uint32_t i = 0; i < a->n_epochs; i++)
        if (a->epoch[i].sequence != b->epoch[i].sequence)
            return false;
    return true;
}

bool
bb_covered_agree(const struct bb_covered *a, const struct bb_covered *b)
{
    return a->frequency == b->frequency && a->retired_day == b->retired_day && a->n_duties == b->n_duties &&
           a->n_epochs == b->n_epochs && same_duties(a, b) && same_epochs(a, b);
}

/* In the order of keys. */
static int
compare(struct bb_period a, struct bb_period b)
{
    if (a.day != b.day)
        return a.day < b.day ? -1 : 1;
    if (a.type != b.type)
        return a.type < b.type ? -1 : 1;
    return (a.years > b.years) - (a.years < b.years);
}

uint32_t
bb_covered_find(const struct bb_covered *covered, struct bb_period period, uint32_t hint, bool *ret_found)
{
    uint32_t low = 0, high = covered->n_facts;

    if (hint < high && bb_period_same(covered->fact[hint].period, period)) {
        *ret_found = true;
        return hint;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(covered->fact[middle].period, period) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = low < covered->n_facts && bb_period_same(covered->fact[low].period, period);
    return low;
}

int
bb_covered_insert(struct bb_covered *covered, uint32_t at, const struct bb_covered_fact *fact)
{
    if (covered->n_facts == BB_COVERED_FACTS)
        return 0;
    if (covered->n_facts == covered->facts_size) {
        uint32_t size = covered->facts_size + covered->facts_size / 2 + 16;
        struct bb_covered_fact *grown = realloc(covered->fact, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        covered->fact = grown;
        covered->facts_size = size;
    }
    memmove(&covered->fact[at + 1], &covered->fact[at], (covered->n_facts - at) * sizeof *fact);
    covered->fact[at] = *fact;
    covered->n_facts++;
    return 0;
}

bool
bb_covered_duty_is_expected(const struct bb_covered *covered, const struct bb_covered_duty *duty,
                            struct bb_period period, uint32_t last_day)
{
    return period.type == covered->frequency && period.day < covered->retired_day &&
           last_day >= duty->from_day && last_day < duty->end_day;
}

uint32_t
bb_covered_expected(const struct bb_covered *covered, struct bb_period period)
{
    uint32_t last_day = bb_period_end(period) - 1, n = 0;

    for (uint32_t i = 0; i < covered->n_duties; i++)
        n += bb_covered_duty_is_expected(covered, &covered->duty[i], period, last_day);
    return n;
}

/* The memo */

int
bb_coverage_new(size_t bytes, struct bb_coverage **ret_coverage)
{
    struct bb_coverage *coverage = calloc(1, sizeof *coverage);

    if (!coverage)
        return -ENOMEM;
    coverage->most = bytes;
    if (pthread_mutex_init(&coverage->lock, NULL) != 0) {
        free(coverage);
        return -ENOMEM;
    }
    *ret_coverage = coverage;
    return 0;
}

void
bb_coverage_destroy(struct bb_coverage **coverage)
{
    struct bb_coverage *c = *coverage;

    if (!c)
        return;
    for (uint32_t i = 0; i < c->n; i++)
        bb_covered_free(c->of[i]);
    free(c->of);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *coverage = NULL;
}

static size_t
bytes_of(const struct bb_covered *covered)
{
    return sizeof *covered + covered->n_duties * sizeof *covered->duty +
           covered->n_epochs * sizeof *covered->epoch + covered->facts_size * sizeof *covered->fact;
}

/* Under the lock: one reference less. */
static void
let_go(struct bb_covered *covered)
{
    if (--covered->references == 0)
        bb_covered_free(covered);
}

static void
forget(struct bb_coverage *c, uint32_t indicator)
{
    if (!c->of[indicator])
        return;
    c->bytes -= bytes_of(c->of[indicator]);
    let_go(c->of[indicator]);
    c->of[indicator] = NULL;
}

static void
forget_oldest(struct bb_coverage *c)
{
    uint32_t oldest = UINT32_MAX;

    for (uint32_t i = 0; i < c->n; i++)
        if (c->of[i] && (oldest == UINT32_MAX || c->of[i]->used < c->of[oldest]->used))
            oldest = i;
    forget(c, oldest);
}

const struct bb_covered *
bb_coverage_take(struct bb_coverage *coverage, uint32_t indicator)
{
    struct bb_covered *covered = NULL;

    pthread_mutex_lock(&coverage->lock);
    if (indicator < coverage->n)
        covered = coverage->of[indicator];
    if (covered) {
        covered->references++;
        covered->used = ++coverage->asked;
    }
    pthread_mutex_unlock(&coverage->lock);
    return covered;
}

void
bb_coverage_drop(struct bb_coverage *coverage, const struct bb_covered **covered)
{
    struct bb_covered *own = (struct bb_covered *)(uintptr_t)*covered;

    if (!own)
        return;
    pthread_mutex_lock(&coverage->lock);
    let_go(own);
    pthread_mutex_unlock(&coverage->lock);
    *covered = NULL;
}

static bool
make_room(struct bb_coverage *c, uint32_t indicator)
{
    uint32_t n = indicator + 64;
    struct bb_covered **grown;

    if (indicator < c->n)
        return true;
    grown = realloc(c->of, n * sizeof(*grown));
    if (!grown)
        return false;
    memset(grown + c->n, 0, (n - c->n) * sizeof(*grown));
    c->of = grown;
    c->n = n;
    return true;
}

void
bb_coverage_keep(struct bb_coverage *coverage, struct bb_covered **covered)
{
    struct bb_coverage *c = coverage;
    struct bb_covered *own = *covered;
    uint32_t indicator = own->indicator;
    size_t bytes = bytes_of(own);
    bool kept;

    pthread_mutex_lock(&c->lock);
    kept = bytes <= c->most && make_room(c, indicator) &&
           (!c->of[indicator] || c->of[indicator]->sequence <= own->sequence);
    if (kept) {
        forget(c, indicator);
        while (c->bytes + bytes > c->most)
            forget_oldest(c);
        own->references = 1;
        own->used = ++c->asked;
        c->of[indicator] = own;
        c->bytes += bytes;
    }
    pthread_mutex_unlock(&c->lock);
    if (!kept)
        bb_covered_free(own);
    *covered = NULL;
}
