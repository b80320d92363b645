/* backbone signing enable | ls | confirm | rotate | revoke */
#include "context.h"
#include "data.h"

#include "runtime/signkey.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_FILE = 0x340, KEY_FINGERPRINT };

enum { ORGANIZATION, FINGERPRINT, STATE, STAFF, TIME, MEMBER, BY, SEQUENCE, PUBLIC, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [FINGERPRINT] = {"fingerprint", "FINGERPRINT", 0},
    [STATE] = {"state", "STATE", 0},
    [STAFF] = {"staff", "STAFF", 0},
    [TIME] = {"time", "SINCE", 0},
    [MEMBER] = {"member", "SAID BY", 0},
    [BY] = {"signed_by", "SIGNED BY", 0},
    [SEQUENCE] = {"sequence", NULL, BB_OUTPUT_DATA_ONLY},
    [PUBLIC] = {"key", NULL, BB_OUTPUT_DATA_ONLY},
};

/* --- ls ------------------------------------------------------------------------------------------------- */

struct list {
    const char *organization;
    struct bb_output *output;
};

static int
on_key(void *self, const struct bb_signing_key *key)
{
    struct bb_output *output = ((struct list *)self)->output;
    char text[BB_KEY_TEXT];

    bb_signkey_format(key->key, text);
    bb_output_text(output, ORGANIZATION, key->organization);
    bb_output_text(output, FINGERPRINT, key->fingerprint);
    bb_output_text(output, STATE, key->state);
    bb_output_bool(output, STAFF, key->staff);
    bb_output_time(output, TIME, key->time_us);
    bb_output_text(output, MEMBER, key->member);
    bb_output_text(output, BY, *key->by ? key->by : NULL);
    bb_output_uint(output, SEQUENCE, key->sequence);
    bb_output_text(output, PUBLIC, text);
    bb_output_row(output);
    return 0;
}

static int
ask_keys(struct bb_client *client, struct bb_output *output, void *self)
{
    struct list *list = self;

    list->output = output;
    return bb_cli_ended(client, bb_client_signing_keys(client, list->organization, on_key, NULL, list));
}

static error_t
parse_ls(int key, char *arg, struct argp_state *state)
{
    struct list *list = state->input;

    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return ARGP_ERR_UNKNOWN;
    list->organization = bb_cli_argument(state, "CODE", arg);
    return 0;
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    struct list list = {.organization = NULL};

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_ls, argc, argv, &list);
    return bb_cli_ask(cli, columns, COLUMNS, 0, ask_keys, &list);
}

/* --- what becomes of a key ------------------------------------------------------------------------------ */

/* What an answer to a change says. */
struct became {
    char organization[BB_LIMIT_CODE_BYTES + 1], fingerprint[BB_FINGERPRINT_TEXT], state[16];
    bool staff, changed;
};

static int
on_change(void *self, const struct bb_signing_key *key)
{
    struct became *became = self;

    snprintf(became->organization, sizeof became->organization, "%s", key->organization);
    snprintf(became->fingerprint, sizeof became->fingerprint, "%s", key->fingerprint);
    snprintf(became->state, sizeof became->state, "%s", key->state);
    became->staff = key->staff;
    became->changed = key->changed;
    return 0;
}

static int
print_change(const struct bb_cli *cli, const struct became *became, const char *file)
{
    enum { WHOSE, WHICH, NOW, FOR_STAFF, CHANGED, WHERE, FIELDS };
    static const struct bb_output_column fields[FIELDS] = {
        [WHOSE] = {"organization", NULL, 0}, [WHICH] = {"fingerprint", NULL, 0},
        [NOW] = {"state", NULL, 0},          [FOR_STAFF] = {"staff", "of staff", 0},
        [CHANGED] = {"changed", NULL, 0},    [WHERE] = {"key_file", "key file", 0},
    };
    struct bb_output *output = bb_cli_output(cli, fields, FIELDS, BB_OUTPUT_OBJECT);

    if (!output)
        return EX_OSERR;
    bb_output_text(output, WHOSE, *became->organization ? became->organization : NULL);
    bb_output_text(output, WHICH, *became->organization ? became->fingerprint : NULL);
    bb_output_text(output, NOW, *became->state ? became->state : "forgotten");
    bb_output_bool(output, FOR_STAFF, became->staff);
    bb_output_bool(output, CHANGED, became->changed);
    bb_output_text(output, WHERE, file);
    bb_output_row(output);
    return bb_cli_finish(&output, 0);
}

/* --- enable --------------------------------------------------------------------------------------------- */

struct making {
    struct bb_cli *cli;
    struct bb_cli_context context;
    const char *asked; /* --key; NULL: where such files go */
    char file[PATH_MAX];
    bool made; /* now: to be removed when nothing comes of it */
    struct bb_client *client;
};

static error_t
parse_making(int key, char *arg, struct argp_state *state)
{
    struct making *making = state->input;

    if (key != KEY_FILE)
        return ARGP_ERR_UNKNOWN;
    making->asked = bb_cli_filled(state, "--key", arg);
    return 0;
}

static const struct argp_option making_options[] = {
    {"key", KEY_FILE, "FILE", 0, "the file of the key; without it beside the contexts", 0},
    {0},
};

static int
choose_file(struct making *making)
{
    char folder[PATH_MAX];

    if (!making->asked)
        return bb_cli_context_signing_path(making->context.name, making->file, sizeof making->file);
    if (*making->asked == '/')
        snprintf(making->file, sizeof making->file, "%s", making->asked);
    else if (getcwd(folder, sizeof folder))
        snprintf(making->file, sizeof making->file, "%.*s/%s", PATH_MAX / 2, folder, making->asked);
    return 0;
}

/* Make the key, unless the file is there. */
static int
make_key(struct making *making, const char *organization, struct bb_signing_file *ret_key)
{
    int r = bb_signing_key_new(making->file, organization, ret_key);

    making->made = r == 0;
    if (r == -EEXIST && bb_signing_key_read(making->file, ret_key) != 0) {
        bb_cli_error("%s", bb_new_problem()->message);
        return EX_CONFIG;
    }
    if (r < 0 && r != -EEXIST) {
        bb_cli_error("%s: %s", making->file, strerror(-r));
        return EX_CANTCREAT;
    }
    if (strcmp(ret_key->organization, organization) == 0)
        return 0;
    bb_cli_error("%s: it signs for '%s', and you are '%s'", making->file, ret_key->organization,
                 organization);
    return EX_DATAERR;
}

static int
propose(struct making *making, struct became *became)
{
    int r = bb_client_signing_propose(making->client, making->file, on_change, NULL, became);

    if (r != -EINVAL)
        return bb_cli_ended(making->client, r);
    bb_cli_error("%s", bb_new_problem()->message);
    return EX_CONFIG;
}

static int
save_file(struct making *making)
{
    free(making->context.signing_key_file);
    making->context.signing_key_file = strdup(making->file);
    if (!making->context.signing_key_file)
        return EX_OSERR;
    return bb_cli_context_save(&making->context);
}

static void
say_proposed(const struct became *became, bool staff)
{
    bb_cli_say(
        "Read this fingerprint out to the backbone staff, and not by way of the broker. They confirm it by");
    bb_cli_say("  backbone signing confirm %s --fingerprint %s", became->organization, became->fingerprint);
    if (staff)
        bb_cli_say(
            "The first key of staff is confirmed by the operator instead: staff_signing_keys = \"%s\" in "
            "measurement.conf, start the worker again, and say this once more.",
            became->fingerprint);
    bb_cli_say("Until then what you report is refused; from then on everything has to be signed.");
}

static int
enable(struct making *making)
{
    struct bb_identity who = {0};
    struct bb_signing_file key;
    struct became became = {0};
    bool staff;
    int r = bb_cli_ended(making->client, bb_client_ping(making->client, NULL, NULL));

    if (r != 0)
        return r;
    bb_client_identity(making->client, &who);
    staff = strcmp(who.role, "manager") == 0 || strcmp(who.role, "data-manager") == 0;
    r = make_key(making, who.organization, &key);
    if (r == 0)
        r = propose(making, &became);
    if (r == 0)
        r = save_file(making);
    if (r != 0)
        return r;
    making->made = false;
    if (strcmp(became.state, "proposed") == 0)
        say_proposed(&became, staff);
    return print_change(making->cli, &became, making->file);
}

static int
run_making(struct bb_cli *cli, int argc, char **argv, int (*make)(struct making *making))
{
    const struct bb_client_options options = {.unreachable_ms = 5000};
    struct making making = {.cli = cli};
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), making_options, parse_making, argc, argv, &making);
    r = bb_cli_context_load(cli->context, &making.context);
    if (r != 0)
        return r;
    r = choose_file(&making);
    if (r == 0)
        r = bb_cli_connect_as(cli, &making.context, options, &making.client);
    if (r == 0)
        r = make(&making);
    if (making.made)
        unlink(making.file);
    bb_client_destroy(&making.client);
    bb_cli_context_release(&making.context);
    return r;
}

/* With a key that the context has already, it is that one which is proposed again. */
static int
make_first(struct making *making)
{
    const char *there = making->context.signing_key_file;

    if (there && making->asked && strcmp(there, making->file) != 0) {
        bb_cli_error("context %s signs with %s already: see backbone signing rotate", making->context.name,
                     there);
        return EX_USAGE;
    }
    if (there)
        snprintf(making->file, sizeof making->file, "%s", there);
    return enable(making);
}

static int
run_enable(struct bb_cli *cli, int argc, char **argv)
{
    return run_making(cli, argc, argv, make_first);
}

/* --- rotate --------------------------------------------------------------------------------------------- */

static int
make_next(struct making *making)
{
    struct bb_signing_file old, key;
    struct became became = {0};
    int r;

    if (!making->context.signing_key_file) {
        bb_cli_error("context %s does not sign: see backbone signing enable", making->context.name);
        return EX_USAGE;
    }
    if (bb_signing_key_read(making->context.signing_key_file, &old) != 0) {
        bb_cli_error("%s", bb_new_problem()->message);
        return EX_CONFIG;
    }
    r = make_key(making, old.organization, &key);
    if (r == 0)
        r = propose(making, &became);
    if (r == 0)
        r = save_file(making);
    if (r != 0)
        return r;
    making->made = false;
    bb_cli_say("The old key counts beside it until it is revoked:");
    bb_cli_say("  backbone signing revoke %s --fingerprint %s", old.organization, old.fingerprint);
    return print_change(making->cli, &became, making->file);
}

static int
run_rotate(struct bb_cli *cli, int argc, char **argv)
{
    return run_making(cli, argc, argv, make_next);
}

/* --- confirm, revoke ------------------------------------------------------------------------------------ */

struct deciding {
    const char *organization, *fingerprint;
    bool revoke;
    bool found;
    uint8_t key[BB_SIGNING_KEY];
};

static const struct argp_option deciding_options[] = {
    {"fingerprint", KEY_FINGERPRINT, "F", 0, "of the key, as its owner reads it out", 0},
    {0},
};

static error_t
parse_deciding(int key, char *arg, struct argp_state *state)
{
    struct deciding *deciding = state->input;

    switch (key) {
    case KEY_FINGERPRINT:
        deciding->fingerprint = bb_cli_filled(state, "--fingerprint", arg);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        deciding->organization = bb_cli_argument(state, "CODE", arg);
        return 0;
    case ARGP_KEY_END:
        if (!deciding->organization || !deciding->fingerprint)
            argp_error(state, "CODE and --fingerprint are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The fingerprint is made here, of the key that will be signed. */
static int
look_at(void *self, const struct bb_signing_key *key)
{
    struct deciding *deciding = self;

    if (strcmp(key->organization, deciding->organization) != 0 ||
        !bb_signing_has_fingerprint(key->key, deciding->fingerprint))
        return 0;
    deciding->found = true;
    memcpy(deciding->key, key->key, sizeof deciding->key);
    return 0;
}

static int
decide(const struct bb_cli *cli, struct bb_client *client, struct deciding *deciding)
{
    struct became became = {0};
    int r =
        bb_cli_ended(client, bb_client_signing_keys(client, deciding->organization, look_at, NULL, deciding));

    if (r != 0)
        return r;
    if (!deciding->found) {
        bb_cli_error("no signing key of the organization with the code '%s' has the fingerprint %s",
                     deciding->organization, deciding->fingerprint);
        return EX_DATAERR;
    }
    r = deciding->revoke ? bb_client_signing_revoke(client, deciding->organization, deciding->key, on_change,
                                                    NULL, &became)
                         : bb_client_signing_confirm(client, deciding->organization, deciding->key, on_change,
                                                     NULL, &became);
    if (r == -EINVAL) {
        bb_cli_error("this takes a signing key of your own: see backbone signing enable");
        return EX_CONFIG;
    }
    r = bb_cli_ended(client, r);
    return r == 0 ? print_change(cli, &became, NULL) : r;
}

static int
run_deciding(struct bb_cli *cli, int argc, char **argv, bool revoke)
{
    struct deciding deciding = {.revoke = revoke};
    struct bb_client *client = NULL;
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), deciding_options, parse_deciding, argc, argv, &deciding);
    r = bb_cli_connect(cli, &client);
    if (r == 0)
        r = decide(cli, client, &deciding);
    bb_client_destroy(&client);
    return r;
}

static int
run_confirm(struct bb_cli *cli, int argc, char **argv)
{
    return run_deciding(cli, argc, argv, false);
}

static int
run_revoke(struct bb_cli *cli, int argc, char **argv)
{
    return run_deciding(cli, argc, argv, true);
}

const struct bb_command bb_commands_signing[] = {
    {"signing enable", "[--key FILE]", "sign what you report from now on", run_enable},
    {"signing ls", "[CODE]", "the keys that organizations sign with", run_ls},
    {"signing confirm", "CODE --fingerprint F", "a key is theirs, whose fingerprint was compared",
     run_confirm},
    {"signing rotate", "[--key FILE]", "sign with another key, which the old one confirms", run_rotate},
    {"signing revoke", "CODE --fingerprint F", "a key does not count any more, and never will", run_revoke},
    {0},
};
