/* Wire bytes of a message under CURVE (ZeroMQ RFC 26 and 23): "\x07MESSAGE" (8), nonce (8), MAC (16), flags
 * (1), the bytes, behind a ZMTP header of 2 bytes, or 9 when what follows is longer than 255. */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64u

void
bb_peers_init(struct bb_peers *peers, uint64_t seed)
{
    *peers = (struct bb_peers){.seed = seed};
}

void
bb_peers_release(struct bb_peers *peers)
{
    while (peers->first) {
        struct bb_peer *peer = peers->first;
        bb_peers_remove(peers, peer);
        bb_peer_free(peer);
    }
    free(peers->buckets);
    free(peers->links);
    bb_peers_init(peers, 0);
}

bool
bb_routing_id_is_valid(struct bb_bytes id)
{
    return id.len == BB_ROUTING_ID_BYTES && id.data[0] == 0x01;
}

/* Peers choose their ids, so the hash is seeded. */
static uint32_t
hash(const struct bb_peers *peers, enum bb_door door, const uint8_t id[static BB_ROUTING_ID_BYTES])
{
    uint64_t a = bb_get_u64(id + 1), b = bb_get_u64(id + 9);
    uint64_t h = (a ^ peers->seed) * 0x9E3779B97F4A7C15u;

    h = (h ^ (h >> 29) ^ b) * 0xD6E8FEB86659FD93u;
    h = (h ^ (h >> 32) ^ (uint64_t)door) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

struct bb_peer *
bb_peers_find(const struct bb_peers *peers, enum bb_door door, const uint8_t id[static BB_ROUTING_ID_BYTES])
{
    struct bb_peer *peer;

    if (peers->n_buckets == 0)
        return NULL;
    peer = peers->buckets[hash(peers, door, id) & (peers->n_buckets - 1)];
    while (peer && (peer->door != door || memcmp(peer->id, id, BB_ROUTING_ID_BYTES) != 0))
        peer = peer->hash_next;
    return peer;
}

static int
grow(struct bb_peers *peers)
{
    uint32_t n = peers->n_buckets ? peers->n_buckets * 2 : FIRST_BUCKETS;
    struct bb_peer **buckets;

    if (peers->count < peers->n_buckets)
        return 0;
    buckets = calloc(n, sizeof(struct bb_peer *));
    if (!buckets)
        return -ENOMEM;
    for (struct bb_peer *peer = peers->first; peer; peer = peer->next) {
        uint32_t b = hash(peers, peer->door, peer->id) & (n - 1);
        peer->hash_next = buckets[b];
        buckets[b] = peer;
    }
    free(peers->buckets);
    peers->buckets = buckets;
    peers->n_buckets = n;
    return 0;
}

static void
insert(struct bb_peers *peers, struct bb_peer *peer)
{
    struct bb_peer **bucket = &peers->buckets[hash(peers, peer->door, peer->id) & (peers->n_buckets - 1)];

    peer->hash_next = *bucket;
    *bucket = peer;
    peer->next = peers->first;
    if (peers->first)
        peers->first->prev = peer;
    peers->first = peer;
    peers->count++;
}

int
bb_peers_add(struct bb_peers *peers, enum bb_door door, const uint8_t id[static BB_ROUTING_ID_BYTES],
             const char *key, int fd, struct bb_peer **ret_peer)
{
    struct bb_link *link = bb_peers_link(peers, fd);
    struct bb_peer *peer;

    if (grow(peers) < 0)
        return -ENOMEM;
    peer = calloc(1, sizeof *peer);
    if (!peer)
        return -ENOMEM;
    memcpy(peer->id, id, BB_ROUTING_ID_BYTES);
    strncpy(peer->key, key, sizeof peer->key - 1);
    peer->door = door;
    peer->fd = fd;
    bb_bundle_init(&peer->out, BB_LIMIT_FRAME_BYTES);
    insert(peers, peer);
    if (link)
        link->peer = peer;
    *ret_peer = peer;
    return 0;
}

void
bb_peers_remove(struct bb_peers *peers, struct bb_peer *peer)
{
    struct bb_peer **at = &peers->buckets[hash(peers, peer->door, peer->id) & (peers->n_buckets - 1)];
    struct bb_link *link = bb_peers_link(peers, peer->fd);

    while (*at != peer)
        at = &(*at)->hash_next;
    *at = peer->hash_next;
    if (peer->prev)
        peer->prev->next = peer->next;
    else
        peers->first = peer->next;
    if (peer->next)
        peer->next->prev = peer->prev;
    if (link && link->peer == peer)
        link->peer = NULL;
    peers->count--;
    peer->dead = true;
}

void
bb_peer_free(struct bb_peer *peer)
{
    bb_bundle_release(&peer->out);
    free(peer);
}

int
bb_peers_link_opened(struct bb_peers *peers, enum bb_door door, int fd)
{
    if (fd < 0)
        return 0;
    if (fd >= peers->n_links) {
        int n = fd + 1 > 2 * peers->n_links ? fd + 1 : 2 * peers->n_links;
        struct bb_link *links = realloc(peers->links, (size_t)n * sizeof *links);
        if (!links)
            return -ENOMEM;
        memset(links + peers->n_links, 0, (size_t)(n - peers->n_links) * sizeof *links);
        peers->links = links;
        peers->n_links = n;
    }
    peers->links[fd] = (struct bb_link){
        .open = true, .door = (uint8_t)door, .generation = ++peers->generation, .kick_at = BB_NEVER};
    peers->open[door]++;
    return 0;
}

bool
bb_peers_link_closed(struct bb_peers *peers, enum bb_door door, int fd, struct bb_peer **ret_peer)
{
    struct bb_link *link = bb_peers_link(peers, fd);

    if (!link || link->door != door)
        return false;
    *ret_peer = link->peer;
    peers->open[door]--;
    *link = (struct bb_link){.open = false};
    return true;
}

uint32_t
bb_peers_of(const struct bb_peers *peers, uint32_t number)
{
    uint32_t n = 0;

    for (const struct bb_peer *peer = peers->first; peer; peer = peer->next)
        n += peer->door == BB_DOOR_PUBLIC && peer->conn.who.number == number;
    return n;
}

struct bb_link *
bb_peers_link(struct bb_peers *peers, int fd)
{
    return fd >= 0 && fd < peers->n_links && peers->links[fd].open ? &peers->links[fd] : NULL;
}

size_t
bb_peers_wire_bytes(size_t message_bytes)
{
    size_t command = message_bytes + BB_CURVE_BYTES;

    return command + (command > 255 ? 9 : 2);
}
