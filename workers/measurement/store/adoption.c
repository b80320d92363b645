#include "adoption.h"

#include "runtime/period.h"

#include <errno.h>
#include <stdlib.h>

#define NUMBERS 12u

void
bb_adoption_key(uint32_t indicator, uint32_t organization, uint64_t sequence,
                uint8_t out[static BB_ADOPTION_KEY])
{
    bb_put_u32(out, indicator);
    bb_put_u32(out + 4, organization);
    bb_put_u64(out + 8, sequence);
}

size_t
bb_adoption_pack(const struct bb_adoption *adoption, uint8_t out[static BB_ADOPTION_PACKED])
{
    bb_put_u32(out, adoption->version);
    bb_put_u32(out + 4, adoption->from_day);
    bb_put_u32(out + 8, adoption->until_day);
    memcpy(out + NUMBERS, adoption->member.data, adoption->member.len);
    return NUMBERS + adoption->member.len;
}

int
bb_adoption_unpack(struct bb_bytes key, struct bb_bytes record, struct bb_adoption *ret_adoption)
{
    if (key.len != BB_ADOPTION_KEY || record.len < NUMBERS || record.len > BB_ADOPTION_PACKED)
        return -EBADMSG;
    *ret_adoption = (struct bb_adoption){
        .indicator = bb_get_u32(key.data),
        .organization = bb_get_u32(key.data + 4),
        .version = bb_get_u32(record.data),
        .from_day = bb_get_u32(record.data + 4),
        .until_day = bb_get_u32(record.data + 8),
        .member = bb_bytes(record.data + NUMBERS, record.len - NUMBERS),
    };
    return 0;
}

int
bb_adoption_read(const Bb__Adoption *message, struct bb_adoption *ret_adoption)
{
    *ret_adoption = (struct bb_adoption){.version = message->version};
    if (!message->from || bb_date_parse(bb_bytes_str(message->from), &ret_adoption->from_day) != 0)
        return -EBADMSG;
    if (message->until && bb_date_parse(bb_bytes_str(message->until), &ret_adoption->until_day) != 0)
        return -EBADMSG;
    return 0;
}

const struct bb_adoption *
bb_adoptions_get(const struct bb_adoptions *adoptions, uint32_t indicator, uint32_t organization)
{
    uint8_t key[BB_ADOPTION_KEY];
    const struct bb_map_entry *entry;

    bb_adoption_key(indicator, organization, 0, key);
    entry = bb_map_find(&adoptions->number, bb_bytes(key, BB_ADOPTION_PAIR));
    return entry ? &adoptions->adoption[entry->value] : NULL;
}

int
bb_adoptions_set(struct bb_adoptions *adoptions, const struct bb_adoption *adoption)
{
    struct bb_adoption *known =
        (struct bb_adoption *)bb_adoptions_get(adoptions, adoption->indicator, adoption->organization);
    uint8_t key[BB_ADOPTION_KEY];
    int r;

    if (known) {
        *known = *adoption;
        known->member = bb_bytes(NULL, 0);
        return 0;
    }
    if (adoptions->count == adoptions->size) {
        uint32_t size = adoptions->size ? adoptions->size * 2 : 64;
        struct bb_adoption *grown = realloc(adoptions->adoption, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        adoptions->adoption = grown;
        adoptions->size = size;
    }
    bb_adoption_key(adoption->indicator, adoption->organization, 0, key);
    r = bb_map_set(&adoptions->number, bb_bytes(key, BB_ADOPTION_PAIR), adoptions->count);
    if (r != 0)
        return r;
    adoptions->adoption[adoptions->count] = *adoption;
    adoptions->adoption[adoptions->count++].member = bb_bytes(NULL, 0);
    return 0;
}

/* In the order of the keys: of what one organization said of one indicator the last stays. */
int
bb_adoptions_load(struct bb_adoptions *adoptions, const struct bb_views *views)
{
    struct bb_bytes key, payload;
    MDB_cursor *cursor = NULL;
    struct bb_adoption adoption;
    MDB_txn *txn;
    int r = bb_store_begin(views->store, false, &txn);

    *adoptions = (struct bb_adoptions){0};
    if (r != 0)
        return r;
    r = bb_cursor_open(txn, views->dbi[BB_VIEW_ADOPTION], &cursor);
    while (r == 0) {
        r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload);
        if (r == 0)
            r = bb_adoption_unpack(key, payload, &adoption);
        if (r == 0)
            r = bb_adoptions_set(adoptions, &adoption);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    bb_store_abort(views->store, &txn);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

void
bb_adoptions_release(struct bb_adoptions *adoptions)
{
    bb_map_release(&adoptions->number);
    free(adoptions->adoption);
    *adoptions = (struct bb_adoptions){0};
}
