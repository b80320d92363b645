/* What the parts of a worker's session share: worker_session.c has its life, its credit and the time,
 * worker_session_hear.c what the broker says, worker_session_say.c what the owner says. For these three
 * only. */
#ifndef BB_WORKER_SESSION_CORE_H
#define BB_WORKER_SESSION_CORE_H

#include "outgoing.h"
#include "worker_session.h"
#include "worker_tags.h"

#include "proto/arena.h"

struct bb_session_lane {
    uint32_t messages, bytes;  /* configured */
    uint32_t available;        /* messages that the broker may still send */
    uint32_t open;             /* requests */
    uint32_t owed, owed_bytes; /* ended, to be given back */
    bool hold;
};

/* What the broker has taken in of the fan-out, in bytes of frames since the connection began. */
struct bb_session_taken {
    uint64_t sent;
    uint64_t confirmed;
    uint64_t mark; /* of the PING that is out, which is its token; 0: none is */
};

struct bb_session {
    const char *service;
    int service_number;
    uint8_t instance[16];
    enum bb_session_state state;
    bb_mono heard;
    bb_mono beat;    /* next heartbeat */
    bb_mono drained; /* DRAIN was sent then */
    struct bb_session_lane lanes[BB_LANES];
    struct bb_tags requests;
    struct bb_arena arena;
    struct bb_outgoing out;
    struct bb_session_taken taken;
    uint64_t calls[BB_LIMIT_CALLS]; /* open ones, in no order */
    uint32_t n_calls;
    uint64_t ignored;
};

/* The request is over: what it took is owed to the broker. */
void bb_session_end(struct bb_session *session, struct bb_tagged *request);

/* The call of this id is not open any more. False: it was not. */
bool bb_session_forget_call(struct bb_session *session, uint64_t id);

/* Ask whether the fan-out up to here has been taken in, when that is worth it. 0 | -ENOMEM */
int bb_session_probe(struct bb_session *session);

#endif
