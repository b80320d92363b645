/* PROTOCOL.md is normative: every kind, error, method, role's scope, row code, flag and limit of the headers
 * stands in its tables with the same number and name. */
#include "proto/envelope.h"
#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/methods.h"
#include "proto/rows.h"

#include "wire.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text;

static int
setup(void **state)
{
    FILE *file = fopen(BB_PROTOCOL_TEXT, "r");
    long size;

    (void)state;
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return -1;
    size = ftell(file);
    rewind(file);
    text = calloc(1, (size_t)size + 1);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size)
        return -1;
    return fclose(file);
}

static int
teardown(void **state)
{
    (void)state;
    free(text);
    return 0;
}

/* A line of a table that starts so. */
static void
has_line(const char *start)
{
    char pattern[256];

    snprintf(pattern, sizeof pattern, "\n%s", start);
    if (!strstr(text, pattern))
        fail_msg("PROTOCOL.md has no line that starts with: %s", start);
}

static void
kinds(void **state)
{
    static const struct {
        int number;
        const char *name;
    } table[] = {
#define KIND(name) {BB_KIND_##name, #name}
        KIND(HELLO),  KIND(WELCOME),   KIND(REQUEST),    KIND(REPLY),       KIND(CANCEL),
        KIND(ERROR),  KIND(GOAWAY),    KIND(PING),       KIND(PONG),        KIND(PULL),
        KIND(BUNDLE), KIND(READY),     KIND(WORK),       KIND(CREDIT),      KIND(HEARTBEAT),
        KIND(DRAIN),  KIND(DIRECTORY), KIND(WORK_REPLY), KIND(WORK_CANCEL), KIND(WORK_PULL),
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char line[80];
        snprintf(line, sizeof line, "| %d | %s | ", table[i].number, table[i].name);
        has_line(line);
    }
}

static void
errors(void **state)
{
    (void)state;
#define X(number, name, retryable, meaning)                                                                  \
    has_line("| " #number " | " #name " | " retryable_##retryable " | ");
#define retryable_true  "yes"
#define retryable_false "no"
    BB_ERRORS(X)
#undef X
}

static const char *
scope(uint32_t method, uint32_t role)
{
    static const char *const names[] = {
        [BB_SCOPE_NONE] = "NONE",     [BB_SCOPE_OWN] = "OWN", [BB_SCOPE_SHARED] = "SHARED",
        [BB_SCOPE_TOTALS] = "TOTALS", [BB_SCOPE_ALL] = "ALL",
    };

    return names[bb_method_scope(method, role)];
}

/* | 32 | `measurement.submit` | ... | measurement | command | NONE | ALL | OWN | NONE | */
static void
methods(void **state)
{
    (void)state;
    for (uint32_t method = 0; method <= BB_METHOD_MAX; method++) {
        const struct bb_method_info *info = bb_method_info(method);
        char start[80], rest[160];
        const char *line, *end, *found;

        if (!info)
            continue;
        snprintf(start, sizeof start, "| %u | `%s` | ", method, info->name);
        has_line(start);
        snprintf(rest, sizeof rest, " | %s | %s | %s | %s | %s | %s |\n", bb_service_name(info->service),
                 info->lane == BB_LANE_COMMAND ? "command" : "query", scope(method, BB__ROLE__ROLE_OPERATOR),
                 scope(method, BB__ROLE__ROLE_STAFF), scope(method, BB__ROLE__ROLE_PARTNER),
                 scope(method, BB__ROLE__ROLE_OBSERVER));
        line = strstr(text, start);
        end = strchr(line, '\n');
        found = strstr(line, rest);
        if (!found || found > end)
            fail_msg("PROTOCOL.md: the line of %s does not end with:%s", info->name, rest);
    }
}

static void
row_codes(void **state)
{
    (void)state;
#define X(number, name) has_line("| " #number " | " #name " | ");
    BB_ROW_CODES(X)
#undef X
    for (uint32_t outcome = BB_OUTCOME_REJECTED; outcome <= BB_OUTCOME_LOCKED; outcome++) {
        char line[80];
        snprintf(line, sizeof line, "| %s | %u | ", bb_outcome_name(outcome), outcome);
        has_line(line);
    }
}

static void
flags(void **state)
{
    static const struct {
        const char *name;
        unsigned bit;
    } table[] = {
        {"BB_ROW_VALUE", BB_ROW_VALUE},
        {"BB_ROW_NUMERATOR", BB_ROW_NUMERATOR},
        {"BB_ROW_DENOMINATOR", BB_ROW_DENOMINATOR},
        {"BB_ROW_COMMENT", BB_ROW_COMMENT},
        {"BB_ROW_COMPUTED", BB_ROW_COMPUTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char line[80];
        snprintf(line, sizeof line, "| %s | 0x%02X | ", table[i].name, table[i].bit);
        has_line(line);
    }
}

/* 262144 as 262,144 */
static void
grouped(char *out, size_t size, unsigned long n)
{
    if (n >= 1000000)
        snprintf(out, size, "%lu,%03lu,%03lu", n / 1000000, n / 1000 % 1000, n % 1000);
    else if (n >= 1000)
        snprintf(out, size, "%lu,%03lu", n / 1000, n % 1000);
    else
        snprintf(out, size, "%lu", n);
}

static void
limits(void **state)
{
    static const struct {
        const char *what;
        unsigned long limit;
        const char *unit;
    } table[] = {
        {"a message on the public or admin socket, either way", BB_LIMIT_FRAME_BYTES, " bytes"},
        {"a message on the worker socket, either way", BB_LIMIT_WORKER_FRAME_BYTES, " bytes"},
        {"frames in a bundle", BB_LIMIT_BUNDLE_FRAMES, ""},
        {"memory to decode one message", BB_LIMIT_DECODE_BYTES >> 20, " MiB"},
        {"body of a submission", BB_LIMIT_SUBMISSION_BYTES, " bytes"},
        {"rows of a submission", BB_LIMIT_SUBMISSION_ROWS, ""},
        {"reply window", BB_LIMIT_WINDOW_BYTES, " bytes"},
        {"open requests of a connection", BB_LIMIT_OUTSTANDING, ""},
        {"timeout of a request", BB_LIMIT_TIMEOUT_MS, " ms"},
        {"a place that nobody registered", BB_LIMIT_PLACE_BYTES, " bytes"},
        {"disaggregation", BB_LIMIT_DISAGGREGATION_BYTES, " bytes"},
        {"comment", BB_LIMIT_COMMENT_BYTES, " bytes"},
        {"a definition", BB_LIMIT_TEXT_BYTES, " bytes"},
        {"aliases of one organization or place", BB_LIMIT_ALIASES, ""},
        {"places of one trend", BB_LIMIT_PLACES_QUERY, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char number[32], line[160];
        grouped(number, sizeof number, table[i].limit);
        snprintf(line, sizeof line, "| %s | %s%s | ", table[i].what, number, table[i].unit);
        has_line(line);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),     cmocka_unit_test(errors), cmocka_unit_test(methods),
        cmocka_unit_test(row_codes), cmocka_unit_test(flags),  cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
