#include "lines.h"

#include "input.h"

#include <errno.h>
#include <stdlib.h>

struct bb_lines {
    struct bb_input input;
    struct bb_raw_keeper keeper;
    struct bb_buffer line;
    uint64_t lines, numbers;
    uint64_t overlong; /* bytes of the current line when it is too long */
    bool after_carriage;
};

int
bb_lines_new(struct bb_feed feed, struct bb_spool *spool, struct bb_lines **ret_lines)
{
    struct bb_lines *lines = calloc(1, sizeof *lines);

    if (!lines || bb_input_init(&lines->input, feed) < 0) {
        free(lines);
        return -ENOMEM;
    }
    bb_buffer_init(&lines->line, BB_LINE_BYTES);
    bb_raw_keeper_init(&lines->keeper, spool);
    *ret_lines = lines;
    return 0;
}

void
bb_lines_destroy(struct bb_lines **lines)
{
    if (!*lines)
        return;
    bb_raw_keeper_release(&(*lines)->keeper);
    bb_buffer_release(&(*lines)->line);
    bb_input_release(&(*lines)->input);
    free(*lines);
    *lines = NULL;
}

uint64_t
bb_lines_count(const struct bb_lines *lines)
{
    return lines->lines;
}

uint64_t
bb_lines_position(const struct bb_lines *lines)
{
    return bb_input_position(&lines->input);
}

static size_t
end_of_line(struct bb_bytes text)
{
    const uint8_t *newline = memchr(text.data, '\n', text.len);
    size_t len = newline ? (size_t)(newline - text.data) : text.len;
    const uint8_t *carriage = memchr(text.data, '\r', len);

    return carriage ? (size_t)(carriage - text.data) : len;
}

static int
add(struct bb_lines *lines, struct bb_bytes piece)
{
    bb_raw_keeper_append(&lines->keeper, piece);
    if (lines->overlong == 0 && lines->line.len + piece.len <= BB_LINE_BYTES)
        bb_buffer_append(&lines->line, piece.data, piece.len);
    else
        lines->overlong += piece.len + (lines->overlong ? 0 : lines->line.len);
    return lines->line.error ? lines->line.error : lines->keeper.error;
}

/* One line, empty or not. */
static int
read_line(struct bb_lines *lines)
{
    struct bb_input *input = &lines->input;
    bool any = false;

    for (;;) {
        if (input->at == input->end) {
            int r = bb_input_fill(input);
            if (r)
                return r == BB_INPUT_END && any ? 0 : r;
        }
        struct bb_bytes rest = bb_bytes(input->block + input->at, input->end - input->at);
        bool rest_of_pair = !any && lines->after_carriage && rest.data[0] == '\n';
        lines->after_carriage = false;
        if (rest_of_pair) {
            input->at++;
            continue;
        }
        any = true;
        size_t len = end_of_line(rest);
        int r = add(lines, bb_bytes(rest.data, len));
        if (r < 0)
            return r;
        input->at += len;
        if (len == rest.len)
            continue;
        lines->after_carriage = rest.data[len] == '\r';
        input->at++;
        return 0;
    }
}

static bool
is_blank(struct bb_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != ' ' && text.data[i] != '\t')
            return false;
    return true;
}

int
bb_lines_next_any(struct bb_lines *lines, struct bb_line *ret_line)
{
    bb_buffer_reset(&lines->line);
    bb_raw_keeper_reset(&lines->keeper);
    lines->overlong = 0;
    int r = read_line(lines);
    if (r)
        return r;
    bool blank = lines->overlong == 0 && is_blank(bb_buffer_bytes(&lines->line));
    *ret_line = (struct bb_line){
        .line = ++lines->lines,
        .number = blank ? 0 : ++lines->numbers,
        .text = lines->overlong ? bb_bytes(NULL, lines->overlong) : bb_buffer_bytes(&lines->line),
        .raw = bb_raw_keeper_row(&lines->keeper),
    };
    return lines->keeper.error;
}

int
bb_lines_next(struct bb_lines *lines, struct bb_line *ret_line)
{
    int r;

    do
        r = bb_lines_next_any(lines, ret_line);
    while (r == 0 && ret_line->number == 0);
    return r;
}
