#include "status.h"

int
bb_handle_status(struct bb_communication *c, const struct bb_call *call)
{
    Bb__CommunicationStatusReply reply = BB__COMMUNICATION_STATUS_REPLY__INIT;
    int r = bb_msglog_usage(c->log, &reply.messages, &reply.store_bytes);

    if (r == 0)
        r = bb_msglog_number(c->log, "followed", &reply.followed);
    if (r != 0)
        return r;
    reply.head = bb_msglog_head(c->log);
    reply.cursors = c->counters.cursors;
    reply.sessions = c->counters.sessions;
    reply.behind = c->counters.behind;
    reply.gaps = c->counters.gaps;
    reply.taken_over = c->counters.taken_over;
    return bb_answer(&c->answers, call->tag, &reply.base);
}
