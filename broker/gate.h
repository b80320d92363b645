/* How many handshakes may begin: of one address, and of all together. A pure core.
 *
 * A handshake costs the broker elliptic curves, whoever the peer is, and who it is comes out at the end. So
 * connections are counted when they are accepted, before anything is spent on them: by token buckets
 * (rate.h), one for each address, which is a /32, or the /64 that a subscriber of IPv6 has to himself, and
 * one for all. An address from which somebody was let in within a day is known, and needs nothing of the
 * bucket of all: a flood from everywhere does not keep those out who were here before.
 *
 * The table of addresses is of a fixed size; when it is full the oldest go, those that are known last.
 *
 * No locks, reads no clock: admission.h has both. */
#ifndef BB_BROKER_GATE_H
#define BB_BROKER_GATE_H

#include "rate.h"

#include <stdbool.h>
#include <sys/socket.h>

#define BB_GATE_SETS 1024u
#define BB_GATE_WAYS 4u

#define BB_GATE_KNOWN_MS ((bb_mono)24 * 60 * 60 * 1000)

struct bb_gate_entry {
    uint64_t address; /* 0: free */
    struct bb_bucket bucket;
    bb_mono used;
    bb_mono known_until;
};

struct bb_gate {
    struct bb_rate all, each; /* handshakes */
    struct bb_bucket bucket;
    uint64_t seed;
    struct bb_gate_entry entries[BB_GATE_SETS][BB_GATE_WAYS];
};

enum bb_gate_error { BB_GATE_E_ADDRESS = 1, BB_GATE_E_ALL = 2 };

/* gate: zeroed, so that what is not used of the table takes no memory. all, each: a second; four times as
 * many at once. */
void bb_gate_init(struct bb_gate *gate, uint64_t all, uint64_t each, uint64_t seed, bb_mono now);

/* What stands for an address: of IPv4 (also as IPv6 maps it) all of it, of IPv6 the first 64 bits. 0: it is
 * of another family. */
uint64_t bb_gate_address(const struct sockaddr *address);

/* A connection from there. 0: go on | BB_GATE_E_ADDRESS, BB_GATE_E_ALL: there are too many of it, of all */
int bb_gate_judge(struct bb_gate *gate, bb_mono now, uint64_t address);

/* Somebody from there was let in. */
void bb_gate_known(struct bb_gate *gate, bb_mono now, uint64_t address);

#endif
