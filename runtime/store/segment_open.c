/* The end of an active file, found at its opening: groups are taken while they are whole. Behind the last
 * whole one there are zeros, or what is left of the group that was being written. Blocks of a write reach the
 * disk in any order, so any part of it may be there, but nothing of a later group: that one is only written
 * when this one is synced. So a whole record of a later group, anywhere behind, says that acknowledged data
 * was damaged, and the file is refused rather than cut. */
#include "segment_core.h"

#include "runtime/file.h"
#include "runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static int
check_header(struct bb_segment *segment, uint64_t file_bytes, char *error, size_t size)
{
    const uint8_t *header = segment->map;

    if (file_bytes < BB_SEGMENT_HEADER || memcmp(header, BB_SEGMENT_MAGIC, 8) != 0 ||
        bb_get_u64(header + 24) != XXH3_64bits(header, 24) || bb_get_u64(header + 8) != segment->first) {
        snprintf(error, size, "%s: not a segment of this log, or its header is damaged", segment->path);
        return -EBADMSG;
    }
    segment->salt = bb_get_u64(header + 16);
    return 0;
}

/* Is there a trailer, and does everything that it says fit? */
static bool
find_trailer(struct bb_segment *segment, uint64_t file_bytes)
{
    const uint8_t *trailer;
    uint64_t last, end, n;

    if (file_bytes < BB_SEGMENT_HEADER + BB_SEGMENT_TRAILER)
        return false;
    trailer = segment->map + file_bytes - BB_SEGMENT_TRAILER;
    if (memcmp(trailer, BB_SEGMENT_SEALED, 8) != 0)
        return false;
    last = bb_get_u64(trailer + 8);
    end = bb_get_u64(trailer + 16);
    n = bb_get_u64(trailer + 24);
    if (n > file_bytes / BB_SEGMENT_MARK || end < BB_SEGMENT_HEADER || end > file_bytes ||
        file_bytes - end != n * BB_SEGMENT_MARK + BB_SEGMENT_TRAILER || last < segment->first - 1 ||
        bb_get_u64(trailer + 32) !=
            XXH3_64bits_withSeed(segment->map + end, n * BB_SEGMENT_MARK + 32, segment->salt))
        return false;
    segment->sealed = true;
    segment->last = last;
    segment->end = end;
    segment->footer = file_bytes - end;
    segment->marks = segment->map + end;
    segment->n_marks = n;
    return true;
}

/* The end of the group that begins at this offset with the record `next`; 0 when it is not whole. */
static uint64_t
whole_group(const struct bb_segment *segment, uint64_t at, uint64_t limit, uint64_t next, uint32_t *ret_count)
{
    struct bb_record record;
    uint32_t index = 0;

    do {
        if (!bb_segment_whole(segment, at, limit, &record) || record.sequence != next + index ||
            record.index != index || (index > 0 && record.count != *ret_count))
            return 0;
        *ret_count = record.count;
        at += bb_record_bytes(record.length);
    } while (++index < *ret_count);
    return at;
}

/* A whole record of a group that came later than the one that would be next. */
static bool
later_record(const struct bb_segment *segment, uint64_t file_bytes, struct bb_record *ret_record)
{
    uint64_t next = segment->last + 1;

    for (uint64_t at = segment->end; at + BB_RECORD_HEADER <= file_bytes; at += BB_RECORD_ALIGNED)
        if (bb_get_u64(segment->map + at + 8) > next &&
            bb_segment_whole(segment, at, file_bytes, ret_record) &&
            ret_record->sequence - ret_record->index > next)
            return true;
    return false;
}

static bool
only_zeros(const uint8_t *from, uint64_t len)
{
    return len == 0 || (from[0] == 0 && memcmp(from, from + 1, len - 1) == 0);
}

/* What was written last is here, but who wrote it may have ended before it was synced, or been told that it
 * could not be: then the system has it in memory alone, and takes it for written. A disk without room for
 * what it has already is asked to sync all the same. */
static int
write_again(struct bb_segment *segment, uint64_t from, uint64_t to, char *error, size_t size)
{
    int r = bb_file_write_at(segment->fd, segment->map + from, to - from, from);

    if ((r == 0 || r == -ENOSPC) && fdatasync(segment->fd) < 0)
        r = -errno;
    else if (r == -ENOSPC)
        r = 0;
    return r == 0 ? 0 : bb_segment_complain(segment, r, error, size);
}

/* Cut off what is behind the last whole group. */
static int
clear_tail(struct bb_segment *segment, uint64_t file_bytes, char *error, size_t size)
{
    struct bb_record later;

    if (only_zeros(segment->map + segment->end, file_bytes - segment->end))
        return 0;
    if (later_record(segment, file_bytes, &later)) {
        snprintf(error, size,
                 "%s: entry %llu, at byte %llu, is damaged, and entry %llu came after it: restore it",
                 segment->path, (unsigned long long)segment->last + 1, (unsigned long long)segment->end,
                 (unsigned long long)later.sequence);
        return -EBADMSG;
    }
    bb_info("%s: what was being written behind entry %llu when it ended is cleared away", segment->path,
            (unsigned long long)segment->last);
    segment->ahead = segment->end;
    if (ftruncate(segment->fd, (off_t)segment->end) < 0)
        return bb_segment_complain(segment, -errno, error, size);
    return 0;
}

static int
recover(struct bb_segment *segment, uint64_t file_bytes, char *error, size_t size)
{
    uint64_t begin = segment->end, end;
    uint32_t count = 0;
    int r;

    while ((end = whole_group(segment, segment->end, file_bytes, segment->last + 1, &count)) != 0) {
        begin = segment->end;
        bb_segment_take_group(segment, end, count);
    }
    r = clear_tail(segment, file_bytes, error, size);
    return r == 0 ? write_again(segment, begin, segment->end, error, size) : r;
}

static int
open_active(struct bb_segment *segment, uint64_t file_bytes, char *error, size_t size)
{
    int r;

    munmap((void *)(uintptr_t)segment->map, segment->map_bytes);
    segment->map = NULL;
    segment->ahead = file_bytes;
    r = bb_segment_make_active(segment);
    return r == 0 ? recover(segment, file_bytes, error, size) : bb_segment_complain(segment, r, error, size);
}

static int
open_file(struct bb_segment *segment, int folder, const char *name, bool active, char *error, size_t size)
{
    struct stat file;
    int r;

    segment->fd = openat(folder, name, O_RDWR | O_CLOEXEC);
    if (segment->fd < 0 || fstat(segment->fd, &file) < 0)
        return bb_segment_complain(segment, -errno, error, size);
    r = bb_segment_map(segment, file.st_size > 0 ? (uint64_t)file.st_size : 1);
    if (r != 0)
        return bb_segment_complain(segment, r, error, size);
    r = check_header(segment, (uint64_t)file.st_size, error, size);
    if (r != 0)
        return r;
    if (find_trailer(segment, (uint64_t)file.st_size)) {
        r = active ? write_again(segment, segment->end, (uint64_t)file.st_size, error, size) : 0;
        bb_segment_close_file(segment);
        return r;
    }
    if (active)
        return open_active(segment, (uint64_t)file.st_size, error, size);
    snprintf(error, size, "%s: its end is missing or damaged: restore it", segment->path);
    return -EBADMSG;
}

int
bb_segment_open(int folder, const char *folder_name, uint64_t first, bool active, uint64_t capacity,
                struct bb_segment **ret_segment, char *error, size_t size)
{
    char name[BB_SEGMENT_NAME];
    struct bb_segment *segment = bb_segment_new(folder_name, first, capacity, name);
    int r = segment ? open_file(segment, folder, name, active, error, size) : -ENOMEM;

    if (r != 0)
        bb_segment_close(&segment);
    else
        *ret_segment = segment;
    return r;
}
