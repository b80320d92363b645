/* signing.list: the keys that organizations sign with, by organization, in the order in which these were
 * first heard of. What is said of a key last is in the entry that made it so. */
#include "core.h"

#include "proto/message.h"
#include "workers/measurement/store/pins.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdio.h>

#define KEY_BYTES 512u /* of the answer, about */

struct state {
    uint32_t organization;    /* 0: all */
    uint8_t next[BB_PIN_KEY]; /* where the next part begins */
};

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__SigningList *request = (const Bb__SigningList *)(const void *)query->request;
    int r = bb_query_find_reporter(query, step, request->organization, &state->organization);

    if (r == 0)
        bb_put_u32(state->next, state->organization);
    return r;
}

static int
copy_bytes(struct bb_arena *arena, const void *from, size_t len, ProtobufCBinaryData *ret_copy)
{
    uint8_t *to = bb_arena_alloc(arena, len);

    if (!to)
        return -ENOMEM;
    memcpy(to, from, len);
    *ret_copy = (ProtobufCBinaryData){.data = to, .len = len};
    return 0;
}

/* Who said so, and by which key. */
static int
fill_origin(struct bb_query_step *step, uint64_t sequence, struct bb_arena *arena, Bb__SigningKey *key)
{
    Bb__EntrySigning *said;
    struct bb_entry entry;
    size_t size;
    int r = bb_snapshot_entry(&step->snapshot, sequence, &entry);

    if (r == 0)
        r = bb_unpack(bb__entry_signing, entry.body, arena, &said);
    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    size = strlen(said->organization) + 1 + strlen(said->member) + 1;
    key->member = bb_arena_alloc(arena, size);
    if (!key->member)
        return -ENOMEM;
    snprintf(key->member, size, "%s/%s", said->organization, said->member);
    key->has_sequence = key->has_time_us = true;
    key->sequence = sequence;
    key->time_us = (uint64_t)entry.time;
    key->has_by = said->has_signature && said->signature.len == BB_SIGNATURE_BYTES;
    key->by = (ProtobufCBinaryData){.data = said->signature.data, .len = BB_SIGNATURE_KEY_BYTES};
    return 0;
}

static int
fill_key(struct bb_query *query, struct bb_query_step *step, const struct bb_pin *pin, struct bb_arena *arena,
         Bb__SigningKey *key)
{
    struct bb_term *organization;
    int r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, pin->organization,
                         &organization);

    if (r == 0)
        r = copy_bytes(arena, pin->key, BB_SIGNATURE_KEY_BYTES, &key->key);
    if (r != 0)
        return r;
    key->organization = bb_arena_text(arena, organization->text);
    key->state = pin->state;
    key->has_staff = key->staff = pin->staff;
    return key->organization ? fill_origin(step, pin->sequence, arena, key) : -ENOMEM;
}

/* From where the query is, as many as have room. Sets final. */
static int
gather(struct bb_query *query, struct bb_query_step *step, struct bb_arena *arena,
       Bb__SigningListReply *reply)
{
    struct state *state = query->state;
    size_t most = step->max_bytes / KEY_BYTES + 1;
    struct bb_bytes key, record;
    struct bb_pin pin;
    int r;

    reply->key = bb_arena_alloc(arena, most * sizeof *reply->key);
    if (!reply->key)
        return -ENOMEM;
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_SIGNING, bb_bytes(state->next, sizeof state->next), &key,
                         &record);
    while (r == 0) {
        Bb__SigningKey *item;
        if (bb_pin_unpack(key, record, &pin) != 0)
            return bb_snapshot_damaged(&step->snapshot, BB_VIEW_SIGNING, key);
        if (state->organization && pin.organization != state->organization)
            break;
        memcpy(state->next, key.data, sizeof state->next);
        if (reply->n_key == most)
            return 0;
        item = bb_arena_alloc(arena, sizeof *item);
        if (!item)
            return -ENOMEM;
        bb__signing_key__init(item);
        r = fill_key(query, step, &pin, arena, item);
        if (r != 0)
            return r;
        reply->key[reply->n_key++] = item;
        r = bb_snapshot_move(&step->snapshot, BB_VIEW_SIGNING, MDB_NEXT, &key, &record);
    }
    step->final = true;
    return r < 0 ? r : 0;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    Bb__SigningListReply reply = BB__SIGNING_LIST_REPLY__INIT;
    struct bb_arena arena;
    int r;

    bb_arena_init(&arena, query->context.bytes / BB_QUERY_SHARES);
    reply.sequence = query->sequence;
    r = gather(query, step, &arena, &reply);
    if (r == 0)
        r = bb_query_pack(step, &reply.base);
    bb_arena_release(&arena);
    return r;
}

const struct bb_query_kind bb_query_signing = {
    .method = BB_METHOD_SIGNING_LIST,
    .request = &bb__signing_list__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
};
