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

/* partner import */
int bb_cli_partner_import(struct bb_cli *cli, int argc, char **argv);

#endif
