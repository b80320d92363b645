/* Sets of four: the hash, seeded, names the set, and in it the newest four addresses stay. */
#include "gate.h"

#include "proto/bytes.h"

#include <netinet/in.h>
#include <string.h>

#define BURST_SECONDS 4u

/* IPv4 within the space of 64 bits: where ::ffff:0:0/96 would lie if it were a /64; nobody has that. */
#define MAPPED (UINT64_C(0xFFFF) << 32)

void
bb_gate_init(struct bb_gate *gate, uint64_t all, uint64_t each, uint64_t seed, bb_mono now)
{
    gate->all = (struct bb_rate){all, all * BURST_SECONDS};
    gate->each = (struct bb_rate){each, each * BURST_SECONDS};
    gate->seed = seed;
    bb_bucket_fill(&gate->bucket, &gate->all, now);
}

uint64_t
bb_gate_address(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return MAPPED | ntohl(v4.sin_addr.s_addr);
    }
    if (address->sa_family != AF_INET6)
        return 0;
    memcpy(&v6, address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return MAPPED | bb_get_u32(v6.sin6_addr.s6_addr + 12);
    return bb_get_u64(v6.sin6_addr.s6_addr) | (IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ? 1 : 0);
}

static struct bb_gate_entry *
set_of(struct bb_gate *gate, uint64_t address)
{
    uint64_t h = (address ^ gate->seed) * 0x9E3779B97F4A7C15u;

    h = (h ^ (h >> 29)) * 0xD6E8FEB86659FD93u;
    return gate->entries[(h >> 32) % BB_GATE_SETS];
}

/* Is a the better one to be replaced? */
static bool
is_spare(const struct bb_gate_entry *a, const struct bb_gate_entry *b, bb_mono now)
{
    if (!a->address || !b->address)
        return !a->address;
    if ((a->known_until > now) != (b->known_until > now))
        return a->known_until <= now;
    return a->used < b->used;
}

static struct bb_gate_entry *
entry_of(struct bb_gate *gate, bb_mono now, uint64_t address)
{
    struct bb_gate_entry *set = set_of(gate, address), *spare = &set[0];

    for (unsigned i = 0; i < BB_GATE_WAYS; i++) {
        if (set[i].address == address) {
            set[i].used = now;
            return &set[i];
        }
        if (is_spare(&set[i], spare, now))
            spare = &set[i];
    }
    *spare = (struct bb_gate_entry){.address = address, .used = now};
    bb_bucket_fill(&spare->bucket, &gate->each, now);
    return spare;
}

int
bb_gate_judge(struct bb_gate *gate, bb_mono now, uint64_t address)
{
    struct bb_gate_entry *entry = entry_of(gate, now, address);
    bool known = entry->known_until > now;

    if (bb_bucket_wait(&entry->bucket, &gate->each, now) != 0)
        return BB_GATE_E_ADDRESS;
    if (!known && bb_bucket_take(&gate->bucket, &gate->all, now, 1) != 0)
        return BB_GATE_E_ALL;
    bb_bucket_charge(&entry->bucket, &gate->each, now, 1);
    return 0;
}

void
bb_gate_known(struct bb_gate *gate, bb_mono now, uint64_t address)
{
    entry_of(gate, now, address)->known_until = now + BB_GATE_KNOWN_MS;
}
