#include "suppress_random.h"

#include <string.h>

static uint64_t seed;

void
model_seed(uint64_t number)
{
    seed = number;
}

uint32_t
model_below(uint32_t n)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(seed >> 33) % n;
}

static struct bb_decimal
random_count(const struct model_kind *kind)
{
    static const uint32_t large[] = {1, 1, 4, 20};

    if (model_below(5) == 0)
        return (struct bb_decimal){0, 0};
    return (struct bb_decimal){1 + model_below((uint32_t)kind->largest * large[model_below(4)]), 0};
}

void
model_add_reading(struct model *model, uint32_t organization, uint32_t place, uint32_t disaggregation,
                  struct bb_decimal value, struct bb_decimal other)
{
    model->reading[model->n++] = (struct bb_suppress_reading){.organization = organization,
                                                              .place = place,
                                                              .disaggregation = disaggregation,
                                                              .aggregate = model->tree->aggregate[place],
                                                              .count = {value, other}};
}

/* The total of what this organization has in a place by dimension a, when there is none. */
static void
add_total(struct model *model, uint32_t organization, uint32_t place)
{
    struct bb_decimal sum[2] = {{0, 0}, {0, 0}};
    bool any = false;

    for (size_t i = 0; i < model->n; i++) {
        const struct bb_suppress_reading *r = &model->reading[i];
        if (r->organization != organization || r->place != place)
            continue;
        if (r->disaggregation == 0)
            return;
        if (r->disaggregation > 3)
            continue;
        any = true;
        for (unsigned c = 0; c < 2; c++)
            sum[c].mantissa += r->count[c].mantissa;
    }
    if (any)
        model_add_reading(model, organization, place, 0, sum[0], sum[1]);
}

/* At the empty place what the same organization has in the others. */
static void
add_whole(struct model *model, uint32_t organization, uint32_t disaggregation)
{
    struct bb_decimal sum[2] = {{0, 0}, {0, 0}};
    bool any = false;

    for (size_t i = 0; i < model->n; i++) {
        const struct bb_suppress_reading *r = &model->reading[i];
        if (r->organization != organization || r->disaggregation != disaggregation)
            continue;
        if (r->place == 0)
            return;
        any |= !r->aggregate;
        for (unsigned c = 0; c < 2 && !r->aggregate; c++)
            sum[c].mantissa += r->count[c].mantissa;
    }
    if (any)
        model_add_reading(model, organization, 0, disaggregation, sum[0], sum[1]);
}

/* At an aggregate what the same organization has in the places that lie in it, and are no aggregates. */
static void
add_region(struct model *model, uint32_t organization, uint32_t place, uint32_t disaggregation)
{
    struct bb_decimal sum[2] = {{0, 0}, {0, 0}};
    bool any = false;

    for (size_t i = 0; i < model->n; i++) {
        const struct bb_suppress_reading *r = &model->reading[i];
        uint32_t above = r->place;
        if (r->organization != organization || r->disaggregation != disaggregation)
            continue;
        if (r->place == place)
            return;
        while (above && above != place)
            above = model->tree->above[above];
        if (above == 0 || r->aggregate)
            continue;
        any = true;
        for (unsigned c = 0; c < 2; c++)
            sum[c].mantissa += r->count[c].mantissa;
    }
    if (any)
        model_add_reading(model, organization, place, disaggregation, sum[0], sum[1]);
}

/* Some cells of an organization, aggregates seldom: those it mostly adds up. */
static void
fill(const struct model_kind *kind, struct model *model, uint32_t o)
{
    const bool *aggregate = model->tree->aggregate;

    for (uint32_t p = model_below(4) ? 1 : 0; p < kind->places; p++)
        for (uint32_t d = model_below(3) ? 1 : 0; d < kind->disaggregations; d++)
            if (model_below(kind->tree && aggregate[p] ? 100 : 10) < (uint32_t)kind->reported)
                model_add_reading(model, o, p, d, random_count(kind), random_count(kind));
    for (uint32_t p = 1; kind->tree && p < kind->places; p++)
        for (uint32_t d = 0; aggregate[p] && d < kind->disaggregations; d++)
            if (model_below(10) < 7)
                add_region(model, o, p, d);
}

/* For a place what all others have in the places that lie in it, and are no aggregates. */
static void
compile(struct model *model, uint32_t organization, uint32_t place, uint32_t disaggregation)
{
    const size_t n = model->n;
    struct bb_decimal sum[2] = {{0, 0}, {0, 0}};
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        const struct bb_suppress_reading *r = &model->reading[i];
        uint32_t above = r->place ? model->tree->above[r->place] : place;
        while (above && above != place)
            above = model->tree->above[above];
        if (r->place == 0 || r->aggregate || above != place || r->disaggregation != disaggregation)
            continue;
        any = true;
        for (unsigned c = 0; c < 2; c++)
            sum[c].mantissa += r->count[c].mantissa;
    }
    if (any)
        model_add_reading(model, organization, place, disaggregation, sum[0], sum[1]);
}

void
model_random(const struct model_kind *kind, struct model *model)
{
    memset(model, 0, sizeof *model);
    model->threshold = 2 + model_below(4);
    model->n_counts = kind->n_counts;
    model->tree = &model_trees[kind->tree];
    for (uint32_t o = 1; o <= kind->organizations - kind->compiled; o++) {
        fill(kind, model, o);
        for (uint32_t p = 0; kind->totals && p < kind->places; p++)
            if (model_below(2))
                add_total(model, o, p);
        for (uint32_t d = 0; kind->totals && d < kind->disaggregations; d++)
            if (model_below(3) == 0)
                add_whole(model, o, d);
    }
    for (uint32_t p = 0; kind->compiled && p < kind->places; p++)
        for (uint32_t d = 0; d < kind->disaggregations; d++)
            if (kind->tree ? model->tree->aggregate[p] : p == 0)
                compile(model, kind->organizations, p, d);
    model_find_figures(model);
}

const struct model_kind model_kinds[MODEL_KINDS] = {
    {2, 4, 4, 5, 1, false, 8, 0, false},  /* two organizations, one dimension */
    {3, 4, 3, 5, 1, false, 6, 0, false},  /* three, each anywhere */
    {3, 4, 4, 3, 1, true, 5, 0, false},   /* with totals of their own */
    {4, 2, 4, 4, 1, false, 7, 0, false},  /* one place */
    {2, 5, 6, 6, 1, true, 5, 0, false},   /* two dimensions, an aggregate place */
    {2, 3, 10, 4, 1, true, 6, 0, false},  /* cross tabulations */
    {3, 4, 3, 5, 2, true, 6, 0, false},   /* ratios */
    {3, 5, 4, 40, 1, false, 3, 0, false}, /* sparse, few small ones */
    {2, 5, 2, 5, 1, false, 8, 1, false},  /* places in an aggregate */
    {2, 6, 3, 5, 1, true, 6, 2, false},   /* in one that lies in another */
    {2, 7, 3, 4, 1, true, 7, 3, false},   /* in two that make up a third */
    {3, 5, 3, 5, 2, false, 7, 4, false},  /* ratios, and a place in one that is no aggregate */
    {3, 4, 2, 5, 1, false, 8, 0, true},   /* one adds up what all others report */
    {3, 6, 2, 5, 1, false, 8, 2, true},   /* for each aggregate */
};
