/* In JSON a line end is never part of a text, so all of them may go. */
#include "one_line.h"

void
bb_one_line_init(struct bb_one_line *line, struct bb_spool *spool)
{
    *line = (struct bb_one_line){0};
    bb_raw_keeper_init(&line->keeper, spool);
}

void
bb_one_line_release(struct bb_one_line *line)
{
    bb_raw_keeper_release(&line->keeper);
}

void
bb_one_line_begin(struct bb_one_line *line)
{
    bb_raw_keeper_reset(&line->keeper);
    line->begun = line->indented = false;
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
append_held(struct bb_one_line *line)
{
    bb_raw_keeper_append(&line->keeper, bb_bytes(&line->held, 1));
}

static void
append(struct bb_one_line *line, struct bb_bytes piece)
{
    if (piece.len == 0)
        return;
    if (line->begun)
        append_held(line);
    line->begun = true;
    line->held = piece.data[--piece.len];
    bb_raw_keeper_append(&line->keeper, piece);
}

static size_t
line_length(struct bb_bytes text)
{
    const uint8_t *newline = memchr(text.data, '\n', text.len);
    size_t len = newline ? (size_t)(newline - text.data) : text.len;
    const uint8_t *carriage = memchr(text.data, '\r', len);
    return carriage ? (size_t)(carriage - text.data) : len;
}

void
bb_one_line_take(struct bb_one_line *line, struct bb_bytes piece)
{
    size_t at = 0;
    if (!line->keeper.spool)
        return;
    while (!line->begun && at < piece.len && (is_blank(piece.data[at]) || piece.data[at] == ','))
        at++;
    while (at < piece.len) {
        while (line->indented && at < piece.len && is_blank(piece.data[at]))
            at++;
        struct bb_bytes rest = bb_bytes(piece.data + at, piece.len - at);
        size_t len = rest.len ? line_length(rest) : 0;
        append(line, bb_bytes(rest.data, len));
        line->indented = len < rest.len || (line->indented && len == 0);
        at += len;
    }
}

void
bb_one_line_add(struct bb_one_line *line, struct bb_bytes member, bool first)
{
    if (!line->begun || line->held != '}')
        return;
    if (!first)
        bb_raw_keeper_append(&line->keeper, bb_bytes(",", 1));
    bb_raw_keeper_append(&line->keeper, member);
}

int
bb_one_line_end(struct bb_one_line *line, struct bb_raw *ret_raw)
{
    if (line->begun)
        append_held(line);
    line->begun = false;
    *ret_raw = bb_raw_keeper_row(&line->keeper);
    return line->keeper.error;
}
