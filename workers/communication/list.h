/* message.list: what the caller may read, and its inbox. */
#ifndef BB_LIST_H
#define BB_LIST_H

#include "communication_core.h"

#include "communication.pb-c.h"

int bb_handle_list(struct bb_communication *c, const struct bb_call *call);

/* Is the message current, today? */
Bb__MessageState bb_message_state(const struct bb_record *record, uint32_t today);

#endif
