/* backbone join: an invitation becomes a context that works.
 *
 *     key file  ->  enrolled  ->  context  ->  selected  ->  tested
 *
 * Each step is whole or has not happened, and is left as it is when it is there already, so whoever was
 * interrupted runs the same again. That holds because the key file is named after the invitation (its id,
 * which is no secret), unless --key says another one: the same invitation goes on with the same key. */
#include "cli.h"
#include "context.h"
#include "folders.h"

#include "runtime/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKEW_US  (INT64_C(5) * 1000000)
#define NAMES    100 /* that are tried for a context */
#define TEXT_MAX 4096

enum { OPT_NAME = 1, OPT_KEY };

static const struct argp_option options[] = {
    {"name", OPT_NAME, "CONTEXT", 0, "name of the context; otherwise the code of your organization", 0},
    {"key", OPT_KEY, "FILE", 0, "the key file, made if it is not there; otherwise one beside the contexts",
     0},
    {0},
};

struct join {
    struct bb_cli *cli;
    const char *name;
    const char *key_option;
    char key_file[PATH_MAX];
    char invitation[TEXT_MAX];
    struct bb_joined joined;
    char *context; /* its name */
    bool selected, tested;
};

/* --- arguments ---------------------------------------------------------------------------------------- */

static int
read_stdin(struct join *join)
{
    size_t len = fread(join->invitation, 1, sizeof join->invitation - 1, stdin);

    if (ferror(stdin)) {
        bb_cli_error("standard input: %s", strerror(errno));
        return EX_IOERR;
    }
    join->invitation[len] = '\0';
    return 0;
}

/* Taken out of the arguments, so that it stands in the list of processes for a moment only. */
static void
take_argument(struct join *join, char *text)
{
    snprintf(join->invitation, sizeof join->invitation, "%s", text);
    if (strcmp(text, "-") != 0)
        memset(text, 'x', strlen(text));
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct join *join = state->input;

    switch (key) {
    case OPT_NAME:
        join->name = arg;
        return 0;
    case OPT_KEY:
        join->key_option = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        take_argument(join, arg);
        return 0;
    case ARGP_KEY_END:
        if (!*join->invitation)
            argp_error(
                state,
                "INVITATION is missing: the text that the staff gave you, or - to read it from standard "
                "input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the key ------------------------------------------------------------------------------------------ */

static int
name_key(struct join *join)
{
    char id[2 * BB_INVITATION_ID + 5], error[512], *name;
    int r;

    if (bb_invitation_id(join->invitation, id, error, sizeof error) != 0) {
        bb_cli_error("%s", error);
        return EX_DATAERR;
    }
    strcat(id, ".key");
    r = join->key_option ? 0 : bb_cli_config_path(join->key_file, "keys/", id);
    if (r != 0 || !join->key_option) {
        if (r == 0 && bb_folders_make(join->key_file) < 0) {
            bb_cli_error("%s: %s", join->key_file, strerror(errno));
            r = EX_CANTCREAT;
        }
        return r;
    }
    name = join->key_option[0] == '/' ? NULL : getcwd(NULL, 0);
    if (snprintf(join->key_file, sizeof join->key_file, "%s%s%s", name ? name : "", name ? "/" : "",
                 join->key_option) >= (int)sizeof join->key_file) {
        bb_cli_error("%s: %s", join->key_option, strerror(ENAMETOOLONG));
        r = EX_CANTCREAT;
    }
    free(name);
    return r;
}

/* --- the context -------------------------------------------------------------------------------------- */

static bool
is_same(const char *name, const struct join *join)
{
    struct bb_cli_context context;
    bool same;

    if (bb_cli_context_load(name, &context) != 0)
        return false;
    same = context.key_file && strcmp(context.key_file, join->key_file) == 0;
    bb_cli_context_release(&context);
    return same;
}

static bool
may_take(const char *name, const struct join *join)
{
    return !bb_cli_context_exists(name) || is_same(name, join);
}

/* Before anything is asked for: a name that was given must be free. */
static int
check_name(const struct join *join)
{
    if (!join->name || may_take(join->name, join))
        return 0;
    bb_cli_error("there is a context '%s' already: choose another name with --name", join->name);
    return EX_CANTCREAT;
}

/* CODE, or CODE-MEMBER, or with a number: the first that is free, or is ours from the last time. */
static char *
choose_name(const struct join *join)
{
    const struct bb_joined *joined = &join->joined;
    char name[300];

    if (join->name)
        return strdup(join->name);
    for (int i = 0; i < NAMES; i++) {
        if (strcmp(joined->member, "main") == 0)
            snprintf(name, sizeof name, "%.100s", joined->organization);
        else
            snprintf(name, sizeof name, "%.60s-%.50s", joined->organization, joined->member);
        if (i > 0)
            snprintf(name + strlen(name), 8, "-%d", i + 1);
        if (may_take(name, join))
            return strdup(name);
    }
    return NULL;
}

static int
save_context(struct join *join)
{
    struct bb_cli_context context = {
        .endpoint = join->joined.endpoint,
        .server_key = join->joined.server_key,
        .key_file = join->key_file,
    };
    char *selected;
    int r;

    join->context = choose_name(join);
    if (!join->context) {
        bb_cli_error("there are contexts of this name already: choose one with --name");
        return EX_CANTCREAT;
    }
    context.name = join->context;
    r = bb_cli_context_save(&context);
    if (r != 0)
        return r;
    selected = bb_cli_context_selected();
    join->selected = !selected || strcmp(selected, join->context) == 0;
    if (!selected)
        r = bb_cli_context_select(join->context);
    free(selected);
    return r;
}

/* --- does it work? ------------------------------------------------------------------------------------ */

static void
warn_of_clock(int64_t broker_us)
{
    int64_t ahead = bb_clock_utc() - broker_us;

    if (ahead > SKEW_US || ahead < -SKEW_US)
        bb_cli_say("warning: the clock of this machine is %" PRId64
                   " s %s that of the broker; set it, or times in "
                   "what you report will be wrong",
                   (ahead > 0 ? ahead : -ahead) / 1000000, ahead > 0 ? "ahead of" : "behind");
}

static int
test_context(struct join *join)
{
    struct bb_identity identity;
    struct bb_client *client = NULL;
    int r;

    join->cli->context = join->context;
    r = bb_cli_connect(join->cli, &client);
    if (r == 0)
        r = bb_cli_ended(client, bb_client_ping(client, NULL, NULL));
    join->tested = r == 0;
    if (r == 0 && bb_client_identity(client, &identity) == 0)
        warn_of_clock(identity.broker_time_us);
    bb_client_destroy(&client);
    if (r != 0)
        bb_cli_error(
            "you have joined, and context %s is there, but it cannot be used yet: see backbone --context %s "
            "doctor",
            join->context, join->context);
    return r;
}

/* --- telling ------------------------------------------------------------------------------------------ */

static int
print_joined(const struct join *join, int code)
{
    enum { ORGANIZATION, NAME, MEMBER, ROLE, STATE, FINGERPRINT, KEY, KEY_FILE, CONTEXT, SELECTED };
    static const struct bb_output_column columns[] = {
        {"organization", NULL, 0}, {"name", NULL, 0},        {"member", NULL, 0}, {"role", NULL, 0},
        {"state", NULL, 0},        {"fingerprint", NULL, 0}, {"key", NULL, 0},    {"key_file", "key file", 0},
        {"context", NULL, 0},      {"selected", NULL, 0},
    };
    struct bb_output *output = bb_cli_output(join->cli, columns, 10, BB_OUTPUT_OBJECT);
    char fingerprint[BB_FINGERPRINT_TEXT] = "";

    if (!output)
        return EX_OSERR;
    bb_key_fingerprint(join->joined.public_key, fingerprint);
    bb_output_text(output, ORGANIZATION, join->joined.organization);
    bb_output_text(output, NAME, join->joined.name);
    bb_output_text(output, MEMBER, join->joined.member);
    bb_output_text(output, ROLE, join->joined.role);
    bb_output_text(output, STATE, join->joined.pending ? "pending" : "joined");
    bb_output_text(output, FINGERPRINT, fingerprint);
    bb_output_text(output, KEY, join->joined.public_key);
    bb_output_text(output, KEY_FILE, join->key_file);
    bb_output_text(output, CONTEXT, join->context);
    if (join->context)
        bb_output_bool(output, SELECTED, join->selected);
    bb_output_row(output);
    return bb_cli_finish(&output, code);
}

static int
say_pending(const struct join *join)
{
    bb_cli_say("Your key has arrived and waits for the staff of the backbone. Call them, and read the "
               "fingerprint out "
               "to them. When they have approved it, run the same command again, with the same invitation.");
    return print_joined(join, EX_TEMPFAIL);
}

/* --- all of it ---------------------------------------------------------------------------------------- */

static int
result_code(int r)
{
    switch (r) {
    case BB_CONFIGURATION:
        return EX_CONFIG;
    case BB_FAILED:
        return EX_SOFTWARE;
    default:
        return r < 0 ? EX_OSERR : bb_cli_exit_code(r);
    }
}

static int
enrol(struct join *join)
{
    const struct bb_join_options join_options = {
        .invitation = join->invitation,
        .key_file = join->key_file,
        .timeout_ms = join->cli->timeout_ms,
    };
    char error[512];
    int r = bb_join(&join_options, &join->joined, error, sizeof error);

    sodium_memzero(join->invitation, sizeof join->invitation);
    if (r == 0)
        return 0;
    bb_cli_error("%s", error);
    return result_code(r);
}

static int
run(struct join *join)
{
    int r = strcmp(join->invitation, "-") == 0 ? read_stdin(join) : 0;

    if (r == 0)
        r = name_key(join);
    if (r == 0)
        r = check_name(join);
    if (r == 0)
        r = enrol(join);
    if (r == 0 && join->joined.pending)
        return say_pending(join);
    if (r == 0)
        r = save_context(join);
    if (r == 0)
        r = test_context(join);
    if (r == 0)
        bb_cli_say("You have joined. Context %s is saved%s%s.", join->context,
                   join->selected ? " and selected" : "; to use it: backbone context select ",
                   join->selected ? "" : join->context);
    return r == 0 ? print_joined(join, 0) : r;
}

static int
run_join(struct bb_cli *cli, int argc, char **argv)
{
    struct join join = {.cli = cli};
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &join);
    r = run(&join);
    sodium_memzero(join.invitation, sizeof join.invitation);
    free(join.context);
    return r;
}

const struct bb_command bb_commands_join[] = {
    {"join", "INVITATION|- [--name CONTEXT] [--key FILE]",
     "use an invitation (- reads it from standard input)", run_join},
    {0},
};
