/* What the commands about partners have in common. */
#ifndef BB_CLI_PARTNER_H
#define BB_CLI_PARTNER_H

#include <stdbool.h>

/* staff, partner or observer */
bool
bb_cli_is_role(const char *name);

#endif
