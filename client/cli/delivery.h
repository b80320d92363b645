/* What becomes of one message that was listened to: it is printed, or handed to a command of the user, or
 * parked when the command does not take it.
 *
 * Nothing is acknowledged here: who calls does so when a message has been taken care of. */
#ifndef BB_CLI_DELIVERY_H
#define BB_CLI_DELIVERY_H

#include "cli.h"

#include <limits.h>

#define BB_DELIVERY_RETRIES 8 /* by default; the pauses between them double from a second to a minute */

struct bb_delivery {
    const char *command; /* NULL: they are printed */
    uint64_t retries;
    char parked[PATH_MAX];    /* the file */
    struct bb_output *output; /* jsonl; NULL: text, or a command */
    struct bb_client *client; /* kept going meanwhile */
    const bool *over;         /* true: the command is not run again, for nobody waits for it */
};

/* jsonl: else text. What there is of it has been filled. 0 | -ENOMEM */
int bb_delivery_open(struct bb_delivery *delivery, bool jsonl);
void bb_delivery_close(struct bb_delivery *delivery);

/* 0 it has been taken care of | -ECANCELED a signal came (interrupt.h), or it is over, before the command
 * took it | an exit code, the reason said: it has not been taken care of */
int bb_delivery_take(struct bb_delivery *delivery, const struct bb_message *message);

#endif
