/* What the commands about partners have in common. */
#ifndef BB_CLI_PARTNER_H
#define BB_CLI_PARTNER_H

#include "cli.h"

/* staff, partner or observer */
bool bb_cli_is_role(const char *name);

/* May this be registered as a name or an alias? Otherwise ret_reason says what was found and what is
 * expected. */
bool bb_cli_is_name(const char *text, char *ret_reason, size_t size);

/* The same for an argument, "--name". 0 | EX_DATAERR, the reason said */
int bb_cli_check_name(const char *what, const char *text);

/* What an organization looks like, and how it is printed: print is what a request gives it to, with the
 * output. */
#define BB_PARTNER_SHOWN 12
extern const struct bb_output_column bb_partner_shown[BB_PARTNER_SHOWN];
int bb_partner_print(void *output, const struct bb_partner *partner);
void bb_partner_print_changed(void *output, const struct bb_partner *partner, bool changed);

/* partner import, invite, invitations, approve, revoke; member add, set */
int bb_cli_partner_import(struct bb_cli *cli, int argc, char **argv);
int bb_cli_partner_invite(struct bb_cli *cli, int argc, char **argv);
int bb_cli_partner_invitations(struct bb_cli *cli, int argc, char **argv);
int bb_cli_partner_approve(struct bb_cli *cli, int argc, char **argv);
int bb_cli_partner_revoke(struct bb_cli *cli, int argc, char **argv);
int bb_cli_member_add(struct bb_cli *cli, int argc, char **argv);
int bb_cli_member_set(struct bb_cli *cli, int argc, char **argv);

#endif
