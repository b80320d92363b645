/* backbone partner approve | revoke. What is approved is the key whose fingerprint was compared, and nobody
 * else: its text goes with the request. */
#include "partner.h"

#include "whom.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- approve ------------------------------------------------------------------------------------------ */

enum { OPT_FINGERPRINT = 1, OPT_YES, OPT_REJECT };

static const struct argp_option approve_options[] = {
    {"fingerprint", OPT_FINGERPRINT, "F", 0, "the fingerprint that they have read out to you", 0},
    {"yes", OPT_YES, NULL, 0, "do not ask: you have compared it", 0},
    {"reject", OPT_REJECT, NULL, 0, "turn them away; the invitation is void", 0},
    {0},
};

struct approving {
    struct bb_whom whom;
    const char *fingerprint;
    bool yes, reject;
    unsigned waiting; /* how many, that could be meant */
    char member[160];
    char key[BB_KEY_TEXT];
};

static error_t
parse_approve(int key, char *arg, struct argp_state *state)
{
    struct approving *approving = state->input;

    switch (key) {
    case OPT_FINGERPRINT:
        approving->fingerprint = arg;
        return 0;
    case OPT_YES:
        approving->yes = true;
        return 0;
    case OPT_REJECT:
        approving->reject = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        bb_whom_take(&approving->whom, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!approving->whom.organization)
            argp_error(state, "CODE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
say_waiting(const struct bb_invitation_info *info)
{
    char fingerprint[BB_FINGERPRINT_TEXT] = "";

    bb_key_fingerprint(info->key, fingerprint);
    bb_cli_say("%s/%s (%s) waits with the key %s", info->organization, info->member, info->role, fingerprint);
}

static int
note_waiting(void *self, const struct bb_invitation_info *info)
{
    struct approving *approving = self;
    const char *member = approving->whom.member;

    if (strcmp(info->state, "pending") != 0 || !info->key || (member && strcmp(member, info->member) != 0))
        return 0;
    say_waiting(info);
    approving->waiting++;
    snprintf(approving->member, sizeof approving->member, "%s", info->member);
    snprintf(approving->key, sizeof approving->key, "%s", info->key);
    return 0;
}

/* Which one? 0 | an exit code, the reason said */
static int
find_waiting(struct bb_client *client, struct approving *approving)
{
    char who[BB_WHOM_TEXT];
    int r = bb_cli_ended(
        client, bb_client_invitations(client, approving->whom.organization, note_waiting, NULL, approving));

    if (r == 0 && approving->waiting == 0) {
        bb_cli_error("nobody waits for approval as %s; see backbone partner invitations",
                     bb_whom_text(&approving->whom, who));
        return EX_DATAERR;
    }
    if (r == 0 && approving->waiting > 1) {
        bb_cli_error("several wait: say which one is meant, as %s/MEMBER", approving->whom.organization);
        return EX_USAGE;
    }
    return r;
}

static int
ask_person(const struct approving *approving)
{
    char answer[16];

    if (!isatty(STDIN_FILENO)) {
        bb_cli_error(
            "compare the fingerprint with what they read out to you, and give it with --fingerprint; or "
            "say --yes");
        return EX_USAGE;
    }
    fprintf(stderr, approving->reject ? "Turn them away? [y/N] "
                                      : "Is that what they read out to you, all of it? [y/N] ");
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return 0;
    bb_cli_error("nothing was changed%s",
                 approving->reject ? ""
                                   : "; with --reject they are turned away, and you can invite them anew");
    return EX_DATAERR;
}

/* 0: go on | an exit code, the reason said */
static int
compare(const struct approving *approving)
{
    if (!approving->fingerprint)
        return approving->yes ? 0 : ask_person(approving);
    if (bb_key_has_fingerprint(approving->key, approving->fingerprint))
        return 0;
    bb_cli_error(
        "the fingerprint is another one: somebody else may have used the invitation. Nothing was changed; "
        "turn them away with --reject, and invite anew");
    return EX_DATAERR;
}

static void
say_approved(void *self, const struct bb_partner *partner, bool changed)
{
    const struct approving *approving = self;

    bb_cli_say("%s/%s %s%s", partner->code, approving->member,
               approving->reject ? "is turned away; the invitation is void" : "is let in",
               changed ? "" : ", and was before");
}

static int
ask_approve(struct bb_client *client, struct bb_output *output, void *self)
{
    struct approving *approving = self;
    int r = find_waiting(client, approving);

    (void)output;
    if (r == 0)
        r = compare(approving);
    if (r != 0)
        return r;
    return bb_cli_ended(client,
                        bb_client_approve(client, approving->whom.organization, approving->member,
                                          approving->key, approving->reject, say_approved, NULL, approving));
}

int
bb_cli_partner_approve(struct bb_cli *cli, int argc, char **argv)
{
    struct approving approving = {0};

    bb_cli_parse(cli, bb_cli_command(cli), approve_options, parse_approve, argc, argv, &approving);
    return bb_cli_ask(cli, NULL, 0, 0, ask_approve, &approving);
}

/* --- revoke ------------------------------------------------------------------------------------------- */

static error_t
parse_revoke(int key, char *arg, struct argp_state *state)
{
    struct bb_whom *whom = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        bb_whom_take(whom, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!whom->organization)
            argp_error(state, "CODE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
print_revoked(void *self, const struct bb_partner *partner, uint32_t keys, uint32_t invitations)
{
    struct bb_output *output = self;

    bb_output_text(output, 0, partner->code);
    bb_output_uint(output, 1, keys);
    bb_output_uint(output, 2, invitations);
    bb_output_row(output);
    if (keys)
        bb_cli_say("Who used %s is out, and stays out: a new invitation takes a new key.",
                   keys == 1 ? "this key" : "these keys");
}

static int
ask_revoke(struct bb_client *client, struct bb_output *output, void *self)
{
    struct bb_whom *whom = self;

    return bb_cli_ended(
        client, bb_client_revoke(client, whom->organization, whom->member, print_revoked, NULL, output));
}

int
bb_cli_partner_revoke(struct bb_cli *cli, int argc, char **argv)
{
    static const struct bb_output_column columns[] = {
        {"organization", NULL, 0}, {"keys", "keys revoked", 0}, {"invitations", "invitations void", 0}};
    struct bb_whom whom = {0};

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_revoke, argc, argv, &whom);
    return bb_cli_ask(cli, columns, 3, BB_OUTPUT_OBJECT, ask_revoke, &whom);
}
