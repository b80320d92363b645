#include "cells_json.h"

#include "proto/utf8.h"

/* A character that cannot stand for itself. */
static void
escape(uint8_t c, struct bb_buffer *to)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *at = c ? strchr(plain, c) : NULL;

    if (at)
        bb_buffer_printf(to, "\\%c", letter[at - plain]);
    else
        bb_buffer_printf(to, "\\u%04X", c);
}

static bool
needs_escape(uint8_t c)
{
    return c < 0x20 || c == 0x7F || c == '"' || c == '\\';
}

/* text: UTF-8 without NUL. */
static void
append_valid(struct bb_bytes text, struct bb_buffer *to)
{
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        while (at < text.len && !needs_escape(text.data[at]))
            at++;
        bb_buffer_append(to, text.data + from, at - from);
        if (at < text.len)
            escape(text.data[at++], to);
    }
}

void
bb_json_quote(struct bb_bytes text, struct bb_buffer *to)
{
    bb_buffer_byte(to, '"');
    while (text.len) {
        size_t good = bb_utf8_prefix(text);
        append_valid(bb_bytes(text.data, good), to);
        if (good < text.len) {
            if (text.data[good] == '\0')
                escape('\0', to);
            else
                bb_buffer_append(to, "\xEF\xBF\xBD", 3);
            good++;
        }
        text = bb_bytes(text.data + good, text.len - good);
    }
    bb_buffer_byte(to, '"');
}

void
bb_cells_json(const struct bb_cells *cells, const struct bb_bytes *names, struct bb_buffer *to)
{
    char before = '{';

    for (size_t i = 0; i < cells->count; i++) {
        const struct bb_cell *cell = &cells->cell[i];
        if (cell->kind == BB_CELL_ABSENT || cell->kind == BB_CELL_LONG)
            continue;
        bb_buffer_byte(to, (uint8_t)before);
        bb_json_quote(names[i], to);
        bb_buffer_byte(to, ':');
        if (cell->kind == BB_CELL_TEXT)
            bb_json_quote(cell->text, to);
        else
            bb_buffer_append(to, cell->text.data, cell->text.len);
        before = ',';
    }
    bb_buffer_append(to, before == '{' ? "{}" : "}", before == '{' ? 2 : 1);
}
