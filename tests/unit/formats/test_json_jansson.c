/* The scanner against jansson, over random documents, and over the same with a few bytes changed: the same
 * verdict, and of what is sound, the same values. A failure names the seed: BB_JSON_SEED=N runs that one. */
#include "client/formats/text/json.h"

#include "reader_text.h"
#include "tests/unit/check.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENTS 20000u

/* splitmix64 */
static uint64_t
draw(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static unsigned
below(uint64_t *seed, unsigned n)
{
    return (unsigned)(draw(seed) % n);
}

/* A random document */

static void
put_blanks(FILE *to, uint64_t *seed)
{
    for (unsigned n = below(seed, 4) ? 0 : below(seed, 12); n; n--)
        fputc(" \t\n\r"[below(seed, 8) < 5 ? 0 : below(seed, 4)], to);
}

static void
put_character(FILE *to, uint64_t *seed)
{
    static const char *const some[] = {
        "\xC3\xA9",
        "\xE2\x82\xAC",
        "\xF0\x9F\x98\x80",
        "\xEF\xBF\xBF",
        "\xF4\x8F\xBF\xBF",
        "\xC2\x80",
        "\xE0\xA0\x80",
        "\xED\x9F\xBF",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u0041",
        "\\u00e9",
        "\\u20AC",
        "\\uD83D\\uDE00",
        "\\uDBFF\\uDFFF",
        "\\uFFFF",
        "\\u001f",
        "\x7F",
    };
    if (below(seed, 6))
        fputc("abcdefghij klmnop{}[],:'0123456789"[below(seed, 34)], to);
    else
        fputs(some[below(seed, COUNT(some))], to);
}

static void
put_text(FILE *to, uint64_t *seed, unsigned most)
{
    fputc('"', to);
    for (unsigned n = below(seed, most); n; n--)
        put_character(to, seed);
    fputc('"', to);
}

static void
put_number(FILE *to, uint64_t *seed)
{
    fprintf(to, "%s%u", below(seed, 3) ? "" : "-", below(seed, 2) ? 0 : 1 + below(seed, 1000000));
    if (below(seed, 2))
        fprintf(to, ".%0*u", 1 + (int)below(seed, 9), below(seed, 1000));
    if (below(seed, 3) == 0)
        fprintf(to, "%c%s%u", "eE"[below(seed, 2)], &"+\0-\0"[2 * below(seed, 2)], below(seed, 40));
}

static void
put_value(FILE *to, uint64_t *seed, unsigned depth)
{
    static const char *const names[] = {"true", "false", "null"};
    unsigned kind = below(seed, depth ? 8 : 6);
    put_blanks(to, seed);
    if (kind < 2) {
        put_text(to, seed, below(seed, 50) ? 20 : 2000);
    } else if (kind < 4) {
        put_number(to, seed);
    } else if (kind < 6) {
        fputs(names[below(seed, 3)], to);
    } else {
        unsigned n = below(seed, 8);
        fputc("[{"[kind - 6], to);
        put_blanks(to, seed);
        for (unsigned i = 0; i < n; i++) {
            if (i)
                fputc(',', to);
            if (kind == 7) {
                put_blanks(to, seed);
                fprintf(to, "\"%u", i); /* a name of its own, whatever comes behind */
                fputs(below(seed, 2) ? "\\u00e9\"" : "\"", to);
                put_blanks(to, seed);
                fputc(':', to);
            }
            put_value(to, seed, depth - 1);
        }
        put_blanks(to, seed);
        fputc("]}"[kind - 6], to);
    }
    put_blanks(to, seed);
}

/* What it holds, written the same way from both */

static void
write_text(FILE *to, const void *data, size_t len)
{
    fprintf(to, "\"%zu:", len);
    fwrite(data, 1, len, to);
}

static void
write_tree(FILE *to, const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        fputc('{', to);
        json_object_foreach((json_t *)(uintptr_t)value, key, item)
        {
            write_text(to, key, strlen(key));
            write_tree(to, item);
        }
        fputc('}', to);
        break;
    case JSON_ARRAY:
        fputc('[', to);
        json_array_foreach(value, i, item) write_tree(to, item);
        fputc(']', to);
        break;
    case JSON_STRING:
        write_text(to, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        fprintf(to, "#%a", json_number_value(value) + 0.0);
        break;
    default:
        fputc("tfn"[json_typeof(value) - JSON_TRUE], to);
    }
}

static void
write_token(FILE *to, const struct bb_json_token *token)
{
    char number[200];
    switch (token->kind) {
    case BB_JSON_KEY:
    case BB_JSON_TEXT:
        write_text(to, token->text.data, token->text.len);
        break;
    case BB_JSON_NUMBER:
        snprintf(number, sizeof number, "%.*s", (int)token->text.len, (const char *)token->text.data);
        fprintf(to, "#%a", strtod(number, NULL) + 0.0); /* -0 is 0 */
        break;
    case BB_JSON_BOOLEAN:
        fputc(token->text.data[0], to);
        break;
    default:
        fputc(token->kind, to);
    }
}

/* NULL: it is refused. */
static char *
by_jansson(struct bb_bytes text, json_error_t *error)
{
    char *out = NULL;
    size_t len;
    json_t *root =
        json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, error);
    if (!root)
        return NULL;
    FILE *to = open_memstream(&out, &len);
    write_tree(to, root);
    fclose(to);
    json_decref(root);
    return out;
}

static char *
by_scanner(struct bb_json *json, char **ret_said)
{
    char *out = NULL, said[400] = "";
    size_t len;
    struct bb_json_token token;
    int r;
    FILE *to = open_memstream(&out, &len);
    while ((r = bb_json_next(json, &token)) == 0)
        write_token(to, &token);
    fclose(to);
    if (r == BB_JSON_BAD)
        bb_json_say(json, said, sizeof said);
    *ret_said = strdup(said);
    if (r == BB_JSON_END)
        return out;
    free(out);
    return NULL;
}

/* Each refuses something that the other one leaves to its caller. */
static bool
have_own_reasons(const char *expected, const json_error_t *error, const char *said)
{
    enum json_error_code code = expected ? json_error_unknown : json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_duplicate_key ||
           strstr(said, "objects and lists in each other");
}

static void
compare(struct bb_bytes text, struct bb_json *line, size_t piece, uint64_t seed)
{
    struct reader_text_memory memory = {.left = text, .piece = piece};
    struct bb_json streamed;
    json_error_t error;
    char *said[2];
    char *expected = by_jansson(text, &error);
    bb_json_line(line, text);
    assert_int_equal(bb_json_open(&streamed, reader_text_feed(&memory), "a value"), 0);
    char *found = by_scanner(line, &said[0]), *again = by_scanner(&streamed, &said[1]);
    if (!have_own_reasons(expected, &error, said[0])) {
        if (!found != !expected || (found && strcmp(found, expected) != 0))
            fail_msg("BB_JSON_SEED=%" PRIu64 ": %.*s\nis %s (%s),\nexpected %s (%s)", seed, (int)text.len,
                     (const char *)text.data, found ? found : "refused", said[0],
                     expected ? expected : "refused", expected ? "" : error.text);
        /* one value a line, any number of them in a stream */
        if (found && (!again || strcmp(found, again) != 0))
            fail_msg("BB_JSON_SEED=%" PRIu64 ", %zu at a time: %s, expected %s", seed, piece,
                     again ? again : said[1], found);
    }
    bb_json_release(&streamed);
    free(expected);
    free(found);
    free(again);
    free(said[0]);
    free(said[1]);
}

static void
change(char *text, size_t *len, uint64_t *seed)
{
    /* not NUL, which jansson takes for the end of the text */
    static const char bytes[] =
        "{}[],:\"\\0123456789-+.eEtrufalsn \n\x01\x1F\x7F\x80\xBF\xC3\xE2\xED\xF0\xFF";
    for (unsigned n = 1 + below(seed, 3); n && *len; n--) {
        size_t at = below(seed, (unsigned)*len);
        switch (below(seed, 3)) {
        case 0:
            text[at] = bytes[below(seed, sizeof bytes - 1)];
            break;
        case 1:
            memmove(text + at, text + at + 1, --*len - at);
            break;
        default:
            *len = at;
        }
    }
}

static void
try_seed(uint64_t seed, struct bb_json *line)
{
    char *text = NULL;
    size_t len;
    uint64_t state = seed;
    FILE *to = open_memstream(&text, &len);
    put_value(to, &state, 1 + below(&state, 6));
    fclose(to);
    compare(bb_bytes(text, len), line, below(&state, 20), seed);
    change(text, &len, &state);
    /* in memory of its exact size, for the sanitizers */
    char *exact = malloc(len ? len : 1);
    memcpy(exact, text, len);
    compare(bb_bytes(exact, len), line, below(&state, 20), seed);
    free(exact);
    free(text);
}

static void
test_same(void **state)
{
    const char *only = getenv("BB_JSON_SEED");
    struct bb_json line;
    (void)state;
    bb_json_init(&line, "a value");
    if (only)
        try_seed(strtoull(only, NULL, 10), &line);
    for (uint64_t seed = 0; !only && seed < DOCUMENTS; seed++)
        try_seed(seed, &line);
    bb_json_release(&line);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
