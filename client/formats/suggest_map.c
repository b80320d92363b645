/* What was seen, as a map (backbone-map(5)). */
#include "suggest_core.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static void
set(struct bb_suggestion *s, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        s->failed = true;
}

static void
append(struct bb_suggestion *s, json_t *list, json_t *value)
{
    if (json_array_append_new(list, value) != 0)
        s->failed = true;
}

static json_t *
text_value(struct bb_bytes text)
{
    return json_stringn((const char *)text.data, text.len);
}

/* An empty object or list says nothing. */
static void
set_filled(struct bb_suggestion *s, const char *key, json_t *value)
{
    if (json_object_size(value) || json_array_size(value))
        set(s, s->map, key, value);
    else
        json_decref(value);
}

static bool
is_table(const struct bb_suggestion *s)
{
    return strcmp(s->format, "jsonl") != 0;
}

static bool
is_measured(const struct bb_suggest_column *c)
{
    return c->role == BB_ROLE_MEASURE || c->role == BB_ROLE_WIDE_PERIOD || c->role == BB_ROLE_PART;
}

/* --- how it is written ------------------------------------------------------------------------------------
 */

static void
write_dialect(struct bb_suggestion *s)
{
    json_t *dialect = json_object(), *rows;
    const char delimiter[2] = {s->delimiter, '\0'};

    if (s->delimiter && s->delimiter != ',')
        set(s, dialect, "delimiter", json_string(delimiter));
    if (is_table(s) && !s->headers)
        set(s, dialect, "header", json_false());
    if (is_table(s) && s->headers && s->header[s->headers - 1] > 0) {
        rows = json_array();
        for (uint32_t i = 0; i < s->headers; i++)
            append(s, rows, json_integer(s->header[i] + 1));
        set(s, dialect, "headerRows", rows);
    }
    if (s->headers == 2)
        set(s, dialect, "headerFill", json_true());
    set_filled(s, "dialect", dialect);
}

static void
write_words(struct bb_suggestion *s, json_t *field, const struct bb_look *look)
{
    const char *name = json_string_value(json_object_get(field, "name"));
    const char group[2] = {bb_look_group(look), '\0'}, decimal[2] = {bb_look_decimal(look), '\0'};

    if (*group) {
        set(s, field, "groupChar", json_string(group));
        bb_suggest_say(s, "\"%s\": thousands are separated, as in 1%s234", name, group);
    }
    if (*decimal) {
        set(s, field, "decimalChar", json_string(decimal));
        bb_suggest_say(s, "\"%s\": a comma is the decimal mark", name);
    }
    if (look->unit) {
        set(s, field, "bareNumber", json_false());
        bb_suggest_say(s, "\"%s\": a sign stands beside its numbers", name);
    }
}

static void
write_texts(struct bb_suggestion *s, json_t *field, const struct bb_look *look)
{
    if (look->is_protected)
        set(s, field, "strip", json_pack("{s:[s],s:[s]}", "prefix", "=\"", "suffix", "\""));
    if (look->blanks)
        set(s, field, "squeeze", json_true());
    if (look->is_protected)
        bb_suggest_say(s, "\"%s\": codes are written for a spreadsheet, as in =\"0123\"",
                       json_string_value(json_object_get(field, "name")));
}

/* yes and no are words of their own, whatever their letters. */
static void
write_booleans(struct bb_suggestion *s, json_t *field, uint32_t column)
{
    json_t *yes = json_array(), *no = json_array();

    for (uint32_t i = s->data; i < s->grid.count && i < s->data + BB_SUGGEST_ROWS; i++) {
        struct bb_bytes text = bb_grid_at(&s->grid, i, column);
        if (bb_look_at(text).kind != BB_LOOK_BOOLEAN)
            continue;
        json_t *to = strchr("tTyY", text.data[0]) ? yes : no, *word;
        size_t at;
        bool there = false;
        json_array_foreach(to, at, word) there |=
            json_string_length(word) == text.len && memcmp(json_string_value(word), text.data, text.len) == 0;
        if (!there)
            append(s, to, text_value(text));
    }
    if (json_array_size(yes))
        set(s, field, "trueValues", json_incref(yes));
    if (json_array_size(no))
        set(s, field, "falseValues", json_incref(no));
    json_decref(yes);
    json_decref(no);
    bb_suggest_say(s, "\"%s\": yes and no, which an indicator with the unit boolean has as 1 and 0",
                   json_string_value(json_object_get(field, "name")));
}

static void
write_field(struct bb_suggestion *s, json_t *fields, uint32_t column)
{
    struct bb_suggest_column *c = &s->column[column];
    json_t *field = json_pack("{s:s}", "name", c->name);
    bool fixed = strcmp(s->format, "fixed") == 0;

    if (!field) {
        s->failed = true;
        return;
    }
    if (fixed) {
        set(s, field, "from", json_integer(s->fixed[column].from + 1));
        set(s, field, "to", json_integer(s->fixed[column].to));
    } else if (c->by_position && is_table(s)) {
        set(s, field, "column", json_integer(column + 1));
    }
    if (c->role != BB_ROLE_NONE)
        write_texts(s, field, &c->look);
    if (is_measured(c)) {
        write_words(s, field, &c->look);
        if (c->look.booleans)
            write_booleans(s, field, column);
    }
    if (fixed || (json_object_size(field) > 1 && c->role != BB_ROLE_NONE))
        append(s, fields, field);
    else
        json_decref(field);
}

static void
write_fields(struct bb_suggestion *s)
{
    json_t *fields = json_array();

    for (uint32_t i = 0; i < s->columns; i++)
        write_field(s, fields, i);
    set_filled(s, "fields", fields);
}

static void
write_missing_word(struct bb_suggestion *s, json_t *list, json_t *said, struct bb_bytes word)
{
    const char *label = bb_look_missing(word), *text = bb_suggest_copy(s, word);

    if (json_object_get(said, text))
        return;
    set(s, said, text, json_true());
    append(s, list, json_pack("{s:s,s:s}", "value", text, "label", label ? label : "missing"));
    bb_suggest_say(s, "'%s' stands for no value: %s", text,
                   label ? label : "missing, as a number that stands apart");
}

static void
write_missing(struct bb_suggestion *s)
{
    json_t *list = json_array(), *said = json_object();
    bool empty = false;

    for (uint32_t i = 0; i < s->columns; i++)
        if (is_measured(&s->column[i])) {
            empty |= s->column[i].look.empty > 0 && s->column[i].role != BB_ROLE_PART &&
                     !bb_suggest_is_member(&s->column[i]);
            for (uint32_t j = 0; j < s->column[i].look.words; j++)
                write_missing_word(s, list, said, s->column[i].look.word[j]);
        }
    if (empty) {
        append(s, list, json_string(""));
        bb_suggest_say(s, "empty cells of numbers are missing values");
    }
    json_decref(said);
    set_filled(s, "missingValues", list);
}

static void
write_ignored(struct bb_suggestion *s)
{
    json_t *names = json_array();
    bool others = false;

    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_NONE && (!s->column[i].by_position || !is_table(s)))
            append(s, names, json_string(s->column[i].name));
        else if (s->column[i].role == BB_ROLE_NONE)
            others = true;
    set_filled(s, "ignore", names);
    if (others)
        set(s, s->map, "otherColumns", json_string("ignore"));
}

/* --- rows that are none -----------------------------------------------------------------------------------
 */

static bool
is_odd(const struct bb_suggestion *s, uint32_t row)
{
    uint32_t filled = bb_grid_filled(&s->grid.row[row]);

    return filled > 0 && filled * 3 < bb_grid_filled(&s->grid.row[s->data]);
}

static void
skip_empty(struct bb_suggestion *s, uint32_t column)
{
    json_t *rule = json_pack("{s:s,s:b}", "column", s->column[column].name, "empty", 1);

    if (!json_object_get(s->map, "skip"))
        set(s, s->map, "skip", json_array());
    append(s, json_object_get(s->map, "skip"), rule);
}

/* Does no row of data leave this column empty, and every odd one? */
static bool
tells_odd(const struct bb_suggestion *s, uint32_t column)
{
    for (uint32_t i = s->data; i < s->grid.count; i++)
        if (bb_grid_filled(&s->grid.row[i]) && is_odd(s, i) != (bb_grid_at(&s->grid, i, column).len == 0))
            return false;
    return true;
}

/* Sources and dates below the data: told by a column that only they leave empty. */
static void
skip_odd(struct bb_suggestion *s)
{
    uint32_t odd = 0, at = 0;

    for (uint32_t i = s->data; i < s->grid.count; i++)
        if (is_odd(s, i)) {
            odd++;
            at = i;
        }
    for (uint32_t c = 0; odd && c < s->columns; c++)
        if (s->column[c].role != BB_ROLE_NONE && tells_odd(s, c)) {
            skip_empty(s, c);
            bb_suggest_say(s, "%u rows, as row %u, have hardly anything: they are skipped", odd, at + 1);
            return;
        }
}

/* A row without a period among many that have one is a total, or a remark. */
static void
skip_without_period(struct bb_suggestion *s)
{
    for (uint32_t c = 0; c < s->columns; c++) {
        const struct bb_look *look = &s->column[c].look;
        if (s->column[c].role != BB_ROLE_PERIOD || look->empty == 0 || look->empty * 20 > look->rows)
            continue;
        skip_empty(s, c);
        bb_suggest_say(s, "%u rows have nothing as \"%s\": they are skipped", look->empty, s->column[c].name);
    }
}

static void
write_skip(struct bb_suggestion *s)
{
    skip_odd(s);
    if (!json_object_get(s->map, "skip"))
        skip_without_period(s);
}

/* --- readings ---------------------------------------------------------------------------------------------
 */

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
            set(s, reading, "status", json_string(template_of(s, c)));
        else if (strcasecmp(c->name, "disaggregation") == 0)
            set(s, reading, "disaggregation", json_string(template_of(s, c)));
        else
            set(s, dimensions, bb_suggest_code(s, c->top && *c->top ? c->top : c->name),
                json_string(template_of(s, c)));
    }
    if (json_object_size(dimensions))
        set(s, reading, "disaggregation", json_incref(dimensions));
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
                set(s, reading, members[m].member, json_string(template_of(s, &s->column[i])));
    if (s->period)
        set(s, reading, "period", json_string(s->period));
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
    set(s, reading, "indicator", json_string(code));
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
    set(s, reading, "value", json_string(template_of(s, c)));
    if (ratio) {
        set(s, reading, "numerator", json_string(template_of(s, &s->column[ratio->numerator])));
        set(s, reading, "denominator", json_string(template_of(s, &s->column[ratio->denominator])));
    }
    append(s, readings, reading);
}

/* value, numerator and denominator by their own names: one reading. */
static bool
write_named_measures(struct bb_suggestion *s, json_t *reading)
{
    static const char *const names[] = {"value", "numerator", "denominator"};
    bool any = false;

    for (size_t n = 0; n < 3; n++)
        for (uint32_t i = 0; i < s->columns; i++)
            if (is_measured(&s->column[i]) && strcasecmp(s->column[i].name, names[n]) == 0) {
                set(s, reading, names[n], json_string(template_of(s, &s->column[i])));
                any = true;
            }
    if (any)
        name_indicator(s, reading, "", NULL);
    return any;
}

/* A pattern for all spellings of periods below the group `prefix`. */
static const char *
wide_pattern(struct bb_suggestion *s, const char *prefix)
{
    const char *shapes = "";

    for (uint32_t i = 0; i < s->columns; i++) {
        const struct bb_suggest_column *c = &s->column[i];
        if (c->role != BB_ROLE_WIDE_PERIOD || strncmp(c->name, prefix, strlen(prefix)) != 0)
            continue;
        const char *shape = bb_suggest_shape(s, bb_bytes_str(c->top));
        if (!strstr(shapes, shape))
            shapes = bb_suggest_text(s, "%s%s%s", shapes, *shapes ? "|" : "", shape);
    }
    return bb_suggest_text(s, "^%s(%s)$", bb_suggest_shape(s, bb_bytes_str(prefix)), shapes);
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
        json_t *reading = json_pack("{s:{s:s,s:[s]},s:s,s:s}", "each", "columns", wide_pattern(s, group),
                                    "names", "period", "period", "{period}", "value", "{cell}");
        name_indicator(s, reading, group, readings);
        append(s, readings, reading);
        last = group;
    }
}

/* Of several measures beside a column that names indicators, one is its value. */
static void
keep_one_measure(struct bb_suggestion *s)
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

static void
write_readings(struct bb_suggestion *s, json_t *common)
{
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
    set_filled(s, "reading", common);
    if (!named && json_array_size(readings) == 0 && !json_object_get(common, "value"))
        bb_suggest_say(
            s, "no column with numbers was found: say which one has values, as \"value\" in \"reading\"");
    set_filled(s, "readings", readings);
}

void
bb_suggest_write(struct bb_suggestion *s)
{
    keep_one_measure(s);
    set(s, s->map, "format", json_string(s->format));
    write_dialect(s);
    write_fields(s);
    write_missing(s);
    write_skip(s);
    write_ignored(s);
    write_readings(s, common_reading(s));
}
