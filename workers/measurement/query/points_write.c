/* Points as they are sent. Their texts live in the arena of the part. */
#include "points.h"

#include <errno.h>
#include <stdlib.h>

#define POINT_BYTES 16 /* tags, lengths and counts of a point */

static char *
copy(struct bb_points *points, struct bb_bytes text)
{
    points->bytes += text.len + 2;
    return bb_arena_text(&points->texts, text);
}

static int
copy_figure(struct bb_points *points, const char *figure, char **ret_text)
{
    if (!*figure)
        return 0;
    *ret_text = copy(points, bb_bytes_str(figure));
    return *ret_text ? 0 : bb_no_room(&points->texts, BB_DECIMAL_TEXT);
}

static int
grow(struct bb_points *points)
{
    size_t size = points->size ? points->size * 2 : 64;
    Bb__TrendPoint **grown = realloc(points->point, size * sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    points->point = grown;
    points->size = size;
    return 0;
}

static int
group_text(struct bb_points *points, struct bb_query_step *step, uint32_t id, char **ret_text)
{
    static const enum bb_object_kind kinds[] = {[BB_BY_PLACE] = BB_OBJECT_PLACE,
                                                [BB_BY_ORGANIZATION] = BB_OBJECT_ORGANIZATION,
                                                [BB_BY_DISAGGREGATION] = BB_OBJECT_DISAGGREGATION};
    struct bb_term *term;
    int r;

    if (points->by == BB_BY_NOTHING)
        return 0;
    r = bb_terms_get(&points->query->terms, &step->snapshot, kinds[points->by], id, &term);
    if (r != 0)
        return r;
    *ret_text = copy(points, term->text);
    return *ret_text ? 0 : bb_no_room(&points->texts, term->text.len + 1);
}

/* The target of an organization that comes next. */
static int
write_target(struct bb_points *points, struct bb_period period, Bb__TrendPoint *point)
{
    const struct bb_target *next =
        bb_aims_next(points->aims, bb_bytes_str(point->group), bb_period_end(period));
    char text[BB_PERIOD_TEXT], value[BB_DECIMAL_TEXT];

    if (!next)
        return 0;
    point->target_period = copy(points, bb_bytes(text, bb_period_format(next->period, text)));
    if (!point->target_period)
        return bb_no_room(&points->texts, BB_PERIOD_TEXT);
    bb_decimal_format(next->value, value);
    return copy_figure(points, value, &point->target_value);
}

int
bb_points_write(struct bb_points *points, struct bb_query_step *step, struct bb_period period, uint32_t group,
                const struct bb_figure *figure, uint32_t organizations, bool withheld)
{
    Bb__TrendPoint *point = bb_arena_alloc(&points->texts, sizeof *point);
    char text[BB_PERIOD_TEXT];
    size_t beside = 0;
    int r;

    if (!point)
        return bb_no_room(&points->texts, sizeof *point);
    if (points->n == points->size && grow(points) != 0)
        return -ENOMEM;
    bb__trend_point__init(point);
    point->period = copy(points, bb_bytes(text, bb_period_format(period, text)));
    if (!point->period)
        return bb_no_room(&points->texts, BB_PERIOD_TEXT);
    r = group_text(points, step, group, &point->group);
    if (r == 0)
        r = copy_figure(points, figure->value, &point->value);
    if (r == 0)
        r = copy_figure(points, figure->numerator, &point->numerator);
    if (r == 0)
        r = copy_figure(points, figure->denominator, &point->denominator);
    if (r == 0 && points->cover)
        r = bb_cover_write(points->cover, step, period, &points->texts, point, &beside);
    if (r == 0 && points->aims)
        r = write_target(points, period, point);
    if (r != 0)
        return r;
    point->organizations = organizations;
    point->readings = figure->readings;
    point->without_parts = figure->without_parts;
    point->has_periods = point->has_periods_expected = figure->of_periods > 0;
    point->periods = figure->periods;
    point->periods_expected = figure->of_periods;
    point->has_withheld = withheld;
    point->withheld = withheld;
    points->point[points->n++] = point;
    points->bytes += POINT_BYTES + beside;
    return 0;
}
