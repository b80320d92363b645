/* Error codes of ERROR and WORK_REPLY: one table, read by every process. PROTOCOL.md explains each. */
#ifndef BB_ERRORS_H
#define BB_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

/* X(number, name, retryable by default, meaning) */
#define BB_ERRORS(X)                                                                                         \
    X(1, MALFORMED, false, "the message cannot be decoded")                                                  \
    X(2, VERSION, false, "no common protocol version")                                                       \
    X(3, UNKNOWN_METHOD, false, "there is no such method")                                                   \
    X(4, NOT_ALLOWED, false, "the caller's role may not do this")                                            \
    X(5, UNKNOWN_KEY, false, "the key belongs to no enabled member")                                         \
    X(6, TOO_LARGE, false, "larger than the limit")                                                          \
    X(7, OVERLOADED, true, "a queue is full; try again later")                                               \
    X(8, UNAVAILABLE, true, "the service is not there, or went away during the request")                     \
    X(9, TIMEOUT, true, "the deadline passed")                                                               \
    X(10, CONFLICT, false, "the same id came with other content")                                            \
    X(11, NOT_FOUND, false, "there is no such thing")                                                        \
    X(12, INVALID, false, "the request is well-formed but says something impossible")                        \
    X(13, NOSPACE, true, "the store has no room")                                                            \
    X(14, INTERNAL, false, "a fault of the service; its log says more")                                      \
    X(15, CANCELLED, false, "cancelled by the caller")                                                       \
    X(16, STATE, false, "this message is not expected now")                                                  \
    X(17, EXISTS, false, "there is one already")                                                             \
    X(18, TAKEN_OVER, false, "a newer session has taken the subscription over")

enum bb_error {
    BB_ERROR_NONE = 0,
#define X(number, name, retryable, meaning) BB_ERROR_##name = (number),
    BB_ERRORS(X)
#undef X
};

/* "NOT_ALLOWED"; "UNKNOWN" for a number that is not in the table. Static. */
const char *bb_error_name(uint32_t code);

/* The meaning in words. Static. */
const char *bb_error_meaning(uint32_t code);

bool bb_error_retryable(uint32_t code);

#endif
