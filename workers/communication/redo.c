/* Two places for the mark, used in turn, so that one of them is whole whatever is being written:
 *
 *     "BBRM" | 0 (4) | generation (8) | id (16) | checksum of all this (8)
 *
 * Behind BB_REDO_FRONT come records, each at a multiple of 64 bytes:
 *
 *     "BBRD" | length of what it says (4) | generation (8) | number within it, from 0 (8) | checksum (8) | it
 *
 * The checksum is over the head before it and what is said. Where a record is expected and none is whole, the
 * end is reached; a later record of this generation that is whole, at any place, shows that the end is
 * damage. */
#include "redo.h"

#include "runtime/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define NAME  "redo"
#define MAGIC 0x42425244u
#define ALIGN ((uint64_t)64)

#define MARK_MAGIC 0x4242524Du
#define MARK_BYTES 40
#define MARK_PLACE (BB_REDO_FRONT / 2)

struct bb_redo {
    int fd;
    uint64_t bytes; /* of the file */
    bool no_sync;
    struct bb_redo_mark mark;
    uint64_t generation, number, position; /* of the next record */
    uint64_t last;                         /* position of the one before, when there is one */
};

/* The mark */

static void
pack_mark(const struct bb_redo_mark *mark, uint8_t out[static MARK_BYTES])
{
    bb_put_u32(out, MARK_MAGIC);
    bb_put_u32(out + 4, 0);
    bb_put_u64(out + 8, mark->generation);
    memcpy(out + 16, mark->store, BB_REDO_STORE);
    bb_put_u64(out + 32, XXH3_64bits(out, 32));
}

/* What is in front of the file, and the head of its first record. Of two marks that are whole the later one
 * counts. */
static int
read_mark(const uint8_t front[static BB_REDO_FRONT + BB_REDO_HEAD], struct bb_redo_mark *ret_mark)
{
    const uint8_t *record = front + BB_REDO_FRONT;
    bool found = false;

    for (const uint8_t *at = front; at < record; at += MARK_PLACE) {
        if (bb_get_u32(at) != MARK_MAGIC || bb_get_u64(at + 32) != XXH3_64bits(at, 32) ||
            (found && bb_get_u64(at + 8) < ret_mark->generation))
            continue;
        ret_mark->generation = bb_get_u64(at + 8);
        memcpy(ret_mark->store, at + 16, BB_REDO_STORE);
        found = true;
    }
    ret_mark->begun = found && bb_get_u32(record) == MAGIC && bb_get_u64(record + 8) == ret_mark->generation;
    return found ? 0 : -EBADMSG;
}

static int
look(int fd, uint64_t bytes, struct bb_redo_mark *ret_mark)
{
    uint8_t front[BB_REDO_FRONT + BB_REDO_HEAD];
    struct stat stat;

    if (fstat(fd, &stat) < 0)
        return -errno;
    if ((uint64_t)stat.st_size != bytes)
        return -EBADMSG;
    if (pread(fd, front, sizeof front, 0) != (ssize_t)sizeof front)
        return -EIO;
    return read_mark(front, ret_mark);
}

static void
explain(const char *dir, int r, uint64_t bytes, char *error, size_t size)
{
    if (r == -EBADMSG)
        snprintf(error, size,
                 "%s/" NAME
                 ": damaged or truncated, expected %llu bytes with a mark; restore the whole folder",
                 dir, (unsigned long long)bytes);
    else
        snprintf(error, size, "%s/" NAME ": %s", dir, strerror(-r));
}

int
bb_redo_look(const char *dir, uint64_t bytes, struct bb_redo_mark *ret_mark, char *error, size_t size)
{
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = folder < 0 ? -1 : openat(folder, NAME, O_RDONLY | O_CLOEXEC), r;

    bytes = bytes / ALIGN * ALIGN + BB_REDO_FRONT;
    r = fd < 0 ? -errno : look(fd, bytes, ret_mark);
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    if (r != 0)
        explain(dir, r, bytes, error, size);
    return r;
}

const struct bb_redo_mark *
bb_redo_mark(const struct bb_redo *redo)
{
    return &redo->mark;
}

/* Opening */

/* An id, and zeros, so that no append has to find room. */
static int
fill(int fd, uint64_t bytes)
{
    static const uint8_t zeros[65536];
    struct bb_redo_mark mark = {.generation = 0};
    uint8_t front[BB_REDO_FRONT] = {0};
    int r;

    if (getrandom(mark.store, sizeof mark.store, 0) != (ssize_t)sizeof mark.store)
        return -EIO;
    pack_mark(&mark, front);
    r = bb_file_write_at(fd, front, sizeof front, 0);
    for (uint64_t at = sizeof front, n; r == 0 && at < bytes; at += n) {
        n = bytes - at < sizeof zeros ? bytes - at : sizeof zeros;
        r = bb_file_write_at(fd, zeros, (size_t)n, at);
    }
    if (r != 0)
        return r;
    return fsync(fd) < 0 ? -errno : 0;
}

/* The folder, and that it is there. */
static int
sync_folder(int folder)
{
    int above = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    int r = above < 0 || fsync(folder) < 0 || fsync(above) < 0 ? -errno : 0;

    if (above >= 0)
        close(above);
    return r;
}

/* Under another name until it is whole: so one that is there is whole, or has lost something. What is beside
 * it is there for good before it is. */
static int
make_file(int folder, uint64_t bytes)
{
    int fd, r = sync_folder(folder);

    if (r != 0)
        return r;
    fd = openat(folder, NAME ".new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = fill(fd, bytes);
    close(fd);
    if (r == 0 && renameat(folder, NAME ".new", folder, NAME) < 0)
        r = -errno;
    return r == 0 ? sync_folder(folder) : r;
}

/* One that is there may have been renamed by a process that ended before it told the disk. */
static int
open_file(struct bb_redo *redo, int folder)
{
    int r = faccessat(folder, NAME, F_OK, 0) == 0 ? sync_folder(folder) : make_file(folder, redo->bytes);

    if (r != 0)
        return r;
    redo->fd = openat(folder, NAME, O_RDWR | O_CLOEXEC, 0);
    return redo->fd < 0 ? -errno : look(redo->fd, redo->bytes, &redo->mark);
}

int
bb_redo_open(const char *dir, uint64_t bytes, bool no_sync, struct bb_redo **ret_redo, char *error,
             size_t size)
{
    struct bb_redo *redo = calloc(1, sizeof *redo);
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = !redo ? -ENOMEM : folder < 0 ? -errno : 0;

    if (r == 0) {
        *redo =
            (struct bb_redo){.fd = -1, .bytes = bytes / ALIGN * ALIGN + BB_REDO_FRONT, .no_sync = no_sync};
        r = open_file(redo, folder);
    }
    if (folder >= 0)
        close(folder);
    if (r != 0) {
        explain(dir, r, bytes / ALIGN * ALIGN + BB_REDO_FRONT, error, size);
        bb_redo_close(&redo);
        return r;
    }
    *ret_redo = redo;
    return 0;
}

void
bb_redo_close(struct bb_redo **redo_pointer)
{
    struct bb_redo *redo = *redo_pointer;

    if (!redo)
        return;
    if (redo->fd >= 0)
        close(redo->fd);
    free(redo);
    *redo_pointer = NULL;
}

/* Records */

static uint64_t
checksum(const uint8_t *record, size_t len)
{
    return XXH3_64bits_withSeed(record + BB_REDO_HEAD, len, XXH3_64bits(record, BB_REDO_HEAD - 8));
}

static uint64_t
aligned(uint64_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static int
sync_file(const struct bb_redo *redo)
{
    if (redo->no_sync || fdatasync(redo->fd) == 0)
        return 0;
    return errno == ENOSPC ? -EIO : -errno;
}

/* Is there a whole record of the generation at this place of the file? */
static bool
is_whole(const struct bb_redo *redo, const uint8_t *file, uint64_t position, uint64_t generation)
{
    const uint8_t *record = file + position;
    uint64_t len;

    if (redo->bytes - position < BB_REDO_HEAD || bb_get_u32(record) != MAGIC ||
        bb_get_u64(record + 8) != generation)
        return false;
    len = bb_get_u32(record + 4);
    return len <= redo->bytes - position - BB_REDO_HEAD &&
           bb_get_u64(record + 24) == checksum(record, (size_t)len);
}

/* The file holds the same generation behind what could not be read? */
static bool
is_damaged(const struct bb_redo *redo, const uint8_t *file)
{
    for (uint64_t at = redo->position + ALIGN; at < redo->bytes; at += ALIGN)
        if (is_whole(redo, file, at, redo->generation) && bb_get_u64(file + at + 16) > redo->number)
            return true;
    return false;
}

static int
replay(struct bb_redo *redo, const uint8_t *file, int (*apply)(void *self, struct bb_bytes said), void *self)
{
    int r = 0;

    while (r == 0 && redo->position < redo->bytes && is_whole(redo, file, redo->position, redo->generation) &&
           bb_get_u64(file + redo->position + 16) == redo->number) {
        uint32_t len = bb_get_u32(file + redo->position + 4);
        redo->last = redo->position;
        r = apply(self, bb_bytes(file + redo->position + BB_REDO_HEAD, len));
        redo->position += aligned(BB_REDO_HEAD + (uint64_t)len);
        redo->number++;
    }
    return r == 0 && is_damaged(redo, file) ? -EBADMSG : r;
}

int
bb_redo_replay(struct bb_redo *redo, uint64_t generation, int (*apply)(void *self, struct bb_bytes said),
               void *self)
{
    void *file = mmap(NULL, redo->bytes, PROT_READ, MAP_SHARED, redo->fd, 0);
    int r;

    if (file == MAP_FAILED)
        return -errno;
    bb_redo_begin(redo, generation);
    r = replay(redo, file, apply, self);
    munmap(file, redo->bytes);
    return r;
}

int
bb_redo_secure(struct bb_redo *redo)
{
    size_t len = redo->number ? (size_t)(redo->position - redo->last) : 0;
    uint8_t *record = malloc(len + 1);
    int r = 0;

    if (!record)
        return -ENOMEM;
    if (len > 0 && pread(redo->fd, record, len, (off_t)redo->last) != (ssize_t)len)
        r = -EIO;
    if (r == 0)
        r = bb_file_write_at(redo->fd, record, len, redo->last);
    free(record);
    return r == 0 && len > 0 ? sync_file(redo) : r;
}

/* What came of a record that did not fit the disk is to be none. */
static void
spoil(const struct bb_redo *redo)
{
    static const uint8_t zeros[BB_REDO_HEAD];

    bb_file_write_at(redo->fd, zeros, sizeof zeros, redo->position);
}

int
bb_redo_append(struct bb_redo *redo, struct bb_buffer *record)
{
    size_t said = record->len - BB_REDO_HEAD, padding = (size_t)(aligned(record->len) - record->len);
    uint8_t *pad;
    int r;

    if (aligned(record->len) > redo->bytes - redo->position)
        return BB_REDO_E_FULL;
    pad = bb_buffer_extend(record, padding);
    if (!pad)
        return -ENOSPC;
    memset(pad, 0, padding);
    bb_put_u32(record->data, MAGIC);
    bb_put_u32(record->data + 4, (uint32_t)said);
    bb_put_u64(record->data + 8, redo->generation);
    bb_put_u64(record->data + 16, redo->number);
    bb_put_u64(record->data + 24, checksum(record->data, said));
    r = bb_file_write_at(redo->fd, record->data, record->len, redo->position);
    if (r == -ENOSPC)
        spoil(redo);
    if (r == 0)
        r = sync_file(redo);
    if (r != 0)
        return r;
    redo->last = redo->position;
    redo->position += record->len;
    redo->number++;
    return 0;
}

int
bb_redo_expect(struct bb_redo *redo, uint64_t generation)
{
    struct bb_redo_mark mark = redo->mark;
    uint8_t packed[MARK_BYTES];
    int r;

    mark.generation = generation;
    mark.begun = false;
    pack_mark(&mark, packed);
    r = bb_file_write_at(redo->fd, packed, sizeof packed, (generation & 1) * MARK_PLACE);
    if (r == 0)
        r = sync_file(redo);
    if (r == 0)
        redo->mark = mark;
    return r;
}

void
bb_redo_begin(struct bb_redo *redo, uint64_t generation)
{
    redo->generation = generation;
    redo->number = 0;
    redo->position = BB_REDO_FRONT;
}
