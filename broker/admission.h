/* Who is accepted at all, before libzmq sees the connection: asked from accept4() (accept.c), in libzmq's
 * threads, about each connection.
 *
 * Of TCP the gate (gate.h) decides. Of the local sockets the kernel's word for who is at the other end
 * (SO_PEERCRED): the broker's own user, and root too where operators come. File modes say the same; this
 * holds when somebody has changed them.
 *
 * One for the process, since accept4() has no argument for it. Any thread, after bb_admission_start(); before
 * that everybody passes. */
#ifndef BB_BROKER_ADMISSION_H
#define BB_BROKER_ADMISSION_H

#include "runtime/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* handshakes: a second, of all, and of each address. */
void bb_admission_start(uint64_t handshakes, uint64_t address_handshakes, uint64_t seed);

/* May what was accepted at this listener stay? */
bool bb_admission_judge(int listener, int fd);

/* The peer of this connection was let in. */
void bb_admission_known(int fd);

struct bb_admission_counters {
    uint64_t handshakes;         /* refused because of all */
    uint64_t address_handshakes; /* because of its address */
    uint64_t users;              /* of local sockets: another user */
};

struct bb_admission_counters bb_admission_counters(void);

#endif
