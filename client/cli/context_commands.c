/* backbone context ls | show | select | add */
#include "cli.h"
#include "context.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long `context show` waits for the broker to say who we are. */
#define ASK_MS 2000

/* --- ls ----------------------------------------------------------------------------------------------- */

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    enum { NAME, SELECTED, ENDPOINT, SERVER_KEY, KEY_FILE, SIGNING_KEY_FILE };
    static const struct bb_output_column columns[] = {
        {"name", "NAME", 0},         {"selected", "SELECTED", 0},
        {"endpoint", "ENDPOINT", 0}, {"server_key", NULL, BB_OUTPUT_DATA_ONLY},
        {"key_file", "KEY FILE", 0}, {"signing_key_file", NULL, BB_OUTPUT_DATA_ONLY},
    };
    struct bb_output *output;
    char **names, *selected;
    size_t n;
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    r = bb_cli_context_names(&names, &n);
    if (r != 0)
        return r;
    selected = cli->context && *cli->context ? strdup(cli->context) : bb_cli_context_selected();
    output = bb_cli_output(cli, columns, 6, 0);
    for (size_t i = 0; i < n; i++) {
        struct bb_cli_context context;
        bool is_selected = selected && strcmp(selected, names[i]) == 0;
        if (output && bb_cli_context_load(names[i], &context) == 0) {
            bb_output_text(output, NAME, context.name);
            bb_output_bool(output, SELECTED, is_selected);
            bb_output_text(output, ENDPOINT, context.endpoint);
            bb_output_text(output, SERVER_KEY, context.server_key);
            bb_output_text(output, KEY_FILE, context.key_file);
            bb_output_text(output, SIGNING_KEY_FILE, context.signing_key_file);
            bb_output_mark(output, NAME, is_selected ? BB_MARK_GOOD : BB_MARK_NONE);
            bb_output_row(output);
            bb_cli_context_release(&context);
        }
        free(names[i]);
    }
    free(names);
    free(selected);
    return bb_cli_finish(&output, EX_OK);
}

/* --- show --------------------------------------------------------------------------------------------- */

static int
print_context(struct bb_cli *cli, const struct bb_cli_context *context, const char *key,
              const struct bb_identity *identity)
{
    enum { NAME, ENDPOINT, SERVER_KEY, KEY, ORGANIZATION, ROLE, SIGNING };
    static const struct bb_output_column columns[] = {
        {"name", NULL, 0},
        {"endpoint", NULL, 0},
        {"server_key", "server key", 0},
        {"key", NULL, 0},
        {"organization", NULL, 0},
        {"role", NULL, 0},
        {"signs_with", "signs with", BB_OUTPUT_OMIT},
    };
    struct bb_output *output = bb_cli_output(cli, columns, 7, BB_OUTPUT_OBJECT);
    struct bb_signing_file signing;

    if (!output)
        return EX_OSERR;
    bb_output_text(output, NAME, context->name);
    bb_output_text(output, ENDPOINT, context->endpoint);
    bb_output_text(output, SERVER_KEY, context->server_key);
    bb_output_text(output, KEY, *key ? key : NULL);
    bb_output_text(output, ORGANIZATION, identity->organization);
    bb_output_text(output, ROLE, identity->role);
    if (context->signing_key_file && bb_signing_key_read(context->signing_key_file, &signing) == 0)
        bb_output_text(output, SIGNING, signing.fingerprint);
    bb_output_row(output);
    return bb_cli_finish(&output, EX_OK);
}

static error_t
parse_show(int key, char *arg, struct argp_state *state)
{
    struct bb_cli *cli = state->input;

    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return ARGP_ERR_UNKNOWN;
    cli->context = arg;
    return 0;
}

static int
run_show(struct bb_cli *cli, int argc, char **argv)
{
    const struct bb_client_options options = {.unreachable_ms = ASK_MS, .timeout_ms = ASK_MS};
    struct bb_identity identity = {0};
    struct bb_cli_context context;
    struct bb_client *client = NULL;
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_show, argc, argv, cli);
    r = bb_cli_context_load(cli->context, &context);
    if (r != 0)
        return r;
    r = bb_cli_connect_with(cli, options, &client);
    if (r == 0) {
        if (bb_client_ping(client, NULL, NULL) != BB_OK)
            bb_cli_say("organization and role are not known: %s", bb_client_problem(client)->message);
        else
            bb_client_identity(client, &identity);
        r = print_context(cli, &context, bb_client_public_key(client), &identity);
    }
    bb_client_destroy(&client);
    bb_cli_context_release(&context);
    return r;
}

/* --- select ------------------------------------------------------------------------------------------- */

static int
run_select(struct bb_cli *cli, int argc, char **argv)
{
    const char *name = bb_cli_parse_one(cli, argc, argv);
    int r;

    r = bb_cli_context_select(name);
    if (r == 0)
        bb_cli_say("context %s is selected", name);
    return r;
}

/* --- add ---------------------------------------------------------------------------------------------- */

enum { KEY_ENDPOINT = 1, KEY_SERVER_KEY, KEY_KEY, KEY_SIGNING_KEY };

static const struct argp_option add_options[] = {
    {"endpoint", KEY_ENDPOINT, "E", 0, "tcp://HOST:PORT, or ipc:///PATH of the operators' socket", 0},
    {"server-key", KEY_SERVER_KEY, "K", 0, "public key of the broker, 40 characters", 0},
    {"key", KEY_KEY, "FILE", 0, "your key file, made by backbone keys new", 0},
    {"signing-key", KEY_SIGNING_KEY, "FILE", 0, "sign what you report with this key (signing enable)", 0},
    {0},
};

static error_t
parse_add(int key, char *arg, struct argp_state *state)
{
    struct bb_cli_context *context = state->input;

    switch (key) {
    case KEY_ENDPOINT:
        context->endpoint = arg;
        return 0;
    case KEY_SERVER_KEY:
        context->server_key = arg;
        return 0;
    case KEY_KEY:
        context->key_file = arg;
        return 0;
    case KEY_SIGNING_KEY:
        context->signing_key_file = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        context->name = arg;
        return 0;
    case ARGP_KEY_END:
        if (!context->name || !context->endpoint)
            argp_error(state, "NAME and --endpoint are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Would the library take it? */
static int
try_context(const struct bb_cli_context *context, bool with_key)
{
    const struct bb_client_options options = {
        .endpoint = context->endpoint,
        .server_key = context->server_key,
        .key_file = with_key ? context->key_file : NULL,
        .signing_key_file = with_key ? context->signing_key_file : NULL,
        /* any key will do where only the rest is looked at */
        .public_key = context->key_file && !with_key ? context->server_key : NULL,
        .secret_key = context->key_file && !with_key ? context->server_key : NULL,
    };
    struct bb_client *client = NULL;
    int r = bb_client_new(&options, &client);

    bb_client_destroy(&client);
    return r;
}

/* A key file that cannot be used as it stands is told, but can be mended later; the rest must be right. */
static int
check_context(const struct bb_cli_context *context)
{
    int r = try_context(context, false);

    if (r == 0 && context->key_file && access(context->key_file, F_OK) != 0) {
        bb_cli_error("%s: %s", context->key_file, strerror(errno));
        return EX_CONFIG;
    }
    if (r == 0) {
        if (try_context(context, true) > 0)
            bb_cli_say("%s", bb_new_problem()->message);
        return 0;
    }
    bb_cli_error("%s", r > 0 ? bb_new_problem()->message : strerror(-r));
    return r > 0 ? EX_CONFIG : EX_OSERR;
}

static int
run_add(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_cli_context context = {0};
    char key_file[PATH_MAX], signing_key_file[PATH_MAX], *selected;
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), add_options, parse_add, argc, argv, &context);
    if (context.key_file && realpath(context.key_file, key_file))
        context.key_file = key_file;
    if (context.signing_key_file && realpath(context.signing_key_file, signing_key_file))
        context.signing_key_file = signing_key_file;
    r = check_context(&context);
    if (r == 0)
        r = bb_cli_context_save(&context);
    if (r != 0)
        return r;
    selected = bb_cli_context_selected();
    if (!selected)
        r = bb_cli_context_select(context.name);
    if (r == 0)
        bb_cli_say("context %s is saved%s", context.name, selected ? "" : " and selected");
    free(selected);
    return r;
}

const struct bb_command bb_commands_context[] = {
    {"context ls", "", "list the contexts: brokers and keys to use", run_ls},
    {"context show", "[NAME]", "show one context, and who the broker says you are", run_show},
    {"context select", "NAME", "use this context from now on", run_select},
    {"context add", "NAME --endpoint E [--server-key K --key FILE [--signing-key FILE]]",
     "add a context, or replace it", run_add},
    {0},
};
