/* Texts of a reading: pieces put together, captured, and spelled as they are meant. */
#include "making.h"

#include "proto/limits.h"
#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>

#define NUMBER_BYTES 36u /* a sign, a point and 34 digits */

/* The library's limits, for cells that are too long to be handed to it. */
static const unsigned most_bytes[BB_COLUMNS] = {
    [BB_COLUMN_INDICATOR] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_ORGANIZATION] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_PLACE] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_DISAGGREGATION] = BB_LIMIT_DISAGGREGATION_BYTES,
    [BB_COLUMN_PERIOD] = BB_LIMIT_CODE_BYTES,
    [BB_COLUMN_VALUE] = NUMBER_BYTES,
    [BB_COLUMN_NUMERATOR] = NUMBER_BYTES,
    [BB_COLUMN_DENOMINATOR] = NUMBER_BYTES,
    [BB_COLUMN_STATUS] = sizeof "not_applicable" - 1,
    [BB_COLUMN_COMMENT] = BB_LIMIT_COMMENT_BYTES,
};

/* The first reason stays, in memory of its own: others may be written where it was. */
void
bb_making_refuse(struct bb_making *m, enum bb_row_code code, int member, const char *reason)
{
    const char *copy = m->to->code ? NULL : bb_arena_text(&m->plan->scratch, bb_bytes_str(reason));

    if (m->to->code)
        return;
    m->to->code = (uint32_t)code;
    m->to->field = (uint32_t)(member + 1); /* BB_FIELD_* is enum bb_column and one */
    m->to->reason = copy ? copy : "found what the map does not allow";
}

void
bb_making_refuse_cell(struct bb_making *m, int member, const struct bb_clean *clean)
{
    struct bb_plan *plan = m->plan;

    if (clean->code != BB_ROW_CODE_TOO_LONG) {
        bb_making_refuse(m, (enum bb_row_code)clean->code, member, clean->reason);
        return;
    }
    snprintf(plan->reason, sizeof plan->reason, "%s at most %u", clean->reason,
             member < 0 ? BB_LIMIT_NAME_BYTES : most_bytes[member]);
    bb_making_refuse(m, BB_ROW_CODE_TOO_LONG, member, plan->reason);
}

/* A record's capture, which is taken once. NULL: it cannot be, which was said. */
static const struct bb_bytes *take_capture(struct bb_making *m, size_t index, int member);

struct bb_bytes
bb_making_text(struct bb_making *m, const struct bb_bound_piece *piece, int member)
{
    static const struct bb_bytes nothing;
    const struct bb_clean *clean;
    const struct bb_bytes *captured;

    switch (piece->kind) {
    case BB_PIECE_CELL:
        clean = bb_plan_clean(m->plan, piece->index);
        if (clean->code)
            bb_making_refuse_cell(m, member, clean);
        return clean->text;
    case BB_PIECE_CAPTURE:
        captured = take_capture(m, piece->index / BB_PATTERN_GROUPS, member);
        return captured ? captured[piece->index % BB_PATTERN_GROUPS] : nothing;
    case BB_PIECE_TEXT:
        break;
    }
    return piece->text;
}

static bool
is_number(struct bb_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len > 0;
}

/* All pieces as one text; nothing when every name in it stands for nothing. */
struct bb_bytes
bb_making_join(struct bb_making *m, const struct bb_bound *bound, int member)
{
    struct bb_bytes *text = bb_arena_alloc(&m->plan->scratch, (bound->count + 1) * sizeof *text);
    size_t len = 0, names = 0, filled = 0;
    char *to;

    for (size_t i = 0; text && i < bound->count; i++) {
        text[i] = bb_making_text(m, &bound->piece[i], member);
        names += bound->piece[i].kind != BB_PIECE_TEXT;
        filled += bound->piece[i].kind != BB_PIECE_TEXT && text[i].len;
        len += text[i].len + bound->piece[i].digits;
    }
    m->partial = filled && filled < names;
    to = text && (names == 0 || filled) ? bb_arena_alloc(&m->plan->scratch, len + 1) : NULL;
    if (!to) {
        m->error = text && names && !filled ? m->error : -ENOMEM;
        return bb_bytes(NULL, 0);
    }
    len = 0;
    for (size_t i = 0; i < bound->count; i++) {
        size_t digits = is_number(text[i]) ? bound->piece[i].digits : 0;
        for (size_t zeros = text[i].len; zeros < digits; zeros++)
            to[len++] = '0';
        if (text[i].len)
            memcpy(to + len, text[i].data, text[i].len);
        len += text[i].len;
    }
    return bb_bytes(to, len);
}

static const struct bb_bytes *
take_capture(struct bb_making *m, size_t index, int member)
{
    struct bb_plan *plan = m->plan;
    const struct bb_capture *capture = &plan->map->capture[index];
    struct bb_bytes group[BB_PATTERN_GROUPS + 1], text;
    char shown[100];

    if (plan->captured_at[index] == plan->stamp)
        return plan->captured[index];
    text = bb_making_join(m, &plan->capture[index], member);
    if (bb_pattern_match(capture->pattern, text, group)) {
        for (size_t i = 0; i < capture->names.count; i++) {
            const struct bb_aliases *aliases = bb_map_aliases(plan->map, capture->names.item[i]);
            const struct bb_bytes *meant = aliases ? bb_aliases_find(aliases, group[i + 1]) : NULL;
            plan->captured[index][i] = meant ? *meant : group[i + 1];
        }
    } else if (capture->fallback.count) {
        memcpy(plan->captured[index], capture->fallback.item, capture->names.count * sizeof text);
    } else {
        snprintf(plan->reason, sizeof plan->reason,
                 "found '%s', expected a text that matches \"%s\" of the map",
                 bb_text_quote(text, shown, sizeof shown, 60), bb_pattern_text(capture->pattern));
        bb_making_refuse(m, BB_ROW_CODE_BAD_VALUE, member, plan->reason);
        return NULL;
    }
    plan->captured_at[index] = plan->stamp;
    return plan->captured[index];
}

bool
bb_bound_is_cell(const struct bb_bound *bound)
{
    return bound->count == 1 && bound->piece[0].kind == BB_PIECE_CELL && bound->piece[0].digits == 0;
}

void
bb_making_put(struct bb_making *m, int member, struct bb_bytes text)
{
    m->to->row.field[member] = (struct bb_text){(const char *)text.data, text.len};
}

struct bb_bytes
bb_making_alias(struct bb_making *m, int member, struct bb_bytes text)
{
    const struct bb_aliases *aliases = m->plan->meant[member];
    const struct bb_bytes *meant = aliases ? bb_aliases_find(aliases, text) : NULL;

    if (!meant)
        return text;
    bb_plan_tell(m->plan, m->reading, bb_bytes_str(bb_import_fields[member]), text, *meant, "an alias");
    return *meant;
}
