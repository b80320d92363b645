/* Three databases in a scratch environment (no sync), in a folder of its own below the parent:
 *
 *     reading   key of the view `reading`        -> its record as it would be
 *     name      key of the view `name`           -> id (4)
 *     reply     index of the submission (4)      -> the reply that it got
 *
 * A submission is one write transaction, kept or aborted as a whole, and the next id goes back with it; so a
 * submission that is repeated finds its reply and is not judged against itself. Ids start at 2^31, and real
 * ones are far below: a key with such an id cannot be in the store.
 *
 * Folders are named dry-run-XXXXXX. Whoever finds one at a start knows that its owner is dead, for the folder
 * of the state has one process (state.h). */
#include "dryrun.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PREFIX    "dry-run-"
#define MAP_BYTES ((size_t)64 << 30) /* address space; the file takes what it needs */
#define FIRST_ID  0x80000000u
#define TEXT_KEY  5
#define SERIES    (1u << 15) /* whose history it knows: 4 MiB; those that come later are not judged */

struct bb_dryrun {
    char *dir;
    struct bb_store *store;
    MDB_dbi readings, names, replies;
    MDB_txn *txn;
    struct bb_history history;
    struct bb_suspects suspects;
    uint32_t next, next_kept; /* ids: in this submission, and kept */
};

static void
remove_folder(const char *dir)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[4096];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (snprintf(path, sizeof path, "%s/%s", dir, files[i]) < (int)sizeof path)
            unlink(path);
    rmdir(dir);
}

void
bb_dryrun_sweep(const char *parent)
{
    DIR *folder = opendir(parent);
    struct dirent *entry;
    char path[4096];

    if (!folder)
        return;
    while ((entry = readdir(folder)))
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
            snprintf(path, sizeof path, "%s/%s", parent, entry->d_name) < (int)sizeof path)
            remove_folder(path);
    closedir(folder);
}

int
bb_dryrun_new(const char *parent, struct bb_dryrun **ret_dryrun)
{
    struct bb_dryrun *dryrun = calloc(1, sizeof *dryrun);
    struct bb_store_config config = {.map_bytes = MAP_BYTES, .databases = 3, .scratch = true};
    char error[256];
    int r = -ENOMEM;

    if (!dryrun || asprintf(&dryrun->dir, "%s/" PREFIX "XXXXXX", parent) < 0)
        goto fail;
    r = mkdtemp(dryrun->dir) ? 0 : -errno;
    if (r == 0)
        r = bb_history_init(&dryrun->history, SERIES, true);
    config.dir = dryrun->dir;
    if (r == 0)
        r = bb_store_open(&config, &dryrun->store, error, sizeof error);
    if (r == 0)
        r = bb_store_database(dryrun->store, "reading", &dryrun->readings);
    if (r == 0)
        r = bb_store_database(dryrun->store, "name", &dryrun->names);
    if (r == 0)
        r = bb_store_database(dryrun->store, "reply", &dryrun->replies);
    if (r != 0)
        goto fail;
    dryrun->next = dryrun->next_kept = FIRST_ID;
    *ret_dryrun = dryrun;
    return 0;
fail:
    bb_dryrun_destroy(&dryrun);
    return r;
}

void
bb_dryrun_destroy(struct bb_dryrun **dryrun_pointer)
{
    struct bb_dryrun *dryrun = *dryrun_pointer;

    if (!dryrun)
        return;
    if (dryrun->txn)
        bb_store_abort(dryrun->store, &dryrun->txn);
    bb_store_close(&dryrun->store);
    if (dryrun->dir)
        remove_folder(dryrun->dir);
    bb_history_release(&dryrun->history);
    bb_suspects_release(&dryrun->suspects);
    free(dryrun->dir);
    free(dryrun);
    *dryrun_pointer = NULL;
}

int
bb_dryrun_begin(struct bb_dryrun *dryrun)
{
    dryrun->next = dryrun->next_kept;
    bb_history_begin(&dryrun->history);
    return bb_store_begin(dryrun->store, true, &dryrun->txn);
}

int
bb_dryrun_end(struct bb_dryrun *dryrun, bool keep)
{
    int r;

    if (!keep) {
        bb_history_undo(&dryrun->history);
        bb_store_abort(dryrun->store, &dryrun->txn);
        return 0;
    }
    r = bb_store_commit(dryrun->store, &dryrun->txn);
    if (r == 0)
        dryrun->next_kept = dryrun->next;
    return r > 0 ? -ENOSPC : r;
}

int
bb_dryrun_reading(struct bb_dryrun *dryrun, struct bb_bytes key, struct bb_bytes *ret_record)
{
    return bb_store_get(dryrun->txn, dryrun->readings, key, ret_record);
}

int
bb_dryrun_put(struct bb_dryrun *dryrun, struct bb_bytes key, struct bb_bytes record)
{
    int r = bb_store_put(dryrun->txn, dryrun->readings, key, record, 0);

    return r > 0 ? -ENOSPC : r;
}

int
bb_dryrun_name(struct bb_dryrun *dryrun, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id)
{
    uint8_t data[BB_NAME_KEY];
    struct bb_bytes key = bb_bytes(data, bb_name_key(kind, text, data)), payload;
    int r = bb_store_get(dryrun->txn, dryrun->names, key, &payload);

    if (r == 0 && payload.len != 4)
        r = -EBADMSG;
    if (r == 0)
        *ret_id = bb_get_u32(payload.data);
    return r;
}

/* Names are keyed by their kind, a letter, and text; texts by 0 and the id. */
static struct bb_bytes
text_key(uint32_t id, uint8_t out[static TEXT_KEY])
{
    out[0] = 0;
    bb_put_u32(out + 1, id);
    return bb_bytes(out, TEXT_KEY);
}

bool
bb_dryrun_has(uint32_t id)
{
    return id >= FIRST_ID;
}

int
bb_dryrun_text(struct bb_dryrun *dryrun, uint32_t id, struct bb_buffer *out)
{
    uint8_t key[TEXT_KEY];
    struct bb_bytes text;
    int r = bb_store_get(dryrun->txn, dryrun->names, text_key(id, key), &text);

    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    bb_buffer_append(out, text.data, text.len);
    return out->error;
}

struct bb_suspects *
bb_dryrun_suspects(struct bb_dryrun *dryrun)
{
    return &dryrun->suspects;
}

int
bb_dryrun_add_name(struct bb_dryrun *dryrun, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id)
{
    uint8_t data[BB_NAME_KEY], payload[4], back[TEXT_KEY];
    struct bb_bytes key = bb_bytes(data, bb_name_key(kind, text, data));
    int r;

    bb_put_u32(payload, dryrun->next);
    r = bb_store_put(dryrun->txn, dryrun->names, key, bb_bytes(payload, sizeof payload), 0);
    if (r == 0)
        r = bb_store_put(dryrun->txn, dryrun->names, text_key(dryrun->next, back), text, 0);
    if (r == 0)
        *ret_id = dryrun->next++;
    return r > 0 ? -ENOSPC : r;
}

struct bb_history *
bb_dryrun_history(struct bb_dryrun *dryrun)
{
    return &dryrun->history;
}

int
bb_dryrun_reply(struct bb_dryrun *dryrun, uint32_t index, struct bb_bytes *ret_reply)
{
    uint8_t key[4];

    bb_put_u32(key, index);
    return bb_store_get(dryrun->txn, dryrun->replies, bb_bytes(key, sizeof key), ret_reply);
}

int
bb_dryrun_put_reply(struct bb_dryrun *dryrun, uint32_t index, struct bb_bytes reply)
{
    uint8_t key[4];
    int r;

    bb_put_u32(key, index);
    r = bb_store_put(dryrun->txn, dryrun->replies, bb_bytes(key, sizeof key), reply, 0);
    return r > 0 ? -ENOSPC : r;
}
