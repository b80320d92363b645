/* Delimited text by RFC 4180, with the liberties that real files take: the end of a line is LF, CRLF or CR, a
 * quote within a cell without quotes is a character. Quoted cells with doubled quotes are copied, all others
 * stand in the text. */
#include "grid.h"

#include <errno.h>
#include <stdlib.h>

#define ARENA_BYTES ((size_t)4 << 20)

static int
begin(struct bb_grid *grid)
{
    *grid = (struct bb_grid){.cell = malloc(BB_GRID_CELLS * sizeof *grid->cell),
                             .row = malloc(BB_GRID_CELLS * sizeof *grid->row)};
    bb_arena_init(&grid->arena, ARENA_BYTES);
    if (grid->cell && grid->row)
        return 0;
    bb_grid_release(grid);
    return -ENOMEM;
}

void
bb_grid_release(struct bb_grid *grid)
{
    bb_arena_release(&grid->arena);
    free(grid->cell);
    free(grid->row);
    *grid = (struct bb_grid){0};
}

struct bb_bytes
bb_grid_at(const struct bb_grid *grid, uint32_t row, uint32_t column)
{
    const struct bb_grid_row *r = &grid->row[row];

    return column < r->count ? r->cell[column] : bb_bytes("", 0);
}

uint32_t
bb_grid_filled(const struct bb_grid_row *row)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < row->count; i++)
        n += row->cell[i].len > 0;
    return n;
}

static struct bb_bytes
trimmed(struct bb_bytes text)
{
    while (text.len && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = bb_bytes(text.data + 1, text.len - 1);
    while (text.len && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* False: there is no more room. */
static bool
begin_row(struct bb_grid *grid, uint32_t line)
{
    if (grid->count == BB_GRID_CELLS || grid->cells + BB_GRID_WIDTH > BB_GRID_CELLS)
        return false;
    grid->row[grid->count++] = (struct bb_grid_row){grid->cell + grid->cells, 0, line};
    return true;
}

static void
add_cell(struct bb_grid *grid, struct bb_bytes text)
{
    struct bb_grid_row *row = &grid->row[grid->count - 1];

    if (row->count == BB_GRID_WIDTH)
        return;
    grid->cell[grid->cells++] = text;
    row->count++;
}

/* A row of one empty cell is an empty one. */
static void
end_row(struct bb_grid *grid)
{
    struct bb_grid_row *row = &grid->row[grid->count - 1];

    if (row->count == 1 && row->cell[0].len == 0) {
        row->count = 0;
        grid->cells--;
    }
}

/* --- delimited --------------------------------------------------------------------------------------------
 */

struct splitter {
    struct bb_grid *grid;
    struct bb_bytes text;
    size_t at;
    uint32_t line;
    char delimiter;
    bool cut; /* the text ended within quotes */
};

/* At an end of line: step behind it. */
static bool
skip_line_end(struct splitter *s)
{
    if (s->at == s->text.len || (s->text.data[s->at] != '\n' && s->text.data[s->at] != '\r'))
        return false;
    bool pair = s->text.data[s->at] == '\r' && s->at + 1 < s->text.len && s->text.data[s->at + 1] == '\n';
    s->at += pair ? 2 : 1;
    s->line++;
    return true;
}

static bool
ends_cell(const struct splitter *s)
{
    uint8_t c = s->text.data[s->at];

    return c == (uint8_t)s->delimiter || c == '\n' || c == '\r';
}

/* Behind the opening quote. */
static int
quoted_cell(struct splitter *s, struct bb_bytes *ret_cell)
{
    size_t start = s->at, doubled = 0;

    for (;; s->at++) {
        if (s->at == s->text.len) {
            s->cut = true;
            break;
        }
        if (s->text.data[s->at] == '\n')
            s->line++;
        if (s->text.data[s->at] != '"')
            continue;
        if (s->at + 1 == s->text.len || s->text.data[s->at + 1] != '"')
            break;
        doubled++;
        s->at++;
    }
    struct bb_bytes cell = bb_bytes(s->text.data + start, s->at - start);
    if (doubled) {
        uint8_t *copy = bb_arena_alloc(&s->grid->arena, cell.len);
        size_t len = 0;
        if (!copy)
            return -ENOMEM;
        for (size_t i = 0; i < cell.len; i++) {
            copy[len++] = cell.data[i];
            i += cell.data[i] == '"';
        }
        cell = bb_bytes(copy, len);
    }
    while (s->at < s->text.len && !ends_cell(s)) /* the quote, and what may stand behind it */
        s->at++;
    *ret_cell = cell;
    return 0;
}

static int
split_cell(struct splitter *s, struct bb_bytes *ret_cell)
{
    size_t start = s->at;

    while (s->at < s->text.len && s->text.data[s->at] == ' ')
        s->at++;
    if (s->at < s->text.len && s->text.data[s->at] == '"') {
        s->at++;
        return quoted_cell(s, ret_cell);
    }
    while (s->at < s->text.len && !ends_cell(s))
        s->at++;
    *ret_cell = trimmed(bb_bytes(s->text.data + start, s->at - start));
    return 0;
}

static int
split_row(struct splitter *s)
{
    for (;;) {
        struct bb_bytes cell;
        int r = split_cell(s, &cell);
        if (r < 0)
            return r;
        add_cell(s->grid, cell);
        if (s->at == s->text.len || s->text.data[s->at] != (uint8_t)s->delimiter)
            break;
        s->at++;
    }
    end_row(s->grid);
    return 0;
}

int
bb_grid_delimited(struct bb_grid *grid, struct bb_bytes text, bool whole, char delimiter)
{
    struct splitter s = {.grid = grid, .text = text, .line = 1, .delimiter = delimiter};
    int r = begin(grid);

    while (r == 0 && s.at < text.len && begin_row(grid, s.line)) {
        r = split_row(&s);
        if (r == 0 && !skip_line_end(&s) && !whole)
            grid->count--; /* the sample ends within it */
    }
    if (r < 0)
        bb_grid_release(grid);
    return r;
}

/* --- fixed width ------------------------------------------------------------------------------------------
 */

#define WIDTH_MOST  4096u /* characters of a line that are looked at */
#define SHARE_LEAST 60u   /* percent of the lines that have to be of the same make */

static bool
next_line(struct bb_bytes *rest, struct bb_bytes *ret_line)
{
    size_t len = 0;

    if (rest->len == 0)
        return false;
    while (len < rest->len && rest->data[len] != '\n' && rest->data[len] != '\r')
        len++;
    *ret_line = bb_bytes(rest->data, len);
    bool pair = len + 1 < rest->len && rest->data[len] == '\r' && rest->data[len + 1] == '\n';
    len += len == rest->len ? 0 : pair ? 2 : 1;
    *rest = bb_bytes(rest->data + len, rest->len - len);
    return true;
}

struct bb_bytes
bb_grid_line(struct bb_bytes text, uint32_t number)
{
    struct bb_bytes line = bb_bytes("", 0);

    for (uint32_t i = 0; i <= number; i++)
        if (!next_line(&text, &line))
            return bb_bytes("", 0);
    return line;
}

/* Where text stands in a line. UTF-8 of several bytes is one character. */
struct occupied {
    bool at[WIDTH_MOST];
    uint32_t width;  /* of the longest line */
    uint32_t pieces; /* of this line: with two blanks or more between them */
    bool digits;
};

static void
occupy(struct bb_bytes line, struct occupied *o)
{
    uint32_t n = 0, blanks = 2;

    o->pieces = 0;
    o->digits = false;
    for (size_t i = 0; i < line.len && n < WIDTH_MOST; i++) {
        if ((line.data[i] & 0xC0) == 0x80)
            continue;
        bool blank = line.data[i] == ' ' || line.data[i] == '\t';
        o->at[n++] |= !blank;
        o->pieces += !blank && blanks >= 2;
        o->digits |= line.data[i] >= '0' && line.data[i] <= '9';
        blanks = blank ? blanks + 1 : 0;
    }
    if (n > o->width)
        o->width = n;
}

/* The number of pieces that most lines with digits have. */
static uint32_t
usual_pieces(struct bb_bytes text, uint32_t *ret_lines, uint32_t *ret_usual)
{
    uint32_t count[64] = {0}, best = 0;
    struct bb_bytes line;

    *ret_lines = 0;
    while (next_line(&text, &line)) {
        struct occupied o = {.width = 0};
        occupy(line, &o);
        if (!o.digits)
            continue;
        ++*ret_lines;
        if (o.pieces < 64)
            count[o.pieces]++;
    }
    for (uint32_t i = 3; i < 64; i++)
        if (count[i] > count[best] || best < 3)
            best = i;
    *ret_usual = count[best];
    return best;
}

/* A gap is what no line of that make has text in. */
static uint32_t
cut_at_gaps(const struct occupied *o, struct bb_grid_column *column)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < o->width && n < BB_GRID_WIDTH; i++) {
        if (!o->at[i] || (i && o->at[i - 1]))
            continue;
        column[n].from = i;
        while (i < o->width && o->at[i])
            i++;
        column[n++].to = i;
    }
    return n;
}

/* A column of words has gaps by chance, which are narrow: the narrowest are none. */
static uint32_t
join_words(struct bb_grid_column *column, uint32_t n, uint32_t pieces)
{
    while (n > pieces) {
        uint32_t at = 1;
        for (uint32_t i = 2; i < n; i++)
            if (column[i].from - column[i - 1].to < column[at].from - column[at - 1].to)
                at = i;
        column[at - 1].to = column[at].to;
        memmove(column + at, column + at + 1, (--n - at) * sizeof *column);
    }
    return n;
}

/* Other lines may have longer texts and numbers: a gap is shared. */
static void
meet_halfway(struct bb_grid_column *column, uint32_t n, uint32_t width)
{
    column[0].from = 0;
    for (uint32_t i = 1; i < n; i++)
        column[i - 1].to = column[i].from = (column[i - 1].to + column[i].from) / 2;
    column[n - 1].to = width;
}

uint32_t
bb_grid_columns(struct bb_bytes text, struct bb_grid_column column[static BB_GRID_WIDTH])
{
    struct occupied all = {.width = 0};
    struct bb_bytes rest = text, line;
    uint32_t lines, usual, pieces = usual_pieces(text, &lines, &usual);

    if (lines < 3 || usual * 100 < lines * SHARE_LEAST)
        return 0;
    while (next_line(&rest, &line)) {
        struct occupied o = {.width = 0};
        occupy(line, &o);
        if (o.pieces != pieces || !o.digits)
            continue;
        for (uint32_t i = 0; i < o.width; i++)
            all.at[i] |= o.at[i];
        if (o.width > all.width)
            all.width = o.width;
    }
    if (join_words(column, cut_at_gaps(&all, column), pieces) != pieces)
        return 0;
    meet_halfway(column, pieces, all.width);
    return pieces;
}

static struct bb_bytes
characters(struct bb_bytes line, uint32_t from, uint32_t to)
{
    size_t start = line.len, end = line.len;
    uint32_t n = 0;

    for (size_t i = 0; i < line.len; i++) {
        if ((line.data[i] & 0xC0) == 0x80)
            continue;
        if (n == from)
            start = i;
        if (n == to) {
            end = i;
            break;
        }
        n++;
    }
    return start < end ? trimmed(bb_bytes(line.data + start, end - start)) : bb_bytes("", 0);
}

int
bb_grid_fixed(struct bb_grid *grid, struct bb_bytes text, bool whole, const struct bb_grid_column *column,
              uint32_t count)
{
    struct bb_bytes line;
    uint32_t number = 1;
    int r = begin(grid);

    while (r == 0 && next_line(&text, &line) && begin_row(grid, number++)) {
        if (!whole && text.len == 0) {
            grid->count--; /* the sample may end within it */
            break;
        }
        for (uint32_t i = 0; trimmed(line).len && i < count; i++)
            add_cell(grid, characters(line, column[i].from, i + 1 < count ? column[i].to : UINT32_MAX));
    }
    return r;
}

/* --- names above columns
 * ------------------------------------------------------------------------------------ */

/* The column that has most of the characters from `from` to `to`. */
static uint32_t
owner(const struct bb_grid_column *column, uint32_t count, uint32_t from, uint32_t to)
{
    uint32_t best = 0, most = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t start = column[i].from > from ? column[i].from : from,
                 end = i + 1 < count && column[i].to < to ? column[i].to : to;
        if (end > start && end - start > most) {
            most = end - start;
            best = i;
        }
    }
    return best;
}

/* One word of a line from `at` on, with where it stands in characters. False: there is none. */
static bool
next_word(struct bb_bytes line, size_t *at, uint32_t *character, struct bb_bytes *ret_word,
          uint32_t *ret_from)
{
    size_t start;

    for (; *at < line.len && (line.data[*at] == ' ' || line.data[*at] == '\t'); ++*at)
        ++*character;
    start = *at;
    *ret_from = *character;
    for (; *at < line.len && line.data[*at] != ' ' && line.data[*at] != '\t'; ++*at)
        *character += (line.data[*at] & 0xC0) != 0x80;
    *ret_word = bb_bytes(line.data + start, *at - start);
    return ret_word->len > 0;
}

size_t
bb_grid_stacked(struct bb_bytes text, uint32_t first, uint32_t end, const struct bb_grid_column *column,
                uint32_t count, uint32_t which, char *name, size_t size)
{
    struct bb_bytes line, word;
    size_t len = 0;

    for (uint32_t row = 0; row < end && next_line(&text, &line); row++) {
        uint32_t character = 0, from;
        size_t at = 0;
        if (row < first)
            continue;
        while (next_word(line, &at, &character, &word, &from))
            if (owner(column, count, from, character) == which && len + word.len + 1 < size) {
                if (len)
                    name[len++] = ' ';
                memcpy(name + len, word.data, word.len);
                len += word.len;
            }
    }
    name[len] = '\0';
    return len;
}
