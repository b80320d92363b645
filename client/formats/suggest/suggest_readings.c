/* Which readings a row gives: one for each measure, one for each column with a period as name, or one with
 * the indicator that the row names. */
#include "suggest_core.h"

#include <strings.h>

static const char *
template_of(struct bb_suggestion *s, const struct bb_suggest_column *c)
{
    return bb_suggest_text(s, "{%s}", c->name);
}

static bool
is_generic(const char *code)
{
    static const char *const codes[] = {"",        "value",   "count",      "number", "rate",
                                        "percent", "n",       "percentage", "total",  "amount",
                                        "mean",    "average", "cell",       "figure"};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

/* The code of the indicator that a name speaks of: a registered one, or a new one. */
static const char *
indicator_of(struct bb_suggestion *s, const char *written)
{
    const char *code = bb_suggest_code(s, written), *found = NULL;
    bool percent = strchr(written, '%') != NULL;

    if (is_generic(code) && *s->topic)
        code = bb_suggest_text(s, "%s%s%s", s->topic, *code || percent ? "-" : "",
                               *code     ? code
                               : percent ? "percent"
                                         : "");
    if (s->known)
        found = s->known->find(s->known->self, BB_COLUMN_INDICATOR, bb_bytes_str(written));
    if (s->known && !found)
        found = s->known->find(s->known->self, BB_COLUMN_INDICATOR, bb_bytes_str(code));
    if (s->known)
        bb_suggest_say(s,
                       found ? "\"%s\": the indicator %s, which is defined"
                             : "\"%s\": the indicator %s, which is still to be defined",
                       written, found ? found : code);
    return found ? found : *code ? code : "value";
}

static void
write_dimensions(struct bb_suggestion *s, json_t *reading)
{
    json_t *dimensions = json_object();

    for (uint32_t i = 0; i < s->columns; i++) {
        struct bb_suggest_column *c = &s->column[i];
        if (c->role != BB_ROLE_DIMENSION)
            continue;
        if (strcasecmp(c->name, "status") == 0)
            bb_suggest_set(s, reading, "status", json_string(template_of(s, c)));
        else if (strcasecmp(c->name, "disaggregation") == 0)
            bb_suggest_set(s, reading, "disaggregation", json_string(template_of(s, c)));
        else
            bb_suggest_set(s, dimensions, bb_suggest_code(s, c->top && *c->top ? c->top : c->name),
                           json_string(template_of(s, c)));
    }
    if (json_object_size(dimensions))
        bb_suggest_set(s, reading, "disaggregation", json_incref(dimensions));
    json_decref(dimensions);
}

/* What all readings have in common. */
static json_t *
common_reading(struct bb_suggestion *s)
{
    static const struct {
        enum bb_role role;
        const char *member;
    } members[] = {{BB_ROLE_INDICATOR, "indicator"},
                   {BB_ROLE_ORGANIZATION, "organization"},
                   {BB_ROLE_PLACE, "place"},
                   {BB_ROLE_COMMENT, "comment"}};
    json_t *reading = json_object();

    for (size_t m = 0; m < sizeof members / sizeof members[0]; m++)
        for (uint32_t i = 0; i < s->columns; i++)
            if (s->column[i].role == members[m].role)
                bb_suggest_set(s, reading, members[m].member, json_string(template_of(s, &s->column[i])));
    if (s->period)
        bb_suggest_set(s, reading, "period", json_string(s->period));
    write_dimensions(s, reading);
    return reading;
}

static bool
names_indicators(const struct bb_suggestion *s)
{
    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_INDICATOR)
            return true;
    return false;
}

static bool
is_used(const json_t *readings, const char *code)
{
    const json_t *reading;
    size_t i;

    json_array_foreach(readings, i,
                       reading) if (strcmp(json_string_value(json_object_get(reading, "indicator")), code) ==
                                    0) return true;
    return false;
}

/* Two readings of a row are not of the same indicator. */
static void
name_indicator(struct bb_suggestion *s, json_t *reading, const char *written, const json_t *readings)
{
    if (names_indicators(s))
        return;
    const char *code = indicator_of(s, written);
    if (is_used(readings, code))
        code = bb_suggest_text(s, "%s-%zu", code, json_array_size(readings) + 1);
    bb_suggest_set(s, reading, "indicator", json_string(code));
}

static const struct bb_ratio *
ratio_of(const struct bb_suggestion *s, uint32_t column)
{
    for (uint32_t i = 0; i < s->ratios; i++)
        if (s->ratio[i].value == column)
            return &s->ratio[i];
    return NULL;
}

static void
write_measure(struct bb_suggestion *s, json_t *readings, uint32_t column)
{
    struct bb_suggest_column *c = &s->column[column];
    const struct bb_ratio *ratio = ratio_of(s, column);
    json_t *reading = json_object();

    name_indicator(s, reading, c->by_position && c->top && *c->top ? c->top : c->name, readings);
    bb_suggest_set(s, reading, "value", json_string(template_of(s, c)));
    if (ratio) {
        bb_suggest_set(s, reading, "numerator", json_string(template_of(s, &s->column[ratio->numerator])));
        bb_suggest_set(s, reading, "denominator",
                       json_string(template_of(s, &s->column[ratio->denominator])));
    }
    bb_suggest_append(s, readings, reading);
}

/* value, numerator and denominator by their own names: one reading. */
static bool
write_named_measures(struct bb_suggestion *s, json_t *reading)
{
    static const char *const names[] = {"value", "numerator", "denominator"};
    bool any = false;

    for (size_t n = 0; n < 3; n++)
        for (uint32_t i = 0; i < s->columns; i++)
            if (bb_suggest_is_measured(&s->column[i]) && strcasecmp(s->column[i].name, names[n]) == 0) {
                bb_suggest_set(s, reading, names[n], json_string(template_of(s, &s->column[i])));
                any = true;
            }
    if (any)
        name_indicator(s, reading, "", NULL);
    return any;
}

/* A pattern for all spellings of periods below the group `prefix`. */
static const char *
wide_pattern(struct bb_suggestion *s, const struct bb_suggest_column *first, const char *prefix)
{
    const char *shapes = "", *group = bb_suggest_shape(s, bb_bytes_str(prefix));

    if (first->spelling >= 0)
        return bb_suggest_text(s, "^%s%s$", group, bb_spelling((unsigned)first->spelling)->pattern);
    for (uint32_t i = 0; i < s->columns; i++) {
        const struct bb_suggest_column *c = &s->column[i];
        if (c->role != BB_ROLE_WIDE_PERIOD || strncmp(c->name, prefix, strlen(prefix)) != 0)
            continue;
        const char *shape = bb_suggest_shape(s, bb_bytes_str(c->top));
        if (!strstr(shapes, shape))
            shapes = bb_suggest_text(s, "%s%s%s", shapes, *shapes ? "|" : "", shape);
    }
    return bb_suggest_text(s, "^%s(%s)$", group, shapes);
}

static const char *
group_of(struct bb_suggestion *s, const struct bb_suggest_column *c)
{
    size_t len = strlen(c->name), top = strlen(c->top);

    return len >= top ? bb_suggest_copy(s, bb_bytes(c->name, len - top)) : "";
}

/* One rule for each group of columns. */
static void
write_wide(struct bb_suggestion *s, json_t *readings)
{
    const char *last = NULL;

    for (uint32_t i = 0; i < s->columns; i++) {
        const struct bb_suggest_column *c = &s->column[i];
        if (c->role != BB_ROLE_WIDE_PERIOD)
            continue;
        const char *group = group_of(s, c);
        if (last && strcmp(group, last) == 0)
            continue;
        const struct bb_spelling *spelling = c->spelling < 0 ? NULL : bb_spelling((unsigned)c->spelling);
        json_t *reading =
            json_pack("{s:{s:s,s:o},s:s,s:s}", "each", "columns", wide_pattern(s, c, group), "names",
                      spelling ? bb_suggest_spelling_names(spelling) : json_pack("[s]", "period"), "period",
                      spelling ? spelling->period : "{period}", "value", "{cell}");
        if (spelling && spelling->months)
            bb_suggest_months(s);
        name_indicator(s, reading, group, readings);
        bb_suggest_append(s, readings, reading);
        last = group;
    }
}

/* Of several measures beside a column that names indicators, one is its value. */
void
bb_suggest_keep_one(struct bb_suggestion *s)
{
    int best = -1;

    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_MEASURE &&
            (best < 0 || (bb_suggest_has_word(s->column[i].name, "value") &&
                          !bb_suggest_has_word(s->column[best].name, "value"))))
            best = (int)i;
    for (uint32_t i = 0; names_indicators(s) && i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_MEASURE && i != (uint32_t)best &&
            !bb_suggest_is_member(&s->column[i])) {
            s->column[i].role = BB_ROLE_NONE;
            bb_suggest_say(s, "\"%s\": left out, for \"%s\" has the values", s->column[i].name,
                           s->column[best].name);
        }
}

/* One reading a row needs no list. */
static void
take_single(struct bb_suggestion *s, json_t *common, json_t *readings)
{
    if (json_object_get(json_array_get(readings, 0), "each"))
        return;
    if (json_object_update(common, json_array_get(readings, 0)) != 0)
        s->failed = true;
    json_array_clear(readings);
}

void
bb_suggest_readings(struct bb_suggestion *s)
{
    json_t *common = common_reading(s);
    json_t *readings = json_array();
    bool named = write_named_measures(s, common);

    if (!named) {
        for (uint32_t i = 0; i < s->columns; i++)
            if (s->column[i].role == BB_ROLE_MEASURE)
                write_measure(s, readings, i);
        write_wide(s, readings);
    }
    if (!named && json_object_get(common, "indicator") && json_array_size(readings) == 1)
        take_single(s, common, readings);
    bb_suggest_set_filled(s, "reading", common);
    if (!named && json_array_size(readings) == 0 && !json_object_get(common, "value"))
        bb_suggest_say(
            s, "no column with numbers was found: say which one has values, as \"value\" in \"reading\"");
    bb_suggest_set_filled(s, "readings", readings);
}
