/* Messages as arguments: which one is meant, by its id or by its sequence. */
#ifndef BB_CLI_MESSAGE_NAME_H
#define BB_CLI_MESSAGE_NAME_H

#include "cli.h"

/* Which message? Its UUID, or its sequence. Leaves with EX_USAGE when the text is neither. */
void bb_message_check_name(const struct argp_state *state, const char *text);
/* Parse the arguments of a command on one message, and return its name. overdue: not NULL: there is an option
 * --overdue, and the name may be absent (NULL). */
char *bb_message_parse(struct bb_cli *cli, bool *overdue, int argc, char **argv);
/* Its id; asks for it if it is named by its sequence. 0 | an exit code, the reason said */
int bb_message_find(struct bb_client *client, const char *text, uint8_t ret_id[BB_MESSAGE_ID]);

/* How a request about the message of this name ended: as bb_cli_ended(), which would not say which message it
 * was. */
int bb_message_ended(const struct bb_client *client, const char *text, int r);
/* That there is none of this name. Returns the exit code. */
int bb_message_not_found(const char *text);

#endif
