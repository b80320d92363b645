/* Which column is what: by the words of its header, by its cells, by what is registered, in this order of
 * trust from the last to the first. What is none of the members of a reading and has few different texts is a
 * dimension.
 *
 * Of several columns that say the same of a row (a name and a code), one is taken: the one that is
 * registered, else the one that tells most rows apart, else the code. */
#include "suggest_core.h"

#include <strings.h>

#define MOST_CELLS 50u /* of a hundred */
#define DATES      "period year month quarter week date fy time"
#define DIMENSION                                                                                            \
    "grade sex gender race ethnicity age group subgroup category cohort subject level status type"
#define CODES "code id uid fips statefips countyfips geoid zipcode"

static const struct {
    enum bb_role role;
    enum bb_column member; /* whose very name it may have */
    const char *words;
} words[] = {
    {BB_ROLE_INDICATOR, BB_COLUMN_INDICATOR, "indicator measure variable metric series dataelement"},
    {BB_ROLE_ORGANIZATION, BB_COLUMN_ORGANIZATION,
     "organization organisation agency partner provider grantee district school institution institute"},
    {BB_ROLE_PLACE, BB_COLUMN_PLACE,
     "place location county state region city town municipality province country area geography geo site "
     "orgunit"},
    {BB_ROLE_COMMENT, BB_COLUMN_COMMENT, "comment comments note notes remark remarks footnote footnotes"},
};

static bool
is_called(const struct bb_suggest_column *column, const char *name)
{
    return strcasecmp(column->name, name) == 0;
}

bool
bb_suggest_is_member(const struct bb_suggest_column *column)
{
    return is_called(column, "value") || is_called(column, "numerator") || is_called(column, "denominator");
}

static bool
has_word(const struct bb_suggest_column *column, const char *list)
{
    return bb_suggest_has_word(column->name, list);
}

static uint32_t
filled(const struct bb_look *look)
{
    return look->rows - look->empty;
}

/* --- one column by itself ---------------------------------------------------------------------------------
 */

static const char *
example(const struct bb_suggestion *s, uint32_t column, struct bb_bytes *ret_text)
{
    *ret_text = bb_bytes("", 0);
    for (uint32_t i = s->data; i < s->grid.count && ret_text->len == 0; i++)
        *ret_text = bb_grid_at(&s->grid, i, column);
    return (const char *)ret_text->data;
}

static void
say_role(struct bb_suggestion *s, uint32_t column, const char *what, const char *why)
{
    struct bb_bytes text;
    const char *shown = example(s, column, &text);
    int len = text.len > 60 ? 60 : (int)text.len;

    bb_suggest_say(s, "\"%s\": %s, by %s; the first is '%.*s'", s->column[column].name, what, why, len,
                   shown);
}

/* The members' own names are taken at their word. */
static bool
by_member_name(struct bb_suggest_column *c)
{
    static const struct {
        const char *name;
        enum bb_role role;
    } members[] = {
        {"indicator", BB_ROLE_INDICATOR}, {"organization", BB_ROLE_ORGANIZATION},
        {"place", BB_ROLE_PLACE},         {"period", BB_ROLE_PERIOD},
        {"comment", BB_ROLE_COMMENT},     {"value", BB_ROLE_MEASURE},
        {"numerator", BB_ROLE_MEASURE},   {"denominator", BB_ROLE_MEASURE},
        {"status", BB_ROLE_DIMENSION},    {"disaggregation", BB_ROLE_DIMENSION},
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (is_called(c, members[i].name)) {
            c->role = members[i].role;
            return true;
        }
    return false;
}

/* Four digits of our time in a column that says so; other periods by their spelling alone. */
static bool
is_period(const struct bb_suggest_column *c)
{
    if (!bb_look_is_period(&c->look))
        return false;
    return has_word(c, DATES) || c->look.years < filled(&c->look);
}

/* Does its header speak of a group of people, not of a figure? */
static bool
names_groups(const struct bb_suggest_column *c)
{
    return has_word(c, DIMENSION) && !has_word(c, "count number rate percent") && !strchr(c->name, '%');
}

/* Few whole numbers below such a header: grade 3 to 8, and a group that is called N/A. */
static bool
is_numbered_dimension(const struct bb_suggest_column *c)
{
    const struct bb_look *look = &c->look;

    for (uint32_t i = 0; i < look->words; i++)
        if (strcmp(bb_look_missing(look->word[i]) ? bb_look_missing(look->word[i]) : "", "suppressed") == 0)
            return false;
    return names_groups(c) && look->whole == look->numbers && look->distinct <= 30 && !look->sentinels;
}

static bool
is_code(const struct bb_suggest_column *c)
{
    return c->look.is_protected > 0 || has_word(c, CODES) ||
           (c->look.zeros > 0 && c->look.whole == c->look.numbers && !has_word(c, DIMENSION));
}

static enum bb_role
by_words(const struct bb_suggest_column *c)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (has_word(c, words[i].words))
            return words[i].role;
    return BB_ROLE_NONE;
}

/* How many of the cells are registered, of a hundred. */
static uint32_t
registered(const struct bb_suggestion *s, uint32_t column, enum bb_column what)
{
    uint32_t found = 0, asked = 0;

    if (!s->known)
        return 0;
    for (uint32_t i = s->data; i < s->grid.count && asked < BB_SUGGEST_ROWS; i++) {
        struct bb_bytes text = bb_grid_at(&s->grid, i, column);
        if (text.len > 3 && s->column[column].look.is_protected)
            text = bb_bytes(text.data + 2, text.len - 3);
        if (!text.len)
            continue;
        asked++;
        found += s->known->find(s->known->self, what, text) != NULL;
    }
    return asked ? found * 100 / asked : 0;
}

/* What most of its cells are the names or codes of. NONE: they are not. */
static enum bb_role
by_known(const struct bb_suggestion *s, uint32_t column, enum bb_role said)
{
    static const struct {
        enum bb_column what;
        enum bb_role role;
    } kinds[] = {{BB_COLUMN_INDICATOR, BB_ROLE_INDICATOR},
                 {BB_COLUMN_ORGANIZATION, BB_ROLE_ORGANIZATION},
                 {BB_COLUMN_PLACE, BB_ROLE_PLACE}};
    enum bb_role best = BB_ROLE_NONE;
    uint32_t most = MOST_CELLS - 1;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint32_t share = registered(s, column, kinds[i].what);
        if (share > most || (share == most && share >= MOST_CELLS && kinds[i].role == said)) {
            most = share;
            best = kinds[i].role;
        }
    }
    return best;
}

/* Codes that tell no more than "code" belong to places: they are settled with the others (settle()). */
static void
take_role(struct bb_suggestion *s, uint32_t i)
{
    struct bb_suggest_column *c = &s->column[i];
    enum bb_role said;

    if (c->by_position && strcmp(s->format, "jsonl") == 0) {
        bb_suggest_say(s, "key %u: left out, for a template cannot name it", i + 1);
        return;
    }
    if (by_member_name(c) || filled(&c->look) == 0)
        return;
    said = by_words(c);
    c->spelling = bb_suggest_spelling(s, i);
    c->months = bb_suggest_is_months(s, i);
    if (is_period(c)) {
        c->role = BB_ROLE_PERIOD;
    } else if (c->spelling >= 0 || c->months) {
        c->role = BB_ROLE_DATE;
    } else if ((is_code(c) || !bb_look_is_number(&c->look)) && by_known(s, i, said) != BB_ROLE_NONE) {
        c->role = by_known(s, i, said);
    } else if (is_code(c)) {
        c->role = said == BB_ROLE_ORGANIZATION || said == BB_ROLE_INDICATOR ? said : BB_ROLE_PLACE;
    } else if (bb_look_is_boolean(&c->look)) {
        c->role = BB_ROLE_MEASURE;
    } else if (bb_look_is_number(&c->look)) {
        c->role = is_numbered_dimension(c) ? BB_ROLE_DIMENSION : BB_ROLE_MEASURE;
    } else if (said != BB_ROLE_NONE) {
        c->role = said;
    } else if (c->look.missing == filled(&c->look) && !names_groups(c)) {
        c->role = BB_ROLE_MEASURE; /* nothing but words for no value */
    } else {
        c->role = BB_ROLE_DIMENSION;
    }
}

/* --- several columns for one member -----------------------------------------------------------------------
 */

/* Is the first the better one? */
static bool
is_better(const struct bb_suggestion *s, enum bb_column what, uint32_t a, uint32_t b)
{
    const struct bb_suggest_column *x = &s->column[a], *y = &s->column[b];
    uint32_t known_x = registered(s, a, what), known_y = registered(s, b, what);

    if (known_x != known_y)
        return known_x > known_y;
    if (x->look.distinct != y->look.distinct)
        return x->look.distinct > y->look.distinct;
    return is_code(x) && !is_code(y);
}

/* A second name of the same; what else says of the indicator is a dimension of it. */
static void
leave_out(struct bb_suggestion *s, uint32_t column, uint32_t for_column)
{
    struct bb_suggest_column *c = &s->column[column];
    bool indicator = c->role == BB_ROLE_INDICATOR;

    c->role = indicator ? BB_ROLE_DIMENSION : BB_ROLE_NONE;
    if (!indicator)
        bb_suggest_say(
            s, "\"%s\": left out, for \"%s\" says whose it is; take it instead if yours are registered by it",
            c->name, s->column[for_column].name);
}

static void
settle(struct bb_suggestion *s, enum bb_role role, enum bb_column what, const char *noun)
{
    int best = -1;

    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == role && (best < 0 || is_better(s, what, i, (uint32_t)best)))
            best = (int)i;
    if (best < 0)
        return;
    uint32_t share = registered(s, (uint32_t)best, what);
    say_role(s, (uint32_t)best, noun,
             share ? bb_suggest_text(s, "what is registered (%u of 100 cells are)", share) : "its name");
    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == role && i != (uint32_t)best)
            leave_out(s, i, (uint32_t)best);
}

/* An organization reports for places of other kinds; a code without a name of its own follows the names that
 * there are. */
static void
place_codes(struct bb_suggestion *s)
{
    bool organization = false, place = false;

    for (uint32_t i = 0; i < s->columns; i++) {
        organization |= s->column[i].role == BB_ROLE_ORGANIZATION;
        place |= s->column[i].role == BB_ROLE_PLACE && by_words(&s->column[i]) == BB_ROLE_PLACE;
    }
    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_PLACE && organization && !place &&
            registered(s, i, BB_COLUMN_PLACE) < MOST_CELLS)
            s->column[i].role = BB_ROLE_ORGANIZATION;
}

/* --- dimensions -------------------------------------------------------------------------------------------
 */

/* A text that is the same in every row says nothing; one that differs in each is no dimension, but the place,
 * if there is none yet. */
static void
settle_dimensions(struct bb_suggestion *s)
{
    bool place = false;

    for (uint32_t i = 0; i < s->columns; i++)
        place |= s->column[i].role == BB_ROLE_PLACE || s->column[i].role == BB_ROLE_ORGANIZATION;
    for (uint32_t i = 0; i < s->columns; i++) {
        struct bb_suggest_column *c = &s->column[i];
        if (c->role != BB_ROLE_DIMENSION || is_called(c, "status") || is_called(c, "disaggregation"))
            continue;
        uint32_t texts = c->look.distinct + c->look.words; /* a group may be called N/A */
        if (!place && c->look.distinct > c->look.rows / 2 && c->look.rows > 2) {
            c->role = BB_ROLE_PLACE;
            place = true;
            say_role(s, i, "place", "its texts, which differ from row to row");
        } else if (texts == 1 && c->look.rows > 2) {
            c->role = BB_ROLE_NONE;
            bb_suggest_say(s, "\"%s\": left out, for it is the same in every row", c->name);
        } else {
            say_role(s, i, "a dimension of disaggregation", "its few texts");
        }
    }
}

static bool
is_period_name(const struct bb_suggest_column *c, int spelling, const struct bb_suggestion *s)
{
    if (c->role != BB_ROLE_MEASURE)
        return false;
    if (spelling < 0)
        return (bb_look_at(bb_bytes_str(c->top)).marks & BB_LOOK_PERIOD) != 0;
    return bb_spelling_is(s->spellings, (unsigned)spelling, bb_bytes_str(c->top));
}

/* Measures with a period as name, in our spelling (-1) or another one. One alone may be a name like any
 * other.
 */
static bool
take_wide_periods(struct bb_suggestion *s, int spelling)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->columns; i++)
        n += is_period_name(&s->column[i], spelling, s);
    for (uint32_t i = 0; n >= 2 && i < s->columns; i++)
        if (is_period_name(&s->column[i], spelling, s)) {
            s->column[i].role = BB_ROLE_WIDE_PERIOD;
            s->column[i].spelling = spelling;
        }
    if (n >= 2)
        bb_suggest_say(s, "%u columns have periods as names%s%s: each is a reading of its own", n,
                       spelling < 0 ? "" : ", written as ",
                       spelling < 0 ? "" : bb_spelling((unsigned)spelling)->what);
    return n >= 2;
}

static void
find_wide_periods(struct bb_suggestion *s)
{
    bool found = take_wide_periods(s, -1);

    for (int i = 0; !found && i < (int)BB_SPELLINGS; i++)
        found = take_wide_periods(s, i);
}

void
bb_suggest_roles(struct bb_suggestion *s)
{
    for (uint32_t i = 0; i < s->columns; i++)
        take_role(s, i);
    place_codes(s);
    settle(s, BB_ROLE_INDICATOR, BB_COLUMN_INDICATOR, "the indicator");
    settle(s, BB_ROLE_ORGANIZATION, BB_COLUMN_ORGANIZATION, "the organization");
    settle(s, BB_ROLE_PLACE, BB_COLUMN_PLACE, "the place");
    settle_dimensions(s);
    find_wide_periods(s);
}
