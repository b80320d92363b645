/* From the arguments of the program to the command that they name. What stands behind its words is the
 * command's to parse: bb_cli_parse(). */
#ifndef BB_CLI_ARGUMENTS_H
#define BB_CLI_ARGUMENTS_H

#include "cli.h"

/* Take the global options and find the command. --help and --version end the program; so does help on a word
 * that several commands begin with. ret_words: how many arguments there are up to and with its words, the
 * program's name included. 0 | EX_USAGE, the reason said */
int bb_cli_find(struct bb_cli *cli, int argc, char **argv, const struct bb_command **ret_command,
                int *ret_words);

#endif
