/* Turns: whose work is done next, when several organizations have some.
 *
 * Pure: no threads, no clock. Each organization has an account: its work that waits, first come first served,
 * and how much of it is being done. The next piece is of the organization with the least being done; among
 * equals of the one that was served longest ago. One organization alone never has everything that can be done
 * at a time: one place is left for whoever comes next, so that it need not wait until something ends.
 *
 * Whoever embeds a bb_turn owns it. One thread at a time. */
#ifndef BB_TURNS_H
#define BB_TURNS_H

#include "proto/bytes.h"

#include <stdbool.h>

struct bb_turns_account;

/* A piece of work, embedded by the owner. */
struct bb_turn {
    struct bb_turn *prev, *next; /* of its account, while it waits */
    struct bb_turns_account *account;
    bool waits;
};

struct bb_turns {
    struct bb_turns_account *first, *last; /* in the order of their turns */
    unsigned most;                         /* being done for one organization at a time */
};

/* places: pieces that can be done at a time, at least 1. */
void bb_turns_init(struct bb_turns *turns, unsigned places);
/* Every piece of work has left. */
void bb_turns_release(struct bb_turns *turns);

/* A piece of work of this organization begins its life, neither waiting nor being done. 0 | -ENOMEM */
int bb_turns_enter(struct bb_turns *turns, struct bb_bytes organization, struct bb_turn *turn);
/* ... and ends it, waiting or not, but not while it is being done. */
void bb_turns_leave(struct bb_turns *turns, struct bb_turn *turn);

/* Let it wait behind what its organization has waiting. */
void bb_turns_wait(struct bb_turn *turn);
/* It waits no more. */
void bb_turns_withdraw(struct bb_turn *turn);

/* Take what is to be done next, or NULL. */
struct bb_turn *bb_turns_take(struct bb_turns *turns);
/* It is not being done any more. yields: because another one is to go on; it waits, before what its
 * organization has waiting. */
void bb_turns_stop(struct bb_turn *turn, bool yields);

/* Should this one, which is being done, be interrupted for an organization that has less done for it? */
bool bb_turns_should_yield(const struct bb_turns *turns, const struct bb_turn *turn);

#endif
