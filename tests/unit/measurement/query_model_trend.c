/* Which readings count for a point, and who may know what they amount to. */
#include "query_model_core.h"

#include <stdio.h>
#include <stdlib.h>

/* Choosing */

static bool
any_ok(const struct model_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        if (model_is_ok(rows->row[i]))
            return true;
    return false;
}

static void
append(struct model_rows *to, const struct model_rows *from)
{
    for (size_t i = 0; i < from->n; i++)
        to->row[to->n++] = from->row[i];
}

/* -1: any. */
static void
filter(const struct model_rows *rows, int organization, int place, int disaggregation, struct model_rows *ret)
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
of_place(const struct model *model, const struct model_question *q, const struct model_rows *rows,
         uint32_t place, struct model_rows *ret)
{
    struct model_rows *here = calloc(1, sizeof *here), *code = calloc(1, sizeof *code);
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
choose_of(const struct model *model, const struct model_question *q, const struct model_rows *own,
          struct model_rows *ret)
{
    struct model_rows *place = calloc(1, sizeof *place);
    bool sound = true;

    for (uint32_t p = 0; sound && p <= model->n_places; p++) {
        if (!model_place_fits(q, p) || (q->any_place && model->aggregate[p]))
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
choose(const struct model *model, const struct model_question *q, const struct model_rows *rows,
       struct model_rows *ret)
{
    struct model_rows *own = calloc(1, sizeof *own);
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
            const char *group, const struct model_rows *chosen)
{
    struct model_figure f;
    bool withheld = false;

    model_figure(model_rules(model, q->indicator, q->sequence), chosen, &f);
    if (f.only && !model_may_see(model, q, f.only)) {
        f.value[0] = f.numerator[0] = f.denominator[0] = '\0';
        withheld = true;
    } else if (f.parts_only && !model_may_see(model, q, f.parts_only)) {
        f.numerator[0] = f.denominator[0] = '\0';
        withheld = true;
    }
    fprintf(to, "%s|%s|%s|%s|%s|%u|%u|%u%s\n", period, group, *f.value ? f.value : "-",
            *f.numerator ? f.numerator : "-", *f.denominator ? f.denominator : "-", f.organizations,
            f.readings, f.without_parts, withheld ? "|withheld" : "");
}

static void
print_organizations(FILE *to, const struct model *model, const struct model_question *q, const char *period,
                    const struct model_rows *chosen)
{
    struct model_rows *own = calloc(1, sizeof *own);

    for (uint32_t o = 1; o <= model->n_organizations; o++) {
        struct model_figure f;
        own->n = 0;
        for (size_t i = 0; i < chosen->n; i++)
            if (chosen->row[i]->key.organization == o)
                own->row[own->n++] = chosen->row[i];
        if (own->n == 0)
            continue;
        model_figure(model_rules(model, q->indicator, q->sequence), own, &f);
        if (model_may_see(model, q, o))
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
             const struct model_rows *rows)
{
    bool by_place = strcmp(q->by, "place") == 0;
    uint32_t n = by_place ? model->n_places : model->n_disaggregations;
    struct model_rows *group = calloc(1, sizeof *group), *chosen = calloc(1, sizeof *chosen);
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
             const struct model_rows *rows)
{
    struct model_rows *chosen;
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
    struct model_rows *all = calloc(1, sizeof *all), *rows = calloc(1, sizeof *rows);
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    bool sound = true;

    model_as_of(model, q->sequence, all);
    for (size_t p = 0; sound && p < model->n_periods; p++) {
        struct bb_period period = test_period(model->period[p]);
        rows->n = 0;
        for (size_t i = 0; i < all->n; i++) {
            const struct bb_reading_key *key = &all->row[i]->key;
            if (key->indicator == q->indicator && bb_period_same(key->period, period) &&
                model_in_range(q, period) && model_place_fits(q, key->place) &&
                (q->any_disaggregation || key->disaggregation == q->disaggregation) &&
                model_is_published(model, key, q->sequence))
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
