#include "list_file.h"

#include "data.h"
#include "patient.h"

#include "client/formats/decode.h"
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
    struct bb_csv *csv;
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

int
bb_list_open(const char *file, const char *const *fields, size_t n_required, struct bb_list_file **ret_list)
{
    struct bb_list_file *list = calloc(1, sizeof *list);
    if (!list)
        return EX_OSERR;
    list->fields = fields;
    list->fd = -1;
    int code = bb_cli_open(file, &list->fd, &list->name);
    if (code == 0 && bb_decode_new(bb_patient_feed(&list->fd), BB_ENCODING_AUTO, &list->decode) < 0)
        code = EX_OSERR;
    if (code == 0 && bb_csv_new(bb_decode_feed(list->decode), ',', NULL, &list->csv) < 0)
        code = EX_OSERR;
    if (code == 0)
        code = read_header(list, n_required);
    if (code)
        bb_list_close(&list);
    else
        *ret_list = list;
    return code;
}

static void
say(const struct bb_list_file *list, uint64_t row, uint64_t line, const char *field, const char *code,
    const char *kind, const char *reason)
{
    bb_cli_say("%s: row %" PRIu64 " (line %" PRIu64 ")%s%s: %s%s [%s]", list->name, row, line,
               *field ? ", " : "", field, kind, reason, code);
}

void
bb_list_refuse(struct bb_list_file *list, uint64_t row, uint64_t line, const char *field, const char *code,
               const char *reason)
{
    if (list->refused++ < SHOWN)
        say(list, row, line, field, code, "", reason);
}

void
bb_list_warn(struct bb_list_file *list, uint64_t row, uint64_t line, const char *field, const char *code,
             const char *reason)
{
    if (list->warned++ < SHOWN)
        say(list, row, line, field, code, "warning: ", reason);
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

static int
check_row(struct bb_list_file *list, const struct bb_csv_row *row)
{
    char reason[MESSAGE_BYTES];
    if (!bb_layout_row(&list->layout, row, reason, sizeof reason)) {
        bb_list_refuse(list, row->number - 1, row->line, "", "BAD_ROW", reason);
        return BB_LIST_REFUSED;
    }
    for (size_t i = 0; i < row->count; i++) {
        const char *code = row->cell[i].len ? wrong_cell(row->cell[i], reason, sizeof reason) : NULL;
        if (code) {
            bb_list_refuse(list, row->number - 1, row->line, list->fields[list->layout.meaning[i]], code,
                           reason);
            return BB_LIST_REFUSED;
        }
    }
    return 0;
}

static struct bb_list_row *
copy_row(const struct bb_list_file *list, const struct bb_csv_row *row)
{
    size_t bytes = 0;
    for (size_t i = 0; i < row->count; i++)
        bytes += row->cell[i].len + 1;
    struct bb_list_row *copy = calloc(1, sizeof *copy + bytes);
    if (!copy)
        return NULL;
    char *at = copy->text;
    copy->number = row->number - 1;
    copy->line = row->line;
    for (size_t i = 0; i < row->count; i++) {
        struct bb_bytes cell = row->cell[i];
        if (cell.len == 0)
            continue;
        memcpy(at, cell.data, cell.len);
        copy->cell[list->layout.meaning[i]] = at;
        at += cell.len + 1;
    }
    return copy;
}

int
bb_list_next(struct bb_list_file *list, struct bb_list_row **ret_row)
{
    struct bb_csv_row row;
    int r = bb_csv_next(list->csv, &row);
    if (r == BB_INPUT_END)
        return BB_LIST_END;
    if (r < 0) {
        say_unread(list, r);
        return r;
    }
    r = check_row(list, &row);
    if (r)
        return r;
    *ret_row = copy_row(list, &row);
    if (!*ret_row)
        bb_cli_error("%s: %s", list->name, strerror(ENOMEM));
    return *ret_row ? 0 : -ENOMEM;
}
