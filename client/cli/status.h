/* backbone status */
#ifndef BB_CLI_STATUS_H
#define BB_CLI_STATUS_H

#include "cli.h"

int bb_cli_status(struct bb_cli *cli, int argc, char **argv);

#endif
