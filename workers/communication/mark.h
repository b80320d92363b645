/* message.mark: a member has read a message, or acknowledges it. */
#ifndef BB_MARK_H
#define BB_MARK_H

#include "communication_core.h"

int bb_handle_mark(struct bb_communication *c, const struct bb_call *call);

#endif
