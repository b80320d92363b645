/* What stands beside a point, as it goes over the wire. */
#include "cover.h"

#define COUNT_BYTES 8u  /* of expected and reported */
#define BREAK_BYTES 32u /* of a break beside its texts */

static char *
copy(struct bb_arena *texts, struct bb_bytes text, size_t *bytes)
{
    *bytes += text.len + 2;
    return bb_arena_text(texts, text);
}

/* The names of the fields are static. */
static bool
name_changed(struct bb_arena *texts, uint32_t changed, Bb__Break *out, size_t *bytes)
{
    out->changed = bb_arena_alloc(texts, BB_EPOCH_FIELDS * sizeof *out->changed);
    for (unsigned i = 0; out->changed && i < BB_EPOCH_FIELDS; i++)
        if (changed & (1u << i)) {
            out->changed[out->n_changed++] = (char *)(uintptr_t)bb_epoch_fields[i];
            *bytes += strlen(bb_epoch_fields[i]) + 2;
        }
    return out->changed;
}

static int
write_break(struct bb_cover *cover, struct bb_query_step *step, const struct bb_cover_break *from,
            struct bb_arena *texts, Bb__Break *out, size_t *bytes)
{
    struct bb_entry entry;
    struct bb_term *term;
    int r = bb_terms_get(&cover->query->terms, &step->snapshot, BB_OBJECT_INDICATOR, from->indicator, &term);

    if (r == 0)
        r = bb_snapshot_entry(&step->snapshot, from->sequence, &entry);
    if (r != 0)
        return r;
    bb__break__init(out);
    out->version = from->to.version;
    out->before = from->from.version;
    out->sequence = from->sequence;
    out->time_us = (uint64_t)entry.time;
    out->indicator = copy(texts, term->text, bytes);
    *bytes += BREAK_BYTES;
    return out->indicator && name_changed(texts, from->changed, out, bytes) ? 0 : bb_no_room(texts, *bytes);
}

static int
write_breaks(struct bb_cover *cover, struct bb_query_step *step, const struct bb_cover_point *at,
             struct bb_arena *texts, Bb__TrendPoint *point, size_t *bytes)
{
    size_t n = at->n_breaks;
    Bb__Break *one = bb_arena_alloc(texts, n * sizeof *one);
    int r = 0;

    point->breaks = bb_arena_alloc(texts, n * sizeof(*point->breaks));
    if (!one || !point->breaks)
        return bb_no_room(texts, n * (sizeof *one + sizeof(*point->breaks)));
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = write_break(cover, step, &at->breaks[i], texts, &one[i], bytes);
        point->breaks[i] = &one[i];
    }
    point->n_breaks = n;
    return r;
}

int
bb_cover_write(struct bb_cover *cover, struct bb_query_step *step, struct bb_period period,
               struct bb_arena *texts, Bb__TrendPoint *point, size_t *ret_bytes)
{
    const struct bb_cover_point *at;
    int r = bb_cover_point(cover, step, period, &at);

    *ret_bytes = 0;
    if (r != 0)
        return r;
    if (cover->counts) {
        point->has_expected = point->has_reported = true;
        point->expected = at->expected;
        point->reported = at->reported;
        *ret_bytes = COUNT_BYTES;
    }
    return at->n_breaks ? write_breaks(cover, step, at, texts, point, ret_bytes) : 0;
}
