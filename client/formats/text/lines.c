/* A line is given where it stands in the block. Only one that goes over the end of a block is put together
 * elsewhere. */
#include "lines.h"

#include "input.h"

#include <errno.h>
#include <stdlib.h>

#define NOT_SOUGHT SIZE_MAX

struct bb_lines {
    struct bb_input input;
    struct bb_raw_keeper keeper;
    struct bb_buffer gathered; /* a line that goes over the end of a block */
    size_t newline, carriage;  /* the next of each in the block, its end when there is none, or NOT_SOUGHT */
    bool after_carriage;       /* the last byte was CR: an LF now belongs to it */
    uint64_t lines, numbers;
};

int
bb_lines_new(struct bb_feed feed, struct bb_spool *spool, struct bb_lines **ret_lines)
{
    struct bb_lines *lines = calloc(1, sizeof *lines);

    if (!lines || bb_input_init(&lines->input, feed) < 0) {
        free(lines);
        return -ENOMEM;
    }
    bb_buffer_init(&lines->gathered, BB_LINE_BYTES);
    lines->newline = lines->carriage = NOT_SOUGHT;
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
    bb_buffer_release(&(*lines)->gathered);
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

/* What is known is kept: a file without CR must not be searched for one to the end of the block at each line.
 */
static size_t
find(const struct bb_input *input, size_t known, int byte)
{
    if (known >= input->at && known != NOT_SOUGHT)
        return known;
    const uint8_t *at = memchr(input->block + input->at, byte, input->end - input->at);
    return at ? (size_t)(at - input->block) : input->end;
}

static int
fill(struct bb_lines *lines)
{
    lines->newline = lines->carriage = NOT_SOUGHT;
    return bb_input_fill(&lines->input);
}

/* Take what the block has of the line. ret_ended: with its end, which is not part of it. */
static struct bb_bytes
take_piece(struct bb_lines *lines, bool *ret_ended)
{
    struct bb_input *input = &lines->input;
    lines->newline = find(input, lines->newline, '\n');
    lines->carriage = find(input, lines->carriage, '\r');
    size_t end = lines->newline < lines->carriage ? lines->newline : lines->carriage;
    struct bb_bytes piece = bb_bytes(input->block + input->at, end - input->at);
    *ret_ended = end < input->end;
    lines->after_carriage = *ret_ended && end == lines->carriage;
    input->at = *ret_ended ? end + 1 : end;
    return piece;
}

/* The LF of a CRLF. */
static int
skip_rest_of_end(struct bb_lines *lines)
{
    struct bb_input *input = &lines->input;
    int r = input->at == input->end ? fill(lines) : 0;
    if (r || !lines->after_carriage)
        return r;
    lines->after_carriage = false;
    if (input->block[input->at] == '\n')
        input->at++;
    return input->at == input->end ? fill(lines) : 0;
}

static void
gather(struct bb_lines *lines, struct bb_bytes piece, size_t *len)
{
    if (*len + piece.len <= BB_LINE_BYTES)
        bb_buffer_append(&lines->gathered, piece.data, piece.len);
    *len += piece.len;
}

/* One line, empty or not; data is NULL when it is too long. */
static int
read_line(struct bb_lines *lines, struct bb_bytes *ret_line)
{
    bool ended;
    int r = skip_rest_of_end(lines);
    if (r)
        return r;
    bb_raw_keeper_reset(&lines->keeper);
    struct bb_bytes piece = take_piece(lines, &ended);
    bb_raw_keeper_append(&lines->keeper, piece);
    if (ended && piece.len <= BB_LINE_BYTES) {
        *ret_line = piece;
        return 0;
    }
    size_t len = 0;
    bb_buffer_reset(&lines->gathered);
    gather(lines, piece, &len);
    while (!ended && (r = fill(lines)) == 0) {
        piece = take_piece(lines, &ended);
        bb_raw_keeper_append(&lines->keeper, piece);
        gather(lines, piece, &len);
    }
    *ret_line = bb_bytes(len > BB_LINE_BYTES ? NULL : lines->gathered.data, len);
    return r < 0 ? r : lines->gathered.error;
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
    struct bb_bytes text;
    int r = read_line(lines, &text);

    if (r)
        return r;
    *ret_line = (struct bb_line){
        .line = ++lines->lines,
        .number = text.data && is_blank(text) ? 0 : ++lines->numbers,
        .text = text,
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
