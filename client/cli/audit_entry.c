#include "audit_entry.h"

#include "runtime/text.h"

#include <errno.h>
#include <jansson.h>

enum {
    SEQUENCE,
    TIME,
    WHO,
    ORGANIZATION,
    MEMBER,
    ROLE,
    WHOSE_KEY,
    ACTION,
    OBJECT,
    OUTCOME,
    FACTS_SHOWN,
    FACTS,
    DIGEST,
    PREVIOUS,
    HASH,
    COLUMNS
};

const struct bb_output_column bb_audit_columns[COLUMNS] = {
    [SEQUENCE] = {"sequence", "SEQUENCE", BB_OUTPUT_RIGHT},
    [TIME] = {"time", "TIME", 0},
    [WHO] = {"who", "WHO", BB_OUTPUT_TABLE_ONLY},
    [ORGANIZATION] = {"organization", NULL, BB_OUTPUT_DATA_ONLY},
    [MEMBER] = {"member", NULL, BB_OUTPUT_DATA_ONLY},
    [ROLE] = {"role", "ROLE", 0},
    [WHOSE_KEY] = {"key", NULL, BB_OUTPUT_DATA_ONLY},
    [ACTION] = {"action", "ACTION", 0},
    [OBJECT] = {"object", "OBJECT", 0},
    [OUTCOME] = {"outcome", "OUTCOME", 0},
    [FACTS_SHOWN] = {"facts", "FACTS", BB_OUTPUT_TABLE_ONLY | BB_OUTPUT_WRAP},
    [FACTS] = {"facts", NULL, BB_OUTPUT_DATA_ONLY},
    [DIGEST] = {"digest", NULL, BB_OUTPUT_DATA_ONLY},
    [PREVIOUS] = {"previous", NULL, BB_OUTPUT_DATA_ONLY},
    [HASH] = {"hash", NULL, BB_OUTPUT_DATA_ONLY},
};
const size_t bb_audit_n_columns = COLUMNS;

#define LINE_MOST 16384 /* more than a line has */

static const char *
text_of(const json_t *entry, const char *name)
{
    return json_string_value(json_object_get(entry, name));
}

/* "office/main" */
static const char *
who_of(const json_t *entry, char *to, size_t size)
{
    const char *organization = text_of(entry, "organization"), *member = text_of(entry, "member");

    snprintf(to, size, member ? "%s/%s" : "%s", organization ? organization : "", member);
    return to;
}

static const char *
outcome_of(const json_t *entry)
{
    if (json_is_true(json_object_get(entry, "failed")))
        return "failed";
    return json_is_true(json_object_get(entry, "refused")) ? "refused" : "done";
}

/* name=value, for people. */
static const char *
facts_of(json_t *entry, char *to, size_t size)
{
    const char *name;
    json_t *value;
    size_t len = 0;

    to[0] = '\0';
    json_object_foreach(json_object_get(entry, "facts"), name, value) if (len < size) len +=
        (size_t)snprintf(to + len, size - len, "%s%s=%s", len ? ", " : "", name, json_string_value(value));
    return to;
}

static void
print_row(struct bb_output *output, json_t *entry)
{
    static const struct {
        size_t column;
        const char *name;
    } texts[] = {
        {TIME, "time"},     {ORGANIZATION, "organization"},
        {MEMBER, "member"}, {ROLE, "role"},
        {WHOSE_KEY, "key"}, {ACTION, "action"},
        {OBJECT, "object"}, {DIGEST, "digest"},
        {HASH, "hash"},     {PREVIOUS, "previous"},
    };
    char text[LINE_MOST], *facts = json_dumps(json_object_get(entry, "facts"), JSON_COMPACT);
    const char *outcome = outcome_of(entry);

    bb_output_int(output, SEQUENCE, json_integer_value(json_object_get(entry, "sequence")));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        bb_output_text(output, texts[i].column, text_of(entry, texts[i].name));
    bb_output_text(output, WHO, who_of(entry, text, sizeof text));
    bb_output_text(output, OUTCOME, outcome);
    bb_output_mark(output, OUTCOME, *outcome == 'd' ? BB_MARK_NONE : BB_MARK_BAD);
    bb_output_text(output, FACTS_SHOWN, facts_of(entry, text, sizeof text));
    if (facts)
        bb_output_json(output, FACTS, facts);
    free(facts);
    bb_output_row(output);
}

/* What others wrote, for a terminal. */
static void
print_shown(const char *text)
{
    struct bb_bytes left = bb_bytes_str(text);
    char piece[8];
    size_t n;

    while ((n = bb_text_shown(left, piece)) > 0) {
        fputs(piece, stdout);
        left = bb_bytes(left.data + n, left.len - n);
    }
}

static void
print_plain(json_t *entry)
{
    const char *time = text_of(entry, "time"), *action = text_of(entry, "action"),
               *object = text_of(entry, "object"), *outcome = outcome_of(entry);
    char text[LINE_MOST];

    printf("%s  ", time ? time : "");
    print_shown(who_of(entry, text, sizeof text));
    printf("  %s%s%s", action ? action : "", object ? " " : "", object ? object : "");
    if (*outcome != 'd')
        printf("  %s", outcome);
    if (*facts_of(entry, text, sizeof text)) {
        fputs("  ", stdout);
        print_shown(text);
    }
    putchar('\n');
}

int
bb_audit_print(enum bb_audit_style style, struct bb_output *output, struct bb_text line)
{
    json_t *entry = json_loadb(line.data, line.len, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(entry)) {
        json_decref(entry);
        return -EBADMSG;
    }
    if (style == BB_AUDIT_RAW)
        printf("%.*s\n", (int)line.len, line.data);
    else if (style == BB_AUDIT_PLAIN)
        print_plain(entry);
    else
        print_row(output, entry);
    json_decref(entry);
    return 0;
}
