/* A member of an organization, as arguments name one: CODE, or CODE/MEMBER. */
#ifndef BB_CLI_WHOM_H
#define BB_CLI_WHOM_H

#include <argp.h>
#include <stdbool.h>

struct bb_whom {
    char *organization;
    char *member; /* NULL: not said */
};

/* Split the argument where it stands. Leaves with EX_USAGE when it is none. */
void bb_whom_take(struct bb_whom *whom, char *text, const struct argp_state *state);

/* "hartford/sis", or "hartford" where no member is named. */
#define BB_WHOM_TEXT 264
const char *bb_whom_text(const struct bb_whom *whom, char text[static BB_WHOM_TEXT]);

/* The role of a member, of an option: as it is; "staff" is a manager and "partner" a reporter. Leaves with
 * EX_USAGE when it is none. */
const char *bb_whom_role(const struct argp_state *state, const char *option, const char *role);

#define BB_WHOM_ROLES "manager, data-manager, facilitator, reporter, reader or observer"

#endif
