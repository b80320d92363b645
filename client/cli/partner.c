/* backbone partner add | set | ls | show. How one is printed is in partner_print.c; import, invite and
 * approve are in files of their own. */
#include "partner.h"
#include "cli.h"

#include "runtime/text.h"

#include <stdio.h>
#include <string.h>

#define ALIASES    64
#define INDICATORS 256

/* --- add and set -------------------------------------------------------------------------------------- */

enum {
    OPT_NAME = 1,
    OPT_ROLE,
    OPT_KEY,
    OPT_ALIAS,
    OPT_SHARE,
    OPT_NO_SHARE,
    OPT_ENABLE,
    OPT_DISABLE,
    OPT_JOINED,
    OPT_LEFT,
    OPT_INDICATORS
};

#define COMMON_OPTIONS                                                                                       \
    {"name", OPT_NAME, "N", 0, "name for people, up to 300 bytes", 0},                                       \
        {"key", OPT_KEY, "PUBLIC", 0, "public key, 40 characters, as keys new prints it", 0},                \
        {"alias", OPT_ALIAS, "A", 0, "another name that files may use; may be repeated", 0},                 \
        {"joined", OPT_JOINED, "DATE", 0, "member from this day on; a new one: from today", 0},              \
    {                                                                                                        \
        "share-own-line", OPT_SHARE, NULL, 0, "let other partners see this one's own figures", 0             \
    }

static const struct argp_option add_options[] = {
    COMMON_OPTIONS,
    {"role", OPT_ROLE, "R", 0, "staff, partner or observer", 0},
    {0},
};

static const struct argp_option set_options[] = {
    COMMON_OPTIONS,
    {"no-share-own-line", OPT_NO_SHARE, NULL, 0, "keep them to itself, staff and the totals", 0},
    {"enable", OPT_ENABLE, NULL, 0, "let it in again", 0},
    {"disable", OPT_DISABLE, NULL, 0, "keep it out from now on", 0},
    {"indicators", OPT_INDICATORS, "A|B", 0, "it takes part in these alone, codes; \"\": in all", 0},
    {"left", OPT_LEFT, "DATE", 0, "no member from this day on; \"\" takes it back", 0},
    {0},
};

struct change {
    struct bb_partner_change change;
    const char *alias[ALIASES];
    const char *indicator[INDICATORS];
};

static void
add_alias(struct change *change, const char *alias, struct argp_state *state)
{
    if (change->change.n_aliases == ALIASES)
        argp_error(state, "--alias: at most %d", ALIASES);
    else
        change->alias[change->change.n_aliases++] = alias;
}

/* Codes between '|'; the text is cut up. */
static void
set_indicators(struct change *change, char *list, struct argp_state *state)
{
    char *rest = list, *code;

    change->change.set_indicators = true;
    change->change.n_indicators = 0;
    while (*list && (code = strsep(&rest, "|"))) {
        if (!bb_text_is_code(bb_bytes_str(code)))
            argp_error(state, "--indicators: found '%s', expected codes between '|'", code);
        else if (change->change.n_indicators == INDICATORS)
            argp_error(state, "--indicators: at most %d", INDICATORS);
        else
            change->indicator[change->change.n_indicators++] = code;
    }
}

static void
set_enabled(struct change *change, enum bb_switch to, struct argp_state *state)
{
    if (change->change.enabled != BB_KEEP && change->change.enabled != to)
        argp_error(state, "--enable and --disable: one of them");
    change->change.enabled = to;
}

static void
check_change(const struct bb_partner_change *change, struct argp_state *state)
{
    if (!change->code)
        argp_error(state, "CODE is missing");
    else if (change->create && (!change->name || !change->role))
        argp_error(state, "--name and --role are needed");
    else if (change->role && !bb_cli_is_role(change->role))
        argp_error(state, "--role: found '%s', expected staff, partner or observer", change->role);
}

static error_t
parse_change(int key, char *arg, struct argp_state *state)
{
    struct change *change = state->input;

    switch (key) {
    case OPT_NAME:
        change->change.name = arg;
        return 0;
    case OPT_ROLE:
        change->change.role = arg;
        return 0;
    case OPT_KEY:
        change->change.key = arg;
        return 0;
    case OPT_ALIAS:
        add_alias(change, arg, state);
        return 0;
    case OPT_SHARE:
        change->change.share_own_line = BB_ON;
        return 0;
    case OPT_NO_SHARE:
        change->change.share_own_line = BB_OFF;
        return 0;
    case OPT_ENABLE:
        set_enabled(change, BB_ON, state);
        return 0;
    case OPT_DISABLE:
        set_enabled(change, BB_OFF, state);
        return 0;
    case OPT_JOINED:
        change->change.joined = bb_cli_date(state, "--joined", arg);
        return 0;
    case OPT_LEFT:
        change->change.left = *arg ? bb_cli_date(state, "--left", arg) : "";
        return 0;
    case OPT_INDICATORS:
        set_indicators(change, arg, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        change->change.code = arg;
        return 0;
    case ARGP_KEY_END:
        check_change(&change->change, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What the broker refuses too; said before anything is sent, with what is wrong. */
static int
check_names(const struct change *change)
{
    int r = change->change.name ? bb_cli_check_name("--name", change->change.name) : 0;

    for (size_t i = 0; r == 0 && i < change->change.n_aliases; i++)
        r = bb_cli_check_name("--alias", change->alias[i]);
    return r;
}

static int
ask_put(struct bb_client *client, struct bb_output *output, void *change)
{
    return bb_cli_ended(client,
                        bb_client_partner_put(client, change, bb_partner_print_changed, NULL, output));
}

static int
put(struct bb_cli *cli, struct change *change)
{
    int r = check_names(change);

    if (r != 0)
        return r;
    change->change.alias = change->alias;
    change->change.indicator = change->indicator;
    return bb_cli_ask(cli, bb_partner_shown, BB_PARTNER_SHOWN, BB_OUTPUT_OBJECT, ask_put, &change->change);
}

static int
run_add(struct bb_cli *cli, int argc, char **argv)
{
    struct change change = {.change.create = true};

    bb_cli_parse(cli, bb_cli_command(cli), add_options, parse_change, argc, argv, &change);
    return put(cli, &change);
}

static int
run_set(struct bb_cli *cli, int argc, char **argv)
{
    struct change change = {0};

    bb_cli_parse(cli, bb_cli_command(cli), set_options, parse_change, argc, argv, &change);
    return put(cli, &change);
}

/* --- ls and show -------------------------------------------------------------------------------------- */

/* Why one organization, or the list, was not given. */
static int
ended(const struct bb_client *client, const char *code, int r)
{
    if (!code || r != BB_FAILED || bb_client_problem(client)->code != BB_CODE_NOT_FOUND)
        return bb_cli_ended(client, r);
    bb_cli_error(
        "NOT_FOUND: found '%s', expected the code, name or alias of an organization that you may see", code);
    return bb_cli_exit_code(r);
}

static int
list(struct bb_client *client, struct bb_output *output, void *code)
{
    return ended(client, code, bb_client_partners(client, code, bb_partner_print, NULL, output));
}

static int
run_ls(struct bb_cli *cli, int argc, char **argv)
{
    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    return bb_cli_ask(cli, bb_partner_shown, BB_PARTNER_SHOWN, 0, list, NULL);
}

static int
run_show(struct bb_cli *cli, int argc, char **argv)
{
    char *code = bb_cli_parse_one(cli, argc, argv);

    return bb_cli_ask(cli, bb_partner_shown, BB_PARTNER_SHOWN, BB_OUTPUT_OBJECT, list, code);
}

bool
bb_cli_is_role(const char *name)
{
    return strcmp(name, "staff") == 0 || strcmp(name, "partner") == 0 || strcmp(name, "observer") == 0;
}

bool
bb_cli_is_name(const char *text, char *ret_reason, size_t size)
{
    char shown[96];

    if (bb_text_is_name(bb_bytes_str(text)))
        return true;
    snprintf(ret_reason, size, "found '%s', expected %s",
             bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 64), BB_TEXT_NAME_EXPECTED);
    return false;
}

int
bb_cli_check_name(const char *what, const char *text)
{
    char reason[256];

    if (bb_cli_is_name(text, reason, sizeof reason))
        return 0;
    bb_cli_error("%s: %s", what, reason);
    return EX_DATAERR;
}

const struct bb_command bb_commands_partner[] = {
    {"partner add", "CODE --name N --role R [OPTION...]", "register an organization", run_add},
    {"partner set", "CODE [OPTION...]", "change an organization", run_set},
    {"partner ls", "", "list the organizations", run_ls},
    {"partner show", "CODE", "show one organization, by code, name or alias", run_show},
    {"partner import", "FILE.csv|-", "register the organizations of a CSV file", bb_cli_partner_import},
    {"partner invite", "CODE[/MEMBER] [OPTION...]", "make an invitation for somebody who is to join",
     bb_cli_partner_invite},
    {"partner invitations", "[CODE]", "list the invitations, and what has become of them",
     bb_cli_partner_invitations},
    {"partner approve", "CODE[/MEMBER] [--fingerprint F | --yes] [--reject]",
     "let in who has used an invitation and waits", bb_cli_partner_approve},
    {"partner revoke", "CODE[/MEMBER]", "keep out the keys of a member, or of all, for ever",
     bb_cli_partner_revoke},
    {"member add", "CODE/MEMBER [OPTION...]", "register a member of an organization", bb_cli_member_add},
    {"member set", "CODE/MEMBER [OPTION...]", "change a member", bb_cli_member_set},
    {0},
};
