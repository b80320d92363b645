/* Memory that libzmq takes and does not show: frames of a message that never ends.
 *
 * A message is handed to us when its last frame has come. A peer that sends frame after frame with the MORE
 * flag fills our memory past MAXMSGSIZE and every high-water mark, and we are not even woken up. So we look
 * by ourselves, a few times a second: when the process has grown, the kernel's count of bytes received
 * (TCP_INFO) is compared, for each connection, with the bytes of the messages that reached us. Who is too far
 * ahead is cut off. */
#ifndef BB_BROKER_GUARD_H
#define BB_BROKER_GUARD_H

#include "peers.h"

#define BB_GUARD_INTERVAL_MS 100

/* More than libzmq may hold of whole messages of one connection: RCVHWM of them at their largest, and a
 * little. */
#define BB_GUARD_RCVHWM      64
#define BB_GUARD_AHEAD_BYTES ((uint64_t)(BB_GUARD_RCVHWM + 8) * BB_LIMIT_FRAME_BYTES)

struct bb_guard {
    int statm;         /* /proc/self/statm */
    uint64_t resident; /* bytes, at the last look at the connections */
};

/* 0 | -errno */
int bb_guard_open(struct bb_guard *guard);
void bb_guard_close(struct bb_guard *guard);

/* Has the process grown so much that the connections should be looked at? */
bool bb_guard_has_grown(struct bb_guard *guard);

/* Bytes that a connection has sent beyond what was delivered; 0 when it cannot be told. */
uint64_t bb_guard_ahead(const struct bb_link *link, int fd);

#endif
