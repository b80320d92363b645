/* backbone member add | set: people and systems of an organization. */
#include "partner.h"
#include "whom.h"

enum { OPT_ROLE = 1, OPT_PERSON, OPT_KEY };

static const struct argp_option options[] = {
    {"role", OPT_ROLE, "R", 0, BB_WHOM_ROLES "; one that its organization may have", 0},
    {"person", OPT_PERSON, "P", 0, "whose it is, for people, up to 300 bytes; \"\": not said", 0},
    {"key", OPT_KEY, "PUBLIC", 0, "public key, 40 characters; better: partner invite CODE/MEMBER", 0},
    {0},
};

struct change {
    struct bb_member_change change;
    struct bb_whom whom;
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct change *change = state->input;

    switch (key) {
    case OPT_ROLE:
        change->change.role = bb_whom_role(state, "--role", arg);
        return 0;
    case OPT_PERSON:
        change->change.person = arg;
        return 0;
    case OPT_KEY:
        change->change.key = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        bb_whom_take(&change->whom, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!change->whom.organization || !change->whom.member)
            argp_error(state, "CODE/MEMBER is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
ask(struct bb_client *client, struct bb_output *output, void *change)
{
    return bb_cli_ended(client, bb_client_member_put(client, change, bb_partner_print_changed, NULL, output));
}

static int
put(struct bb_cli *cli, bool create, int argc, char **argv)
{
    struct change change = {.change.create = create};
    int r = 0;

    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &change);
    if (change.change.person && *change.change.person)
        r = bb_cli_check_name("--person", change.change.person);
    if (r != 0)
        return r;
    change.change.organization = change.whom.organization;
    change.change.name = change.whom.member;
    return bb_cli_ask(cli, bb_partner_shown, BB_PARTNER_SHOWN, BB_OUTPUT_OBJECT, ask, &change.change);
}

int
bb_cli_member_add(struct bb_cli *cli, int argc, char **argv)
{
    return put(cli, true, argc, argv);
}

int
bb_cli_member_set(struct bb_cli *cli, int argc, char **argv)
{
    return put(cli, false, argc, argv);
}
