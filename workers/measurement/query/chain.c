/* chain.export: of each entry of the journal what its hash covers, and nothing of what is in it.
 *
 * A body is read to be digested, so a step ends also when it has read enough. */
#include "core.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRY_BYTES (3 * BB_CHAIN_HASH + 11) /* of the answer: three hashes, a time, a type */
#define PART_MAX    1024u
#define STEP_BYTES  ((size_t)8 << 20) /* of bodies */

struct state {
    uint64_t next, last;
};

struct part {
    uint64_t time[PART_MAX];
    uint32_t type[PART_MAX];
    uint8_t previous[PART_MAX][BB_CHAIN_HASH], mark[PART_MAX][BB_CHAIN_HASH], body[PART_MAX][BB_CHAIN_HASH];
    size_t n;
};

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__ChainQuery *request = (const Bb__ChainQuery *)(const void *)query->request;

    if (request->has_to && request->has_from && request->to < request->from)
        return bb_query_refuse(step, BB_ERROR_INVALID, "to: found a sequence before from");
    state->next = request->from > 0 ? request->from : 1;
    state->last = request->has_to && request->to < query->sequence ? request->to : query->sequence;
    return 0;
}

static void
add_entry(struct part *part, const struct bb_entry *entry)
{
    struct bb_chain_link link;
    size_t i = part->n++;

    bb_entry_link(entry, &link);
    part->time[i] = (uint64_t)link.time;
    part->type[i] = link.type;
    memcpy(part->previous[i], link.previous, BB_CHAIN_HASH);
    memcpy(part->mark[i], link.mark, BB_CHAIN_HASH);
    memcpy(part->body[i], link.body, BB_CHAIN_HASH);
}

static ProtobufCBinaryData
hashes(uint8_t (*column)[BB_CHAIN_HASH], size_t n)
{
    return (ProtobufCBinaryData){.data = column[0], .len = n * BB_CHAIN_HASH};
}

static int
pack(struct bb_query *query, struct bb_query_step *step, struct part *part, uint64_t first)
{
    Bb__ChainPart message = BB__CHAIN_PART__INIT;

    message.sequence = query->sequence;
    message.has_first = message.has_previous = message.has_mark = message.has_body = part->n > 0;
    message.first = first;
    message.time_us = part->time;
    message.type = part->type;
    message.n_time_us = message.n_type = part->n;
    message.previous = hashes(part->previous, part->n);
    message.mark = hashes(part->mark, part->n);
    message.body = hashes(part->body, part->n);
    return bb_query_pack(step, &message.base);
}

/* Another one, after so many bytes of bodies? One there must be. */
static bool
has_room(const struct bb_query_step *step, const struct part *part, size_t read)
{
    return part->n == 0 ||
           (part->n < PART_MAX && read < STEP_BYTES && (part->n + 1) * ENTRY_BYTES <= step->max_bytes);
}

static int
part_chain(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    struct part *part = malloc(sizeof *part);
    uint64_t first = state->next;
    struct bb_entry entry;
    size_t read = 0;
    int r = 0;

    if (!part)
        return -ENOMEM;
    part->n = 0;
    while (r == 0 && state->next <= state->last && has_room(step, part, read)) {
        r = bb_snapshot_entry(&step->snapshot, state->next, &entry);
        if (r == 0) {
            add_entry(part, &entry);
            read += entry.body.len;
            state->next++;
        }
    }
    step->final = state->next > state->last;
    if (r == 0)
        r = pack(query, step, part, first);
    free(part);
    return r;
}

const struct bb_query_kind bb_query_chain = {
    .method = BB_METHOD_CHAIN,
    .request = &bb__chain_query__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part_chain,
};
