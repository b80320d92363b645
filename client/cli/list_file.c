#include "list_file.h"

#include "data.h"
#include "patient.h"

#include "client/formats/metadata/metadata_csv.h"
#include "client/formats/text/decode.h"
#include "client/formats/text/peek.h"
#include "proto/limits.h"
#include "proto/utf8.h"
#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 4096
#define SHOWN         20u

struct bb_list_file {
    const char *name;
    const char *const *fields;
    struct bb_decode *decode;
    struct bb_peek peek;
    struct bb_csv *csv; /* NULL: it is metadata */
    struct bb_definitions definitions;
    size_t taken; /* of them */
    struct bb_layout layout;
    uint64_t refused, warned;
    int fd;
};

void
bb_list_close(struct bb_list_file **list)
{
    struct bb_list_file *l = *list;
    if (!l)
        return;
    if (l->refused > SHOWN)
        bb_cli_say("%s: and %" PRIu64 " more refused rows", l->name, l->refused - SHOWN);
    if (l->warned > SHOWN)
        bb_cli_say("%s: and %" PRIu64 " more warnings", l->name, l->warned - SHOWN);
    bb_csv_destroy(&l->csv);
    bb_definitions_release(&l->definitions);
    bb_decode_destroy(&l->decode);
    if (l->fd > STDERR_FILENO)
        close(l->fd);
    free(l);
    *list = NULL;
}

static void
say_unread(const struct bb_list_file *list, int r)
{
    bb_cli_error("%s: %s", list->name, r == -EILSEQ ? bb_decode_error(list->decode) : strerror(-r));
}

static int
read_header(struct bb_list_file *list, size_t n_required)
{
    char error[MESSAGE_BYTES];
    struct bb_csv_row header;
    int r = bb_csv_next(list->csv, &header);
    if (r == BB_INPUT_END)
        bb_cli_error("%s: the file is empty; expected a header with \"%s\"", list->name, list->fields[0]);
    else if (r < 0)
        say_unread(list, r);
    if (r)
        return r < 0 && r != -EILSEQ ? EX_NOINPUT : EX_DATAERR;
    if (bb_layout_init(&list->layout, &header, list->fields, error, sizeof error) < 0) {
        bb_cli_error("%s: %s", list->name, error);
        return EX_DATAERR;
    }
    for (size_t i = 0; i < n_required; i++) {
        if (list->layout.column[i] < 0) {
            bb_cli_error("%s: line %" PRIu64 ": there is no column \"%s\", which is needed", list->name,
                         header.line, list->fields[i]);
            return EX_DATAERR;
        }
    }
    return 0;
}

static int
open_table(struct bb_list_file *list, size_t n_required)
{
    if (bb_csv_new(bb_peek_feed(&list->peek), ',', NULL, &list->csv) < 0)
        return EX_OSERR;
    return read_header(list, n_required);
}

static int
open_metadata(struct bb_list_file *list, const struct bb_list_metadata *how, bool is_csv)
{
    struct bb_metadata *metadata = NULL;
    struct bb_feed feed = bb_peek_feed(&list->peek);
    char error[MESSAGE_BYTES];
    int r = is_csv ? bb_metadata_read_csv(feed, how->section, &metadata, error, sizeof error)
                   : bb_metadata_read(feed, &metadata, error, sizeof error);

    if (r == 0)
        r = how->take(how->how, metadata, &list->definitions, error, sizeof error);
    bb_metadata_destroy(&metadata);
    if (r == BB_METADATA_BAD)
        bb_cli_error("%s: %s", list->name, error);
    else if (r < 0)
        say_unread(list, r);
    return r == 0                                 ? 0
           : r == BB_METADATA_BAD || r == -EILSEQ ? EX_DATAERR
           : r == -ENOMEM                         ? EX_OSERR
                                                  : EX_NOINPUT;
}

/* Does it start with a brace, or a bracket? */
static bool
is_json(struct bb_bytes head)
{
    size_t at = 0;

    while (at < head.len && memchr(" \t\r\n", head.data[at], 4))
        at++;
    return at < head.len && (head.data[at] == '{' || head.data[at] == '[');
}

/* A table or metadata, by how it starts. */
static int
open_either(struct bb_list_file *list, size_t n_required, const struct bb_list_metadata *metadata)
{
    struct bb_bytes head = bb_peek_init(&list->peek, bb_decode_feed(list->decode));

    if (metadata && is_json(head))
        return open_metadata(list, metadata, false);
    if (metadata && bb_metadata_is_csv(head))
        return open_metadata(list, metadata, true);
    if (metadata && metadata->option) {
        bb_cli_error("%s: %s is for metadata of DHIS2, which this is not", list->name, metadata->option);
        return EX_USAGE;
    }
    return open_table(list, n_required);
}

int
bb_list_open(const char *file, const char *const *fields, size_t n_required,
             const struct bb_list_metadata *metadata, struct bb_list_file **ret_list)
{
    struct bb_list_file *list = calloc(1, sizeof *list);
    if (!list)
        return EX_OSERR;
    list->fields = fields;
    list->fd = -1;
    bb_definitions_init(&list->definitions);
    int code = bb_cli_open(file, &list->fd, &list->name);
    if (code == 0 && bb_decode_new(bb_patient_feed(&list->fd), BB_ENCODING_AUTO, &list->decode) < 0)
        code = EX_OSERR;
    if (code == 0)
        code = open_either(list, n_required, metadata);
    if (code)
        bb_list_close(&list);
    else
        *ret_list = list;
    return code;
}

static void
say(const struct bb_list_file *list, const struct bb_list_row *row, const char *field, const char *code,
    const char *kind, const char *reason)
{
    char where[80];

    snprintf(where, sizeof where, "row %" PRIu64 " (line %" PRIu64 ")", row->number, row->line);
    bb_cli_say("%s: %s%s%s: %s%s [%s]", list->name, row->where ? row->where : where, *field ? ", " : "",
               field, kind, reason, code);
}

void
bb_list_refuse(struct bb_list_file *list, const struct bb_list_row *row, const char *field, const char *code,
               const char *reason)
{
    if (list->refused++ < SHOWN)
        say(list, row, field, code, "", reason);
}

void
bb_list_warn(struct bb_list_file *list, const struct bb_list_row *row, const char *field, const char *code,
             const char *reason)
{
    if (list->warned++ < SHOWN)
        say(list, row, field, code, "warning: ", reason);
}

/* Cells are checked here because they become C strings, which end at a NUL. */
static const char *
wrong_cell(struct bb_bytes cell, char *reason, size_t size)
{
    char shown[200];
    if (!cell.data || cell.len > BB_LIMIT_TEXT_BYTES) {
        snprintf(reason, size, "found %zu bytes, expected at most %u", cell.len, BB_LIMIT_TEXT_BYTES);
        return "TOO_LONG";
    }
    size_t good = bb_utf8_prefix(cell);
    if (good == cell.len)
        return NULL;
    snprintf(reason, size, "found byte 0x%02x at position %zu of '%s', expected UTF-8 text without NUL",
             cell.data[good], good + 1, bb_text_quote(cell, shown, sizeof shown, 60));
    return "BAD_TEXT";
}

/* Is each cell a text? Of the first that is none it is said why. */
static bool
check_cells(struct bb_list_file *list, const struct bb_list_row *row, const struct bb_bytes *cell,
            const char *const *field, size_t n)
{
    char reason[MESSAGE_BYTES];

    for (size_t i = 0; i < n; i++) {
        const char *code = cell[i].len ? wrong_cell(cell[i], reason, sizeof reason) : NULL;
        if (code) {
            bb_list_refuse(list, row, field[i], code, reason);
            return false;
        }
    }
    return true;
}

/* A copy with these cells, whose meanings are indexes of fields. */
static struct bb_list_row *
copy_row(const struct bb_list_row *row, const struct bb_bytes *cell, const int16_t *meaning, size_t n)
{
    size_t where = row->where ? strlen(row->where) + 1 : 0, bytes = where;
    for (size_t i = 0; i < n; i++)
        bytes += cell[i].len + 1;
    struct bb_list_row *copy = calloc(1, sizeof *copy + bytes);
    if (!copy)
        return NULL;
    char *at = copy->text;
    copy->number = row->number;
    copy->line = row->line;
    if (row->where)
        copy->where = memcpy(at, row->where, where);
    at += where;
    for (size_t i = 0; i < n; i++) {
        if (cell[i].len == 0)
            continue;
        memcpy(at, cell[i].data, cell[i].len);
        copy->cell[meaning[i]] = at;
        at += cell[i].len + 1;
    }
    return copy;
}

static int
give(const struct bb_list_file *list, struct bb_list_row *row, struct bb_list_row **ret_row)
{
    if (row)
        *ret_row = row;
    else
        bb_cli_error("%s: %s", list->name, strerror(ENOMEM));
    return row ? 0 : -ENOMEM;
}

/* --- rows of a table ------------------------------------------------------------------------------------ */

static int
next_of_table(struct bb_list_file *list, struct bb_list_row **ret_row)
{
    char reason[MESSAGE_BYTES];
    const char *field[BB_LAYOUT_FIELDS];
    struct bb_csv_row row;
    int r = bb_csv_next(list->csv, &row);
    if (r == BB_INPUT_END)
        return BB_LIST_END;
    if (r < 0) {
        say_unread(list, r);
        return r;
    }
    struct bb_list_row here = {.number = row.number - 1, .line = row.line};
    if (!bb_layout_row(&list->layout, &row, reason, sizeof reason)) {
        bb_list_refuse(list, &here, "", "BAD_ROW", reason);
        return BB_LIST_REFUSED;
    }
    for (size_t i = 0; i < row.count; i++)
        field[i] = list->fields[list->layout.meaning[i]];
    if (!check_cells(list, &here, row.cell, field, row.count))
        return BB_LIST_REFUSED;
    return give(list, copy_row(&here, row.cell, list->layout.meaning, row.count), ret_row);
}

/* --- objects of metadata -------------------------------------------------------------------------------- */

static int16_t
meaning_of(const struct bb_list_file *list, const char *column)
{
    int16_t i = 0;

    while (list->fields[i] && strcmp(list->fields[i], column) != 0)
        i++;
    return i;
}

static int
next_of_metadata(struct bb_list_file *list, struct bb_list_row **ret_row)
{
    struct bb_bytes cell[BB_DEFINITION_COLUMNS];
    int16_t meaning[BB_DEFINITION_COLUMNS];
    const struct bb_definition *d;
    char where[200], id[160];

    if (list->taken == list->definitions.n)
        return BB_LIST_END;
    d = list->definitions.item[list->taken++];
    snprintf(where, sizeof where, "%s %s", d->section, bb_text_quote(bb_bytes_str(d->id), id, sizeof id, 80));
    struct bb_list_row here = {.number = list->taken, .where = where};
    if (d->reason) {
        bb_list_refuse(list, &here, d->field, d->code, d->reason);
        return BB_LIST_REFUSED;
    }
    for (size_t i = 0; i < d->n; i++) {
        cell[i] = bb_bytes_str(d->text[i]);
        meaning[i] = meaning_of(list, d->column[i]);
    }
    if (!check_cells(list, &here, cell, d->column, d->n))
        return BB_LIST_REFUSED;
    if (d->left_out)
        bb_list_warn(list, &here, "", "LEFT_OUT", d->left_out);
    return give(list, copy_row(&here, cell, meaning, d->n), ret_row);
}

int
bb_list_next(struct bb_list_file *list, struct bb_list_row **ret_row)
{
    return list->csv ? next_of_table(list, ret_row) : next_of_metadata(list, ret_row);
}
