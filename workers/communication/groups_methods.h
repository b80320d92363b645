/* group.put, group.member and group.list. */
#ifndef BB_GROUPS_METHODS_H
#define BB_GROUPS_METHODS_H

#include "communication_core.h"

int bb_handle_group_put(struct bb_communication *c, const struct bb_call *call);
int bb_handle_group_member(struct bb_communication *c, const struct bb_call *call);
int bb_handle_group_list(struct bb_communication *c, const struct bb_call *call);

#endif
