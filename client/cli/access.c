/* backbone access explain | table */
#include "cli.h"

#include "streams.h"

#include "proto/methods.h"
#include "wire.pb-c.h"

#include <stdlib.h>
#include <string.h>

/* --- explain -------------------------------------------------------------------------------------------- */

struct explain {
    struct bb_cli *cli;
    char *organization; /* of the arguments */
    const char *member; /* NULL: main */
    const char *method;
};

enum { ALLOWED, ROLE, SCOPE, REASONS, EXPLAIN_COLUMNS };

static const struct bb_output_column explain_columns[EXPLAIN_COLUMNS] = {
    [ALLOWED] = {"allowed", NULL, 0},
    [ROLE] = {"role", NULL, 0},
    [SCOPE] = {"scope", NULL, 0},
    [REASONS] = {"reasons", NULL, BB_OUTPUT_LIST},
};

/* CODE/MEMBER; no code has a slash. */
static error_t
parse_explain(int key, char *arg, struct argp_state *state)
{
    struct explain *explain = state->input;
    char *slash;

    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num == 0) {
            explain->organization = arg;
            slash = strrchr(arg, '/');
            if (slash) {
                *slash = '\0';
                explain->member = slash + 1;
            }
        } else if (state->arg_num == 1) {
            explain->method = arg;
        } else {
            return ARGP_ERR_UNKNOWN;
        }
        return 0;
    case ARGP_KEY_END:
        if (!explain->method)
            argp_error(state, "MEMBER and METHOD are needed, such as hartford/main measurement.submit");
        else if (!bb_method_by_name(explain->method))
            argp_error(state, "there is no method %s: access table has them", explain->method);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
print_answer(void *self, const struct bb_access_answer *answer)
{
    struct bb_output *output = self;

    bb_output_bool(output, ALLOWED, answer->allowed);
    bb_output_text(output, ROLE, answer->role);
    bb_output_text(output, SCOPE, answer->scope);
    bb_output_list(output, REASONS);
    for (size_t i = 0; i < answer->n_reasons; i++)
        bb_output_item(output, REASONS, answer->reason[i]);
    bb_output_row(output);
}

/* For people: a sentence a line, and the end of it. */
static void
say_answer(void *self, const struct bb_access_answer *answer)
{
    (void)self;
    for (size_t i = 0; i < answer->n_reasons; i++)
        printf("%s\n", answer->reason[i]);
    puts(answer->allowed ? "allowed" : "denied");
}

static int
ask_access(struct bb_client *client, struct bb_output *output, void *self)
{
    const struct explain *explain = self;
    int r = bb_client_access(client, explain->organization, explain->member, explain->method,
                             output ? print_answer : say_answer, NULL, output);

    if (r != BB_FAILED || bb_client_problem(client)->code != BB_CODE_NOT_FOUND)
        return bb_cli_ended(client, r);
    bb_cli_error(
        "NOT_FOUND: found '%s', expected the code, name or alias of an organization that you may see, "
        "or operator",
        explain->organization);
    return bb_cli_exit_code(r);
}

static int
run_explain(struct bb_cli *cli, int argc, char **argv)
{
    struct explain explain = {.cli = cli};
    bool table;
    int code;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_explain, argc, argv, &explain);
    table = cli->format == BB_OUTPUT_TABLE;
    code = bb_cli_ask(cli, table ? NULL : explain_columns, table ? 0 : EXPLAIN_COLUMNS, BB_OUTPUT_OBJECT,
                      ask_access, &explain);
    return code ? code : bb_streams_flush(0);
}

/* --- table ---------------------------------------------------------------------------------------------- */

enum { METHOD, SERVICE, LANE, FIRST_ROLE };

static const struct role {
    uint32_t role;
    struct bb_output_column column;
} roles[] = {
    {BB__ROLE__ROLE_OPERATOR, {"operator", "OPERATOR", 0}},
    {BB__ROLE__ROLE_STAFF, {"manager", "MANAGER", 0}},
    {BB__ROLE__ROLE_DATA_MANAGER, {"data-manager", "DATA MANAGER", 0}},
    {BB__ROLE__ROLE_FACILITATOR, {"facilitator", "FACILITATOR", 0}},
    {BB__ROLE__ROLE_PARTNER, {"reporter", "REPORTER", 0}},
    {BB__ROLE__ROLE_READER, {"reader", "READER", 0}},
    {BB__ROLE__ROLE_OBSERVER, {"observer", "OBSERVER", 0}},
    {BB__ROLE__ROLE_SERVICE, {"service", "SERVICE", BB_OUTPUT_DATA_ONLY}},
};

#define ROLES (sizeof roles / sizeof roles[0])

static void
print_method(struct bb_output *output, uint32_t method)
{
    const struct bb_method_info *info = bb_method_info(method);

    if (!info)
        return;
    bb_output_text(output, METHOD, info->name);
    bb_output_text(output, SERVICE, bb_service_name(info->service));
    bb_output_text(output, LANE, info->lane == BB_LANE_COMMAND ? "command" : "query");
    for (size_t i = 0; i < ROLES; i++) {
        enum bb_scope scope = bb_method_scope(method, roles[i].role);

        bb_output_text(output, FIRST_ROLE + i, bb_scope_name(scope));
        bb_output_mark(output, FIRST_ROLE + i, scope == BB_SCOPE_NONE ? BB_MARK_DIM : BB_MARK_NONE);
    }
    bb_output_row(output);
}

/* Of this program's version; the broker has the one of its own. */
static int
run_table(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_output_column columns[FIRST_ROLE + ROLES] = {[METHOD] = {"method", "METHOD", 0},
                                                           [SERVICE] = {"service", "OF", 0},
                                                           [LANE] = {"lane", NULL, BB_OUTPUT_DATA_ONLY}};
    struct bb_output *output;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    for (size_t i = 0; i < ROLES; i++)
        columns[FIRST_ROLE + i] = roles[i].column;
    output = bb_cli_output(cli, columns, FIRST_ROLE + ROLES, 0);
    if (!output)
        return EX_OSERR;
    for (uint32_t method = 1; method <= BB_METHOD_MAX; method++)
        print_method(output, method);
    return bb_cli_finish(&output, 0);
}

const struct bb_command bb_commands_access[] = {
    {"access explain", "MEMBER METHOD", "why a member may call a method, or may not", run_explain},
    {"access table", "", "which role may call which method", run_table},
    {0},
};
