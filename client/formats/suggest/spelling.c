#include "spelling.h"

#include "client/formats/map/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define YEAR_FIRST 1850u /* of our time */
#define YEAR_LAST  2150u

#define DAY   "{YYYY}-{MM:2}-{DD:2}"
#define MONTH "{YYYY}-{MM:2}"

/* Their first letters, which is all that is looked at: Sep, Sept. and September are one. */
#define MONTHS "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"

/* In the order in which they are tried: where a day and a month may be exchanged, the day comes first. */
static const struct bb_spelling list[BB_SPELLINGS] = {
    {"year/month/day", "([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})", {"YYYY", "MM", "DD"}, DAY, false},
    {"day.month.year", "([0-9]{1,2})[.]([0-9]{1,2})[.]([0-9]{4})", {"DD", "MM", "YYYY"}, DAY, false},
    {"day/month/year", "([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})", {"DD", "MM", "YYYY"}, DAY, false},
    {"month/day/year", "([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})", {"MM", "DD", "YYYY"}, DAY, false},
    {"month/year", "([0-9]{1,2})/([0-9]{4})", {"MM", "YYYY", NULL}, MONTH, false},
    {"quarter and year", "Q([1-4])[ /-]?([0-9]{4})", {"Q", "YYYY", NULL}, "{YYYY}-Q{Q}", false},
    {"year and quarter", "([0-9]{4}) Q([1-4])", {"YYYY", "Q", NULL}, "{YYYY}-Q{Q}", false},
    {"a month's name and year", "(" MONTHS ")[a-z]*[.]?[ -]([0-9]{4})", {"MM", "YYYY", NULL}, MONTH, true},
};

struct bb_spellings {
    struct bb_pattern *whole[BB_SPELLINGS], *within[BB_SPELLINGS];
};

void
bb_spellings_destroy(struct bb_spellings **spellings)
{
    if (!*spellings)
        return;
    for (unsigned i = 0; i < BB_SPELLINGS; i++) {
        bb_pattern_destroy(&(*spellings)->whole[i]);
        bb_pattern_destroy(&(*spellings)->within[i]);
    }
    free(*spellings);
    *spellings = NULL;
}

int
bb_spellings_new(struct bb_spellings **ret_spellings)
{
    struct bb_spellings *spellings = calloc(1, sizeof *spellings);
    char text[200], error[200];
    int r = spellings ? 0 : -ENOMEM;

    for (unsigned i = 0; r == 0 && i < BB_SPELLINGS; i++) {
        snprintf(text, sizeof text, "^%s$", list[i].pattern);
        r = bb_pattern_new(text, &spellings->whole[i], error, sizeof error);
        snprintf(text, sizeof text, BB_SPELLING_BEFORE "%s" BB_SPELLING_BEHIND, list[i].pattern);
        if (r == 0)
            r = bb_pattern_new(text, &spellings->within[i], error, sizeof error);
    }
    if (r < 0)
        bb_spellings_destroy(&spellings);
    else
        *ret_spellings = spellings;
    return r;
}

const struct bb_spelling *
bb_spelling(unsigned number)
{
    return &list[number];
}

const char bb_month_pattern[] = "^(" MONTHS ")";

bool
bb_spelling_is_month(struct bb_bytes text)
{
    bool is = false;

    for (size_t i = 0; text.len >= 3 && text.len <= 9 && i < 12; i++)
        is |= memcmp(text.data, MONTHS + 4 * i, 3) == 0;
    for (size_t i = 3; is && i < text.len; i++)
        is = (text.data[i] >= 'a' && text.data[i] <= 'z') || (text.data[i] == '.' && i + 1 == text.len);
    return is;
}

json_t *
bb_month_aliases(void)
{
    json_t *aliases = json_object();
    char name[4] = "", number[4];

    for (unsigned i = 0; i < 12; i++) {
        memcpy(name, MONTHS + (size_t)4 * i, 3);
        snprintf(number, sizeof number, "%u", i + 1);
        json_object_set_new(aliases, name, json_string(number));
    }
    return aliases;
}

/* --- texts -------------------------------------------------------------------------------------------------
 */

static unsigned
number_of(struct bb_bytes text)
{
    unsigned n = 0;

    for (size_t i = 0; i < text.len && i < 6 && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        n = 10 * n + (unsigned)(text.data[i] - '0');
    return n;
}

/* The pattern has said that it is digits, or the name of a month. */
static bool
is_part(const struct bb_spelling *spelling, const char *name, struct bb_bytes text)
{
    unsigned n = number_of(text);

    switch (*name) {
    case 'Y':
        return n >= YEAR_FIRST && n <= YEAR_LAST;
    case 'M':
        return spelling->months || (n >= 1 && n <= 12);
    case 'D':
        return n >= 1 && n <= 31;
    default:
        return true;
    }
}

/* first: the group of its first part. */
static bool
matches(const struct bb_pattern *pattern, const struct bb_spelling *spelling, size_t first,
        struct bb_bytes text, struct bb_bytes group[BB_PATTERN_GROUPS + 1])
{
    if (!bb_pattern_match(pattern, text, group))
        return false;
    for (size_t i = 0; i < BB_SPELLING_PARTS && spelling->name[i]; i++)
        if (!is_part(spelling, spelling->name[i], group[first + i]))
            return false;
    return true;
}

bool
bb_spelling_is(const struct bb_spellings *spellings, unsigned number, struct bb_bytes text)
{
    struct bb_bytes group[BB_PATTERN_GROUPS + 1];

    return matches(spellings->whole[number], &list[number], 1, text, group);
}

bool
bb_spelling_find(const struct bb_spellings *spellings, unsigned number, struct bb_bytes text,
                 struct bb_bytes *ret_found)
{
    const struct bb_pattern *pattern = spellings->within[number];
    struct bb_bytes group[BB_PATTERN_GROUPS + 1];

    if (!matches(pattern, &list[number], 2, text, group))
        return false;
    const struct bb_bytes before = group[1], behind = group[bb_pattern_groups(pattern)];
    *ret_found = bb_bytes(group[0].data + before.len, group[0].len - before.len - behind.len);
    return true;
}
