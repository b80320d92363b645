/* Organizations as the broker tells of them. */
#ifndef BB_CLIENT_PARTNER_H
#define BB_CLIENT_PARTNER_H

#include "call.h"

#include "partner.pb-c.h"

/* Texts are borrowed from the message, lists are in the arena. 0 | -EMSGSIZE */
int bb_partner_read(struct bb_arena *arena, const Bb__Organization *from, struct bb_partner *ret_partner);

/* The answer to partner.put and to member.put, which is the same. */
int bb_partner_on_put(struct bb_request *request, struct bb_bytes body);

#endif
