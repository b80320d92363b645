/* From a message on the wire to the one that callers see. */
#ifndef BB_MESSAGE_READ_H
#define BB_MESSAGE_READ_H

#include "backbone.h"

#include "proto/arena.h"

#include "communication.pb-c.h"

/* Everything in ret_message points into `from`, which has to stay, or into the arena. 0 | -EBADMSG an id that
 * is none | -EMSGSIZE the arena is full */
int bb_message_read(const Bb__Message *from, struct bb_arena *arena, struct bb_message *ret_message);

/* The id in these bytes; NULL when there is none. ret_ok is made false by one of another length. */
const uint8_t *bb_message_id(bool has, ProtobufCBinaryData id, bool *ret_ok);

/* "announcement", "delivered"; "" for a number that has no name here. Static. */
const char *bb_message_kind_name(int kind);
const char *bb_receipt_state_name(int state);

#endif
