/* PROTOCOL.md is normative, and its tables say what the code says: every row of its tables of kinds, errors,
 * methods, limits, flags and row codes is compared, and none is missing; every field of an indicator is told.
 */
#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/methods.h"
#include "proto/rows.h"

#include "measurement.pb-c.h"

#include "tests/unit/check.h"
#include "tests/wire_kinds.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS 12

static FILE *document;

/* Rows are "| a | b |"; cells lose blanks and backquotes. */
static int
split(char *line, char *cell[static CELLS])
{
    int n = 0;
    char *rest = line + 1, *part;

    while (n < CELLS && (part = strsep(&rest, "|")) && rest) {
        part += strspn(part, " `");
        part[strcspn(part, "`\n")] = '\0';
        for (size_t len = strlen(part); len > 0 && part[len - 1] == ' ';)
            part[--len] = '\0';
        cell[n++] = part;
    }
    return n;
}

/* Call `row` for each row of the table whose first header cells are these. Returns how many it has. */
static int
each_row(const char *header, void (*row)(char *cell[static CELLS]))
{
    char line[1000];
    int rows = 0;
    bool inside = false;

    rewind(document);
    while (fgets(line, sizeof line, document)) {
        char *cell[CELLS] = {0};

        if (!inside && strncmp(line, header, strlen(header)) == 0) {
            inside = fgets(line, sizeof line, document) != NULL; /* the rule below it */
            continue;
        }
        if (inside && line[0] != '|')
            return rows;
        if (!inside)
            continue;
        split(line, cell);
        row(cell);
        rows++;
    }
    return rows;
}

static uint32_t
number(const char *cell)
{
    char *end;
    unsigned long n = strtoul(cell, &end, 10);

    check(end != cell && *end == '\0', cell);
    return (uint32_t)n;
}

static int kinds_seen;

static void
kind_row(char *cell[static CELLS])
{
    const struct wire_kind *kind;

    if (strspn(cell[0], "0123456789") != strlen(cell[0]))
        return; /* a range that is reserved */
    kind = wire_kind((uint8_t)number(cell[0]));
    if (strcmp(cell[1], "BUNDLE") == 0) {
        check_int(number(cell[0]), BB_KIND_BUNDLE, cell[1]);
        return;
    }
    check_int(kind == NULL, strcmp(cell[3], "reserved") == 0, cell[1]);
    if (!kind)
        return;
    check_text(cell[1], kind->name, kind->name);
    if (*cell[3])
        check_text(cell[3], kind->type->short_name, kind->name);
    kinds_seen++;
}

static void
test_kinds(void **state)
{
    (void)state;
    each_row("| number | kind |", kind_row);
    assert_int_equal(kinds_seen, COUNT(wire_kinds));
}

static void
error_row(char *cell[static CELLS])
{
    uint32_t code = number(cell[0]);

    check_text(cell[1], bb_error_name(code), cell[1]);
    check_text(cell[2], bb_error_retryable(code) ? "yes" : "no", cell[1]);
}

static void
test_errors(void **state)
{
    int n = 0;

    (void)state;
    while (strcmp(bb_error_name((uint32_t)n + 1), "UNKNOWN") != 0)
        n++;
    assert_int_equal(each_row("| code | name |", error_row), n);
    assert_string_equal(bb_error_name(0), "UNKNOWN");
    assert_string_equal(bb_error_name(UINT32_MAX), "UNKNOWN");
    assert_false(bb_error_retryable(UINT32_MAX));
    assert_string_not_equal(bb_error_meaning(UINT32_MAX), bb_error_meaning(1));
}

/* The columns. */
static const uint32_t roles[] = {
    BB__ROLE__ROLE_OPERATOR, BB__ROLE__ROLE_STAFF,  BB__ROLE__ROLE_DATA_MANAGER, BB__ROLE__ROLE_FACILITATOR,
    BB__ROLE__ROLE_PARTNER,  BB__ROLE__ROLE_READER, BB__ROLE__ROLE_OBSERVER,
};

static void
method_row(char *cell[static CELLS])
{
    const struct bb_method_info *info = bb_method_info(number(cell[0]));

    check(info != NULL, cell[1]);
    check_text(cell[1], info->name, cell[1]);
    check_text(cell[3], bb_service_name(info->service), cell[1]);
    check_text(cell[4], info->lane == BB_LANE_COMMAND ? "command" : "query", cell[1]);
    for (size_t i = 0; i < COUNT(roles); i++)
        check_text(cell[5 + i], bb_scope_name(bb_method_scope(number(cell[0]), roles[i])), cell[1]);
}

static void
test_methods(void **state)
{
    int n = 0;

    (void)state;
    for (uint32_t method = 0; method <= BB_METHOD_MAX; method++)
        n += bb_method_info(method) != NULL;
    assert_int_equal(each_row("| number | method |", method_row), n);
}

static void
row_code_row(char *cell[static CELLS])
{
    check_text(cell[1], bb_row_code_name(number(cell[0])), cell[0]);
}

static void
outcome_row(char *cell[static CELLS])
{
    check_text(cell[0], bb_outcome_name(number(cell[1])), cell[1]);
}

static void
test_rows(void **state)
{
    int n = 0;

    (void)state;
    for (uint32_t code = 0; code < 1000; code++)
        n += *bb_row_code_name(code) != '\0';
    assert_int_equal(each_row("| row code | name |", row_code_row), n);
    assert_int_equal(each_row("| outcome | number |", outcome_row), 5);
    assert_string_equal(bb_row_code_name(UINT32_MAX), "");
    assert_string_equal(bb_field_name(BB_FIELD_PERIOD), "period");
    assert_string_equal(bb_field_name(BB_FIELD_COUNT), "");
    for (int s = BB_STATE_OK; s <= BB_STATE_WITHDRAWN; s++)
        assert_int_equal(bb_state_by_name(bb_state_name((enum bb_state)s)), s);
    assert_int_equal(bb_state_by_name(""), BB_STATE_OK);
    assert_int_equal(bb_state_by_name("gone"), -1);
    for (int i = BB_REASON_ENTRY_ERROR; i <= BB_REASON_OTHER; i++)
        assert_int_equal(bb_reason_by_name(bb_reason_name((uint32_t)i)), i);
    assert_string_equal(bb_reason_name(0), "");
    assert_string_equal(bb_reason_name(BB_REASON_OTHER + 1), "");
    assert_int_equal(bb_reason_by_name(""), -1);
}

static void
flag_row(char *cell[static CELLS])
{
    static const struct {
        const char *name;
        long bit;
    } flags[] = {
        {"BB_ROW_VALUE", BB_ROW_VALUE},
        {"BB_ROW_NUMERATOR", BB_ROW_NUMERATOR},
        {"BB_ROW_DENOMINATOR", BB_ROW_DENOMINATOR},
        {"BB_ROW_COMMENT", BB_ROW_COMMENT},
        {"BB_ROW_COMPUTED", BB_ROW_COMPUTED},
        {"BB_ROW_WITHDRAWN", BB_ROW_WITHDRAWN},
        {"BB_ROW_WITHHELD", BB_ROW_WITHHELD},
    };

    for (size_t i = 0; i < COUNT(flags); i++)
        if (strcmp(cell[0], flags[i].name) == 0) {
            check_int(strtol(cell[1], NULL, 16), flags[i].bit, cell[0]);
            return;
        }
    check_text(cell[0], "state", cell[0]);
}

static void
test_flags(void **state)
{
    (void)state;
    assert_int_equal(each_row("| flags | bit |", flag_row), 8);
}

static const struct {
    const char *what;
    unsigned value;
} limits[] = {
    {"a message on the public or admin socket, either way", BB_LIMIT_FRAME_BYTES},
    {"a message on the worker socket, either way", BB_LIMIT_WORKER_FRAME_BYTES},
    {"frames in a bundle", BB_LIMIT_BUNDLE_FRAMES},
    {"memory to decode one message", BB_LIMIT_DECODE_BYTES >> 20}, /* MiB */
    {"body of a submission", BB_LIMIT_SUBMISSION_BYTES},
    {"rows of a submission", BB_LIMIT_SUBMISSION_ROWS},
    {"reply window", BB_LIMIT_WINDOW_BYTES},
    {"open requests of a connection", BB_LIMIT_OUTSTANDING},
    {"timeout of a request", BB_LIMIT_TIMEOUT_MS},
    {"a place that nobody registered", BB_LIMIT_PLACE_BYTES},
    {"disaggregation", BB_LIMIT_DISAGGREGATION_BYTES},
    {"comment", BB_LIMIT_COMMENT_BYTES},
    {"note of a submission", BB_LIMIT_NOTE_BYTES},
    {"a definition", BB_LIMIT_TEXT_BYTES},
    {"aliases of one organization or place", BB_LIMIT_ALIASES},
    {"places of one trend", BB_LIMIT_PLACES_QUERY},
    {"indicators named in one progress", BB_LIMIT_INDICATORS_QUERY},
};

static int limits_seen;

/* "262,144 bytes" */
static unsigned
amount(const char *cell)
{
    unsigned n = 0;

    for (; (*cell >= '0' && *cell <= '9') || *cell == ','; cell++)
        if (*cell != ',')
            n = n * 10 + (unsigned)(*cell - '0');
    return n;
}

static void
limit_row(char *cell[static CELLS])
{
    for (size_t i = 0; i < COUNT(limits); i++)
        if (strcmp(cell[0], limits[i].what) == 0) {
            check_int(amount(cell[1]), limits[i].value, cell[0]);
            limits_seen++;
        }
}

static void
test_limits(void **state)
{
    (void)state;
    each_row("| what | limit |", limit_row);
    assert_int_equal(limits_seen, COUNT(limits));
}

static char fields[1000]; /* ", code, name, ..., " */

static void
field_row(char *cell[static CELLS])
{
    size_t used = strlen(fields);

    snprintf(fields + used, sizeof fields - used, "%s, ", cell[0]);
}

static void
test_indicator(void **state)
{
    const ProtobufCMessageDescriptor *type = &bb__indicator__descriptor;

    (void)state;
    snprintf(fields, sizeof fields, ", ");
    each_row("| field | may be |", field_row);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const char *name = type->fields[i].name;
        char pattern[64];

        snprintf(pattern, sizeof pattern, ", %s, ", name);
        if (strcmp(name, "version") != 0 && strcmp(name, "sequence") != 0)
            check(strstr(fields, pattern) != NULL, name);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),     cmocka_unit_test(test_errors), cmocka_unit_test(test_methods),
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_flags),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_indicator),
    };
    int failed;

    document = fopen(BB_SOURCE_DIR "/proto/PROTOCOL.md", "r");
    if (!document) {
        perror(BB_SOURCE_DIR "/proto/PROTOCOL.md");
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fclose(document);
    return failed;
}
