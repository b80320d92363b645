/* A first word to what listens at an address, without libzmq, which tells too little of why it fails.
 *
 * The greeting of ZMTP 3.1 (RFC 37) says what is spoken there. The HELLO of CurveZMQ (RFC 26), sealed for the
 * public key that the server should have, is answered by who has its secret half, before anybody looks at
 * who we are. Then the connection is closed. */
#ifndef BB_PROBE_H
#define BB_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* 0 | -ECONNREFUSED, -ETIMEDOUT, -errno */
int bb_probe_connect(const struct sockaddr *address, socklen_t len, int timeout_ms, int *ret_fd);

enum bb_probe {
    BB_PROBE_GENUINE = 0,   /* it has the key */
    BB_PROBE_CLOSED = 1,    /* closed before it said anything */
    BB_PROBE_SILENT = 2,    /* it says nothing */
    BB_PROBE_STRANGE = 3,   /* it speaks something else: text has the beginning, quoted */
    BB_PROBE_MECHANISM = 4, /* it speaks ZMTP, but not encrypted: text has the mechanism */
    BB_PROBE_OTHER_KEY = 5, /* it could not open what was sealed for that key */
};

#define BB_PROBE_TEXT 64

/* A connected socket that does not block. The text is empty where nothing is to be said. */
enum bb_probe bb_probe_hello(int fd, const uint8_t server_key[static 32], int timeout_ms,
                             char ret_text[static BB_PROBE_TEXT]);

#endif
