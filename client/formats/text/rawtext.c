#include "rawtext.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE (64u << 10)

struct bb_spool {
    int fd; /* -1 until needed */
    uint64_t end;
    unsigned held;
};

int
bb_spool_new(struct bb_spool **ret_spool)
{
    struct bb_spool *spool = calloc(1, sizeof *spool);
    if (!spool)
        return -ENOMEM;
    spool->fd = -1;
    *ret_spool = spool;
    return 0;
}

void
bb_spool_destroy(struct bb_spool **spool)
{
    if (!*spool)
        return;
    if ((*spool)->fd >= 0)
        close((*spool)->fd);
    free(*spool);
    *spool = NULL;
}

void
bb_spool_hold(struct bb_spool *spool)
{
    spool->held++;
}

void
bb_spool_drop(struct bb_spool *spool)
{
    if (--spool->held == 0 && ftruncate(spool->fd, 0) == 0)
        spool->end = 0;
}

/* A file that nobody else can open, gone when it is closed. */
static int
open_temporary(void)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd < 0 ? -errno : fd;
    char name[4096];
    if (snprintf(name, sizeof name, "%s/backbone.XXXXXX", folder) >= (int)sizeof name)
        return -ENAMETOOLONG;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    unlink(name);
    return fd;
}

static int
spool_append(struct bb_spool *spool, struct bb_bytes piece)
{
    if (spool->fd < 0) {
        int fd = open_temporary();
        if (fd < 0)
            return fd;
        spool->fd = fd;
    }
    while (piece.len) {
        ssize_t n = pwrite(spool->fd, piece.data, piece.len, (off_t)spool->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        spool->end += (uint64_t)n;
        piece = bb_bytes(piece.data + n, piece.len - (size_t)n);
    }
    return 0;
}

static int
walk_spool(const struct bb_raw *raw, struct bb_spool *spool, int (*take)(void *self, struct bb_bytes piece),
           void *self)
{
    uint8_t *block = malloc(PIECE);
    if (!block)
        return -ENOMEM;
    int r = 0;
    for (uint64_t done = 0; done < raw->len && r == 0;) {
        size_t want = raw->len - done < PIECE ? (size_t)(raw->len - done) : PIECE;
        ssize_t n = pread(spool->fd, block, want, (off_t)(raw->at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            r = n < 0 ? -errno : -EIO;
            break;
        }
        done += (uint64_t)n;
        r = take(self, bb_bytes(block, (size_t)n));
    }
    free(block);
    return r;
}

int
bb_raw_walk(const struct bb_raw *raw, struct bb_spool *spool, int (*take)(void *self, struct bb_bytes piece),
            void *self)
{
    return raw->len ? walk_spool(raw, spool, take, self) : take(self, raw->text);
}

void
bb_raw_keeper_init(struct bb_raw_keeper *keeper, struct bb_spool *spool)
{
    *keeper = (struct bb_raw_keeper){.spool = spool};
    bb_buffer_init(&keeper->memory, BB_RAW_MEMORY);
}

void
bb_raw_keeper_release(struct bb_raw_keeper *keeper)
{
    bb_buffer_release(&keeper->memory);
}

void
bb_raw_keeper_reset(struct bb_raw_keeper *keeper)
{
    bb_buffer_reset(&keeper->memory);
    keeper->at = keeper->len = 0;
}

static void
move_to_disk(struct bb_raw_keeper *keeper)
{
    int r = spool_append(keeper->spool, bb_buffer_bytes(&keeper->memory));
    if (r < 0)
        keeper->error = r;
    keeper->len += keeper->memory.len;
    bb_buffer_reset(&keeper->memory);
}

/* What gathers in memory goes to disk a buffer at a time: a row of many short lines comes in small pieces. */
void
bb_raw_keeper_append(struct bb_raw_keeper *keeper, struct bb_bytes piece)
{
    if (!keeper->spool)
        return;
    while (piece.len && !keeper->error) {
        size_t room = BB_RAW_MEMORY - keeper->memory.len;
        size_t n = piece.len < room ? piece.len : room;
        bb_buffer_append(&keeper->memory, piece.data, n);
        keeper->error = keeper->memory.error;
        piece = bb_bytes(piece.data + n, piece.len - n);
        if (piece.len == 0)
            break;
        if (keeper->len == 0)
            keeper->at = keeper->spool->end;
        move_to_disk(keeper);
    }
}

struct bb_raw
bb_raw_keeper_row(struct bb_raw_keeper *keeper)
{
    if (keeper->len)
        move_to_disk(keeper);
    if (keeper->len)
        return (struct bb_raw){.at = keeper->at, .len = keeper->len};
    return (struct bb_raw){.text = bb_buffer_bytes(&keeper->memory)};
}
