/* message.status: the receipts of a message, or all acknowledgements that are overdue. */
#ifndef BB_MESSAGE_STATUS_H
#define BB_MESSAGE_STATUS_H

#include "communication_core.h"

int bb_handle_message_status(struct bb_communication *c, const struct bb_call *call);

#endif
