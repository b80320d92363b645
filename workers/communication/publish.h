/* message.publish and message.withdraw. */
#ifndef BB_PUBLISH_H
#define BB_PUBLISH_H

#include "communication_core.h"

int bb_handle_publish(struct bb_communication *c, const struct bb_call *call);
int bb_handle_withdraw(struct bb_communication *c, const struct bb_call *call);

#endif
