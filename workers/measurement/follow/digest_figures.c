/* A figure is what the trend by organization has for it: value, numerator and denominator. Those of a period
 * that were touched first by the same entry are compared together: two looks, as of the entry before that one
 * and as of the digest's own. So what a digest holds in memory beside its cells is what is said of one
 * period. Mostly one organization reports its own: then what the others reported is not read.
 *
 * Whether there is a figure is asked of all that was reported: an indicator that publishes what is approved
 * only is told of when it is reported, as others are. What was corrected, and its values, are asked of what
 * everybody may see; that is a second pair of looks, where it makes a difference.
 *
 * Where a trend would be refused nothing is known of the figures; what was touched is told of all the same,
 * without values. */
#include "digest_core.h"

#include "workers/measurement/query/figures.h"

#include <errno.h>
#include <stdlib.h>

#define TEXT_BYTES ((size_t)1 << 20) /* of those in a list: far less */

enum part { VALUE, NUMERATOR, DENOMINATOR, PARTS };
enum moment { BEFORE, NOW, MOMENTS };

/* A figure, at both moments. */
struct figure {
    bool is[MOMENTS]; /* there is data behind it */
    bool listed;      /* if it is another one: then its texts are kept */
    const char *text[MOMENTS][PARTS];
};

struct settling {
    struct bb_digest *digest;
    struct bb_digest_indicator *indicator;
    uint32_t *order;       /* cells, by period, first touch and organization */
    struct figure *figure; /* of the group at hand, by place in it */
    struct bb_arena texts; /* likewise */
    uint32_t from, end;    /* the group, in `order` */
    enum moment moment;
    bool known;    /* nothing was refused */
    bool reviewed; /* some of what it is made from has to be approved */
};

/* The cells in groups */

static int
compare(const void *a_pointer, const void *b_pointer, void *cells)
{
    const struct bb_digest_cell *cell = cells, *a = &cell[*(const uint32_t *)a_pointer],
                                *b = &cell[*(const uint32_t *)b_pointer];

    if (a->period.day != b->period.day)
        return a->period.day < b->period.day ? -1 : 1;
    if (a->period.type != b->period.type)
        return a->period.type < b->period.type ? -1 : 1;
    if (a->period.years != b->period.years)
        return a->period.years < b->period.years ? -1 : 1;
    if (a->before != b->before)
        return a->before < b->before ? -1 : 1;
    return (a->organization > b->organization) - (a->organization < b->organization);
}

static const struct bb_digest_cell *
cell_at(const struct settling *s, uint32_t at)
{
    return &s->digest->cell[s->order[at]];
}

static void
find_end(struct settling *s, uint32_t n)
{
    const struct bb_digest_cell *first = cell_at(s, s->from);

    for (s->end = s->from + 1; s->end < n; s->end++) {
        const struct bb_digest_cell *cell = cell_at(s, s->end);
        if (cell->before != first->before || !bb_period_same(cell->period, first->period))
            return;
    }
}

/* Looking */

/* The place of an organization in the group; the end: it is not in it. Numbers are in the order of codes. */
static uint32_t
find_place(const struct settling *s, const char *code)
{
    uint32_t low = s->from, high = s->end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(code, s->digest->organization[cell_at(s, middle)->organization]);
        if (order == 0)
            return middle;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return s->end;
}

static int
keep_texts(struct settling *s, const Bb__TrendPoint *point, struct figure *figure)
{
    const char *const text[PARTS] = {point->value, point->numerator, point->denominator};

    for (int part = 0; part < PARTS; part++) {
        size_t len = text[part] ? strlen(text[part]) + 1 : 0;
        char *copy = len ? bb_arena_alloc(&s->texts, len) : NULL;
        if (len && !copy)
            return -ENOMEM;
        figure->text[s->moment][part] = len ? memcpy(copy, text[part], len) : NULL;
    }
    return 0;
}

static int
take(void *self, const Bb__TrendPoint *point)
{
    struct settling *s = self;
    uint32_t place = find_place(s, point->group);
    struct figure *figure;

    if (place == s->end)
        return 0;
    figure = &s->figure[place - s->from];
    figure->is[s->moment] = point->readings > 0;
    return figure->listed ? keep_texts(s, point, figure) : 0;
}

static int
look_once(struct settling *s, enum moment moment, bool unapproved)
{
    const struct bb_digest_cell *first = cell_at(s, s->from);
    const char *whose = s->digest->organization[first->organization];
    const struct bb_figures figures = {.context = s->digest->context,
                                       .indicator = s->indicator->computed,
                                       .period = first->period,
                                       .sequence = moment == NOW ? s->digest->sequence : first->before,
                                       .organization = s->end - s->from == 1 ? whose : NULL,
                                       .unapproved = unapproved,
                                       .take = take,
                                       .self = s};
    int r;

    s->moment = moment;
    r = bb_figures_read(&figures, &s->reviewed, s->digest->failure);
    if (r == BB_FIGURES_E_REFUSED)
        s->known = false;
    return r < 0 ? r : 0;
}

/* As many of those that were corrected as the list has room for. */
static void
begin_figures(struct settling *s)
{
    uint32_t room = BB_DIGEST_CORRECTIONS - s->indicator->n_listed;

    bb_arena_reset(&s->texts);
    for (uint32_t at = s->from; at < s->end; at++) {
        bool listed = room > 0 && cell_at(s, at)->corrected > 0;
        s->figure[at - s->from] = (struct figure){.listed = listed};
        room -= listed;
    }
}

static int
look(struct settling *s, bool unapproved)
{
    int r;

    begin_figures(s);
    s->known = true;
    r = look_once(s, BEFORE, unapproved);
    return r == 0 && s->known ? look_once(s, NOW, unapproved) : r;
}

/* What became of them */

/* Created, updated, or none that could have changed; `corrected` says still whether a reading was. Returns
 * whether any was. */
static bool
judge_changes(struct settling *s)
{
    bool corrected = false;

    for (uint32_t at = s->from; at < s->end; at++) {
        struct bb_digest_cell *cell = &s->digest->cell[s->order[at]];
        const struct figure *figure = &s->figure[at - s->from];
        bool created = s->known ? !figure->is[BEFORE] && figure->is[NOW] : cell->updated == 0;
        bool is = !s->known || figure->is[BEFORE] || figure->is[NOW] || cell->between;
        cell->created = is && created;
        cell->updated = is && !created;
        corrected |= cell->corrected > 0;
    }
    return corrected;
}

static bool
same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
same_figure(const struct figure *figure)
{
    for (int part = 0; part < PARTS; part++)
        if (!same_text(figure->text[BEFORE][part], figure->text[NOW][part]))
            return false;
    return true;
}

/* NULL stays NULL. */
static bool
keep(struct settling *s, const char *from, char **to)
{
    size_t len = from ? strlen(from) + 1 : 0;
    char *copy = from ? bb_arena_alloc(&s->digest->figures, len) : NULL;

    *to = copy ? memcpy(copy, from, len) : NULL;
    return !from || copy;
}

static int
list(struct settling *s, const struct bb_digest_cell *cell, const struct figure *figure)
{
    const char *const *before = figure->text[BEFORE], *const *now = figure->text[NOW];
    Bb__Correction *correction = bb_digest_new_correction(&s->digest->figures, s->indicator);
    char period[BB_PERIOD_TEXT];

    if (!correction)
        return -ENOMEM;
    period[bb_period_format(cell->period, period)] = '\0';
    correction->organization = (char *)(uintptr_t)s->digest->organization[cell->organization];
    correction->place = correction->disaggregation = (char *)(uintptr_t) "";
    correction->old_sequence = cell->old_sequence;
    return keep(s, period, &correction->period) && keep(s, before[VALUE], &correction->old_value) &&
                   keep(s, now[VALUE], &correction->new_value) &&
                   keep(s, before[NUMERATOR], &correction->old_numerator) &&
                   keep(s, now[NUMERATOR], &correction->new_numerator) &&
                   keep(s, before[DENOMINATOR], &correction->old_denominator) &&
                   keep(s, now[DENOMINATOR], &correction->new_denominator)
               ? 0
               : -ENOMEM;
}

/* A figure that nobody could have seen was not corrected. There may have been one though there was none
 * before the batch: another batch may have come in between. */
static int
judge_corrections(struct settling *s)
{
    int r = 0;

    for (uint32_t at = s->from; r == 0 && at < s->end; at++) {
        struct bb_digest_cell *cell = &s->digest->cell[s->order[at]];
        const struct figure *figure = &s->figure[at - s->from];
        bool is = cell->corrected > 0 && cell->created + cell->updated > 0 &&
                  (!s->known || figure->is[BEFORE] || cell->between);
        cell->corrected = is;
        if (!is) {
            cell->old_sequence = UINT64_MAX;
            continue;
        }
        s->indicator->corrections++;
        if (s->known && figure->listed && !same_figure(figure))
            r = list(s, cell, figure);
    }
    return r;
}

static int
settle_group(struct settling *s)
{
    int r = look(s, true);

    if (r == 0 && judge_changes(s) && s->reviewed)
        r = look(s, false);
    return r == 0 ? judge_corrections(s) : r;
}

static int
settle_groups(struct settling *s, uint32_t n)
{
    const atomic_bool *stop = s->digest->stop;
    int r = 0;

    for (s->from = 0; r == 0 && s->from < n; s->from = s->end) {
        if (stop && atomic_load(stop))
            return -ECANCELED;
        find_end(s, n);
        r = settle_group(s);
    }
    return r;
}

/* Those that are nothing go. */
static void
close_up(struct bb_digest *digest, uint32_t from, uint32_t *ret_end)
{
    uint32_t to = from;

    for (uint32_t i = from; i < *ret_end; i++)
        if (digest->cell[i].created + digest->cell[i].updated > 0)
            digest->cell[to++] = digest->cell[i];
    *ret_end = to;
}

int
bb_digest_settle(struct bb_digest *digest, uint32_t i, uint32_t from, uint32_t *ret_end)
{
    uint32_t n = *ret_end - from;
    struct settling s = {.digest = digest, .indicator = &digest->indicator[i]};
    int r = -ENOMEM;

    bb_arena_init(&s.texts, TEXT_BYTES);
    s.order = calloc(n + 1, sizeof *s.order);
    s.figure = calloc(digest->n_organization + 1, sizeof *s.figure); /* one of each in a group, at most */
    if (s.order && s.figure) {
        for (uint32_t at = 0; at < n; at++)
            s.order[at] = from + at;
        qsort_r(s.order, n, sizeof *s.order, compare, digest->cell);
        bb_arena_reset(&digest->figures);
        s.indicator->corrections = s.indicator->n_listed = 0;
        s.indicator->listed = NULL;
        r = settle_groups(&s, n);
    }
    free(s.order);
    free(s.figure);
    bb_arena_release(&s.texts);
    if (r == 0)
        close_up(digest, from, ret_end);
    return r;
}
