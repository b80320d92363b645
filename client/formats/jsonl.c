/* A line is looked for first, so that a broken one ends where it ends, and then scanned where it stands in
 * the block. Only one that goes over the end of a block is put together elsewhere. */
#include "jsonl.h"

#include "json.h"
#include "record.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdlib.h>

#define NOT_SOUGHT SIZE_MAX

struct lines {
    struct bb_input input;
    struct bb_raw_keeper keeper;
    struct bb_json json;
    struct bb_record record;
    struct bb_buffer gathered; /* a line that goes over the end of a block */
    size_t newline, carriage;  /* the next of each in the block, its end when there is none, or NOT_SOUGHT */
    bool after_carriage;       /* the last byte was CR: an LF now belongs to it */
    uint64_t line;             /* lines read */
    uint64_t number;           /* without the empty ones */
};

/* Lines */

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
fill(struct lines *lines)
{
    lines->newline = lines->carriage = NOT_SOUGHT;
    return bb_input_fill(&lines->input);
}

/* Take what the block has of the line. ret_ended: with its end, which is not part of it. */
static struct bb_bytes
take_piece(struct lines *lines, bool *ret_ended)
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
skip_rest_of_end(struct lines *lines)
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
gather(struct lines *lines, struct bb_bytes piece, size_t *len)
{
    if (*len + piece.len <= BB_JSONL_LINE_BYTES)
        bb_buffer_append(&lines->gathered, piece.data, piece.len);
    *len += piece.len;
}

/* One line, empty or not; data is NULL when it is too long. */
static int
read_line(struct lines *lines, struct bb_bytes *ret_line)
{
    bool ended;
    int r = skip_rest_of_end(lines);
    if (r)
        return r;
    bb_raw_keeper_reset(&lines->keeper);
    lines->line++;
    struct bb_bytes piece = take_piece(lines, &ended);
    bb_raw_keeper_append(&lines->keeper, piece);
    if (ended && piece.len <= BB_JSONL_LINE_BYTES) {
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
    *ret_line = bb_bytes(len > BB_JSONL_LINE_BYTES ? NULL : lines->gathered.data, len);
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

/* Objects */

static int
refuse(struct lines *lines, int r)
{
    char said[500];
    if (r != BB_JSON_BAD)
        return r;
    bb_json_say_in_line(&lines->json, said, sizeof said);
    bb_record_refuse(&lines->record, BB_ROW_CODE_BAD_ROW, "%s", said);
    return 0;
}

/* The value of a member; index -1: it is of no use. */
static int
take_value(struct lines *lines, struct bb_bytes line, int index)
{
    struct bb_json_token token;
    int r = bb_json_next(&lines->json, &token);
    if (r)
        return r;
    if (token.kind != BB_JSON_OBJECT && token.kind != BB_JSON_LIST) {
        if (index >= 0)
            bb_record_put_token(&lines->record, index, &token, token.decoded);
        return 0;
    }
    size_t from = (size_t)bb_json_position(&lines->json) - 1;
    r = bb_json_skip(&lines->json, &token);
    size_t len = (size_t)bb_json_position(&lines->json) - from;
    if (r == 0 && index >= 0)
        bb_record_put(&lines->record, index, BB_CELL_NESTED, bb_bytes(line.data + from, len), false);
    return r;
}

static int
take_members(struct lines *lines, struct bb_bytes line)
{
    struct bb_json_token token;
    for (;;) {
        int index = -1, r = bb_json_next(&lines->json, &token);
        if (r || token.kind == BB_JSON_OBJECT_END)
            return r ? r : bb_json_next(&lines->json, &token);
        r = bb_record_key(&lines->record, &token, &index);
        if (r == 0 || r == BB_RECORD_E_REFUSED)
            r = take_value(lines, line, index);
        if (r)
            return r;
    }
}

/* Returns as take_members() does: BB_JSON_END is a sound line. */
static int
take_object(struct lines *lines, struct bb_bytes line)
{
    struct bb_json_token token;
    bb_json_line(&lines->json, line);
    int r = bb_json_next(&lines->json, &token);
    if (r)
        return r;
    if (token.kind == BB_JSON_OBJECT)
        return take_members(lines, line);
    bb_record_refuse(&lines->record, BB_ROW_CODE_BAD_ROW, "found %s, expected a JSON object",
                     bb_json_words(&token));
    return BB_JSON_END;
}

static int
take_record(struct lines *lines, struct bb_bytes line)
{
    bb_record_begin(&lines->record);
    if (!line.data) {
        bb_record_refuse(&lines->record, BB_ROW_CODE_TOO_LONG,
                         "found a line of %zu bytes, expected at most %u", line.len, BB_JSONL_LINE_BYTES);
        return 0;
    }
    int r = take_object(lines, line);
    return r == BB_JSON_END ? 0 : refuse(lines, r);
}

/* Reader */

static int
next_record(void *self, struct bb_cells *ret_cells)
{
    struct lines *lines = self;
    struct bb_bytes line;
    int r;
    do {
        r = read_line(lines, &line);
        if (r)
            return r == BB_INPUT_END ? BB_READER_END : r;
    } while (line.data && is_blank(line));
    r = take_record(lines, line);
    if (r)
        return r;
    *ret_cells = (struct bb_cells){
        .number = ++lines->number, .line = lines->line, .raw = bb_raw_keeper_row(&lines->keeper)};
    bb_record_cells(&lines->record, ret_cells);
    return lines->keeper.error;
}

static size_t
names_met(const void *self, const struct bb_bytes **ret_names)
{
    const struct bb_names *names = &((const struct lines *)self)->record.names;
    *ret_names = names->name;
    return names->count;
}

static uint64_t
position(const void *self)
{
    return bb_input_position(&((const struct lines *)self)->input);
}

/* A file of lines can always be read on. */
static const char *
no_error(const void *self)
{
    (void)self;
    return "";
}

static void
destroy(void *self)
{
    struct lines *lines = self;
    bb_record_release(&lines->record);
    bb_json_release(&lines->json);
    bb_buffer_release(&lines->gathered);
    bb_raw_keeper_release(&lines->keeper);
    bb_input_release(&lines->input);
    free(lines);
}

static const struct bb_reader_kind reader_kind = {next_record, names_met, position, no_error, destroy};

int
bb_jsonl_reader(struct bb_feed feed, struct bb_spool *spool, struct bb_reader *ret_reader)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (!lines)
        return -ENOMEM;
    bb_json_init(&lines->json, "a JSON object");
    bb_buffer_init(&lines->gathered, BB_JSONL_LINE_BYTES);
    bb_raw_keeper_init(&lines->keeper, spool);
    lines->newline = lines->carriage = NOT_SOUGHT;
    if (bb_input_init(&lines->input, feed) < 0 || bb_record_init(&lines->record, false) < 0) {
        destroy(lines);
        return -ENOMEM;
    }
    *ret_reader = (struct bb_reader){&reader_kind, lines};
    return 0;
}
