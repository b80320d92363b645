#include "progress_stand.h"

#include "workers/measurement/store/terms.h"

struct writing {
    struct bb_arena *texts;
    size_t *bytes;
};

/* Empty: none. */
static int
set(struct writing *writing, char **to, const char *text)
{
    if (!*text)
        return 0;
    *writing->bytes += strlen(text) + 2;
    *to = bb_arena_text(writing->texts, bb_bytes_str(text));
    return *to ? 0 : bb_no_room(writing->texts, strlen(text) + 1);
}

static int
set_period(struct writing *writing, char **to, bool has, struct bb_period period)
{
    char text[BB_PERIOD_TEXT] = "";

    if (has)
        text[bb_period_format(period, text)] = '\0';
    return set(writing, to, text);
}

static int
set_value(struct writing *writing, char **to, bool has, struct bb_decimal value)
{
    char text[BB_DECIMAL_TEXT] = "";

    if (has)
        bb_decimal_format(value, text);
    return set(writing, to, text);
}

/* Where changes are counted from, and what is aimed at. */
static int
set_ends(struct writing *writing, Bb__Progress *item, const struct bb_standing *standing)
{
    bool dated = standing->has_baseline && standing->has_baseline_period;
    int r = set_period(writing, &item->baseline_period, dated, standing->baseline_period);

    if (r == 0)
        r = set_value(writing, &item->baseline_value, standing->has_baseline, standing->baseline);
    if (r == 0)
        r = set_period(writing, &item->target_period, standing->has_target, standing->target_period);
    if (r == 0)
        r = set_value(writing, &item->target_value, standing->has_target, standing->target);
    item->has_own_baseline = item->own_baseline = standing->own_baseline;
    item->has_own_target = item->own_target = standing->own_target;
    return r;
}

int
bb_progress_stand(Bb__Progress *item, const struct bb_standing_input *input, struct bb_arena *texts,
                  size_t *bytes)
{
    struct writing writing = {texts, bytes};
    struct bb_standing standing;
    int r;

    bb_standing_of(input, &standing);
    item->has_on_track = standing.judged;
    item->on_track = standing.on_track;
    r = set(&writing, &item->change, standing.since_previous);
    if (r == 0)
        r = set(&writing, &item->change_since_baseline, standing.since_baseline);
    if (r == 0)
        r = set(&writing, &item->movement, bb_movement_name(standing.movement));
    if (r == 0)
        r = set(&writing, &item->distance, standing.distance);
    return r == 0 ? set_ends(&writing, item, &standing) : r;
}
