#include "suppress_model.h"

#include "tests/unit/check.h"

#include <string.h>

const struct bb_suppress_disaggregation model_disaggregations[MODEL_DISAGGREGATIONS] = {
    {0, {(const uint8_t *)"", 0}},        {1, {(const uint8_t *)"a=1", 3}},
    {2, {(const uint8_t *)"a=2", 3}},     {3, {(const uint8_t *)"a=3", 3}},
    {4, {(const uint8_t *)"b=1", 3}},     {5, {(const uint8_t *)"b=2", 3}},
    {6, {(const uint8_t *)"a=1;b=1", 7}}, {7, {(const uint8_t *)"a=1;b=2", 7}},
    {8, {(const uint8_t *)"a=2;b=1", 7}}, {9, {(const uint8_t *)"a=2;b=2", 7}},
};
const int model_code_a[MODEL_DISAGGREGATIONS] = {0, 1, 2, 3, 0, 0, 1, 1, 2, 2};
const int model_code_b[MODEL_DISAGGREGATIONS] = {0, 0, 0, 0, 1, 2, 1, 2, 1, 2};

const struct model_tree model_trees[MODEL_TREES] = {
    {{[4] = true}, {0}},                                              /* nobody said what is in it */
    {{[4] = true}, {[1] = 4, [2] = 4}},                               /* some places lie in it */
    {{[4] = true, [5] = true}, {[1] = 4, [2] = 4, [3] = 5, [4] = 5}}, /* two deep */
    {{[4] = true, [5] = true, [6] = true}, {[1] = 4, [2] = 4, [3] = 5, [4] = 6, [5] = 6}},
    {{[4] = true}, {[1] = 2, [2] = 4}}, /* in one that is no aggregate, and counts beside it */
};

int
model_dimensions(uint32_t disaggregation)
{
    return (model_code_a[disaggregation] > 0) + 2 * (model_code_b[disaggregation] > 0);
}

int64_t
model_count(const struct model *model, size_t reading, unsigned count)
{
    return (int64_t)model->reading[reading].count[count].mantissa;
}

int64_t
model_sum(const struct model *model, const struct model_figure *figure, unsigned count)
{
    int64_t sum = 0;

    for (size_t i = 0; i < model->n; i++)
        sum += figure->part[i] ? model_count(model, i, count) : 0;
    return sum;
}

/* Figures */

static bool
reports(const struct model *model, uint32_t organization, uint32_t place, uint32_t disaggregation)
{
    for (size_t i = 0; i < model->n; i++)
        if (model->reading[i].organization == organization && model->reading[i].place == place &&
            (disaggregation == BB_SUPPRESS_OPEN || model->reading[i].disaggregation == disaggregation))
            return true;
    return false;
}

/* Is the reading a part of the figure, were it its organization's? */
static bool
is_part(const struct model *model, size_t reading, uint32_t place, uint32_t disaggregation)
{
    const struct bb_suppress_reading *r = &model->reading[reading];

    if (place != BB_SUPPRESS_OPEN && r->place != place)
        return false;
    if (disaggregation != BB_SUPPRESS_OPEN && r->disaggregation != disaggregation)
        return false;
    if (place == BB_SUPPRESS_OPEN && r->place != 0 &&
        (r->aggregate || reports(model, r->organization, 0, disaggregation)))
        return false;
    return disaggregation != BB_SUPPRESS_OPEN || r->disaggregation == 0 ||
           !reports(model, r->organization, r->place, 0);
}

/* Parts of one organization in one place by several dimensions. */
static bool
is_ambiguous(const struct model *model, const struct model_figure *figure)
{
    for (size_t i = 0; i < model->n; i++)
        for (size_t j = 0; j < i; j++)
            if (figure->key.disaggregation == BB_SUPPRESS_OPEN && figure->part[i] && figure->part[j] &&
                model->reading[i].organization == model->reading[j].organization &&
                model->reading[i].place == model->reading[j].place &&
                model_dimensions(model->reading[i].disaggregation) !=
                    model_dimensions(model->reading[j].disaggregation))
                return true;
    return false;
}

static void
add_figure(struct model *model, struct bb_suppress_figure key)
{
    struct model_figure *figure = &model->figure[model->n_figures];
    bool any = false;

    *figure = (struct model_figure){.key = key, .alone = true};
    for (size_t i = 0; i < model->n; i++) {
        uint32_t organization = model->reading[i].organization;
        if ((key.organization != BB_SUPPRESS_ALL && organization != key.organization) ||
            !is_part(model, i, key.place, key.disaggregation))
            continue;
        figure->part[i] = true;
        figure->alone &= !any || figure->whose == organization;
        figure->whose = organization;
        any = true;
    }
    model->n_figures += any && !is_ambiguous(model, figure);
}

void
model_find_figures(struct model *model)
{
    model->n_figures = 0;
    for (uint32_t p = 0; p <= MODEL_PLACES; p++)
        for (uint32_t d = 0; d <= MODEL_DISAGGREGATIONS; d++)
            for (uint32_t o = 1; o <= MODEL_ORGANIZATIONS + 1; o++)
                add_figure(model,
                           (struct bb_suppress_figure){p < MODEL_PLACES ? p : BB_SUPPRESS_OPEN,
                                                       d < MODEL_DISAGGREGATIONS ? d : BB_SUPPRESS_OPEN,
                                                       o <= MODEL_ORGANIZATIONS ? o : BB_SUPPRESS_ALL});
}

bool
model_is_small(const struct model *model, const struct model_figure *figure)
{
    for (unsigned c = 0; c < model->n_counts; c++)
        for (uint32_t o = MODEL_OUTSIDER; o <= MODEL_ORGANIZATIONS; o++) {
            int64_t rest = 0;
            for (size_t i = 0; i < model->n; i++)
                if (figure->part[i] && model->reading[i].organization != o)
                    rest += model_count(model, i, c);
            if (rest > 0 && rest < model->threshold)
                return true;
        }
    return false;
}

struct bb_suppressed
model_suppress(const struct model *model, bool without_places)
{
    struct bb_suppress_place places[MODEL_PLACES];
    struct bb_suppress_table table = {
        .place = places,
        .reading = model->reading,
        .n_readings = model->n,
        .disaggregation = model_disaggregations,
        .n_disaggregations = MODEL_DISAGGREGATIONS,
        .threshold = {model->threshold, 0},
        .n_counts = model->n_counts,
    };
    struct bb_suppressed suppressed;

    for (uint32_t p = 1; p < MODEL_PLACES && !without_places; p++)
        if (model->tree->above[p])
            places[table.n_places++] = (struct bb_suppress_place){p, model->tree->above[p]};
    check_int(bb_suppress(&table, (size_t)64 << 20, &suppressed), 0, "suppress");
    return suppressed;
}

bool
model_is_shown(const struct model *model, const bool *hidden, size_t number, uint32_t organization)
{
    const struct model_figure *figure = &model->figure[number];

    if (figure->alone && figure->whose == organization)
        return true;
    return !hidden[number] && !figure->alone;
}

bool
model_concerns(const struct model *model, size_t figure, unsigned count, uint32_t organization)
{
    for (size_t i = 0; i < model->n; i++)
        if (model->figure[figure].part[i] && model->reading[i].organization != organization &&
            model_count(model, i, count) != 0)
            return true;
    return false;
}
