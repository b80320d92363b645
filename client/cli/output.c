/* A row is gathered in cells, each a small growing text, and rendered when it is complete. The cells keep
 * their memory from row to row, so that millions of rows cost no allocation; only the table rendering copies
 * them, into libsmartcols. A list is kept as its items one after the other, each ended by NUL. */
#include "output.h"

#include "runtime/clock.h"

#include "proto/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

enum cell_kind { CELL_NULL, CELL_TEXT, CELL_NUMBER, CELL_BOOL, CELL_TIME, CELL_LIST, CELL_JSON };

struct cell {
    enum cell_kind kind;
    enum bb_output_mark mark;
    char *data; /* ended by NUL behind len */
    size_t len, size;
};

struct bb_output {
    FILE *to;
    enum bb_output_format format;
    bool color, object;
    const struct bb_output_column *columns;
    size_t n_columns;
    struct cell *cells;
    size_t *shown; /* table: column of smartcols to column of ours */
    size_t n_shown;
    struct libscols_table *table;
    char *scratch; /* a list made one text */
    size_t scratch_size;
    uint64_t rows;
    int error;
};

static const char *const colors[] = {
    [BB_MARK_NONE] = NULL,       [BB_MARK_GOOD] = "\033[32m", [BB_MARK_BAD] = "\033[31m",
    [BB_MARK_WARN] = "\033[33m", [BB_MARK_DIM] = "\033[2m",   [BB_MARK_STRONG] = "\033[1m",
};

int
bb_output_format_by_name(const char *name)
{
    static const char *const names[] = {
        [BB_OUTPUT_TABLE] = "table",
        [BB_OUTPUT_JSON] = "json",
        [BB_OUTPUT_JSONL] = "jsonl",
        [BB_OUTPUT_CSV] = "csv",
    };

    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

/* --- the table of smartcols --------------------------------------------------------------------------- */

static const char *
title(const struct bb_output_column *column)
{
    return column->title ? column->title : column->name;
}

static int
add_column(struct bb_output *output, const char *name, unsigned flags)
{
    int scols = (flags & BB_OUTPUT_RIGHT ? SCOLS_FL_RIGHT : 0) | (flags & BB_OUTPUT_WRAP ? SCOLS_FL_WRAP : 0);
    struct libscols_column *column = scols_table_new_column(output->table, name, 0, scols);

    if (!column)
        return -ENOMEM;
    if (output->color)
        scols_cell_set_color(scols_column_get_header(column), colors[BB_MARK_STRONG]);
    return 0;
}

static int
open_table(struct bb_output *output)
{
    int r = 0;

    output->table = scols_new_table();
    output->shown = calloc(output->n_columns, sizeof *output->shown);
    if (!output->table || !output->shown)
        return -ENOMEM;
    scols_table_set_stream(output->table, output->to);
    scols_table_enable_colors(output->table, output->color);
    for (size_t i = 0; i < output->n_columns; i++)
        if (!(output->columns[i].flags & BB_OUTPUT_DATA_ONLY))
            output->shown[output->n_shown++] = i;
    if (output->object) {
        scols_table_enable_noheadings(output->table, 1);
        r = add_column(output, "name", 0);
        return r < 0 ? r : add_column(output, "value", BB_OUTPUT_WRAP);
    }
    for (size_t i = 0; r == 0 && i < output->n_shown; i++) {
        const struct bb_output_column *column = &output->columns[output->shown[i]];
        r = add_column(output, title(column), column->flags);
    }
    return r;
}

/* The items of a list as one text; borrowed until the next call. */
static const char *
joined(struct bb_output *output, const struct cell *cell, const char *between)
{
    size_t gap = strlen(between), need = cell->len * (gap + 1) + 1, len = 0;

    if (need > output->scratch_size) {
        char *grown = realloc(output->scratch, need);
        if (!grown) {
            output->error = -ENOMEM;
            return "";
        }
        output->scratch = grown;
        output->scratch_size = need;
    }
    for (const char *item = cell->data; item < cell->data + cell->len; item += strlen(item) + 1) {
        if (len) {
            memcpy(output->scratch + len, between, gap);
            len += gap;
        }
        memcpy(output->scratch + len, item, strlen(item));
        len += strlen(item);
    }
    output->scratch[len] = '\0';
    return output->scratch;
}

/* What a person reads: times without the fraction. */
static const char *
table_text(struct bb_output *output, struct cell *cell)
{
    switch (cell->kind) {
    case CELL_NULL:
        return "";
    case CELL_BOOL:
        return strcmp(cell->data, "true") == 0 ? "yes" : "no";
    case CELL_LIST:
        return joined(output, cell, ", ");
    case CELL_TIME:
        if (cell->len > 20)
            memcpy(cell->data + 19, "Z", 2);
        return cell->data;
    default:
        return cell->data;
    }
}

static void
set_cell(struct bb_output *output, struct libscols_line *line, size_t at, struct cell *cell)
{
    if (scols_line_set_data(line, at, table_text(output, cell)) != 0)
        output->error = -ENOMEM;
    if (output->color && cell->mark != BB_MARK_NONE)
        scols_cell_set_color(scols_line_get_cell(line, at), colors[cell->mark]);
}

static struct libscols_line *
add_line(struct bb_output *output)
{
    struct libscols_line *line = scols_table_new_line(output->table, NULL);

    if (!line)
        output->error = -ENOMEM;
    return line;
}

static void
table_row(struct bb_output *output)
{
    struct libscols_line *line = output->object ? NULL : add_line(output);

    for (size_t i = 0; i < output->n_shown && !output->error; i++) {
        size_t column = output->shown[i];
        if (output->object) {
            line = add_line(output);
            if (line && scols_line_set_data(line, 0, title(&output->columns[column])) != 0)
                output->error = -ENOMEM;
        }
        if (line)
            set_cell(output, line, output->object ? 1 : i, &output->cells[column]);
    }
}

/* --- json --------------------------------------------------------------------------------------------- */

static size_t
json_escape(FILE *to, const uint8_t *at)
{
    switch (*at) {
    case '"':
        fputs("\\\"", to);
        return 1;
    case '\\':
        fputs("\\\\", to);
        return 1;
    case '\n':
        fputs("\\n", to);
        return 1;
    case '\r':
        fputs("\\r", to);
        return 1;
    case '\t':
        fputs("\\t", to);
        return 1;
    default:
        fprintf(to, "\\u%04x", *at);
        return 1;
    }
}

/* Bytes of the UTF-8 character at the front; 0 when there is none. */
static size_t
character(const uint8_t *at, size_t len)
{
    size_t n = *at < 0x80 ? 1 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;

    return n <= len && (n == 1 || bb_utf8_is_text(bb_bytes(at, n))) ? n : 0;
}

void
bb_json_string(FILE *to, const void *data, size_t len)
{
    const uint8_t *at = data, *end = at + len;

    fputc('"', to);
    while (at < end) {
        const uint8_t *plain = at;
        while (at < end && *at >= 0x20 && *at < 0x7F && *at != '"' && *at != '\\')
            at++;
        fwrite(plain, 1, (size_t)(at - plain), to);
        if (at == end)
            break;
        if (*at < 0x20 || *at == 0x7F || *at == '"' || *at == '\\') {
            at += json_escape(to, at);
            continue;
        }
        size_t n = character(at, (size_t)(end - at));
        if (n)
            fwrite(at, 1, n, to);
        else
            fputs("\xEF\xBF\xBD", to);
        at += n ? n : 1;
    }
    fputc('"', to);
}

static const char *
digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

bool
bb_json_is_number(const char *text)
{
    const char *at = text + (*text == '-'), *start = at;

    at = digits(at);
    if (at == start || (*start == '0' && at > start + 1))
        return false;
    if (*at == '.') {
        start = ++at;
        at = digits(at);
        if (at == start)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        if (*at == '+' || *at == '-')
            at++;
        start = at;
        at = digits(at);
        if (at == start)
            return false;
    }
    return *at == '\0';
}

static void
json_list(struct bb_output *output, const struct cell *cell)
{
    const char *end = cell->data + cell->len;

    fputc('[', output->to);
    for (const char *item = cell->data; item < end; item += strlen(item) + 1) {
        if (item != cell->data)
            fputc(',', output->to);
        bb_json_string(output->to, item, strlen(item));
    }
    fputc(']', output->to);
}

static void
json_cell(struct bb_output *output, const struct cell *cell)
{
    switch (cell->kind) {
    case CELL_NULL:
        fputs("null", output->to);
        break;
    case CELL_BOOL:
    case CELL_JSON:
        fputs(cell->data, output->to);
        break;
    case CELL_LIST:
        json_list(output, cell);
        break;
    case CELL_NUMBER:
        if (bb_json_is_number(cell->data)) {
            fputs(cell->data, output->to);
            break;
        }
        /* fall through */
    default:
        bb_json_string(output->to, cell->data, cell->len);
    }
}

static void
json_row(struct bb_output *output)
{
    bool first = true;

    fputc('{', output->to);
    for (size_t i = 0; i < output->n_columns; i++) {
        if (output->columns[i].flags & BB_OUTPUT_TABLE_ONLY)
            continue;
        if (output->columns[i].flags & BB_OUTPUT_OMIT && output->cells[i].kind == CELL_NULL)
            continue;
        if (!first)
            fputc(',', output->to);
        first = false;
        bb_json_string(output->to, output->columns[i].name, strlen(output->columns[i].name));
        fputc(':', output->to);
        json_cell(output, &output->cells[i]);
    }
    fputc('}', output->to);
}

/* --- csv ---------------------------------------------------------------------------------------------- */

static void
csv_field(FILE *to, const char *data, size_t len)
{
    bool quote = false;

    for (size_t i = 0; i < len && !quote; i++)
        quote = strchr("\",\r\n", data[i]) && data[i];
    if (!quote) {
        fwrite(data, 1, len, to);
        return;
    }
    fputc('"', to);
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"')
            fputc('"', to);
        fputc(data[i], to);
    }
    fputc('"', to);
}

static void
csv_row(struct bb_output *output, bool header)
{
    bool first = true;

    for (size_t i = 0; i < output->n_columns; i++) {
        const struct cell *cell = &output->cells[i];
        if (output->columns[i].flags & BB_OUTPUT_TABLE_ONLY)
            continue;
        if (!first)
            fputc(',', output->to);
        first = false;
        if (header) {
            csv_field(output->to, output->columns[i].name, strlen(output->columns[i].name));
        } else if (cell->kind == CELL_LIST) {
            const char *text = joined(output, cell, "|");
            csv_field(output->to, text, strlen(text));
        } else if (cell->kind != CELL_NULL) {
            csv_field(output->to, cell->data, cell->len);
        }
    }
    fputc('\n', output->to);
}

/* --- life --------------------------------------------------------------------------------------------- */

int
bb_output_new(FILE *to, enum bb_output_format format, bool color, const struct bb_output_column *columns,
              size_t n_columns, unsigned flags, struct bb_output **ret_output)
{
    struct bb_output *output = calloc(1, sizeof *output);
    int r = 0;

    if (!output)
        return -ENOMEM;
    *output = (struct bb_output){
        .to = to,
        .format = format,
        .color = color,
        .object = flags & BB_OUTPUT_OBJECT,
        .columns = columns,
        .n_columns = n_columns,
        .cells = calloc(n_columns, sizeof *output->cells),
    };
    if (!output->cells)
        r = -ENOMEM;
    else if (format == BB_OUTPUT_TABLE)
        r = open_table(output);
    if (r < 0)
        bb_output_destroy(&output);
    else
        *ret_output = output;
    return r;
}

void
bb_output_destroy(struct bb_output **pointer)
{
    struct bb_output *output = *pointer;

    if (!output)
        return;
    for (size_t i = 0; output->cells && i < output->n_columns; i++)
        free(output->cells[i].data);
    scols_unref_table(output->table);
    free(output->cells);
    free(output->shown);
    free(output->scratch);
    free(output);
    *pointer = NULL;
}

/* --- cells -------------------------------------------------------------------------------------------- */

/* Append to a cell and end it with NUL. */
static void
append(struct bb_output *output, struct cell *cell, const void *data, size_t len)
{
    size_t need = cell->len + len + 1;

    if (need > cell->size) {
        size_t size = need < 32 ? 32 : need + need / 2;
        char *grown = realloc(cell->data, size);
        if (!grown) {
            output->error = -ENOMEM;
            return;
        }
        cell->data = grown;
        cell->size = size;
    }
    if (len)
        memcpy(cell->data + cell->len, data, len);
    cell->len += len;
    cell->data[cell->len] = '\0';
}

static void
put(struct bb_output *output, size_t column, enum cell_kind kind, const void *data, size_t len)
{
    struct cell *cell = &output->cells[column];

    cell->kind = data ? kind : CELL_NULL;
    cell->len = 0;
    if (data)
        append(output, cell, data, len);
    if (!cell->data)
        cell->kind = CELL_NULL;
}

void
bb_output_text(struct bb_output *output, size_t column, const char *text)
{
    put(output, column, CELL_TEXT, text, text ? strlen(text) : 0);
}

void
bb_output_bytes(struct bb_output *output, size_t column, const void *data, size_t len)
{
    put(output, column, CELL_TEXT, data, len);
}

void
bb_output_number(struct bb_output *output, size_t column, const char *decimal)
{
    put(output, column, CELL_NUMBER, decimal, decimal ? strlen(decimal) : 0);
}

void
bb_output_int(struct bb_output *output, size_t column, int64_t value)
{
    char text[24];

    put(output, column, CELL_NUMBER, text, (size_t)snprintf(text, sizeof text, "%" PRId64, value));
}

void
bb_output_uint(struct bb_output *output, size_t column, uint64_t value)
{
    char text[24];

    put(output, column, CELL_NUMBER, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, value));
}

void
bb_output_bool(struct bb_output *output, size_t column, bool value)
{
    put(output, column, CELL_BOOL, value ? "true" : "false", value ? 4 : 5);
}

void
bb_output_time(struct bb_output *output, size_t column, int64_t utc_us)
{
    char text[BB_UTC_TEXT];

    put(output, column, CELL_TIME, text, (size_t)bb_utc_format(utc_us, text));
}

void
bb_output_list(struct bb_output *output, size_t column)
{
    put(output, column, CELL_LIST, "", 0);
}

void
bb_output_item(struct bb_output *output, size_t column, const char *text)
{
    if (output->cells[column].kind != CELL_LIST)
        bb_output_list(output, column);
    append(output, &output->cells[column], text, strlen(text) + 1);
}

void
bb_output_json(struct bb_output *output, size_t column, const char *json)
{
    put(output, column, CELL_JSON, json, json ? strlen(json) : 0);
}

void
bb_output_mark(struct bb_output *output, size_t column, enum bb_output_mark mark)
{
    output->cells[column].mark = mark;
}

void
bb_output_row(struct bb_output *output)
{
    switch (output->format) {
    case BB_OUTPUT_TABLE:
        table_row(output);
        break;
    case BB_OUTPUT_JSON:
        if (!output->object)
            fputs(output->rows ? ",\n" : "[\n", output->to);
        json_row(output);
        break;
    case BB_OUTPUT_JSONL:
        json_row(output);
        fputc('\n', output->to);
        break;
    case BB_OUTPUT_CSV:
        if (output->rows == 0)
            csv_row(output, true);
        csv_row(output, false);
        break;
    }
    output->rows++;
    for (size_t i = 0; i < output->n_columns; i++) {
        output->cells[i].kind = CELL_NULL;
        output->cells[i].mark = BB_MARK_NONE;
        output->cells[i].len = 0;
    }
}

bool
bb_output_shows_nothing(const struct bb_output *output)
{
    return output->format == BB_OUTPUT_TABLE && output->rows == 0;
}

int
bb_output_finish(struct bb_output *output)
{
    if (output->format == BB_OUTPUT_TABLE && output->rows && !output->error)
        output->error = scols_print_table(output->table) < 0 ? -ENOMEM : 0;
    if (output->format == BB_OUTPUT_JSON) {
        if (output->object)
            fputs(output->rows ? "\n" : "null\n", output->to);
        else
            fputs(output->rows ? "\n]\n" : "[]\n", output->to);
    }
    if (output->format == BB_OUTPUT_CSV && output->rows == 0)
        csv_row(output, true);
    errno = 0;
    if (fflush(output->to) != 0 || ferror(output->to))
        return errno ? -errno : -EIO;
    return output->error;
}
