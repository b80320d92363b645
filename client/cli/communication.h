/* The commands by which partners tell each other something: their tables. */
#ifndef BB_CLI_COMMUNICATION_H
#define BB_CLI_COMMUNICATION_H

#include "cli.h"

extern const struct bb_command bb_commands_announce[];
extern const struct bb_command bb_commands_post[];
extern const struct bb_command bb_commands_inbox[];
extern const struct bb_command bb_commands_subscribe[]; /* subscribe, unsubscribe, subscriptions */
extern const struct bb_command bb_commands_listen[];
extern const struct bb_command bb_commands_group[];

#endif
