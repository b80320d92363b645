/* A message as somebody wants to publish it, looked at by itself: are its fields what they may be? Whether
 * what it names is there, and whether its author may, is judged afterwards. Pure. */
#ifndef BB_DRAFT_H
#define BB_DRAFT_H

#include "channel.h"
#include "problem.h"

#include "runtime/period.h"

#include "communication.pb-c.h"

struct bb_draft {
    const Bb__Publish *publish; /* borrowed */
    struct bb_channel channel[BB_LIMIT_AUDIENCE];
    size_t n_channels;
    uint32_t ack_day, expires_day; /* calendar.h; 0: none */
    bool requested_ack;
    char period[BB_PERIOD_TEXT]; /* canonical; "" */
};

/* today: calendar.h. 0 | 1 and a problem */
int bb_draft_check(const Bb__Publish *publish, uint32_t today, struct bb_draft *ret_draft,
                   struct bb_problem *ret_problem);

#endif
