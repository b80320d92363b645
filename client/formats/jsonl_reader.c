/* jansson makes doubles of numbers and refuses those that do not fit. So a copy of the line is parsed in
 * which every number of JSON's grammar is overwritten by 0 and blanks; that keeps every position, and the
 * text of a number is then taken from the line itself, where the member with the same rank stands (jansson
 * keeps the order of members). */
#include "jsonl_reader.h"

#include "json_words.h"

#include "runtime/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct bb_jsonl {
    struct bb_input input;
    struct bb_raw_keeper keeper;
    struct bb_buffer line;
    char *copy;     /* [BB_JSONL_LINE_BYTES] */
    json_t *object; /* whose texts the current row borrows */
    uint64_t lines;
    uint64_t number;
    uint64_t overlong; /* bytes of the current line when it is too long */
    bool after_carriage;
};

int
bb_jsonl_new(struct bb_feed feed, struct bb_spool *spool, struct bb_jsonl **ret_jsonl)
{
    struct bb_jsonl *jsonl = calloc(1, sizeof *jsonl);
    if (!jsonl)
        return -ENOMEM;
    jsonl->copy = malloc(BB_JSONL_LINE_BYTES);
    if (!jsonl->copy || bb_input_init(&jsonl->input, feed) < 0) {
        free(jsonl->copy);
        free(jsonl);
        return -ENOMEM;
    }
    bb_buffer_init(&jsonl->line, BB_JSONL_LINE_BYTES);
    bb_raw_keeper_init(&jsonl->keeper, spool);
    *ret_jsonl = jsonl;
    return 0;
}

void
bb_jsonl_destroy(struct bb_jsonl **jsonl)
{
    if (!*jsonl)
        return;
    json_decref((*jsonl)->object);
    bb_raw_keeper_release(&(*jsonl)->keeper);
    bb_buffer_release(&(*jsonl)->line);
    bb_input_release(&(*jsonl)->input);
    free((*jsonl)->copy);
    free(*jsonl);
    *jsonl = NULL;
}

uint64_t
bb_jsonl_position(const struct bb_jsonl *jsonl)
{
    return bb_input_position(&jsonl->input);
}

/* Lines */

static size_t
end_of_line(struct bb_bytes text)
{
    const uint8_t *newline = memchr(text.data, '\n', text.len);
    size_t len = newline ? (size_t)(newline - text.data) : text.len;
    const uint8_t *carriage = memchr(text.data, '\r', len);
    return carriage ? (size_t)(carriage - text.data) : len;
}

static void
add_to_line(struct bb_jsonl *jsonl, struct bb_bytes piece)
{
    bb_raw_keeper_append(&jsonl->keeper, piece);
    if (jsonl->overlong == 0 && jsonl->line.len + piece.len <= BB_JSONL_LINE_BYTES)
        bb_buffer_append(&jsonl->line, piece.data, piece.len);
    else if (jsonl->overlong == 0)
        jsonl->overlong = jsonl->line.len + piece.len;
    else
        jsonl->overlong += piece.len;
}

/* One line, empty or not. ret_some: there was at least its end. */
static int
read_line(struct bb_jsonl *jsonl)
{
    struct bb_input *input = &jsonl->input;
    bool any = false;
    for (;;) {
        if (input->at == input->end) {
            int r = bb_input_fill(input);
            if (r)
                return r == BB_INPUT_END && any ? 0 : r;
        }
        struct bb_bytes rest = bb_bytes(input->block + input->at, input->end - input->at);
        if (!any && jsonl->after_carriage && rest.data[0] == '\n') {
            input->at++;
            jsonl->after_carriage = false;
            continue;
        }
        jsonl->after_carriage = false;
        any = true;
        size_t len = end_of_line(rest);
        add_to_line(jsonl, bb_bytes(rest.data, len));
        if (jsonl->line.error || jsonl->keeper.error)
            return jsonl->line.error ? jsonl->line.error : jsonl->keeper.error;
        input->at += len;
        if (len == rest.len)
            continue;
        jsonl->after_carriage = rest.data[len] == '\r';
        input->at++;
        return 0;
    }
}

static bool
is_blank(struct bb_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != ' ' && text.data[i] != '\t')
            return false;
    return true;
}

int
bb_jsonl_begin(struct bb_jsonl *jsonl)
{
    return bb_input_fill(&jsonl->input);
}

int
bb_jsonl_next(struct bb_jsonl *jsonl, struct bb_jsonl_line *ret_line)
{
    do {
        bb_buffer_reset(&jsonl->line);
        bb_raw_keeper_reset(&jsonl->keeper);
        jsonl->overlong = 0;
        int r = read_line(jsonl);
        if (r)
            return r;
        jsonl->lines++;
    } while (jsonl->overlong == 0 && is_blank(bb_buffer_bytes(&jsonl->line)));
    *ret_line = (struct bb_jsonl_line){
        .line = jsonl->lines,
        .number = ++jsonl->number,
        .text = jsonl->overlong ? bb_bytes(NULL, jsonl->overlong) : bb_buffer_bytes(&jsonl->line),
        .raw = bb_raw_keeper_row(&jsonl->keeper),
    };
    return jsonl->keeper.error;
}

/* Objects */

/* at: of the opening quote. Returns the position behind the closing one. */
static size_t
skip_string(struct bb_bytes text, size_t at)
{
    for (at++; at < text.len && text.data[at] != '"'; at++)
        if (text.data[at] == '\\')
            at++;
    return at < text.len ? at + 1 : text.len;
}

/* Length of a JSON number at the start of the text, 0 when there is none (RFC 8259, section 6). */
static size_t
number_length(struct bb_bytes t)
{
    size_t i = 0, start;
#define DIGITS()                                                                                             \
    for (start = i; i < t.len && t.data[i] >= '0' && t.data[i] <= '9'; i++)                                  \
        ;                                                                                                    \
    if (i == start)                                                                                          \
    return 0
    if (i < t.len && t.data[i] == '-')
        i++;
    DIGITS();
    if (t.data[start] == '0' && i > start + 1)
        return 0;
    if (i < t.len && t.data[i] == '.') {
        i++;
        DIGITS();
    }
    if (i < t.len && (t.data[i] | 0x20) == 'e') {
        i++;
        if (i < t.len && (t.data[i] == '+' || t.data[i] == '-'))
            i++;
        DIGITS();
    }
#undef DIGITS
    return i;
}

/* Overwrite the numbers outside of strings by 0 and blanks; what is no number stays for jansson to refuse. */
static void
blank_numbers(char *copy, size_t len)
{
    struct bb_bytes text = bb_bytes(copy, len);
    for (size_t i = 0; i < len;) {
        if (copy[i] == '"') {
            i = skip_string(text, i);
            continue;
        }
        bool inside_word = i > 0 && !strchr("{}[]:, \t", copy[i - 1]);
        size_t n = inside_word ? 0 : number_length(bb_bytes(copy + i, len - i));
        if (n) {
            memset(copy + i, ' ', n);
            copy[i] = '0';
        }
        i += n ? n : 1;
    }
}

static json_t *
parse(struct bb_bytes text, char *copy, json_error_t *where)
{
    memcpy(copy, text.data, text.len);
    blank_numbers(copy, text.len);
    return json_loadb(copy, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, where);
}

static int __attribute__((format(printf, 3, 4)))
refuse(struct bb_jsonl_problem *problem, int field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem->field = field;
    vsnprintf(problem->reason, sizeof problem->reason, format, args);
    va_end(args);
    return BB_JSONL_E_REFUSED;
}

static int
parse_object(struct bb_jsonl *jsonl, struct bb_bytes text, struct bb_jsonl_problem *problem)
{
    json_error_t where;
    json_decref(jsonl->object);
    jsonl->object = parse(text, jsonl->copy, &where);
    if (!jsonl->object && json_error_code(&where) == json_error_out_of_memory)
        return -ENOMEM;
    if (!jsonl->object) {
        problem->field = -1;
        bb_json_explain(&where, problem->reason, sizeof problem->reason);
        return BB_JSONL_E_REFUSED;
    }
    if (!json_is_object(jsonl->object))
        return refuse(problem, -1, "found %s, expected a JSON object", bb_json_kind(jsonl->object));
    return 0;
}

static int
take_member(json_t *value, struct bb_bytes written, int field, struct bb_row_text *row, unsigned *plain,
            struct bb_jsonl_problem *problem)
{
    if (json_is_string(value)) {
        row->field[field] = (struct bb_text){json_string_value(value), json_string_length(value)};
    } else if (json_is_number(value)) {
        row->field[field] = (struct bb_text){(const char *)written.data, written.len};
        *plain |= 1u << field;
    } else if (!json_is_null(value)) {
        return refuse(problem, field, "found %s, expected a text or a number", bb_json_kind(value));
    }
    return 0;
}

int
bb_jsonl_row(struct bb_jsonl *jsonl, struct bb_bytes text, const struct bb_map *map,
             struct bb_row_text *ret_row, unsigned *ret_plain, struct bb_jsonl_problem *ret_problem)
{
    const char *key;
    json_t *value;
    struct bb_json_member written;
    const char *given[BB_COLUMNS] = {NULL};
    size_t at = 0;
    if (!text.data)
        return refuse(ret_problem, -1, "found a line of %zu bytes, expected at most %u", text.len,
                      BB_JSONL_LINE_BYTES);
    int r = parse_object(jsonl, text, ret_problem);
    if (r)
        return r;
    *ret_row = (struct bb_row_text){0};
    *ret_plain = 0;
    json_object_foreach(jsonl->object, key, value)
    {
        char shown[100];
        if (!bb_json_next_member(text, &at, &written))
            return refuse(ret_problem, -1, "found an object with a member that has no text, expected one");
        int field = bb_map_meaning(map, bb_bytes_str(key));
        if (field == BB_MEANS_UNKNOWN)
            return refuse(ret_problem, -1,
                          "found the key '%s', expected a field, or a key that --ignore or --map names",
                          bb_text_quote(bb_bytes_str(key), shown, sizeof shown, 40));
        if (field < 0)
            continue;
        if (given[field])
            return refuse(ret_problem, field, "found %s twice, as '%.100s' and '%.100s', expected it once",
                          bb_import_fields[field], given[field], key);
        given[field] = key;
        r = take_member(value, written.value, field, ret_row, ret_plain, ret_problem);
        if (r)
            return r;
    }
    return 0;
}
