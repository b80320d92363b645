/* Where the period of a reading stands. In this order: a date in several columns, a column, names of columns,
 * a title, the name of the file. A pattern is made of a period's spelling by putting digits for digits. */
#include "suggest_core.h"

#include "runtime/period.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define PERIOD_MOST 21u /* bytes of a spelling: 2020-01-01/2020-12-31 */

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

static void
capture(struct bb_suggestion *s, const char *from, struct bb_bytes found)
{
    const char *pattern = bb_suggest_text(s, "(%s)", bb_suggest_shape(s, found));

    json_object_set_new(s->map, "capture",
                        json_pack("[{s:s,s:s,s:[s]}]", "from", from, "pattern", pattern, "names", "period"));
}

static const char *
by_title(struct bb_suggestion *s)
{
    uint32_t first = s->headers ? s->header[0] : s->data;

    if (strcmp(s->format, "jsonl") == 0)
        return NULL;
    for (uint32_t row = 0; row < first; row++)
        for (uint32_t i = 0; i < s->grid.row[row].count; i++) {
            struct bb_bytes text = s->grid.row[row].cell[i], found = find_period(text);
            if (!found.len)
                continue;
            capture(s, "title", found);
            bb_suggest_say(s, "the period stands in the title of row %u: '%.*s'", row + 1, (int)found.len,
                           (const char *)found.data);
            return "{period}";
        }
    return NULL;
}

static const char *
by_file_name(struct bb_suggestion *s)
{
    struct bb_bytes found = find_period(bb_bytes_str(s->file_name));

    if (!found.len)
        return NULL;
    capture(s, "fileName", found);
    bb_suggest_say(s, "the period stands in the name of the file: '%.*s'", (int)found.len,
                   (const char *)found.data);
    return "{period}";
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
    if (wide)
        return;
    s->period = by_parts(s);
    if (!s->period)
        s->period = by_column(s);
    if (!s->period)
        s->period = by_title(s);
    if (!s->period)
        s->period = by_file_name(s);
    if (!s->period)
        bb_suggest_say(s, "no period was found: say it as \"period\" in \"reading\", such as \"2019-20\"");
}
