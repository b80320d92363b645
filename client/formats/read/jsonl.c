/* A line is looked for first, so that a broken one ends where it ends, and then scanned where it stands. */
#include "jsonl.h"

#include "record.h"

#include "client/formats/text/json.h"
#include "client/formats/text/lines.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdlib.h>

struct objects {
    struct bb_lines *lines;
    struct bb_json json;
    struct bb_record record;
};

static int
refuse(struct objects *objects, int r)
{
    char said[500];
    if (r != BB_JSON_BAD)
        return r;
    bb_json_say_in_line(&objects->json, said, sizeof said);
    bb_record_refuse(&objects->record, BB_ROW_CODE_BAD_ROW, "%s", said);
    return 0;
}

/* The value of a member; index -1: it is of no use. */
static int
take_value(struct objects *objects, struct bb_bytes line, int index)
{
    struct bb_json_token token;
    int r = bb_json_next(&objects->json, &token);
    if (r)
        return r;
    if (token.kind != BB_JSON_OBJECT && token.kind != BB_JSON_LIST) {
        if (index >= 0)
            bb_record_put_token(&objects->record, index, &token, token.decoded);
        return 0;
    }
    size_t from = (size_t)bb_json_position(&objects->json) - 1;
    r = bb_json_skip(&objects->json, &token);
    size_t len = (size_t)bb_json_position(&objects->json) - from;
    if (r == 0 && index >= 0)
        bb_record_put(&objects->record, index, BB_CELL_NESTED, bb_bytes(line.data + from, len), false);
    return r;
}

static int
take_members(struct objects *objects, struct bb_bytes line)
{
    struct bb_json_token token;
    for (;;) {
        int index = -1, r = bb_json_next(&objects->json, &token);
        if (r || token.kind == BB_JSON_OBJECT_END)
            return r ? r : bb_json_next(&objects->json, &token);
        r = bb_record_key(&objects->record, &token, &index);
        if (r == 0 || r == BB_RECORD_E_REFUSED)
            r = take_value(objects, line, index);
        if (r)
            return r;
    }
}

/* Returns as take_members() does: BB_JSON_END is a sound line. */
static int
take_object(struct objects *objects, struct bb_bytes line)
{
    struct bb_json_token token;
    bb_json_line(&objects->json, line);
    int r = bb_json_next(&objects->json, &token);
    if (r)
        return r;
    if (token.kind == BB_JSON_OBJECT)
        return take_members(objects, line);
    bb_record_refuse(&objects->record, BB_ROW_CODE_BAD_ROW, "found %s, expected a JSON object",
                     bb_json_words(&token));
    return BB_JSON_END;
}

static int
take_record(struct objects *objects, struct bb_bytes line)
{
    bb_record_begin(&objects->record);
    if (!line.data) {
        bb_record_refuse(&objects->record, BB_ROW_CODE_TOO_LONG,
                         "found a line of %zu bytes, expected at most %u", line.len, BB_LINE_BYTES);
        return 0;
    }
    int r = take_object(objects, line);
    return r == BB_JSON_END ? 0 : refuse(objects, r);
}

static int
next_record(void *self, struct bb_cells *ret_cells)
{
    struct objects *objects = self;
    struct bb_line line;
    int r = bb_lines_next(objects->lines, &line);
    if (r)
        return r == BB_INPUT_END ? BB_READER_END : r;
    r = take_record(objects, line.text);
    if (r)
        return r;
    *ret_cells = (struct bb_cells){.number = line.number, .line = line.line, .raw = line.raw};
    bb_record_cells(&objects->record, ret_cells);
    return 0;
}

static size_t
names_met(const void *self, const struct bb_bytes **ret_names)
{
    const struct bb_names *names = &((const struct objects *)self)->record.names;
    *ret_names = names->name;
    return names->count;
}

static uint64_t
position(const void *self)
{
    return bb_lines_position(((const struct objects *)self)->lines);
}

/* A file of lines can always be read on. */
static void
destroy(void *self)
{
    struct objects *objects = self;
    bb_record_release(&objects->record);
    bb_json_release(&objects->json);
    bb_lines_destroy(&objects->lines);
    free(objects);
}

static const struct bb_reader_kind reader_kind = {next_record, names_met, position, NULL, destroy};

int
bb_jsonl_reader(struct bb_feed feed, struct bb_spool *spool, struct bb_reader *ret_reader)
{
    struct objects *objects = calloc(1, sizeof *objects);
    if (!objects)
        return -ENOMEM;
    bb_json_init(&objects->json, "a JSON object");
    int r = bb_lines_new(feed, spool, &objects->lines);
    if (r == 0)
        r = bb_record_init(&objects->record, false);
    if (r < 0)
        destroy(objects);
    else
        *ret_reader = (struct bb_reader){&reader_kind, objects};
    return r;
}
