/* Who is connected: TCP and ipc connections by file descriptor, and the peers that speak over them by routing
 * id.
 *
 * A link is one connection of the public or admin socket, known from the socket's monitor: accepted, then
 * gone. A peer is a client that has sent a message on it. What binds them: a message says from which
 * descriptor it came (ZMQ_SRCFD) and which key was authenticated (User-Id). A message with a known routing id
 * but another descriptor or key is somebody else: the old peer goes, with all its requests, before the new
 * one is served; so an answer is never given to who merely claims the id of the one that asked.
 *
 * This table opens no socket and sends nothing. Single-threaded. */
#ifndef BB_BROKER_PEERS_H
#define BB_BROKER_PEERS_H

#include "proto/limits.h"
#include "router.h"
#include "runtime/bundle.h"
#include "runtime/keyfile.h"
#include "sessions.h"
#include "usage.h"

/* The sockets that the broker binds. */
enum bb_door { BB_DOOR_PUBLIC, BB_DOOR_ENROL, BB_DOOR_ADMIN, BB_DOOR_WORKER, BB_DOORS };

/* What a client was sent and has not read for certain. Bytes are those of frames, plus what the queue takes
 * for each message. What many share counts in `sent`, for it is the client who does not read it, and not in
 * `held`. */
struct bb_unread {
    uint64_t sent;      /* ever */
    uint64_t confirmed; /* of these, read */
    uint64_t mark;      /* what the PONG of the PING that is out will confirm */
};

struct bb_peer {
    struct bb_conn conn;
    struct bb_listener listener;
    uint8_t id[BB_ROUTING_ID_BYTES];
    bool greeted;   /* HELLO came */
    bool dead;      /* out of the table; freed when the round ends */
    bool broken;    /* could not be sent to: to be dropped when the round ends */
    bool dirty;     /* in the list of those with something to send */
    bool ping_due;  /* a PING is in `out` */
    bool ping_open; /* a PING is out */
    bool busy;      /* sent to since the last look at those who are idle */
    enum bb_door door;
    int fd;
    struct bb_bundle out;
    struct bb_unread all;
    struct bb_unread held; /* of these, memory that is held for this client alone */
    uint64_t ping_token;
    bb_mono ping_at; /* it was sent then */
    struct bb_peer *hash_next;
    struct bb_peer *dirty_next;
    struct bb_peer *prev, *next;                /* all of them */
    char key[BB_KEY_TEXT];                      /* authenticated; "" on the admin socket */
    struct bb_usage *usage;                     /* of the key; NULL on the admin socket */
    char organization[BB_LIMIT_CODE_BYTES + 1]; /* what conn.who points to */
    char member[BB_LIMIT_CODE_BYTES + 1];
};

/* Whose sessions these are. */
static inline struct bb_peer *
bb_peer_of(const struct bb_listener *listener)
{
    return (struct bb_peer *)((uintptr_t)listener - offsetof(struct bb_peer, listener));
}

/* A connection by descriptor. */
struct bb_link {
    bool open;
    bool heard;   /* a message has come */
    bool leaving; /* told to go: nothing it sends is looked at */
    uint8_t door;
    uint32_t generation; /* which of the connections that had this descriptor */
    bb_mono kick_at; /* when it is cut off: it was told to go, or has not said HELLO by then; or BB_NEVER */
    struct bb_peer *peer;
    uint64_t delivered; /* bytes on the wire of the messages that reached us */
};

struct bb_peers {
    struct bb_peer **buckets;
    uint32_t n_buckets;
    uint32_t count;
    struct bb_peer *first;
    struct bb_link *links; /* by descriptor */
    int n_links;
    uint32_t open[BB_DOORS]; /* links */
    uint32_t generation;
    uint64_t seed;
};

void bb_peers_init(struct bb_peers *peers, uint64_t seed);
/* Frees all peers; their requests must have ended. */
void bb_peers_release(struct bb_peers *peers);

/* Is this a routing id that clients may have: 17 bytes, the first 0x01? */
bool bb_routing_id_is_valid(struct bb_bytes id);

/* NULL: none. */
struct bb_peer *bb_peers_find(const struct bb_peers *peers, enum bb_door door,
                              const uint8_t id[static BB_ROUTING_ID_BYTES]);
/* A new peer behind this link. 0 | -ENOMEM */
int bb_peers_add(struct bb_peers *peers, enum bb_door door, const uint8_t id[static BB_ROUTING_ID_BYTES],
                 const char *key, int fd, struct bb_peer **ret_peer);
/* Out of the table and off its link; the memory stays until bb_peer_free(). */
void bb_peers_remove(struct bb_peers *peers, struct bb_peer *peer);
void bb_peer_free(struct bb_peer *peer);

/* A connection was accepted. Nothing may be known of the descriptor: bb_peers_link_closed().
 * 0 | -ENOMEM */
int bb_peers_link_opened(struct bb_peers *peers, enum bb_door door, int fd);
/* The connection of this door with this descriptor is gone. Each door tells of its connections in order, but
 * the doors are not in order with each other: when a descriptor was closed at one and given out at another,
 * the news may come the other way round. So before an open, what another door still has at that descriptor is
 * to be closed, and what comes late from that door changes nothing. Returns whether there was such a
 * connection; ret_peer: who spoke over it, still in the table, or NULL. */
bool bb_peers_link_closed(struct bb_peers *peers, enum bb_door door, int fd, struct bb_peer **ret_peer);
/* How many peers this organization has. */
uint32_t bb_peers_of(const struct bb_peers *peers, uint32_t number);
/* NULL: no such connection is open, as far as is known: a message may come before the event that tells of its
 * link. */
struct bb_link *bb_peers_link(struct bb_peers *peers, int fd);

/* Bytes that a CURVE message of this size takes on the wire. */
size_t bb_peers_wire_bytes(size_t message_bytes);

#endif
