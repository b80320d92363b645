/* The ZAP handler (ZeroMQ RFC 27): who may finish a CURVE handshake.
 *
 * libzmq asks over inproc://zeromq.zap.01 in the same context; the broker's thread answers from the registry
<<<<<<< HEAD
 * in memory. bb_zap_decide() is pure: frames in, verdict out. There are two domains: "backbone", where a key
 * must be that of an enabled member, and "backbone-enrol", where keys are brought. A request from another
 * one, or not CURVE, or whose key is not welcome, is refused with 400; when there is no room for its
 * connection, with 300. An accepted one gets User-Id, the key's Z85 text, and no other metadata: User-Id is
 * the only property that the broker reads of a message, and a peer cannot set it, because what the handler
 * says comes first.
=======
 * in memory. bb_zap_decide() is pure: frames in, verdict out. A request that is not from the domain
 * "backbone", or not CURVE, or whose key is of no enabled member, is refused with 400; when its
 * organization has its share of connections, with 300. An accepted one gets User-Id, the key's Z85 text, and
 * Mark, the broker's own: they are the only properties that the broker reads of a message, and a peer cannot
 * set them, because what the handler says comes first.
>>>>>>> e7575c86 (broker, workers: who is not our user; who is another by now; controls)
 *
 * libzmq fails open when no handler is bound, or the socket has no domain: see bb_zap_self_test(). */
#ifndef BB_BROKER_ZAP_H
#define BB_BROKER_ZAP_H

#include "proto/bytes.h"
#include "runtime/keyfile.h"

#include <zmq.h>

enum bb_zap_domain { BB_ZAP_MEMBERS, BB_ZAP_ENROLMENT, BB_ZAP_DOMAINS };

#define BB_ZAP_ENDPOINT "inproc://zeromq.zap.01"

enum bb_zap_cause {
    BB_ZAP_ACCEPTED,
    BB_ZAP_UNKNOWN_KEY,
    BB_ZAP_DISABLED,
    BB_ZAP_MECHANISM, /* not CURVE, another domain, malformed */
    BB_ZAP_FULL,      /* its organization has its share of connections */
    BB_ZAP_CAUSES
};

/* The broker's answer for a key: BB_ZAP_ACCEPTED, UNKNOWN_KEY, DISABLED or FULL. */
typedef enum bb_zap_cause (*bb_zap_judge)(void *self, enum bb_zap_domain domain,
                                          const char key[static BB_KEY_TEXT]);

#define BB_ZAP_FRAMES_MAX                                                                                    \
    8u /* version, request id, domain, address, identity, mechanism, credentials ...                         \
        */

struct bb_zap_verdict {
    enum bb_zap_cause cause;
    const char *status; /* "200", "300", "400" */
    const char *text;
    char key[BB_KEY_TEXT]; /* of the peer, when it has one */
};

/* frames: those of the request. n may be any number; what is missing or too much is refused. */
struct bb_zap_verdict bb_zap_decide(const struct bb_bytes *frames, size_t n, bb_zap_judge judge, void *self);

/* What every message of an accepted connection says of when it was let in: bb_zap_mark(). Hexadecimal. */
#define BB_ZAP_MARK "Mark"

struct bb_zap;

/* Bind the handler: before any other socket of the context. 0 | -errno */
int bb_zap_new(void *context, bb_zap_judge judge, void *self, struct bb_zap **ret_zap);
void bb_zap_destroy(struct bb_zap **zap);
/* Ask for a mark before each verdict, and give it to the connection's messages; self as of bb_zap_new(). */
void bb_zap_mark(struct bb_zap *zap, uint32_t (*mark)(void *self));
void *bb_zap_socket(struct bb_zap *zap);
/* Answer everything at hand; never waits. */
void bb_zap_serve(struct bb_zap *zap);
/* Handshakes by cause. */
const uint64_t *bb_zap_counters(const struct bb_zap *zap);

/* Make a ROUTER socket a CURVE server of the domain; before bind. 0 | -errno */
int bb_zap_protect(void *socket, enum bb_zap_domain domain, const struct bb_keypair *keys);

/* Try the lock: connect to the bound endpoint with a fresh key that nobody registered, serving the handler
 * meanwhile. 0 refused, as it should be | -EACCES it was let in | -ETIMEDOUT no verdict within the time |
 * -errno */
int bb_zap_self_test(struct bb_zap *zap, void *context, const char *endpoint, const char *server_key,
                     int timeout_ms);

#endif
