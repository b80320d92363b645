/* How an import that ended early is taken up again: the command, ready to be pasted into a shell. */
#ifndef BB_CLI_RESUME_H
#define BB_CLI_RESUME_H

#include "cli.h"

struct bb_resume {
    bool dry_run;
    bool has_batch; /* --batch was given: the command is what it was */
    bool is_pipe;   /* the rows came on standard input */
    uint8_t batch[BB_BATCH_ID];
};

/* Say it on stderr. */
void bb_resume_say(const struct bb_cli *cli, const struct bb_resume *resume);

/* The command as one line. called: arguments ended by NULL; batch: stands behind the first n_words of them;
 * NULL: none. To be freed; NULL without memory. */
char *bb_resume_command(char *const *called, size_t n_words, const char *batch);

#endif
