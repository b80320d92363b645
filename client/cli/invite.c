/* backbone partner invite | invitations. The invitation alone goes to stdout, so that it can be piped into a
 * mail; what is said about it goes to stderr. */
#include "partner.h"

#include "duration.h"
#include "streams.h"
#include "whom.h"

#include "runtime/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

/* --- what invitations look like ----------------------------------------------------------------------- */

enum { ORGANIZATION, MEMBER, ROLE, STATE, EXPIRES, APPROVE, BY, ID, KEY, FINGERPRINT, TEXT, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [ORGANIZATION] = {"organization", "ORGANIZATION", 0},
    [MEMBER] = {"member", "MEMBER", 0},
    [ROLE] = {"role", "ROLE", 0},
    [STATE] = {"state", "STATE", 0},
    [EXPIRES] = {"expires", "EXPIRES", 0},
    [APPROVE] = {"approve", "APPROVAL", 0},
    [BY] = {"by", "BY", 0},
    [ID] = {"id", NULL, BB_OUTPUT_DATA_ONLY},
    [KEY] = {"key", NULL, BB_OUTPUT_DATA_ONLY},
    [FINGERPRINT] = {"fingerprint", "USED BY KEY", 0},
    [TEXT] = {"invitation", NULL, BB_OUTPUT_DATA_ONLY | BB_OUTPUT_OMIT},
};

static void
fill(struct bb_output *output, const struct bb_invitation_info *info)
{
    char id[2 * BB_INVITATION_ID + 1], fingerprint[BB_FINGERPRINT_TEXT];

    bb_output_text(output, ORGANIZATION, info->organization);
    bb_output_text(output, MEMBER, info->member);
    bb_output_text(output, ROLE, info->role);
    bb_output_text(output, STATE, info->state);
    bb_output_time(output, EXPIRES, info->expires_us);
    bb_output_bool(output, APPROVE, info->approve);
    bb_output_text(output, BY, info->by);
    bb_output_text(output, ID, sodium_bin2hex(id, sizeof id, info->id, BB_INVITATION_ID));
    bb_output_text(output, KEY, info->key);
    if (info->key && bb_key_fingerprint(info->key, fingerprint) == 0)
        bb_output_text(output, FINGERPRINT, fingerprint);
    if (strcmp(info->state, "pending") == 0)
        bb_output_mark(output, STATE, BB_MARK_WARN);
}

/* --- invite ------------------------------------------------------------------------------------------- */

enum { OPT_ROLE = 1, OPT_NAME, OPT_EXPIRES, OPT_APPROVE };

static const struct argp_option invite_options[] = {
    {"role", OPT_ROLE, "R", 0, "of the member: " BB_WHOM_ROLES "; otherwise all that its organization may",
     0},
    {"name", OPT_NAME, "N", 0, "register the organization under this name, if it is not there", 0},
    {"expires", OPT_EXPIRES, "D", 0, "how long it can be used: 30m, 12h, 7d (default), at most 90d", 0},
    {"approve", OPT_APPROVE, NULL, 0, "who uses it waits until you have compared the fingerprint", 0},
    {0},
};

struct inviting {
    struct bb_cli *cli;
    struct bb_whom whom;
    struct bb_invite invite;
    struct bb_invitation_seed seed;
    int code;
};

static error_t
parse_invite(int key, char *arg, struct argp_state *state)
{
    struct inviting *inviting = state->input;

    switch (key) {
    case OPT_ROLE:
        inviting->invite.role = bb_whom_role(state, "--role", arg);
        return 0;
    case OPT_NAME:
        inviting->invite.name = arg;
        return 0;
    case OPT_EXPIRES:
        inviting->invite.lifetime_ms = bb_cli_duration(state, "--expires", arg, 90 * DAY_MS, "90d");
        if (inviting->invite.lifetime_ms == 0)
            argp_error(state, "--expires: found '%s', expected more than nothing", arg);
        return 0;
    case OPT_APPROVE:
        inviting->invite.approve = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        bb_whom_take(&inviting->whom, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!inviting->whom.organization)
            argp_error(state, "CODE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
tell_how(const struct bb_invitation_info *info)
{
    char until[BB_UTC_TEXT];

    bb_utc_format(info->expires_us / 1000000 * 1000000, until);
    bb_cli_say("This invitation is for %s/%s (%s). It works once, until %.16sZ.", info->organization,
               info->member, info->role, until);
    bb_cli_say("Give it to nobody else. Who is to join runs: backbone join INVITATION");
    if (info->approve)
        bb_cli_say("Then compare the fingerprint, by telephone: backbone partner approve %s/%s",
                   info->organization, info->member);
}

static void
print_invited(void *self, const struct bb_invited *invited)
{
    struct inviting *inviting = self;
    char text[BB_INVITATION_TEXT];
    struct bb_output *output;

    if (bb_invitation_text(&inviting->seed, invited, text) != 0) {
        bb_cli_error(
            "the broker takes enrolments at '%s', which nobody could connect to: its setting `address` says "
            "what it is to be",
            invited->endpoint);
        inviting->code = EX_CONFIG;
        return;
    }
    tell_how(&invited->invitation);
    if (inviting->cli->format == BB_OUTPUT_TABLE) {
        puts(text);
        inviting->code = bb_streams_flush(0);
    } else {
        output = bb_cli_output(inviting->cli, columns, COLUMNS, BB_OUTPUT_OBJECT);
        if (output) {
            fill(output, &invited->invitation);
            bb_output_text(output, TEXT, text);
            bb_output_row(output);
        }
        inviting->code = bb_cli_finish(&output, EX_OK);
    }
    sodium_memzero(text, sizeof text);
}

static int
ask_invite(struct bb_client *client, struct bb_output *output, void *self)
{
    struct inviting *inviting = self;
    int r = bb_cli_ended(client, bb_client_invite(client, &inviting->invite, print_invited, NULL, inviting));

    (void)output;
    return r ? r : inviting->code;
}

int
bb_cli_partner_invite(struct bb_cli *cli, int argc, char **argv)
{
    struct inviting inviting = {.cli = cli, .invite.lifetime_ms = 7 * DAY_MS};
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), invite_options, parse_invite, argc, argv, &inviting);
    r = inviting.invite.name ? bb_cli_check_name("--name", inviting.invite.name) : 0;
    if (r != 0)
        return r;
    bb_invitation_seed_new(&inviting.seed);
    inviting.invite.seed = &inviting.seed;
    inviting.invite.organization = inviting.whom.organization;
    inviting.invite.member = inviting.whom.member;
    r = bb_cli_ask(cli, NULL, 0, 0, ask_invite, &inviting);
    bb_invitation_seed_wipe(&inviting.seed);
    return r;
}

/* --- invitations -------------------------------------------------------------------------------------- */

static int
print_invitation(void *self, const struct bb_invitation_info *info)
{
    fill(self, info);
    bb_output_row(self);
    return 0;
}

static int
ask_invitations(struct bb_client *client, struct bb_output *output, void *code)
{
    return bb_cli_ended(client, bb_client_invitations(client, code, print_invitation, NULL, output));
}

static error_t
parse_invitations(int key, char *arg, struct argp_state *state)
{
    char **code = state->input;

    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return ARGP_ERR_UNKNOWN;
    *code = arg;
    return 0;
}

int
bb_cli_partner_invitations(struct bb_cli *cli, int argc, char **argv)
{
    char *code = NULL;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_invitations, argc, argv, &code);
    return bb_cli_ask(cli, columns, COLUMNS, 0, ask_invitations, code);
}
