/* Every command of the program, file by file, in the order of the help. */
#include "cli.h"
#include "data.h"

const struct bb_command *const bb_command_tables[] = {
    bb_commands_context,
    bb_commands_service,
    bb_commands_partner,
    bb_commands_import,
    NULL,
};
