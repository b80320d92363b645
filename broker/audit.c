/* The file is written at its end (O_APPEND), an entry by one write(2). What a write left there in part, for
 * want of room, is cut off again at once.
 *
 * A mark for each MARK_EVERY entries says where it stands, so that a part of the log is found without reading
 * all of it. */
#include "audit.h"

#include "runtime/faults.h"
#include "runtime/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_EVERY 64u
#define READ_BYTES (64u << 10)

_Static_assert(READ_BYTES > BB_AUDIT_LINE_BYTES, "a line fits");

struct mark {
    uint64_t at;
    bb_utc time;
};

struct bb_audit {
    int fd;
    int failed; /* -errno: it is not to be used any more */
    bool dirty; /* there are entries that may not be on disk */
    uint64_t end;
    struct bb_audit_link head;
    struct mark *mark; /* of the entries 1, 1 + MARK_EVERY ... */
    size_t n_marks, marks_room;
};

/* --- marks ---------------------------------------------------------------------------------------------- */

/* Room for one more. 0 | -ENOMEM */
static int
reserve_mark(struct bb_audit *audit)
{
    size_t room = audit->marks_room ? 2 * audit->marks_room : 64;
    struct mark *more;

    if (audit->n_marks < audit->marks_room)
        return 0;
    more = realloc(audit->mark, room * sizeof *more);
    if (!more)
        return -ENOMEM;
    audit->mark = more;
    audit->marks_room = room;
    return 0;
}

/* The entry begins at the end of what there was. There is room for its mark. */
static void
take_over(struct bb_audit *audit, const struct bb_audit_link *link, size_t len)
{
    if ((link->sequence - 1) % MARK_EVERY == 0)
        audit->mark[audit->n_marks++] = (struct mark){.at = audit->end, .time = link->time};
    audit->head = *link;
    audit->end += len;
}

/* --- opening -------------------------------------------------------------------------------------------- */

struct opening {
    const char *file;
    char *error;
    size_t size;
};

static int
fail(const struct opening *opening, int r, const char *why)
{
    snprintf(opening->error, opening->size, "audit: %s: %s", opening->file, why ? why : strerror(-r));
    return r;
}

/* Whoever may write in the folder may put another file in the place of this one. */
static int
check_folder(const struct opening *opening)
{
    char path[PATH_MAX];
    struct stat st;

    snprintf(path, sizeof path, "%s", opening->file);
    if (stat(dirname(path), &st) < 0)
        return fail(opening, -errno, NULL);
    if (st.st_mode & 022)
        return fail(opening, -EACCES, "others may write in its folder: that must be its owner's alone");
    return 0;
}

static int
check_file(const struct opening *opening, int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(opening, -errno, NULL);
    if (!S_ISREG(st.st_mode))
        return fail(opening, -EACCES, "it is not a file");
    if (st.st_uid != geteuid())
        return fail(opening, -EACCES, "it is another user's");
    if (st.st_mode & 077)
        return fail(opening, -EACCES, "others may read or write it: expected mode 0600");
    return 0;
}

static int
broken(const struct opening *opening, uint64_t line, const char *what)
{
    snprintf(opening->error, opening->size,
             "audit: %s: line %" PRIu64 ": %s. Somebody or something has altered this file: keep it, and put "
             "a copy of the true one in its place; or move it away, and a new one begins",
             opening->file, line, what);
    return -EBADMSG;
}

/* Follow all lines of what was read. Returns the bytes of the whole ones, or -errno. */
static ssize_t
follow(struct bb_audit *audit, const struct opening *opening, struct bb_bytes read, bb_audit_each *each,
       void *self)
{
    size_t done = 0;
    const uint8_t *end;

    while ((end = memchr(read.data + done, '\n', read.len - done))) {
        struct bb_bytes line = bb_bytes(read.data + done, (size_t)(end - read.data) - done);
        struct bb_audit_link link;
        const char *wrong = bb_audit_follow(&audit->head, line, &link);

        if (wrong)
            return broken(opening, audit->head.sequence + 1, wrong);
        if (reserve_mark(audit) < 0)
            return fail(opening, -ENOMEM, NULL);
        take_over(audit, &link, line.len + 1);
        if (each)
            each(self, line);
        done += line.len + 1;
    }
    return (ssize_t)done;
}

/* ret_rest: the bytes of a last line that was not finished. */
static int
follow_all(struct bb_audit *audit, const struct opening *opening, bb_audit_each *each, void *self,
           uint64_t *ret_rest)
{
    uint8_t *buffer = malloc(READ_BYTES);
    size_t rest = 0;
    ssize_t n = buffer ? 0 : -ENOMEM;

    while (n >= 0) {
        n = bb_file_read(audit->fd, buffer + rest, READ_BYTES - rest);
        if (n < 0)
            fail(opening, (int)n, NULL);
        if (n <= 0)
            break;
        rest += (size_t)n;
        n = follow(audit, opening, bb_bytes(buffer, rest), each, self);
        if (n < 0)
            break;
        rest -= (size_t)n;
        memmove(buffer, buffer + n, rest);
        if (rest == READ_BYTES)
            n = broken(opening, audit->head.sequence + 1, "it is too long");
    }
    free(buffer);
    *ret_rest = rest;
    return n < 0 ? (int)n : 0;
}

static int
cut(struct bb_audit *audit, const struct opening *opening)
{
    if (ftruncate(audit->fd, (off_t)audit->end) < 0 || fdatasync(audit->fd) < 0)
        return fail(opening, -errno, NULL);
    return 0;
}

static int
new_audit(int fd, struct bb_audit **ret_audit)
{
    struct bb_audit *audit = calloc(1, sizeof *audit);

    if (!audit) {
        close(fd);
        return -ENOMEM;
    }
    audit->fd = fd;
    *ret_audit = audit;
    return 0;
}

int
bb_audit_open(const char *file, bb_audit_each *each, void *self, struct bb_audit **ret_audit,
              uint64_t *ret_cut, char *error, size_t size)
{
    const struct opening opening = {file, error, size};
    struct bb_audit *audit = NULL;
    uint64_t rest = 0;
    int fd, r = check_folder(&opening);

    if (r < 0)
        return r;
    fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(&opening, -errno, errno == ELOOP ? "it is a link: expected a file" : NULL);
    r = new_audit(fd, &audit);
    if (r < 0)
        return fail(&opening, r, NULL);
    r = check_file(&opening, fd);
    if (r == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
        r = fail(&opening, -EBUSY, "another broker writes it");
    if (r == 0)
        r = follow_all(audit, &opening, each, self, &rest);
    if (r == 0 && rest)
        r = cut(audit, &opening);
    if (r == 0 && audit->end == 0 && bb_file_sync_name(file) < 0)
        r = fail(&opening, -EIO, "its name cannot be brought to disk");
    if (r < 0) {
        bb_audit_close(&audit);
        return r;
    }
    *ret_audit = audit;
    *ret_cut = rest;
    return 0;
}

void
bb_audit_close(struct bb_audit **audit)
{
    if (!*audit)
        return;
    close((*audit)->fd);
    free((*audit)->mark);
    free(*audit);
    *audit = NULL;
}

int
bb_audit_examine(const char *file, char *error, size_t size)
{
    const struct opening opening = {file, error, size};
    struct bb_audit *audit = NULL;
    uint64_t rest;
    int fd, r = check_folder(&opening);

    if (r < 0)
        return r;
    fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT
                   ? 0
                   : fail(&opening, -errno, errno == ELOOP ? "it is a link: expected a file" : NULL);
    r = new_audit(fd, &audit);
    if (r < 0)
        return fail(&opening, r, NULL);
    r = check_file(&opening, fd);
    if (r == 0)
        r = follow_all(audit, &opening, NULL, NULL, &rest);
    bb_audit_close(&audit);
    return r;
}

/* --- appending ------------------------------------------------------------------------------------------ */

/* All of it, or none of it. 0 | -ENOSPC | -errno */
static int
write_whole(struct bb_audit *audit, const char *line, size_t len)
{
    int r = bb_file_write(audit->fd, line, len);

    if (r == 0)
        return 0;
    if (ftruncate(audit->fd, (off_t)audit->end) < 0)
        audit->failed = -EIO;
    return r == -EFBIG || r == -EDQUOT ? -ENOSPC : r;
}

int
bb_audit_append(struct bb_audit *audit, bb_utc now, const struct bb_audit_entry *entry)
{
    char line[BB_AUDIT_LINE_BYTES];
    struct bb_audit_link link;
    size_t len;
    int r = audit->failed;

    if (bb_fault("audit-lost"))
        return 0;
    if (r == 0)
        r = bb_audit_line(&audit->head, now, entry, line, &len, &link);
    if (r == 0)
        r = reserve_mark(audit);
    if (r == 0)
        r = write_whole(audit, line, len);
    if (r < 0)
        return r;
    take_over(audit, &link, len);
    audit->dirty = true;
    return 0;
}

/* After a flush that failed the kernel may have dropped what was to be written, and say of the next one that
 * it went well. */
int
bb_audit_flush(struct bb_audit *audit)
{
    if (audit->failed || !audit->dirty)
        return audit->failed;
    if (fdatasync(audit->fd) < 0)
        audit->failed = -errno;
    else if (bb_fault("audit-unsynced"))
        audit->failed = -EIO;
    audit->dirty = false;
    return audit->failed;
}

const struct bb_audit_link *
bb_audit_head(const struct bb_audit *audit)
{
    return &audit->head;
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* The line at this place, without its line feed. 0 | -errno */
static int
line_at(const struct bb_audit *audit, uint64_t at, uint8_t to[static BB_AUDIT_LINE_BYTES],
        struct bb_bytes *ret_line)
{
    ssize_t n = pread(audit->fd, to, BB_AUDIT_LINE_BYTES, (off_t)at);
    const uint8_t *end = n > 0 ? memchr(to, '\n', (size_t)n) : NULL;

    if (n < 0)
        return -errno;
    if (!end)
        return -EIO;
    *ret_line = bb_bytes(to, (size_t)(end - to));
    return 0;
}

static bool
is_older(struct bb_bytes line, bb_utc since)
{
    struct bb_bytes text = bb_audit_text(line, "time");
    char time[BB_UTC_TEXT] = "";
    bb_utc then;

    if (text.len >= sizeof time)
        return false;
    if (text.len)
        memcpy(time, text.data, text.len);
    return bb_utc_parse(time, &then) == 0 && then < since;
}

/* The last mark that is not behind what is looked for. */
static size_t
mark_before(const struct bb_audit *audit, uint64_t after, bb_utc since)
{
    size_t by_sequence = (size_t)(after / MARK_EVERY), low = 0, high = audit->n_marks;

    while (low < high) { /* how many marks are older */
        size_t middle = low + (high - low) / 2;
        if (audit->mark[middle].time < since)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0)
        low--;
    return by_sequence > low ? by_sequence : low;
}

int
bb_audit_find(const struct bb_audit *audit, uint64_t after, bb_utc since, uint64_t *ret_at)
{
    uint8_t buffer[BB_AUDIT_LINE_BYTES];
    struct bb_bytes line;
    uint64_t at, sequence;
    size_t mark;

    if (after >= audit->head.sequence) {
        *ret_at = audit->end;
        return 0;
    }
    mark = mark_before(audit, after, since);
    at = audit->mark[mark].at;
    for (sequence = mark * MARK_EVERY + 1; sequence <= audit->head.sequence; sequence++) {
        int r = line_at(audit, at, buffer, &line);
        if (r < 0)
            return r;
        if (sequence > after && !is_older(line, since))
            break;
        at += line.len + 1;
    }
    *ret_at = at;
    return 0;
}

int
bb_audit_read(const struct bb_audit *audit, uint64_t *at, uint8_t *to, size_t size, size_t *ret_len)
{
    uint64_t left = audit->end - *at;
    ssize_t n = pread(audit->fd, to, left < size ? (size_t)left : size, (off_t)*at);
    const uint8_t *last = n > 0 ? memrchr(to, '\n', (size_t)n) : NULL;

    if (n < 0)
        return -errno;
    if (left && !last)
        return -EIO;
    *ret_len = last ? (size_t)(last - to) + 1 : 0;
    *at += *ret_len;
    return 0;
}

bool
bb_audit_at_end(const struct bb_audit *audit, uint64_t at)
{
    return at >= audit->end;
}
