#include "template.h"

#include <errno.h>
#include <stdio.h>

#define MOST_PIECES 64u

size_t
bb_squeeze(struct bb_bytes text, char *to)
{
    size_t len = 0;
    bool gap = false;

    for (size_t i = 0; i < text.len; i++) {
        if (memchr(" \t\r\n", text.data[i], 4)) {
            gap = len > 0;
            continue;
        }
        if (gap)
            to[len++] = ' ';
        gap = false;
        to[len++] = (char)text.data[i];
    }
    return len;
}

/* name, or name:2 */
static int
read_name(struct bb_piece *piece, struct bb_bytes name, struct bb_arena *arena, char *error, size_t size)
{
    char *copy;

    if (name.len > 2 && name.data[name.len - 2] == ':' && name.data[name.len - 1] >= '1' &&
        name.data[name.len - 1] <= '9') {
        piece->digits = (uint8_t)(name.data[name.len - 1] - '0');
        name.len -= 2;
    }
    copy = bb_arena_alloc(arena, name.len + 1);
    if (!copy)
        return -ENOMEM;
    piece->is_name = true;
    piece->text = bb_bytes(copy, bb_squeeze(name, copy));
    if (piece->text.len)
        return 0;
    snprintf(error, size, "found {} without a name, expected a column, as in \"{Year}\"");
    return -EINVAL;
}

static bool
is_doubled(struct bb_bytes text, size_t at)
{
    return at + 1 < text.len && text.data[at + 1] == text.data[at];
}

/* One piece from `at` on. Returns where the next one begins, or -errno. */
static ssize_t
read_piece(struct bb_bytes text, size_t at, struct bb_piece *piece, struct bb_arena *arena, char *error,
           size_t size)
{
    const uint8_t *start = text.data + at, *end;
    size_t len = 0;

    *piece = (struct bb_piece){0};
    if (*start == '{' && !is_doubled(text, at)) {
        end = memchr(start, '}', text.len - at);
        if (!end) {
            snprintf(error, size, "found { without }, expected a name between them ({{ is a brace)");
            return -EINVAL;
        }
        int r = read_name(piece, bb_bytes(start + 1, (size_t)(end - start) - 1), arena, error, size);
        return r < 0 ? r : (ssize_t)(at + (size_t)(end - start) + 1);
    }
    if (*start == '{' || *start == '}') {
        piece->text = bb_bytes(start, 1);
        return (ssize_t)(at + (is_doubled(text, at) ? 2 : 1));
    }
    while (at + len < text.len && start[len] != '{' && start[len] != '}')
        len++;
    piece->text = bb_bytes(start, len);
    return (ssize_t)(at + len);
}

int
bb_template_parse(struct bb_template *template, struct bb_bytes text, struct bb_arena *arena, char *error,
                  size_t size)
{
    struct bb_piece piece[MOST_PIECES];
    size_t at = 0, count = 0;

    while (at < text.len) {
        if (count == MOST_PIECES) {
            snprintf(error, size, "found more than %u parts in one text, expected fewer", MOST_PIECES);
            return -EINVAL;
        }
        ssize_t next = read_piece(text, at, &piece[count], arena, error, size);
        if (next < 0)
            return (int)next;
        at = (size_t)next;
        count++;
    }
    *template = (struct bb_template){.text = text, .count = count};
    template->piece = bb_arena_alloc(arena, (count + 1) * sizeof piece[0]);
    if (!template->piece)
        return -ENOMEM;
    memcpy(template->piece, piece, count * sizeof piece[0]);
    return 0;
}

bool
bb_template_is_constant(const struct bb_template *template)
{
    for (size_t i = 0; i < template->count; i++)
        if (template->piece[i].is_name)
            return false;
    return true;
}
