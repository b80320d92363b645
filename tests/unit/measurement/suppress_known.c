#include "suppress_known.h"

#include "tests/unit/check.h"

#include <string.h>

int8_t *
knowledge_row(struct knowledge *knowledge)
{
    assert_true(knowledge->n < MODEL_ROWS);
    memset(knowledge->row[knowledge->n], 0, sizeof knowledge->row[0]);
    return knowledge->row[knowledge->n++];
}

#define ANYBODY 0

/* One way to report a number of one organization: in some places, by some dimensions, of those cells that
 * have these codes (0: any). */
struct view {
    uint32_t organization; /* or ANYBODY: what each of them reports so */
    enum {
        IN_PLACE,
        TOGETHER, /* all places but the empty one and aggregates */
        UPPER,    /* what lies in the place, but not in another one that is reported so, and lies in it */
        LOWER,    /* what lies in it: aggregates only where nothing is reported so that lies in them */
    } of;
    uint32_t place;
    int by, a, b;
    bool in[MODEL_READINGS]; /* of these places and dimensions */
};

static bool
lies_in(const struct model *model, uint32_t place, uint32_t in)
{
    if (in == 0)
        return place != 0;
    while (place != 0 && model->tree->above[place] != in)
        place = model->tree->above[place];
    return place != 0;
}

/* Does it report something by these dimensions between the two: in the one, while the other lies in it? */
static bool
reports_between(const struct model *model, const struct view *view, uint32_t in, uint32_t above)
{
    for (size_t i = 0; i < model->n; i++) {
        const struct bb_suppress_reading *r = &model->reading[i];
        if (r->organization == view->organization && model_dimensions(r->disaggregation) == view->by &&
            lies_in(model, r->place, in) && (above == 0 || lies_in(model, above, r->place)))
            return true;
    }
    return false;
}

static bool
in_places(const struct model *model, const struct bb_suppress_reading *r, const struct view *view)
{
    switch (view->of) {
    case IN_PLACE:
        return r->place == view->place;
    case TOGETHER:
        return r->place != 0 && !r->aggregate;
    case UPPER:
        return lies_in(model, r->place, view->place) && !reports_between(model, view, view->place, r->place);
    case LOWER:
        return lies_in(model, r->place, view->place) &&
               (!r->aggregate || !reports_between(model, view, r->place, 0));
    }
    return false;
}

/* Is there anything in it? */
static bool
find_view(const struct model *model, struct view *view)
{
    struct view own = *view;
    bool any = false;

    for (size_t i = 0; i < model->n; i++) {
        const struct bb_suppress_reading *r = &model->reading[i];
        own.organization = view->organization == ANYBODY ? r->organization : view->organization;
        view->in[i] = r->organization == own.organization &&
                      model_dimensions(r->disaggregation) == view->by && in_places(model, r, &own);
        any |= view->in[i];
    }
    return any;
}

static bool
in_view(const struct model *model, size_t reading, const struct view *view)
{
    uint32_t d = model->reading[reading].disaggregation;

    return view->in[reading] && (view->a == 0 || model_code_a[d] == view->a) &&
           (view->b == 0 || model_code_b[d] == view->b);
}

/* When two views of one number agree, that is known. */
static void
compare_views(const struct model *model, unsigned count, const struct view *x, const struct view *y,
              struct knowledge *knowledge)
{
    int8_t row[MODEL_READINGS] = {0};
    int64_t difference = 0;
    bool any_x = false, any_y = false, any = false;

    for (size_t i = 0; i < model->n; i++) {
        bool in_x = in_view(model, i, x), in_y = in_view(model, i, y);
        row[i] = (int8_t)(in_x - in_y);
        difference += row[i] * model_count(model, i, count);
        any_x |= in_x;
        any_y |= in_y;
        any |= row[i] != 0;
    }
    if (any && any_x && any_y && difference == 0)
        memcpy(knowledge_row(knowledge), row, sizeof row);
}

/* By codes of what is common to them, and by less. */
static void
compare_codes(const struct model *model, unsigned count, struct view *x, struct view *y,
              struct knowledge *knowledge)
{
    for (int a = 0; a <= (x->by & y->by & 1 ? 3 : 0); a++)
        for (int b = 0; b <= (x->by & y->by & 2 ? 2 : 0); b++) {
            x->a = y->a = a;
            x->b = y->b = b;
            compare_views(model, count, x, y, knowledge);
        }
}

/* By all dimensions. */
static void
compare_all(const struct model *model, unsigned count, struct view x, struct view y,
            struct knowledge *knowledge)
{
    for (int both = 0; both < 16; both++) {
        x.by = both & 3;
        y.by = both >> 2;
        if (find_view(model, &x) && find_view(model, &y))
            compare_codes(model, count, &x, &y, knowledge);
    }
}

static void
know_place(const struct model *model, unsigned count, const struct view *here, struct knowledge *knowledge)
{
    struct view other = *here;

    compare_all(model, count, *here, other, knowledge);
    other.of = UPPER;
    compare_all(model, count, *here, other, knowledge);
    other.of = LOWER;
    compare_all(model, count, *here, other, knowledge);
    if (here->place && (!model->tree->aggregate[here->place] || model->tree->above[here->place]))
        return;
    other.of = TOGETHER;
    compare_all(model, count, *here, other, knowledge);
    other.of = IN_PLACE;
    other.place = 0;
    compare_all(model, count, *here, other, knowledge);
}

static void
know_together(const struct model *model, unsigned count, struct view together, struct knowledge *knowledge)
{
    struct view other = together;

    together.of = TOGETHER;
    for (other.of = TOGETHER; other.of <= LOWER; other.of++)
        compare_all(model, count, together, other, knowledge);
}

static int64_t
sum_view(const struct model *model, unsigned count, const struct view *view)
{
    int64_t sum = 0;

    for (size_t i = 0; i < model->n; i++)
        sum += view->in[i] ? model_count(model, i, count) : 0;
    return sum;
}

/* What one organization reports for a place, and nothing in it, beside what anybody reports in it: known
 * where it is all of it. */
static void
know_compiled(const struct model *model, unsigned count, struct view here, struct knowledge *knowledge)
{
    const bool top =
        here.place == 0 || (model->tree->aggregate[here.place] && !model->tree->above[here.place]);
    struct view all = {.organization = ANYBODY, .place = here.place};

    for (here.by = 0; here.by < 4; here.by++)
        if (reports_between(model, &here, here.place, 0))
            return;
    for (all.of = top ? TOGETHER : UPPER; all.of <= LOWER; all.of++)
        for (here.by = 0; here.by < 4; here.by++)
            for (all.by = 0; all.by < 4; all.by++)
                if (find_view(model, &here) && find_view(model, &all) &&
                    sum_view(model, count, &here) == sum_view(model, count, &all))
                    compare_codes(model, count, &here, &all, knowledge);
}

void
know_additions(const struct model *model, unsigned count, struct knowledge *knowledge)
{
    for (uint32_t o = 1; o <= MODEL_ORGANIZATIONS; o++) {
        struct view view = {.organization = o};
        know_together(model, count, view, knowledge);
        for (; view.place < MODEL_PLACES; view.place++) {
            know_place(model, count, &view, knowledge);
            know_compiled(model, count, view, knowledge);
        }
    }
}
