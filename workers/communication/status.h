/* communication.status: how the service is. */
#ifndef BB_COMMUNICATION_STATUS_H
#define BB_COMMUNICATION_STATUS_H

#include "communication_core.h"

int bb_handle_status(struct bb_communication *c, const struct bb_call *call);

#endif
