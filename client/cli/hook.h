/* A command of the user that is given messages, one at a time: `sh -c COMMAND` with the message as JSON on
 * its standard input. What it prints goes where ours would. */
#ifndef BB_CLI_HOOK_H
#define BB_CLI_HOOK_H

#include "client/lib/backbone.h"

/* Is the program there that the command begins with? What only the shell can tell (quotes, variables, a
 * redirection before it) is taken to be. ret_why: for people, "./nope: No such file or directory".
 * 0 | 1 it is not, or cannot be run | -errno */
int bb_hook_check(const char *command, char *ret_why, size_t size);

/* Run it once and wait for its end; meanwhile the client's connection is kept going. ret_how: for people, how
 * it failed: "ended with 3". Interrupts (interrupt.h) do not end it: it is waited for.
 * 0 it exited with 0 | 1 it failed | -errno it could not be run */
int bb_hook_run(const char *command, const char *json, size_t len, struct bb_client *client, char *ret_how,
                size_t size);

#endif
