/* The table of segments is guarded by a lock that readers share; segments themselves stay until the log is
 * closed, so what was read stays borrowed. The last one is active. It is sealed when a group does not fit,
 * and the next one begins with that group: a group is in one segment, whatever its size. */
#include "appendlog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SEGMENT_BYTES ((uint64_t)64 << 20)
#define DIGITS        20
#define KEEP_BYTES    ((size_t)1 << 20) /* of memory for a group */

struct bb_appendlog {
    char *dir;
    int folder;
    uint64_t segment_bytes;
    bool no_sync;
    pthread_rwlock_t lock; /* of the table */
    struct bb_segment **segments;
    size_t n, room;
    uint8_t *group; /* being built */
    size_t group_bytes, group_room;
    uint32_t group_count;
};

/* Opening */

/* Take over a segment; it is closed if that fails. */
static int
put_segment(struct bb_appendlog *log, struct bb_segment *segment)
{
    int r = 0;

    pthread_rwlock_wrlock(&log->lock);
    if (log->n == log->room) {
        size_t room = log->room ? log->room * 2 : 8;
        struct bb_segment **grown = realloc(log->segments, room * sizeof(struct bb_segment *));
        r = grown ? 0 : -ENOMEM;
        log->segments = grown ? grown : log->segments;
        log->room = grown ? room : log->room;
    }
    if (r == 0)
        log->segments[log->n++] = segment;
    pthread_rwlock_unlock(&log->lock);
    if (r != 0)
        bb_segment_close(&segment);
    return r;
}

static int
is_segment(const struct dirent *entry)
{
    return strspn(entry->d_name, "0123456789") == DIGITS && strcmp(entry->d_name + DIGITS, ".log") == 0;
}

static int
open_segment(struct bb_appendlog *log, const char *name, bool active, char *error, size_t size)
{
    uint64_t first = strtoull(name, NULL, 10), expected = bb_appendlog_last(log) + 1;
    struct bb_segment *segment;
    int r;

    if (first < expected) {
        snprintf(error, size, "%s/%s does not belong here: the file before it goes up to entry %llu",
                 log->dir, name, (unsigned long long)expected - 1);
        return -EBADMSG;
    }
    if (first > expected) {
        snprintf(error, size, "%s: entries %llu to %llu are missing: restore the file that has them",
                 log->dir, (unsigned long long)expected, (unsigned long long)first - 1);
        return -EBADMSG;
    }
    r = bb_segment_open(log->folder, log->dir, first, active, log->segment_bytes, &segment, error, size);
    return r == 0 ? put_segment(log, segment) : r;
}

static int
open_segments(struct bb_appendlog *log, char *error, size_t size)
{
    struct dirent **names;
    int n = scandirat(log->folder, ".", &names, is_segment, alphasort), r = 0;

    if (n < 0) {
        r = -errno;
        snprintf(error, size, "%s: %s", log->dir, strerror(-r));
        return r;
    }
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = open_segment(log, names[i]->d_name, i == n - 1, error, size);
        free(names[i]);
    }
    free(names);
    return r;
}

static int
new_segment(struct bb_appendlog *log, size_t group, char *error, size_t size)
{
    uint64_t needed = BB_SEGMENT_HEADER + group;
    uint64_t capacity = needed > log->segment_bytes ? needed : log->segment_bytes;
    struct bb_segment *segment;
    int r =
        bb_segment_create(log->folder, log->dir, bb_appendlog_last(log) + 1, capacity, &segment, error, size);

    return r == 0 ? put_segment(log, segment) : r;
}

/* The folder, and the files in it, are there for good: whoever made them may have ended before he saw to it.
 * A folder above that we may not read is not ours to make folders in. */
static int
sync_names(const struct bb_appendlog *log)
{
    int above = openat(log->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

    if (above >= 0 ? fsync(above) < 0 : errno != EACCES)
        r = -errno;
    if (r == 0 && fsync(log->folder) < 0)
        r = -errno;
    if (above >= 0)
        close(above);
    return r;
}

static int
open_folder(struct bb_appendlog *log, char *error, size_t size)
{
    int r = 0;

    if (mkdir(log->dir, 0700) < 0 && errno != EEXIST)
        r = -errno;
    if (r == 0) {
        log->folder = open(log->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = log->folder < 0 ? -errno : 0;
    }
    if (r == 0 && faccessat(log->folder, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0)
        r = -errno; /* better now than when the next segment is to be made */
    if (r == 0)
        r = sync_names(log);
    if (r != 0)
        snprintf(error, size, "%s: %s", log->dir, strerror(-r));
    return r;
}

int
bb_appendlog_open(const struct bb_appendlog_config *config, struct bb_appendlog **ret_log, char *error,
                  size_t size)
{
    struct bb_appendlog *log = calloc(1, sizeof *log);
    int r;

    if (!log)
        return -ENOMEM;
    pthread_rwlock_init(&log->lock, NULL);
    log->folder = -1;
    log->segment_bytes = config->segment_bytes ? config->segment_bytes : SEGMENT_BYTES;
    log->no_sync = config->no_sync;
    log->dir = strdup(config->dir);
    r = log->dir ? open_folder(log, error, size) : -ENOMEM;
    if (r == 0)
        r = open_segments(log, error, size);
    if (r == 0 && log->n == 0)
        r = new_segment(log, 0, error, size);
    if (r != 0)
        bb_appendlog_close(&log);
    else
        *ret_log = log;
    return r;
}

void
bb_appendlog_close(struct bb_appendlog **log_pointer)
{
    struct bb_appendlog *log = *log_pointer;

    if (!log)
        return;
    for (size_t i = 0; i < log->n; i++)
        bb_segment_close(&log->segments[i]);
    if (log->folder >= 0)
        close(log->folder);
    pthread_rwlock_destroy(&log->lock);
    free(log->segments);
    free(log->group);
    free(log->dir);
    free(log);
    *log_pointer = NULL;
}

/* Appending */

uint64_t
bb_appendlog_last(const struct bb_appendlog *log)
{
    pthread_rwlock_t *lock = (pthread_rwlock_t *)(uintptr_t)&log->lock;
    uint64_t last;

    pthread_rwlock_rdlock(lock);
    last = log->n ? bb_segment_last(log->segments[log->n - 1]) : 0;
    pthread_rwlock_unlock(lock);
    return last;
}

uint8_t *
bb_appendlog_add(struct bb_appendlog *log, size_t payload)
{
    size_t needed;
    uint8_t *record;

    if (payload > BB_APPENDLOG_RECORD)
        return NULL;
    needed = log->group_bytes + bb_record_bytes(payload);
    if (needed > log->group_room) {
        size_t room = needed + needed / 2;
        uint8_t *grown = realloc(log->group, room);
        if (!grown)
            return NULL;
        log->group = grown;
        log->group_room = room;
    }
    record = log->group + log->group_bytes;
    bb_record_begin(record, payload);
    log->group_bytes = needed;
    log->group_count++;
    return record + BB_RECORD_HEADER;
}

void
bb_appendlog_discard(struct bb_appendlog *log)
{
    log->group_bytes = 0;
    log->group_count = 0;
}

/* The segment for the group: the active one, or a new one. */
static int
find_room(struct bb_appendlog *log, struct bb_segment **ret_segment)
{
    struct bb_segment *active = log->segments[log->n - 1];
    char error[256];
    int r = 0;

    if (!bb_segment_fits(active, log->group_bytes)) {
        r = bb_segment_sealed(active) ? 0 : bb_segment_seal(active);
        if (r == 0)
            r = new_segment(log, log->group_bytes, error, sizeof error);
    }
    *ret_segment = log->segments[log->n - 1];
    return r;
}

int
bb_appendlog_commit(struct bb_appendlog *log)
{
    struct bb_segment *segment;
    int r = 0;

    if (log->group_count > 0) {
        r = find_room(log, &segment);
        if (r == 0)
            r = bb_segment_append(segment, log->group, log->group_bytes, log->group_count, !log->no_sync);
    }
    bb_appendlog_discard(log);
    return r;
}

void
bb_appendlog_trim(struct bb_appendlog *log)
{
    if (log->group_room > KEEP_BYTES && log->group_bytes == 0) {
        free(log->group);
        log->group = NULL;
        log->group_room = 0;
    }
}

/* Reading */

struct bb_appendlog_reader
bb_appendlog_reader(const struct bb_appendlog *log)
{
    return (struct bb_appendlog_reader){.log = log, .last = bb_appendlog_last(log)};
}

static bool
has(const struct bb_segment *segment, uint64_t sequence)
{
    return segment && sequence >= bb_segment_first(segment) && sequence <= bb_segment_last(segment);
}

/* The segment that has a sequence which the log has. */
static const struct bb_segment *
find_segment(const struct bb_appendlog *log, uint64_t sequence)
{
    pthread_rwlock_t *lock = (pthread_rwlock_t *)(uintptr_t)&log->lock;
    const struct bb_segment *found;
    size_t low, high;

    pthread_rwlock_rdlock(lock);
    for (low = 0, high = log->n; high - low > 1;) {
        size_t middle = low + (high - low) / 2;
        if (bb_segment_first(log->segments[middle]) <= sequence)
            low = middle;
        else
            high = middle;
    }
    found = log->segments[low];
    pthread_rwlock_unlock(lock);
    return found;
}

int
bb_appendlog_read(struct bb_appendlog_reader *reader, uint64_t sequence, struct bb_bytes *ret_payload)
{
    if (sequence == 0 || sequence > reader->last)
        return BB_APPENDLOG_E_NOT_FOUND;
    if (!has(reader->segment, sequence)) {
        reader->segment = find_segment(reader->log, sequence);
        reader->place = (struct bb_segment_place){0};
    }
    return bb_segment_read(reader->segment, sequence, &reader->place, ret_payload);
}

uint64_t
bb_appendlog_bytes(const struct bb_appendlog *log)
{
    pthread_rwlock_t *lock = (pthread_rwlock_t *)(uintptr_t)&log->lock;
    uint64_t bytes = 0;

    pthread_rwlock_rdlock(lock);
    for (size_t i = 0; i < log->n; i++)
        bytes += bb_segment_end(log->segments[i]);
    pthread_rwlock_unlock(lock);
    return bytes;
}

int
bb_appendlog_room(const struct bb_appendlog *log, uint64_t *ret_bytes)
{
    struct statvfs vfs;

    if (fstatvfs(log->folder, &vfs) < 0)
        return -errno;
    *ret_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    return 0;
}
