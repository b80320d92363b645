/* One message to a broker and one back, over a connection of its own: joining, and looking what is wrong.
 *
 * Blocks. What has secrets in it is wiped when libzmq has encrypted it. */
#ifndef BB_EXCHANGE_H
#define BB_EXCHANGE_H

#include "connection.h"

#include "proto/envelope.h"

enum bb_exchange_result {
    BB_EXCHANGE_ANSWERED = 0,
    BB_EXCHANGE_LOST = 1,   /* see loss */
    BB_EXCHANGE_SILENT = 2, /* nothing came in time; was it up? */
};

struct bb_exchange {
    int64_t up_ns; /* of bb_clock_ns(): when the handshake was done; 0: it was not */
    enum bb_loss loss;
    zmq_msg_t answer; /* of BB_EXCHANGE_ANSWERED: to be closed by the caller */
};

/* enum bb_exchange_result | -errno */
int bb_exchange(const struct bb_connection_config *config, enum bb_kind kind, const ProtobufCMessage *message,
                int timeout_ms, struct bb_exchange *ret_exchange);

/* A pause, in which nothing happens. */
void bb_exchange_pause(int ms);

#endif
