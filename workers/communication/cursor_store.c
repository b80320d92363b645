/* organization | 0 | name ->
 *     version 1 | flags | acked (8) | sent (8) | floor (8) | used (8) | expired (8) | the filter's names
 *
 * While a cursor has a session, what is stored of `sent` is out of date; ONLINE says so. */
#include "cursor_store.h"

#include <errno.h>
#include <stdlib.h>

#define VERSION 1
#define ONLINE  0x01
#define FIXED   42
#define KEY     (2 * BB_LIMIT_CODE_BYTES + 1)

static size_t
make_key(const struct bb_directory *directory, const struct bb_cursor *cursor, uint8_t key[static KEY])
{
    struct bb_bytes code = bb_directory_at(directory, cursor->organization)->code;
    size_t len = strlen(cursor->name);

    memcpy(key, code.data, code.len);
    key[code.len] = 0;
    memcpy(key + code.len + 1, cursor->name, len);
    return code.len + 1 + len;
}

int
bb_cursor_store_put(struct bb_msglog *log, const struct bb_directory *directory, struct bb_cursor *cursor)
{
    struct bb_bytes names = bb_filter_names(cursor->filter);
    uint8_t key[KEY], *payload = malloc(FIXED + names.len);
    int r;

    if (!payload)
        return -ENOMEM;
    payload[0] = VERSION;
    payload[1] = cursor->session ? ONLINE : 0;
    bb_put_u64(payload + 2, cursor->acked);
    bb_put_u64(payload + 10, cursor->sent);
    bb_put_u64(payload + 18, cursor->floor);
    bb_put_u64(payload + 26, (uint64_t)cursor->used);
    bb_put_u64(payload + 34, (uint64_t)cursor->expired);
    memcpy(payload + FIXED, names.data, names.len);
    r = bb_msglog_put(log, BB_LOG_CURSOR, bb_bytes(key, make_key(directory, cursor, key)),
                      bb_bytes(payload, FIXED + names.len));
    free(payload);
    if (r != 0)
        return r;
    cursor->stored.online = cursor->session != 0;
    cursor->stored.acked = cursor->acked;
    return 0;
}

int
bb_cursor_store_delete(struct bb_msglog *log, const struct bb_directory *directory,
                       const struct bb_cursor *cursor)
{
    uint8_t key[KEY];

    return bb_msglog_delete(log, BB_LOG_CURSOR, bb_bytes(key, make_key(directory, cursor, key)));
}

static void
unpack(const uint8_t *payload, uint64_t head, bb_utc now, struct bb_cursor *cursor)
{
    bool online = payload[1] & ONLINE;

    cursor->acked = bb_get_u64(payload + 2);
    cursor->sent = online ? head : bb_get_u64(payload + 10);
    cursor->floor = bb_get_u64(payload + 18);
    cursor->used = online ? now : (bb_utc)bb_get_u64(payload + 26);
    cursor->expired = (bb_utc)bb_get_u64(payload + 34);
    cursor->stored.online = online;
    cursor->stored.acked = cursor->acked;
}

static int
load_one(const struct bb_directory *directory, struct bb_cursors *cursors, struct bb_bytes key,
         struct bb_bytes payload, uint64_t head, bb_utc now)
{
    const uint8_t *end = memchr(key.data, 0, key.len);
    const struct bb_organization *organization;
    struct bb_filter *filter;
    uint32_t number;
    int r;

    if (!end || payload.len < FIXED || payload.data[0] != VERSION)
        return -EBADMSG;
    organization = bb_directory_by_code(directory, bb_bytes(key.data, (size_t)(end - key.data)));
    if (!organization)
        return -EBADMSG;
    r = bb_filter_unpack(bb_bytes(payload.data + FIXED, payload.len - FIXED), &filter);
    if (r != 0)
        return r;
    r = bb_cursors_add(cursors, organization->number,
                       bb_bytes(end + 1, (size_t)(key.data + key.len - end) - 1), filter, &number);
    if (r != 0)
        free(filter);
    else
        unpack(payload.data, head, now, bb_cursors_at(cursors, number));
    return r;
}

int
bb_cursor_store_load(struct bb_msglog *log, const struct bb_directory *directory, struct bb_cursors *cursors,
                     bb_utc now)
{
    struct bb_bytes key, payload;
    MDB_cursor *walk;
    int r = bb_msglog_cursor(log, BB_LOG_CURSOR, &walk);

    if (r != 0)
        return r;
    while ((r = bb_cursor_move(walk, MDB_NEXT, &key, &payload)) == 0 &&
           (r = load_one(directory, cursors, key, payload, bb_msglog_committed(log), now)) == 0)
        ;
    mdb_cursor_close(walk);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}
