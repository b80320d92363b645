/* backbone group add | ls | show | join | leave */
#include "communication.h"
#include "partner.h"

#include "proto/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- what groups look like ---------------------------------------------------------------------------- */

enum { CODE, NAME, KIND, PARENT, STRATEGY, MEMBERS, COLUMNS };

/* strategy: flags of the column that only a table of one group has. */
#define GROUP_COLUMNS(strategy)                                                                              \
    {                                                                                                        \
        [CODE] = {"code", "CODE", 0}, [NAME] = {"name", "NAME", BB_OUTPUT_WRAP},                             \
        [KIND] = {"kind", "KIND", 0}, [PARENT] = {"parent", "PARENT", 0},                                    \
        [STRATEGY] = {"strategy", "STRATEGY", BB_OUTPUT_WRAP | (strategy)},                                  \
        [MEMBERS] = {"members", "MEMBERS", BB_OUTPUT_LIST | BB_OUTPUT_WRAP},                                 \
    }

static const struct bb_output_column columns_of_one[COLUMNS] = GROUP_COLUMNS(0);
static const struct bb_output_column columns_of_many[COLUMNS] = GROUP_COLUMNS(BB_OUTPUT_DATA_ONLY);

/* A group with many members comes in several records of the same code, one behind the other: they are one
 * row. */
struct printer {
    struct bb_output *output;
    bool json, dated; /* of members it is said since when, or when they left */
    bool any;
    char code[BB_LIMIT_CODE_BYTES + 1]; /* of the row that is being gathered; "": none */
    char *members;                      /* of it, as json */
    size_t size;
    FILE *to; /* what writes that */
};

static void
write_member(FILE *to, const struct bb_group_membership *member)
{
    fputs("{\"organization\":", to);
    bb_json_string(to, member->organization, strlen(member->organization));
    fputs(",\"joined\":", to);
    bb_json_string(to, member->joined, strlen(member->joined));
    fputs(",\"left\":", to);
    if (member->left)
        bb_json_string(to, member->left, strlen(member->left));
    else
        fputs("null", to);
    fprintf(to, ",\"chair\":%s,\"reads_from\":", member->chair ? "true" : "false");
    if (member->reads_from)
        fprintf(to, "%" PRIu64 "}", member->reads_from);
    else
        fputs("null}", to);
}

static void
put_json_members(struct printer *printer, const struct bb_group_info *group)
{
    for (size_t i = 0; printer->to && i < group->n_members; i++) {
        if (ftell(printer->to) > 1)
            fputc(',', printer->to);
        write_member(printer->to, &group->member[i]);
    }
}

/* Those of now. */
static void
put_members(struct bb_output *output, const struct bb_group_info *group)
{
    for (size_t i = 0; i < group->n_members; i++) {
        char text[BB_LIMIT_CODE_BYTES + 16];
        if (group->member[i].left)
            continue;
        snprintf(text, sizeof text, "%s%s", group->member[i].organization,
                 group->member[i].chair ? " (chair)" : "");
        bb_output_item(output, MEMBERS, text);
    }
}

/* Those who have left as well. */
static void
put_dated_members(struct bb_output *output, const struct bb_group_info *group)
{
    for (size_t i = 0; i < group->n_members; i++) {
        const struct bb_group_membership *member = &group->member[i];
        char text[BB_LIMIT_CODE_BYTES + 64];
        if (member->left)
            snprintf(text, sizeof text, "%s (%.16s to %.16s)", member->organization, member->joined,
                     member->left);
        else
            snprintf(text, sizeof text, "%s (%ssince %.16s)", member->organization,
                     member->chair ? "chair, " : "", member->joined);
        bb_output_item(output, MEMBERS, text);
    }
}

static void
begin_row(struct printer *printer, const struct bb_group_info *group)
{
    printer->any = true;
    snprintf(printer->code, sizeof printer->code, "%s", group->code);
    bb_output_text(printer->output, CODE, group->code);
    bb_output_text(printer->output, NAME, group->name);
    bb_output_text(printer->output, KIND, group->kind);
    bb_output_text(printer->output, PARENT, group->parent);
    bb_output_text(printer->output, STRATEGY, group->strategy);
    bb_output_list(printer->output, MEMBERS);
    if (!printer->json)
        return;
    printer->to = open_memstream(&printer->members, &printer->size);
    if (printer->to)
        fputc('[', printer->to);
}

static void
end_row(struct printer *printer, bool print)
{
    if (printer->to) {
        fputc(']', printer->to);
        fclose(printer->to);
        bb_output_json(printer->output, MEMBERS, printer->members);
        free(printer->members);
        printer->to = NULL;
    }
    if (*printer->code && print)
        bb_output_row(printer->output);
    *printer->code = '\0';
}

static int
print_group(void *self, const struct bb_group_info *group)
{
    struct printer *printer = self;

    if (strcmp(printer->code, group->code) != 0) {
        end_row(printer, true);
        begin_row(printer, group);
    }
    if (printer->json)
        put_json_members(printer, group);
    else if (printer->dated)
        put_dated_members(printer->output, group);
    else
        put_members(printer->output, group);
    return 0;
}

static void
print_changed(void *self, const struct bb_group_info *group, bool changed)
{
    if (!changed)
        bb_cli_say("%s: nothing to change", group->code);
    print_group(self, group);
}

/* A request whose answer a printer prints. An exit code, the reason said. */
typedef int request_fn(struct bb_client *client, struct printer *printer, const void *what);

struct job {
    struct printer printer;
    request_fn *request;
    const void *what;
};

static int
ask(struct bb_client *client, struct bb_output *output, void *self)
{
    struct job *job = self;
    int r;

    job->printer.output = output;
    r = job->request(client, &job->printer, job->what);
    end_row(&job->printer, r == 0);
    return r;
}

static int
run(const struct bb_cli *cli, unsigned flags, request_fn *request, const void *what)
{
    bool one = flags & BB_OUTPUT_OBJECT;
    struct job job = {
        .printer.json = cli->format == BB_OUTPUT_JSON || cli->format == BB_OUTPUT_JSONL,
        .printer.dated = one && cli->format == BB_OUTPUT_TABLE,
        .request = request,
        .what = what,
    };

    return bb_cli_ask(cli, one ? columns_of_one : columns_of_many, COLUMNS, flags, ask, &job);
}

/* --- add ---------------------------------------------------------------------------------------------- */

enum { OPT_NAME = 1, OPT_KIND, OPT_PARENT, OPT_STRATEGY, OPT_CHAIR, OPT_NO_CHAIR, OPT_FROM_START };

static const struct argp_option add_options[] = {
    {"name", OPT_NAME, "N", 0, "name for people, up to 300 bytes (needed)", 0},
    {"kind", OPT_KIND, "K", 0, "steering, working or subgroup (needed)", 0},
    {"parent", OPT_PARENT, "G", 0, "the group that it is a part of", 0},
    {"strategy", OPT_STRATEGY, "S", 0, "the strategy that it works on", 0},
    {0},
};

static bool
is_kind(const char *name)
{
    return strcmp(name, "steering") == 0 || strcmp(name, "working") == 0 || strcmp(name, "subgroup") == 0;
}

static void
check_add(const struct bb_group_change *change, const struct argp_state *state)
{
    if (!change->code)
        argp_error(state, "CODE is missing");
    else if (!change->name || !change->kind)
        argp_error(state, "--name and --kind are needed");
    else if (!is_kind(change->kind))
        argp_error(state, "--kind: found '%s', expected steering, working or subgroup", change->kind);
}

static error_t
parse_add(int key, char *arg, struct argp_state *state)
{
    struct bb_group_change *change = state->input;

    switch (key) {
    case OPT_NAME:
        change->name = arg;
        return 0;
    case OPT_KIND:
        change->kind = arg;
        return 0;
    case OPT_PARENT:
        change->parent = arg;
        return 0;
    case OPT_STRATEGY:
        change->strategy = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "found a second argument, %s, expected one", arg);
        change->code = arg;
        return 0;
    case ARGP_KEY_END:
        check_add(change, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
add(struct bb_client *client, struct printer *printer, const void *change)
{
    return bb_cli_ended(client, bb_client_group_put(client, change, print_changed, NULL, printer));
}

static int
run_add(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_group_change change = {.create = true};
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), add_options, parse_add, argc, argv, &change);
    r = bb_cli_check_name("--name", change.name);
    return r ? r : run(cli, BB_OUTPUT_OBJECT, add, &change);
}

/* --- ls and show -------------------------------------------------------------------------------------- */

static int
no_such_group(const char *code)
{
    bb_cli_error("NOT_FOUND: found '%s', expected the code of a group that you may see", code);
    return EX_DATAERR;
}

static int
list(struct bb_client *client, struct printer *printer, const void *code)
{
    int r = bb_client_groups(client, code, print_group, NULL, printer);

    if (code && (r == BB_OK || bb_client_problem(client)->code == BB_CODE_NOT_FOUND))
        return printer->any ? 0 : no_such_group(code);
    return bb_cli_ended(client, r);
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    return run(cli, 0, list, NULL);
}

static int
run_show(struct bb_cli *cli, int argc, char **argv)
{
    const char *code = bb_cli_parse_one(cli, argc, argv);

    return run(cli, BB_OUTPUT_OBJECT, list, code);
}

/* --- join and leave ----------------------------------------------------------------------------------- */

static const struct argp_option join_options[] = {
    {"chair", OPT_CHAIR, NULL, 0, "it chairs the group from now on", 0},
    {"no-chair", OPT_NO_CHAIR, NULL, 0, "it chairs the group no more", 0},
    {"from-start", OPT_FROM_START, NULL, 0, "it may read what was written before it joined", 0},
    {0},
};

static error_t
parse_member(int key, char *arg, struct argp_state *state)
{
    struct bb_group_member_change *change = state->input;

    switch (key) {
    case OPT_CHAIR:
        change->chair = BB_ON;
        return 0;
    case OPT_NO_CHAIR:
        change->chair = BB_OFF;
        return 0;
    case OPT_FROM_START:
        change->from_start = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_error(state, "found a third argument, %s, expected two", arg);
        *(state->arg_num == 0 ? &change->group : &change->organization) = arg;
        return 0;
    case ARGP_KEY_END:
        if (!change->organization)
            argp_error(state, "%s is missing", change->group ? "ORG" : "CODE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
change_member(struct bb_client *client, struct printer *printer, const void *change)
{
    return bb_cli_ended(client, bb_client_group_member(client, change, print_changed, NULL, printer));
}

static int
run_join(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_group_member_change change = {.join = true};

    bb_cli_parse(cli, bb_cli_command(cli), join_options, parse_member, argc, argv, &change);
    return run(cli, BB_OUTPUT_OBJECT, change_member, &change);
}

static int
run_leave(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_group_member_change change = {0};

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_member, argc, argv, &change);
    return run(cli, BB_OUTPUT_OBJECT, change_member, &change);
}

const struct bb_command bb_commands_group[] = {
    {"group add", "CODE --name N --kind K [OPTION...]", "make a working group", run_add},
    {"group ls", "", "list the groups that you may see", run_ls},
    {"group show", "CODE", "show one group with its members", run_show},
    {"group join", "CODE ORG [OPTION...]", "an organization joins a group", run_join},
    {"group leave", "CODE ORG", "an organization leaves a group", run_leave},
    {0},
};
