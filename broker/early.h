/* Messages of connections that the monitor has not told of yet.
 *
 * libzmq's listener hands a connection to one of its threads and tells of it afterwards. With several threads
 * the other one may have shaken hands, and the first message be here, before that is told. Such messages wait
 * a moment for their connection; those of one that has gone already look the same, and are dropped when the
 * moment is over. What may wait is bounded. */
#ifndef BB_EARLY_H
#define BB_EARLY_H

#include "peers.h"

#include <zmq.h>

#define BB_EARLY_MOST  64u
#define BB_EARLY_BYTES ((size_t)1 << 20)
#define BB_EARLY_MS    1000

struct bb_early_message;

struct bb_early {
    struct bb_early_message *first; /* in the order in which they came */
    unsigned n;
    size_t bytes; /* of their bodies */
};

void bb_early_release(struct bb_early *early);

/* A client's message: its routing id, the first frame behind it, and how many frames there were behind it. */
struct bb_incoming {
    enum bb_door door;
    int fd; /* of its connection */
    zmq_msg_t id, body;
    unsigned frames;
};

/* Let it wait: the frames are moved away. Where there is no room it is dropped. */
void bb_early_hold(struct bb_early *early, bb_mono now, struct bb_incoming *message);

/* The first one whose connection is known by now; its frames are to be closed. Those that have waited for too
 * long go. False: there is none. */
bool bb_early_take(struct bb_early *early, bb_mono now, struct bb_peers *peers,
                   struct bb_incoming *ret_message);

#endif
