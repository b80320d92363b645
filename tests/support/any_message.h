/* A message of any type, made of choices: what the descriptor says of each field, with values that the rest
 * of the code has opinions about, and now and then with a fault. For fuzzers: the choices are the bytes that
 * libFuzzer gives, or come from a seed. */
#ifndef BB_TESTS_ANY_MESSAGE_H
#define BB_TESTS_ANY_MESSAGE_H

#include "runtime/buffer.h"

#include <protobuf-c/protobuf-c.h>

struct any {
    struct bb_bytes left; /* choices, taken first */
    uint64_t state;       /* behind them: pseudo-random ones from here; 0: each is 0 */
    unsigned faults;      /* of 1000 places that could have one; 0: messages are sound */
    uint64_t made;        /* faults so far */
};

/* A number below `n`, which is not 0. */
uint64_t any_below(struct any *any, uint64_t n);
/* True in so many of 1000. */
bool any_chance(struct any *any, unsigned of_1000);
/* Bits, few more often than many. */
uint64_t any_number(struct any *any);
/* One of the texts that mean something to somebody; static, or made of letters. Appended without its NUL. */
void any_text(struct any *any, struct bb_buffer *to);

/* Append a packed message of this type. Errors stick to the buffer. */
void any_message(struct any *any, const ProtobufCMessageDescriptor *type, struct bb_buffer *to);

#endif
