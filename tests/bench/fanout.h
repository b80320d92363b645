/* What the parts of the fan-out benchmark share: a peer that brings one message to many subscribers.
 *
 * Three processes (or more) take part, besides those of the peer: this one starts everything and publishes;
 * children of it hold the subscribers and report what arrives (tally.h). A message is outstanding until the
 * peer has said that it has it; what that is worth differs from peer to peer, and the peer's file says so.
 * The benchmark is a program for people: what it cannot do it says, and ends (errx); its children die with
 * it, and its folder belongs to the script that starts it. */
#ifndef FANOUT_H
#define FANOUT_H

#include "tally.h"

#include <stdint.h>
#include <sys/types.h>

#define FANOUT_PROCESSES   3 /* most processes of a peer whose time and memory are counted */
#define FANOUT_SUBSCRIBERS 4 /* most processes with subscribers */

struct fanout_peer {
    const char *name, *label;              /* for the command line; for the table */
    const char *process[FANOUT_PROCESSES]; /* names, for the table; NULL: not counted */
    unsigned subscriber_processes;         /* 0: one */
    pid_t pid[FANOUT_PROCESSES];           /* set by start */
    void *state;

    /* Start with an empty store in this folder (which is there, and the peer's own), ready for subscribers
     * and a publisher. */
    void (*start)(struct fanout_peer *peer, const char *folder, unsigned subscribers);
    /* In a process of its own: connect the subscribers of the tally, say fanout_tally_ready() when each will
     * get every message published from now on, and give what comes to fanout_tally_take(), for ever. */
    void (*subscribe)(struct fanout_peer *peer, struct fanout_tally *tally);
    /* In this process, once subscribers are ready: connect the publisher. */
    void (*connect)(struct fanout_peer *peer);
    /* Publish messages (fanout_text.h) and return when the last is acknowledged. */
    void (*publish)(struct fanout_peer *peer, uint64_t first, uint64_t count, unsigned outstanding);
    /* As subscribe, but the one subscriber of the tally gets every message from the first on: connect it, say
     * fanout_tally_ready() just before it asks, and take what comes. NULL: the peer keeps nothing. */
    void (*catch_up)(struct fanout_peer *peer, struct fanout_tally *tally);
    /* Stop everything that start and connect began; the children with subscribers are gone by then. */
    void (*stop)(struct fanout_peer *peer);
};

extern struct fanout_peer fanout_ours, fanout_nats, fanout_jetstream, fanout_mosquitto;

/* Settings that the peers read; set from the command line before the first start. */
struct fanout_settings {
    const char *bin;       /* folder of our daemons */
    const char *nats;      /* nats-server */
    const char *mosquitto; /* mosquitto */
};

extern struct fanout_settings fanout_settings;

#endif
