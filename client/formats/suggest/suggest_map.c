/* What was seen, as a map (backbone-map(5)). */
#include "suggest_core.h"

void
bb_suggest_set(struct bb_suggestion *s, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        s->failed = true;
}

void
bb_suggest_append(struct bb_suggestion *s, json_t *list, json_t *value)
{
    if (json_array_append_new(list, value) != 0)
        s->failed = true;
}

/* An empty object or list says nothing. */
void
bb_suggest_set_filled(struct bb_suggestion *s, const char *key, json_t *value)
{
    if (json_object_size(value) || json_array_size(value))
        bb_suggest_set(s, s->map, key, value);
    else
        json_decref(value);
}

bool
bb_suggest_is_measured(const struct bb_suggest_column *c)
{
    return c->role == BB_ROLE_MEASURE || c->role == BB_ROLE_WIDE_PERIOD || c->role == BB_ROLE_PART;
}

static json_t *
text_value(struct bb_bytes text)
{
    return json_stringn((const char *)text.data, text.len);
}

static bool
is_table(const struct bb_suggestion *s)
{
    return strcmp(s->format, "jsonl") != 0;
}

/* --- how it is written ------------------------------------------------------------------------------------
 */

static void
write_dialect(struct bb_suggestion *s)
{
    json_t *dialect = json_object(), *rows;
    const char delimiter[2] = {s->delimiter, '\0'};

    if (s->delimiter && s->delimiter != ',')
        bb_suggest_set(s, dialect, "delimiter", json_string(delimiter));
    if (is_table(s) && !s->headers)
        bb_suggest_set(s, dialect, "header", json_false());
    if (is_table(s) && s->headers && s->header[s->headers - 1] > 0) {
        rows = json_array();
        for (uint32_t i = 0; i < s->headers; i++)
            bb_suggest_append(s, rows, json_integer(s->header[i] + 1));
        bb_suggest_set(s, dialect, "headerRows", rows);
    }
    if (s->headers == 2)
        bb_suggest_set(s, dialect, "headerFill", json_true());
    bb_suggest_set_filled(s, "dialect", dialect);
}

static void
write_words(struct bb_suggestion *s, json_t *field, const struct bb_look *look)
{
    const char *name = json_string_value(json_object_get(field, "name"));
    const char group[2] = {bb_look_group(look), '\0'}, decimal[2] = {bb_look_decimal(look), '\0'};

    if (*group) {
        bb_suggest_set(s, field, "groupChar", json_string(group));
        bb_suggest_say(s, "\"%s\": thousands are separated, as in 1%s234", name, group);
    }
    if (*decimal) {
        bb_suggest_set(s, field, "decimalChar", json_string(decimal));
        bb_suggest_say(s, "\"%s\": a comma is the decimal mark", name);
    }
    if (look->unit) {
        bb_suggest_set(s, field, "bareNumber", json_false());
        bb_suggest_say(s, "\"%s\": a sign stands beside its numbers", name);
    }
}

static void
write_texts(struct bb_suggestion *s, json_t *field, const struct bb_look *look)
{
    if (look->is_protected)
        bb_suggest_set(s, field, "strip", json_pack("{s:[s],s:[s]}", "prefix", "=\"", "suffix", "\""));
    if (look->blanks)
        bb_suggest_set(s, field, "squeeze", json_true());
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
            bb_suggest_append(s, to, text_value(text));
    }
    if (json_array_size(yes))
        bb_suggest_set(s, field, "trueValues", json_incref(yes));
    if (json_array_size(no))
        bb_suggest_set(s, field, "falseValues", json_incref(no));
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
        bb_suggest_set(s, field, "from", json_integer(s->fixed[column].from + 1));
        bb_suggest_set(s, field, "to", json_integer(s->fixed[column].to));
    } else if (c->by_position && is_table(s)) {
        bb_suggest_set(s, field, "column", json_integer(column + 1));
    }
    if (c->role != BB_ROLE_NONE)
        write_texts(s, field, &c->look);
    if (c->role == BB_ROLE_PART && c->months) {
        bb_suggest_set(s, field, "extract", json_string(bb_month_pattern));
        bb_suggest_set(s, field, "aliases", bb_month_aliases());
    }
    if (bb_suggest_is_measured(c)) {
        write_words(s, field, &c->look);
        if (c->look.booleans)
            write_booleans(s, field, column);
    }
    if (fixed || (json_object_size(field) > 1 && c->role != BB_ROLE_NONE))
        bb_suggest_append(s, fields, field);
    else
        json_decref(field);
}

static void
write_fields(struct bb_suggestion *s)
{
    json_t *fields = json_array();

    for (uint32_t i = 0; i < s->columns; i++)
        write_field(s, fields, i);
    bb_suggest_set_filled(s, "fields", fields);
}

static void
write_missing_word(struct bb_suggestion *s, json_t *list, json_t *said, struct bb_bytes word)
{
    const char *label = bb_look_missing(word), *text = bb_suggest_copy(s, word);

    if (json_object_get(said, text))
        return;
    bb_suggest_set(s, said, text, json_true());
    bb_suggest_append(s, list, json_pack("{s:s,s:s}", "value", text, "label", label ? label : "missing"));
    bb_suggest_say(s, "'%s' stands for no value: %s", text,
                   label ? label : "missing, as a number that stands apart");
}

/* Import refuses a reading without a value, so what an empty cell is has to be said; only where there are
 * some beside other cells with something in them. */
static void
write_empty(struct bb_suggestion *s, json_t *list)
{
    uint32_t cells = 0;

    for (uint32_t i = 0; i < s->columns; i++) {
        const struct bb_suggest_column *c = &s->column[i];
        if (bb_suggest_is_measured(c) && c->role != BB_ROLE_PART && !bb_suggest_is_member(c))
            cells += c->look.empty;
    }
    if (cells == 0)
        return;
    bb_suggest_append(s, list, json_pack("{s:s,s:s}", "value", "", "label", "missing"));
    bb_suggest_say(s, "%u cells of numbers are empty: missing values, if that is what they are", cells);
}

static void
write_missing(struct bb_suggestion *s)
{
    json_t *list = json_array(), *said = json_object();

    for (uint32_t i = 0; i < s->columns; i++)
        for (uint32_t j = 0; bb_suggest_is_measured(&s->column[i]) && j < s->column[i].look.words; j++)
            write_missing_word(s, list, said, s->column[i].look.word[j]);
    write_empty(s, list);
    json_decref(said);
    bb_suggest_set_filled(s, "missingValues", list);
}

static void
write_ignored(struct bb_suggestion *s)
{
    json_t *names = json_array();
    bool others = false;

    for (uint32_t i = 0; i < s->columns; i++)
        if (s->column[i].role == BB_ROLE_NONE && !s->column[i].by_position)
            bb_suggest_append(s, names, json_string(s->column[i].name));
        else if (s->column[i].role == BB_ROLE_NONE)
            others = true;
    bb_suggest_set_filled(s, "ignore", names);
    if (others)
        bb_suggest_set(s, s->map, "otherColumns", json_string("ignore"));
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
        bb_suggest_set(s, s->map, "skip", json_array());
    bb_suggest_append(s, json_object_get(s->map, "skip"), rule);
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

void
bb_suggest_write(struct bb_suggestion *s)
{
    bb_suggest_set(s, s->map, "format", json_string(s->format));
    write_dialect(s);
    write_fields(s);
    write_missing(s);
    write_skip(s);
    write_ignored(s);
    bb_suggest_readings(s);
}
