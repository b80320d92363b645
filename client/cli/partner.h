/* What the commands about partners have in common. */
#ifndef BB_CLI_PARTNER_H
#define BB_CLI_PARTNER_H

#include "cli.h"

/* staff, partner or observer */
bool bb_cli_is_role(const char *name);

/* partner import */
int bb_cli_partner_import(struct bb_cli *cli, int argc, char **argv);

#endif
