/* What a message looks like: a row of an output, or text for people.
 *
 * A row has the same keys wherever a message is printed; which of them a table shows differs. In text, what
 * could do something to a terminal is escaped. */
#ifndef BB_CLI_MESSAGE_H
#define BB_CLI_MESSAGE_H

#include "cli.h"

enum {
    BB_MSG_ID,
    BB_MSG_SEQUENCE,
    BB_MSG_CHANNEL,
    BB_MSG_KIND,
    BB_MSG_AUTHOR,
    BB_MSG_TIME,
    BB_MSG_SUBJECT,
    BB_MSG_BODY,
    BB_MSG_PRIORITY,
    BB_MSG_ACK_BY,
    BB_MSG_STATE,
    BB_MSG_REQUESTED_ACK,
    BB_MSG_EXPIRES_AT,
    BB_MSG_IN_REPLY_TO,
    BB_MSG_SUPERSEDES,
    BB_MSG_SUPERSEDED_BY,
    BB_MSG_WITHDRAWS,
    BB_MSG_INDICATOR,
    BB_MSG_PERIOD,
    BB_MSG_AUDIENCE,
    BB_MSG_CHANGES,
    BB_MSG_RECIPIENTS,
    BB_MSG_DELIVERED,
    BB_MSG_READ,
    BB_MSG_ACKNOWLEDGED,
    BB_MSG_REDELIVERED,
    BB_MSG_COLUMNS
};

/* A table of what one has got, and of what one has written, with counts of receipts. */
extern const struct bb_output_column bb_message_inbox[BB_MSG_COLUMNS];
extern const struct bb_output_column bb_message_outbox[BB_MSG_COLUMNS];

/* The cells of a message; state: its cell. The row is not complete: bb_output_row(). */
void bb_message_cells(struct bb_output *output, const struct bb_message *message, const char *state);
/* Those that lists have on top. */
void bb_message_counts(struct bb_output *output, const struct bb_listed_message *listed);
/* For a table: all its channels in the place of one, where they are told (to staff and the author). */
void bb_message_channels(struct bb_output *output, const struct bb_message *message);

/* The state of a message that is no longer active, else what the reader's organization has done with it, or
 * for an author "active". Static. */
const char *bb_message_reader_state(const struct bb_listed_message *listed);
const char *bb_message_author_state(const struct bb_listed_message *listed);

/* A few lines, the subject and the body, each line of which is indented: what is not, somebody else cannot
 * have written. An empty line ends it. listed: tells whether it is still active; NULL: it is, unless it was
 * superseded. */
void bb_message_print(FILE *to, const struct bb_message *message, const struct bb_listed_message *listed);

#endif
