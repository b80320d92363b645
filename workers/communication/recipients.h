/* Whom a message is addressed to: a set of organizations, made from its channels. */
#ifndef BB_RECIPIENTS_H
#define BB_RECIPIENTS_H

#include "communication_core.h"

struct bb_recipients {
    uint32_t *organization; /* numbers; in the arena of the call, where nothing else is said */
    uint32_t count;
};

/* Those that are enabled today, and are not the author. 0 | <0 */
int bb_recipients_find(struct bb_communication *c, const struct bb_channel *channel, size_t n,
                       uint32_t author, struct bb_recipients *ret_recipients);

/* Every organization of the directory, in order of their codes: of malloc(), to be freed. 0 | -ENOMEM */
int bb_recipients_everybody(const struct bb_communication *c, struct bb_recipients *ret_recipients);

/* In order of their codes, which takes longer than finding them. */
void bb_recipients_sort(const struct bb_communication *c, struct bb_recipients *recipients);

#endif
