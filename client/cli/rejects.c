#include "rejects.h"

#include "output.h"
#include "target.h"

#include "client/formats/read/annotation.h"
#include "client/formats/read/json_members.h"
#include "client/formats/text/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct bb_rejects {
    struct bb_target target;
    const struct bb_source *source;
    struct bb_spool *spool;
    bool begun;
    unsigned members; /* of the JSON object being written */
    int error;
};

/* The walk over the text of one CSV row: the rules of csv_reader.h, for finding where its columns end. */
enum csv_state {
    CELL_BEGINS, /* only blanks so far */
    CELL_PLAIN,
    CELL_QUOTED,
    CELL_QUOTE_SEEN,  /* in a quoted one: its end, or the first of two */
    CELL_QUOTE_BLANK, /* blanks behind its end */
    CELL_BROKEN,      /* something else behind its end: the rest of the row is what it is */
};

struct csv_walk {
    struct bb_rejects *rejects;
    enum csv_state state;
    uint64_t at, end; /* bytes of the row; those behind the end are left out */
    size_t columns;   /* that the file has */
    size_t column;
    size_t written; /* columns */
    size_t behind;  /* delimiters behind the last column of the header: empty cells there are left out */
    size_t ends;    /* line ends that are held back: they are written when something follows */
    char held[2];
};

int
bb_rejects_new(const char *file, const struct bb_source *source, struct bb_spool *spool,
               struct bb_rejects **ret_rejects)
{
    struct bb_rejects *rejects = calloc(1, sizeof *rejects);
    if (!rejects)
        return -ENOMEM;
    *rejects = (struct bb_rejects){.source = source, .spool = spool};
    int r = bb_target_open(file, &rejects->target);
    if (r < 0)
        free(rejects);
    else
        *ret_rejects = rejects;
    return r;
}

void
bb_rejects_destroy(struct bb_rejects **rejects)
{
    if (!*rejects)
        return;
    bb_target_close(&(*rejects)->target, false);
    free(*rejects);
    *rejects = NULL;
}

int
bb_rejects_finish(struct bb_rejects *rejects, bool keep)
{
    if (!rejects)
        return 0;
    int r = bb_target_close(&rejects->target, keep && rejects->error == 0);
    return rejects->error ? rejects->error : r;
}

/* CSV */

static bool
is_left_out(const struct csv_walk *walk)
{
    return walk->column < walk->columns && bb_source_is_annotation(walk->rejects->source, walk->column);
}

static void
begin_column(struct csv_walk *walk)
{
    if (is_left_out(walk))
        return;
    if (walk->column >= walk->columns && walk->written) {
        walk->behind++;
        return;
    }
    if (walk->written++)
        fputc(bb_source_delimiter(walk->rejects->source), walk->rejects->target.to);
}

static void
put_held(struct csv_walk *walk)
{
    for (; walk->behind; walk->behind--)
        fputc(bb_source_delimiter(walk->rejects->source), walk->rejects->target.to);
    fwrite(walk->held, 1, walk->ends, walk->rejects->target.to);
    walk->ends = 0;
}

static enum csv_state
next_state(enum csv_state state, char c)
{
    bool blank = c == ' ' || c == '\t', end = c == '\r' || c == '\n';
    switch (state) {
    case CELL_BEGINS:
        return c == '"' ? CELL_QUOTED : blank ? CELL_BEGINS : CELL_PLAIN;
    case CELL_QUOTED:
        return c == '"' ? CELL_QUOTE_SEEN : CELL_QUOTED;
    case CELL_QUOTE_SEEN:
        if (c == '"')
            return CELL_QUOTED;
        /* fall through */
    case CELL_QUOTE_BLANK:
        return blank ? CELL_QUOTE_BLANK : end ? state : CELL_BROKEN;
    default:
        return state;
    }
}

/* Copy a row without its annotations, and without the end of its line. */
static int
copy_csv(void *self, struct bb_bytes piece)
{
    struct csv_walk *walk = self;
    char delimiter = bb_source_delimiter(walk->rejects->source);
    for (size_t i = 0; i < piece.len && walk->at < walk->end; i++, walk->at++) {
        char c = (char)piece.data[i];
        if (walk->state != CELL_QUOTED && walk->state != CELL_BROKEN && c == delimiter) {
            walk->column++;
            walk->state = CELL_BEGINS;
            begin_column(walk);
            continue;
        }
        walk->state = next_state(walk->state, c);
        if (walk->state != CELL_QUOTED && (c == '\r' || c == '\n') && walk->ends < sizeof walk->held) {
            walk->held[walk->ends++] = c;
        } else if (!is_left_out(walk)) {
            put_held(walk);
            fputc(c, walk->rejects->target.to);
        }
    }
    return 0;
}

static void
put_csv_text(struct bb_rejects *rejects, const char *text)
{
    fputc(bb_source_delimiter(rejects->source), rejects->target.to);
    if (!strpbrk(text, "\",;|:\t\r\n ")) {
        fputs(text, rejects->target.to);
        return;
    }
    fputc('"', rejects->target.to);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', rejects->target.to);
        fputc(*text, rejects->target.to);
    }
    fputc('"', rejects->target.to);
}

/* Where do the annotations of an earlier import begin? At the last four cells, if they look like it;
 * otherwise behind the columns of the file, if the row has all. */
struct csv_search {
    const struct bb_source *source;
    enum csv_state state;
    uint64_t at;
    uint64_t found, behind; /* UINT64_MAX: nowhere */
    size_t column;
    struct {
        uint64_t from;
        size_t len;
        char text[32];
    } cell[BB_ANNOTATIONS]; /* the last ones */
};

static void
end_cell(struct csv_search *search)
{
    struct bb_bytes cell[BB_ANNOTATIONS];

    if (search->cell[search->column % BB_ANNOTATIONS].len == 0)
        return;
    search->found = UINT64_MAX;
    if (search->column + 1 < BB_ANNOTATIONS)
        return;
    for (size_t i = 0; i < BB_ANNOTATIONS; i++) {
        size_t at = (search->column + 1 + i) % BB_ANNOTATIONS;
        size_t len = search->cell[at].len, most = sizeof search->cell[at].text;
        cell[i] = bb_bytes(search->cell[at].text, len < most ? len : most);
    }
    if (bb_annotation_is(cell))
        search->found = search->cell[(search->column + 1) % BB_ANNOTATIONS].from;
}

static void
next_cell(struct csv_search *search)
{
    size_t at = ++search->column % BB_ANNOTATIONS;

    if (search->column == bb_source_own_columns(search->source))
        search->behind = search->at;
    search->cell[at].from = search->at;
    search->cell[at].len = 0;
    search->state = CELL_BEGINS;
}

/* Behind a misplaced quote, too, cells are cells: what is sought was written there. */
static int
search_csv(void *self, struct bb_bytes piece)
{
    struct csv_search *search = self;
    for (size_t i = 0; i < piece.len; i++, search->at++) {
        size_t at = search->column % BB_ANNOTATIONS;
        char c = (char)piece.data[i];
        if (search->state != CELL_QUOTED && c == bb_source_delimiter(search->source)) {
            end_cell(search);
            next_cell(search);
            continue;
        }
        search->state = next_state(search->state, c);
        if (strchr("\" \t\r\n", c) && c)
            continue;
        if (search->cell[at].len < sizeof search->cell[at].text)
            search->cell[at].text[search->cell[at].len] = c;
        search->cell[at].len++;
    }
    return 0;
}

static uint64_t
find_annotations(struct bb_rejects *rejects, const struct bb_raw *raw)
{
    struct csv_search search = {.source = rejects->source, .found = UINT64_MAX, .behind = UINT64_MAX};

    if (!bb_source_is_annotated(rejects->source))
        return UINT64_MAX;
    int r = bb_raw_walk(raw, rejects->spool, search_csv, &search);
    if (r < 0)
        rejects->error = r;
    end_cell(&search);
    if (search.found == UINT64_MAX && search.column + 1 == bb_source_columns(rejects->source))
        return search.behind;
    return search.found;
}

/* Copy the row as wide as it is, for one that has too few cells must not be taken for a whole one. So it is
 * with a quote that was never closed: dots behind its end keep it broken. */
static void
put_csv_row(struct bb_rejects *rejects, const struct bb_raw *raw, bool header)
{
    const struct bb_source *source = rejects->source;
    struct csv_walk walk = {.rejects = rejects,
                            .end = header ? UINT64_MAX : find_annotations(rejects, raw),
                            .columns = header ? bb_source_columns(source) : bb_source_own_columns(source)};
    begin_column(&walk);
    int r = bb_raw_walk(raw, rejects->spool, copy_csv, &walk);
    if (r < 0)
        rejects->error = r;
    if (walk.state == CELL_QUOTED)
        fputs("\"...", rejects->target.to);
    while (bb_source_format(source) == BB_FORMAT_DHIS2_CSV && ++walk.column < walk.columns)
        begin_column(&walk); /* there it may have fewer */
}

static void
put_annotations(struct bb_rejects *rejects, const char *row, const char *code, const char *field,
                const char *reason)
{
    put_csv_text(rejects, row);
    put_csv_text(rejects, code);
    put_csv_text(rejects, field);
    put_csv_text(rejects, reason);
    fputc('\n', rejects->target.to);
}

static void
put_csv(struct bb_rejects *rejects, const struct bb_raw *raw, const char *row, const char *code,
        const char *field, const char *reason)
{
    put_csv_row(rejects, raw, false);
    put_annotations(rejects, row, code, field, reason);
}

static void
put_csv_header(struct bb_rejects *rejects, const struct bb_raw *header)
{
    put_csv_row(rejects, header, true);
    put_annotations(rejects, "row", "code", "field", "reason");
}
/* JSONL */

/* Is this key ours to write? A map may say that it is the file's own. */
static bool
is_ours(const struct bb_rejects *rejects, const char *name)
{
    return bb_source_is_annotation_name(rejects->source, bb_bytes_str(name));
}

static bool
is_annotation(const struct bb_rejects *rejects, struct bb_bytes key)
{
    for (size_t i = 0; i < BB_ANNOTATIONS; i++)
        if (bb_bytes_equal(bb_bytes(key.data + 1, key.len - 2), bb_bytes_str(bb_annotations[i])))
            return is_ours(rejects, bb_annotations[i]);
    return false;
}

static void
separate(struct bb_rejects *rejects)
{
    if (rejects->members++)
        fputs(", ", rejects->target.to);
}

static void
put_members(struct bb_rejects *rejects, struct bb_bytes object)
{
    struct bb_json_member member;
    size_t at = 0;
    while (bb_json_next_member(object, &at, &member)) {
        if (is_annotation(rejects, member.key))
            continue;
        separate(rejects);
        fwrite(member.key.data, 1, member.key.len, rejects->target.to);
        fputs(": ", rejects->target.to);
        fwrite(member.value.data, 1, member.value.len, rejects->target.to);
    }
}

/* A line in the spool: up to its last brace, when it ends with one, it is taken for an object. */
struct line_walk {
    FILE *to;
    uint64_t left;
    uint8_t last;
};

static int
copy_line(void *self, struct bb_bytes piece)
{
    struct line_walk *walk = self;
    walk->left -= piece.len;
    if (walk->left == 0 && piece.len)
        walk->last = piece.data[--piece.len];
    fwrite(piece.data, 1, piece.len, walk->to);
    return 0;
}

static void
put_long_line(struct bb_rejects *rejects, const struct bb_raw *raw)
{
    struct line_walk walk = {.to = rejects->target.to, .left = raw->len};
    int r = bb_raw_walk(raw, rejects->spool, copy_line, &walk);
    if (r < 0)
        rejects->error = r;
    if (walk.last != '}')
        fputc(walk.last, rejects->target.to);
    rejects->members++;
}

static void
put_annotation(struct bb_rejects *rejects, const char *name, const char *text)
{
    if (!is_ours(rejects, name))
        return;
    separate(rejects);
    fprintf(rejects->target.to, "\"%s\": ", name);
    if (strcmp(name, "row") == 0)
        fputs(text, rejects->target.to);
    else
        bb_json_string(rejects->target.to, text, strlen(text));
}

static void
put_jsonl(struct bb_rejects *rejects, const struct bb_raw *raw, const char *row, const char *code,
          const char *field, const char *reason)
{
    rejects->members = 0;
    if (raw->len) {
        put_long_line(rejects, raw);
    } else {
        fputc('{', rejects->target.to);
        if (bb_json_is_object(raw->text)) {
            put_members(rejects, raw->text);
        } else {
            separate(rejects);
            fputs("\"line\": ", rejects->target.to);
            bb_json_string(rejects->target.to, raw->text.data, raw->text.len);
        }
    }
    put_annotation(rejects, "row", row);
    put_annotation(rejects, "code", code);
    put_annotation(rejects, "field", field);
    put_annotation(rejects, "reason", reason);
    fputs("}\n", rejects->target.to);
}

/* Text of fixed width: what is wrong stands behind the line, where no field is. */

static int
gather(void *self, struct bb_bytes piece)
{
    struct bb_buffer *line = self;

    bb_buffer_append(line, piece.data, piece.len);
    return line->error;
}

static int
copy(void *self, struct bb_bytes piece)
{
    fwrite(piece.data, 1, piece.len, self);
    return 0;
}

/* A line in the spool, as it is; but one that a reader takes has no note of an earlier import. */
static int
put_spooled_line(struct bb_rejects *rejects, const struct bb_raw *raw)
{
    struct bb_buffer line;
    struct bb_bytes text;
    int r;

    if (raw->len > BB_LINE_BYTES)
        return bb_raw_walk(raw, rejects->spool, copy, rejects->target.to);
    bb_buffer_init(&line, BB_LINE_BYTES);
    r = bb_raw_walk(raw, rejects->spool, gather, &line);
    text = bb_annotation_cut(bb_buffer_bytes(&line));
    if (r == 0)
        r = copy(rejects->target.to, text);
    bb_buffer_release(&line);
    return r;
}

static void
put_fixed(struct bb_rejects *rejects, const struct bb_raw *raw, const char *row, const char *code,
          const char *field, const char *reason)
{
    struct bb_bytes line = bb_annotation_cut(raw->text);
    int r = raw->len ? put_spooled_line(rejects, raw) : 0;

    if (r < 0)
        rejects->error = r;
    if (raw->len == 0 && line.len)
        fwrite(line.data, 1, line.len, rejects->target.to);
    fprintf(rejects->target.to, BB_ANNOTATION_MARK "%s, %s%s%s: %s\n", row, code, *field ? ", " : "", field,
            reason);
}

/* --- one row ----------------------------------------------------------------------------------------------
 */

static void
begin_file(struct bb_rejects *rejects)
{
    struct bb_bytes titles = bb_source_titles(rejects->source);
    const struct bb_raw header = {.text = bb_source_header(rejects->source)};

    rejects->begun = true;
    if (bb_source_wants_mark(rejects->source))
        fputs("\xEF\xBB\xBF", rejects->target.to);
    if (titles.len)
        fwrite(titles.data, 1, titles.len, rejects->target.to);
    if (bb_source_format(rejects->source) != BB_FORMAT_FIXED && header.text.len)
        put_csv_header(rejects, &header);
}

void
bb_rejects_put(struct bb_rejects *rejects, const struct bb_raw *raw, uint64_t row, const char *code,
               const char *field, const char *reason)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, row);
    if (!rejects->begun)
        begin_file(rejects);
    switch (bb_source_format(rejects->source)) {
    case BB_FORMAT_CSV:
    case BB_FORMAT_DHIS2_CSV:
        put_csv(rejects, raw, number, code, field, reason);
        return;
    case BB_FORMAT_FIXED:
        put_fixed(rejects, raw, number, code, field, reason);
        return;
    default:
        put_jsonl(rejects, raw, number, code, field, reason);
    }
}
