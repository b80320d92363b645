/* Where the period of a reading stands. In this order: a date in several columns, a column, names of columns,
 * a title, the name of the file. A pattern is made of a period's spelling by putting digits for digits. */
#include "suggest_core.h"

#include "client/formats/map/pattern.h"

#include "runtime/period.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX_MOST 100u /* bytes in front of one, in a pattern */
#define PERIOD_MOST 21u  /* bytes of a spelling: 2020-01-01/2020-12-31 */

/* --- columns ----------------------------------------------------------------------------------------------
 */

/* Whole numbers of this range below a header with this word. -1: there is none. */
static int
part_of_date(const struct bb_suggestion *s, const char *word, double least, double most)
{
    for (uint32_t i = 0; i < s->columns; i++) {
        const struct bb_look *look = &s->column[i].look;
        if (bb_suggest_has_word(s->column[i].name, word) && bb_look_is_number(look) &&
            look->whole == look->numbers && !look->missing && look->least >= least && look->most <= most)
            return (int)i;
    }
    return -1;
}

static int
month_by_name(const struct bb_suggestion *s)
{
    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_DATE && s->column[i].months)
            return (int)i;
    return -1;
}

static void
take_part(struct bb_suggestion *s, int column)
{
    if (column >= 0)
        s->column[column].role = BB_ROLE_PART;
}

static const char *
name(const struct bb_suggestion *s, int column)
{
    return s->column[column].name;
}

/* NULL: no date stands in several columns. */
static const char *
by_parts(struct bb_suggestion *s)
{
    int year = part_of_date(s, "year", 1850, 2150), month = part_of_date(s, "month", 1, 12),
        day = part_of_date(s, "day", 1, 31), quarter = part_of_date(s, "quarter qtr", 1, 4),
        week = part_of_date(s, "week", 1, 53);
    const char *period;

    if (month < 0)
        month = month_by_name(s);
    if (year < 0 || (month < 0 && quarter < 0 && week < 0))
        return NULL;
    take_part(s, year);
    if (month >= 0 && day >= 0) {
        take_part(s, day);
        period = bb_suggest_text(s, "{%s}-{%s:2}-{%s:2}", name(s, year), name(s, month), name(s, day));
    } else if (month >= 0) {
        period = bb_suggest_text(s, "{%s}-{%s:2}", name(s, year), name(s, month));
    } else if (quarter >= 0) {
        take_part(s, quarter);
        period = bb_suggest_text(s, "{%s}-Q{%s}", name(s, year), name(s, quarter));
    } else {
        take_part(s, week);
        period = bb_suggest_text(s, "{%s}-W{%s:2}", name(s, year), name(s, week));
    }
    take_part(s, month);
    bb_suggest_say(s, "the period stands in several columns: %s", period);
    return period;
}

/* Of several, the one that differs most. */
static const char *
by_column(struct bb_suggestion *s)
{
    int best = -1;

    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_PERIOD &&
            (best < 0 || s->column[i].look.distinct > s->column[best].look.distinct))
            best = (int)i;
    if (best < 0)
        return NULL;
    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_PERIOD && i != (uint32_t)best) {
            s->column[i].role = BB_ROLE_NONE;
            bb_suggest_say(s, "\"%s\": left out, for \"%s\" has periods too", s->column[i].name,
                           name(s, best));
        }
    bb_suggest_say(s, "\"%s\": the period, by its cells", name(s, best));
    return bb_suggest_text(s, "{%s}", name(s, best));
}

/* --- other spellings ------------------------------------------------------------------------------------ */

int
bb_suggest_spelling(const struct bb_suggestion *s, uint32_t column)
{
    for (unsigned n = 0; n < BB_SPELLINGS; n++) {
        uint32_t rows = 0;
        bool all = true;
        for (uint32_t i = s->data; all && i < s->grid.count; i++) {
            struct bb_bytes text = bb_grid_at(&s->grid, i, column);
            if (!text.len)
                continue;
            all = bb_spelling_is(s->spellings, n, text);
            rows++;
        }
        if (all && rows)
            return (int)n;
    }
    return -1;
}

bool
bb_suggest_is_months(const struct bb_suggestion *s, uint32_t column)
{
    uint32_t rows = 0;

    for (uint32_t i = s->data; i < s->grid.count; i++) {
        struct bb_bytes text = bb_grid_at(&s->grid, i, column);
        if (text.len && !bb_spelling_is_month(text))
            return false;
        rows += text.len > 0;
    }
    return rows > 0;
}

json_t *
bb_suggest_spelling_names(const struct bb_spelling *spelling)
{
    json_t *names = json_array();

    for (size_t i = 0; i < BB_SPELLING_PARTS && spelling->name[i]; i++)
        json_array_append_new(names, json_string(spelling->name[i]));
    return names;
}

void
bb_suggest_months(struct bb_suggestion *s)
{
    if (!json_object_get(s->map, "aliases"))
        json_object_set_new(s->map, "aliases", json_pack("{s:o}", "MM", bb_month_aliases()));
}

/* May day and month be exchanged? The spelling that does so is the next one. */
static bool
is_ambiguous(const struct bb_suggestion *s, uint32_t column)
{
    const char *what = bb_spelling((unsigned)s->column[column].spelling)->what;

    if (strcmp(what, "day/month/year") != 0)
        return false;
    for (uint32_t i = s->data; i < s->grid.count; i++) {
        struct bb_bytes text = bb_grid_at(&s->grid, i, column);
        if (text.len && !bb_spelling_is(s->spellings, (unsigned)s->column[column].spelling + 1, text))
            return false;
    }
    return true;
}

static const char *
capture_date(struct bb_suggestion *s, uint32_t column)
{
    const struct bb_spelling *spelling = bb_spelling((unsigned)s->column[column].spelling);
    const char *from = bb_suggest_text(s, "{%s}", s->column[column].name),
               *pattern = bb_suggest_text(s, "^%s$", spelling->pattern);

    json_object_set_new(s->map, "capture",
                        json_pack("[{s:s,s:s,s:o}]", "from", from, "pattern", pattern, "names",
                                  bb_suggest_spelling_names(spelling)));
    if (spelling->months)
        bb_suggest_months(s);
    bb_suggest_say(s, "\"%s\": the period, written as %s%s", s->column[column].name, spelling->what,
                   is_ambiguous(s, column) ? "; nothing tells that it is not month/day/year: look at it"
                                           : "");
    return spelling->period;
}

/* The first of them; another one says something else of the row. */
static const char *
by_date(struct bb_suggestion *s)
{
    const char *period = NULL;

    for (uint32_t i = 0; i < s->columns; i++) {
        if (s->column[i].role != BB_ROLE_DATE)
            continue;
        if (s->column[i].months) { /* of no year */
            s->column[i].role = BB_ROLE_DIMENSION;
            continue;
        }
        if (!period) {
            period = capture_date(s, i);
            continue;
        }
        s->column[i].role = BB_ROLE_NONE;
        bb_suggest_say(s, "\"%s\": left out, a date beside the period", s->column[i].name);
    }
    return period;
}

/* Where there is a period in our spelling, or in the names of columns, dates say something else. */
static void
leave_dates(struct bb_suggestion *s)
{
    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_DATE) {
            s->column[i].role = BB_ROLE_NONE;
            bb_suggest_say(s, "\"%s\": left out, a date beside the period", s->column[i].name);
        }
}

/* --- titles -----------------------------------------------------------------------------------------------
 */

static bool
is_period(struct bb_bytes text)
{
    return (bb_look_at(text).marks & BB_LOOK_PERIOD) != 0;
}

/* The first spelling of a period within a text, the longest one that begins there; empty: none. */
static struct bb_bytes
find_period(struct bb_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit(text.data[i]) || (i && isalnum(text.data[i - 1])))
            continue;
        for (size_t len = text.len - i < PERIOD_MOST ? text.len - i : PERIOD_MOST; len >= 4; len--)
            if ((i + len == text.len || !isalnum(text.data[i + len])) &&
                is_period(bb_bytes(text.data + i, len)))
                return bb_bytes(text.data + i, len);
    }
    return bb_bytes("", 0);
}

/* What is one text for the whole file, as import has it: a title, or the name of the file. */
struct place {
    struct bb_bytes text;
    uint32_t row;  /* of the grid */
    uint32_t line; /* of the titles, from 1; 0: the name of the file */
};

/* Its cells, as titles are joined. */
static struct bb_bytes
joined(struct bb_suggestion *s, const struct bb_grid_row *row)
{
    char text[1000];
    size_t len = 0;

    for (uint32_t i = 0; i < row->count; i++) {
        if (!row->cell[i].len || len + row->cell[i].len + 1 > sizeof text)
            continue;
        if (len)
            text[len++] = ' ';
        memcpy(text + len, row->cell[i].data, row->cell[i].len);
        len += row->cell[i].len;
    }
    return bb_bytes_str(bb_suggest_copy(s, bb_bytes(text, len)));
}

/* The next title; rows in which nothing stands are none, but for those of fixed width. begin: {.row = 0}.
 * False: the header begins. */
static bool
next_title(struct bb_suggestion *s, struct place *place)
{
    uint32_t first = s->headers && strcmp(s->format, "jsonl") != 0 ? s->header[0] : 0;
    bool fixed = strcmp(s->format, "fixed") == 0;

    for (place->row += place->line > 0; place->row < first; place->row++) {
        const struct bb_grid_row *row = &s->grid.row[place->row];
        if (row->count == 0 && !fixed)
            continue;
        place->line = fixed ? place->row + 1 : place->line + 1;
        place->text = fixed ? bb_grid_line(bb_buffer_bytes(&s->sample->text), place->row) : joined(s, row);
        return true;
    }
    return false;
}

static void
capture(struct bb_suggestion *s, const struct place *place, const char *pattern, json_t *names)
{
    json_t *rule = json_pack("{s:s,s:s,s:o}", "from", place->line ? "title" : "fileName", "pattern", pattern,
                             "names", names);

    if (place->line && rule)
        bb_suggest_set(s, rule, "line", json_integer(place->line));
    bb_suggest_set(s, s->map, "capture", json_pack("[o]", rule));
}

static void
say_place(struct bb_suggestion *s, const struct place *place, struct bb_bytes found, const char *spelling)
{
    const char *where =
        place->line ? bb_suggest_text(s, "title of row %u", place->row + 1) : "name of the file";

    bb_suggest_say(s, "the period stands in the %s: '%.*s'%s%s", where, (int)found.len,
                   (const char *)found.data, *spelling ? ", " : "", spelling);
}

/* Does this group of the pattern take what was seen? */
static bool
takes(const char *pattern, size_t group, const struct place *place, struct bb_bytes seen)
{
    struct bb_bytes groups[BB_PATTERN_GROUPS + 1];
    struct bb_pattern *compiled;
    char error[200];

    if (bb_pattern_new(pattern, &compiled, error, sizeof error) != 0)
        return false;
    bool same = bb_pattern_match(compiled, place->text, groups) && groups[group].data == seen.data &&
                groups[group].len == seen.len;
    bb_pattern_destroy(&compiled);
    return same;
}

/* By its spelling, where it is the first of that spelling, else by what stands in front of it. */
static const char *
by_digits_in(struct bb_suggestion *s, const struct place *place)
{
    struct bb_bytes found = find_period(place->text);
    size_t before = (size_t)(found.data - place->text.data);
    const char *shape = bb_suggest_shape(s, found), *pattern;

    if (!found.len)
        return NULL;
    pattern = bb_suggest_text(s, BB_SPELLING_BEFORE "(%s)" BB_SPELLING_BEHIND, shape);
    if (takes(pattern, 2, place, found)) {
        capture(s, place, pattern, json_pack("[s,s]", "before", "period"));
    } else {
        if (before > PREFIX_MOST)
            return NULL;
        pattern =
            bb_suggest_text(s, "^%s(%s)", bb_suggest_shape(s, bb_bytes(place->text.data, before)), shape);
        if (!takes(pattern, 1, place, found))
            return NULL;
        capture(s, place, pattern, json_pack("[s]", "period"));
    }
    say_place(s, place, found, "");
    return "{period}";
}

/* A month or a quarter in words: "Report for September 2026". */
static const char *
by_words_in(struct bb_suggestion *s, const struct place *place)
{
    for (unsigned n = 0; n < BB_SPELLINGS; n++) {
        const struct bb_spelling *spelling = bb_spelling(n);
        struct bb_bytes found;
        if (!bb_spelling_find(s->spellings, n, place->text, &found))
            continue;
        json_t *names = bb_suggest_spelling_names(spelling);
        json_array_insert_new(names, 0, json_string("before"));
        capture(s, place, bb_suggest_text(s, BB_SPELLING_BEFORE "%s" BB_SPELLING_BEHIND, spelling->pattern),
                names);
        if (spelling->months)
            bb_suggest_months(s);
        say_place(s, place, found, spelling->what);
        return spelling->period;
    }
    return NULL;
}

typedef const char *looker(struct bb_suggestion *s, const struct place *place);

static const char *
in_titles(struct bb_suggestion *s, looker *look)
{
    struct place place = {.row = 0};
    const char *period = NULL;

    while (!period && next_title(s, &place))
        period = look(s, &place);
    return period;
}

static const char *
by_titles_and_name(struct bb_suggestion *s)
{
    const struct place name = {.text = bb_bytes_str(s->file_name)};
    const char *period = in_titles(s, by_words_in);

    if (!period)
        period = in_titles(s, by_digits_in);
    if (!period)
        period = by_words_in(s, &name);
    return period ? period : by_digits_in(s, &name);
}

/* --- what the file is about -------------------------------------------------------------------------------
 */

/* A title, or the file's name, without the period in it and what ends the name. */
static const char *
topic_of(struct bb_suggestion *s, struct bb_bytes text)
{
    struct bb_bytes found = find_period(text);
    char rest[300];
    size_t len = 0;

    for (size_t i = 0; i < text.len && len + 1 < sizeof rest; i++) {
        if (found.len && text.data + i == found.data)
            i += found.len - 1;
        else
            rest[len++] = (char)text.data[i];
    }
    rest[len] = '\0';
    return bb_suggest_code(s, rest);
}

static void
find_topic(struct bb_suggestion *s)
{
    const char *dot = strrchr(s->file_name, '.');
    size_t stem = dot && dot != s->file_name ? (size_t)(dot - s->file_name) : strlen(s->file_name);

    if (strcmp(s->format, "jsonl") != 0 && s->headers && s->header[0] > 0 && s->grid.row[0].count)
        s->topic = topic_of(s, s->grid.row[0].cell[0]);
    if (!*s->topic && strcmp(s->file_name, "-") != 0)
        s->topic = topic_of(s, bb_bytes(s->file_name, stem));
}

void
bb_suggest_period(struct bb_suggestion *s)
{
    bool wide = false;

    for (uint32_t i = 0; i < s->columns; i++)
        wide |= s->column[i].role == BB_ROLE_WIDE_PERIOD;
    find_topic(s);
    if (!wide)
        s->period = by_parts(s);
    if (!wide && !s->period)
        s->period = by_column(s);
    if (wide || s->period)
        leave_dates(s);
    if (wide)
        return;
    if (!s->period)
        s->period = by_date(s);
    if (!s->period)
        s->period = by_titles_and_name(s);
    if (!s->period)
        bb_suggest_say(s, "no period was found: say it as \"period\" in \"reading\", such as \"2019-20\"");
}
