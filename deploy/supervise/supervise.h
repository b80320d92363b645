/* Programs, one command, and the order between them.
 *
 * The programs are started in order, each when the one before has said READY=1; then the command runs, in the
 * foreground, with BB_<NAME>_PID and BB_CONTROL in its environment; when it ends, or when the supervisor is
 * told to stop, the programs are stopped in reverse order, whatever else is left of the command is killed,
 * and the folders named for removal go away, or are emptied. Nothing is restarted by itself: a program that
 * ends is reported and stays ended until the control socket asks for it.
 *
 * SIGINT from the terminal reaches the command directly; SIGTERM, SIGHUP and a SIGINT that somebody sent are
 * passed on to it. */
#ifndef BB_SUPERVISE_H
#define BB_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>

#define BB_SUPERVISE_PROGRAMS 8

struct bb_supervise_options {
    const char *folder;     /* gets NAME.log and NAME.pid */
    const char *run_folder; /* gets the sockets; its path is short */
    const char *program[BB_SUPERVISE_PROGRAMS];
    size_t programs;
    const char *remove[2]; /* folders to remove at the end, or NULL */
    const char *empty;     /* folder whose content goes at the end, or NULL */
    bool strict;           /* a program that failed turns success of the command into EX_SOFTWARE */
    char **command;        /* NULL-terminated */
};

/* Returns the exit status: of the command (128 + n for signal n), or EX_UNAVAILABLE when a program did not
 * start. */
int bb_supervise(const struct bb_supervise_options *options);

#endif
