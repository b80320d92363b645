/* Methods about cursors: make one or change its filter, remove one, list them. */
#ifndef BB_SUBSCRIPTION_H
#define BB_SUBSCRIPTION_H

#include "communication_core.h"

int bb_handle_subscription_put(struct bb_communication *c, const struct bb_call *call);
int bb_handle_subscription_remove(struct bb_communication *c, const struct bb_call *call);
int bb_handle_subscription_list(struct bb_communication *c, const struct bb_call *call);

#endif
