/* What a connection may send before it was heard: BB_UNHEARD_FRAMES, those of its handshake included.
 *
 * A connection that claims the routing id of another one, which is still there, is not served by
 * libzmq 4.3.4: nobody reads what it sends. When so many messages of it wait as the high-water mark allows
 * (BB_GUARD_RCVHWM), the engine stops to read from its descriptor, and from then on nothing ends the
 * connection any more: neither its peer, who may have gone, nor we (stream_engine_base.cpp: in_event() with
 * input stopped waits for somebody who reads). It would stay until the broker ends, with its descriptor and
 * all that waits; anybody with a key could fill the broker with such.
 *
 * So the frames of a connection are counted until its first message has reached us, below libzmq, in recv(2)
 * (receive.c): they are fewer than the mark, so its input is never stopped. Who sends more, without having
 * been heard, is disconnected. A frame's length is not encrypted (ZMTP 3.1, 37/ZMTP): a greeting of 64 bytes,
 * then for each frame flags, a length of one byte or, by the flag 2, of eight, and so many bytes.
 *
 * A table for the process, by descriptor. Each descriptor is read by one thread; bb_unheard_is_heard() from
 * any. */
#ifndef BB_BROKER_UNHEARD_H
#define BB_BROKER_UNHEARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BB_UNHEARD_FRAMES 60u

/* A connection from outside begins: it is unheard. */
void bb_unheard_begins(int fd);
/* The descriptor is something else now, or was heard: it is not looked at any more. */
void bb_unheard_is_heard(int fd);
/* This came. False: these are too many frames. */
bool bb_unheard_takes(int fd, const uint8_t *data, size_t len);

#endif
