/* chaos-order: did every acknowledged submission wait for the disk?
 *
 *     strace -f -tt -yy -xx -s 1048576 -e trace=connect,recvfrom,sendto,fdatasync,pwrite64,writev -o TRACE
 * worker ... chaos-order TRACE [communication]
 *
 * The trace of a worker shows, on its socket to the broker, the bytes of every WORK as they were received and
 * of every WORK_REPLY as they were sent (ZMTP 3 without encryption: RFC 23, one frame an envelope). A
 * submission that was accepted needs a whole commit of the journal in between: a write to its file that began
 * after the last byte of the WORK was there, and an fdatasync after it, done before the first byte of the
 * answer left; both successful. Time is the line of the trace.
 *
 * Of the communication worker submissions are messages that are published, and a commit is an append to its
 * file `redo`; or, when that is full, LMDB's: pages are written, synced, and then the root, through a
 * descriptor that writes synchronously. A commit without its root is none.
 *
 * Prints each submission that did not wait, then a summary. Exit status 0, 1 when one did not wait, 65 when
 * the trace cannot be read. */
#include "proto/envelope.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/buffer.h"

#include "communication.pb-c.h"
#include "measurement.pb-c.h"
#include "worker.pb-c.h"

#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define FDS      1024
#define THREADS  64
#define GREETING 64 /* bytes of ZMTP before the first frame */
#define SHOWN    20

/* One direction of a connection. */
struct stream {
    struct bb_buffer bytes;
    size_t greeting;     /* bytes of it that came */
    uint64_t first_line; /* when the first byte in the buffer came */
};

/* A system call that another thread interrupted in the trace. */
struct pending {
    int pid;
    char *text;
    uint64_t line;
};

struct commit {
    uint64_t start, end;
};

struct submission {
    uint64_t tag, received;
};

struct order {
    bool communication;
    uint64_t pages; /* when LMDB's first write since its last commit began; 0 none */
    bool synced;    /* they are; their root is not written yet */
    struct stream in[FDS], out[FDS];
    struct pending pending[THREADS];
    struct bb_arena arena;
    struct commit *commit;
    size_t n_commit;
    uint64_t write; /* when the first write of the journal since its last commit began; 0 none */
    struct submission *submission;
    size_t n_submission;
    uint64_t accepted, duplicates, refused, late, groups, last_commit;
    uint64_t line;
};

static void *
grow(void *array, size_t n, size_t size)
{
    if (n & (n - 1)) /* grows at 0, 1, 2, 4, ... */
        return array;
    array = realloc(array, (n ? 2 * n : 1) * size);
    if (!array)
        err(EX_OSERR, NULL);
    return array;
}

/* Frames */

static void
on_work(struct order *o, const Bb__Work *work)
{
    if (work->method != (o->communication ? BB_METHOD_MESSAGE_PUBLISH : BB_METHOD_SUBMIT))
        return;
    o->submission = grow(o->submission, o->n_submission, sizeof *o->submission);
    o->submission[o->n_submission++] = (struct submission){work->tag, o->line};
}

static const struct submission *
find_submission(const struct order *o, uint64_t tag)
{
    for (size_t i = o->n_submission; i > 0; i--)
        if (o->submission[i - 1].tag == tag)
            return &o->submission[i - 1];
    return NULL;
}

/* A commit that began after `received` and ended before `sent`; its end, or 0. Newest first. */
static uint64_t
find_commit(const struct order *o, uint64_t received, uint64_t sent)
{
    for (size_t i = o->n_commit; i > 0 && o->commit[i - 1].start > received; i--)
        if (o->commit[i - 1].end < sent)
            return o->commit[i - 1].end;
    return 0;
}

static void
read_answer(struct order *o, struct bb_bytes body, uint64_t *ret_sequence, bool *ret_duplicate)
{
    Bb__SubmissionReply *submitted;
    Bb__PublishReply *published;

    if (o->communication && bb_unpack(bb__publish_reply, body, &o->arena, &published) == 0) {
        *ret_sequence = published->sequence;
        *ret_duplicate = published->duplicate;
    } else if (!o->communication && bb_unpack(bb__submission_reply, body, &o->arena, &submitted) == 0) {
        *ret_sequence = submitted->sequence;
        *ret_duplicate = submitted->duplicate;
    } else {
        errx(EX_DATAERR, "line %llu: the answer to a submission cannot be read", (unsigned long long)o->line);
    }
}

static void
on_reply(struct order *o, const Bb__WorkReply *reply, uint64_t sent)
{
    const struct submission *s = find_submission(o, reply->tag);
    uint64_t commit, sequence;
    bool duplicate;

    if (!s)
        return;
    if (reply->code != 0) {
        o->refused++;
        return;
    }
    read_answer(o, bb_bytes(reply->body.data, reply->body.len), &sequence, &duplicate);
    if (sequence == 0 || duplicate) {
        o->duplicates += duplicate ? 1 : 0;
        o->refused += duplicate ? 0 : 1;
        return;
    }
    o->accepted++;
    commit = find_commit(o, s->received, sent);
    o->groups += commit != 0 && commit != o->last_commit;
    o->last_commit = commit;
    if (commit == 0 && o->late++ < SHOWN)
        printf("unsynced: entry %llu was received at line %llu and answered at line %llu, with no commit "
               "between\n",
               (unsigned long long)sequence, (unsigned long long)s->received, (unsigned long long)sent);
}

static void
on_frame(struct order *o, struct bb_frame frame, bool sent, uint64_t first_line)
{
    Bb__Work *work;
    Bb__WorkReply *reply;

    bb_arena_reset(&o->arena);
    if (!sent && frame.kind == BB_KIND_WORK && bb_unpack(bb__work, frame.body, &o->arena, &work) == 0)
        on_work(o, work);
    else if (sent && frame.kind == BB_KIND_WORK_REPLY &&
             bb_unpack(bb__work_reply, frame.body, &o->arena, &reply) == 0)
        on_reply(o, reply, first_line);
}

static void
on_message(struct order *o, struct bb_bytes bytes, bool sent, uint64_t first_line)
{
    struct bb_frame frame, inner;
    size_t at = 0;

    if (bb_frame_parse(bytes, &frame) != 0)
        return;
    if (frame.kind != BB_KIND_BUNDLE)
        on_frame(o, frame, sent, first_line);
    else
        while (bb_bundle_next(frame.body, &at, &inner) == 0)
            on_frame(o, inner, sent, first_line);
}

/* Streams */

/* Bytes of the ZMTP frame at the start of the buffer and of its header; 0: it is not whole. */
static size_t
zmtp_frame(struct bb_bytes bytes, size_t *ret_header)
{
    bool is_long = bytes.len > 0 && (bytes.data[0] & 2);
    size_t header = is_long ? 9 : 2, len;

    if (bytes.len < header)
        return 0;
    len = is_long ? (size_t)bb_get_u64(bytes.data + 1) : bytes.data[1];
    *ret_header = header;
    return bytes.len - header < len ? 0 : header + len;
}

static void
feed(struct order *o, struct stream *stream, struct bb_bytes bytes, uint64_t line, bool sent)
{
    size_t skip = GREETING - stream->greeting, n, header;

    skip = skip < bytes.len ? skip : bytes.len;
    stream->greeting += skip;
    if (stream->bytes.len == 0)
        stream->first_line = line;
    bb_buffer_append(&stream->bytes, bytes.data + skip, bytes.len - skip);
    if (stream->bytes.error)
        err(EX_OSERR, NULL);
    while ((n = zmtp_frame(bb_buffer_bytes(&stream->bytes), &header)) > 0) {
        if (!(stream->bytes.data[0] & 4)) /* not a command of ZMTP itself */
            on_message(o, bb_bytes(stream->bytes.data + header, n - header), sent, stream->first_line);
        memmove(stream->bytes.data, stream->bytes.data + n, stream->bytes.len - n);
        stream->bytes.len -= n;
        stream->first_line = line;
    }
}

/* Lines */

/* The first string of the arguments: "\x42\x42...", at most n bytes of it. Decoded in place. */
static struct bb_bytes
first_string(struct order *o, char *text, long n)
{
    char *from = strchr(text, '"');
    uint8_t *to = (uint8_t *)text;
    size_t len = 0;

    if (!from)
        return bb_bytes(NULL, 0);
    for (from++; from[0] == '\\' && from[1] == 'x' && isxdigit((unsigned char)from[2]); from += 4)
        to[len++] = (uint8_t)strtoul((char[]){from[2], from[3], 0}, NULL, 16);
    if (from[0] != '"' || from[1] == '.' || (long)len < n)
        errx(EX_DATAERR, "line %llu: a string is cut", (unsigned long long)o->line);
    return bb_bytes(to, (size_t)n);
}

/* Does the descriptor's path (in hexadecimal, as -yy -xx gives it) end so? */
static bool
names(const char *text, const char *path)
{
    char hex[256];
    size_t n = 0;

    for (; *path && n + 5 < sizeof hex; path++)
        n += (size_t)sprintf(hex + n, "\\x%02x", (unsigned char)*path);
    return strstr(text, hex) != NULL;
}

static void
on_write(struct order *o, uint64_t start)
{
    if (!o->write)
        o->write = start;
}

static void
add_commit(struct order *o, uint64_t *write)
{
    if (!*write)
        return;
    o->commit = grow(o->commit, o->n_commit, sizeof *o->commit);
    o->commit[o->n_commit++] = (struct commit){*write, o->line};
    *write = 0;
}

/* LMDB: pages, sync, root. */
static void
on_pages(struct order *o, uint64_t start)
{
    if (!o->pages)
        o->pages = start;
    if (o->synced)
        add_commit(o, &o->pages);
    o->synced = false;
}

static bool
is_write(const char *text)
{
    return strncmp(text, "pwrite64(", 9) == 0 || strncmp(text, "writev(", 7) == 0;
}

/* A whole call: "name(arguments) = result", begun at line `start`. */
static void
on_call(struct order *o, char *text, uint64_t start)
{
    char *end = NULL, *next;
    long result, fd;

    for (next = text; (next = strstr(next, ") = ")); next += 4)
        end = next;
    if (!end)
        return;
    result = strtol(end + 4, NULL, 10);
    fd = strtol(strchr(text, '(') ? strchr(text, '(') + 1 : "-1", NULL, 10);
    if (result < 0 || fd < 0 || fd >= FDS)
        return;
    if (strncmp(text, "connect(", 8) == 0) {
        bb_buffer_reset(&o->in[fd].bytes);
        bb_buffer_reset(&o->out[fd].bytes);
        o->in[fd].greeting = o->out[fd].greeting = 0;
    } else if (strncmp(text, "recvfrom(", 9) == 0 && strstr(text, "<UNIX-STREAM:")) {
        feed(o, &o->in[fd], first_string(o, text, result), o->line, false);
    } else if (strncmp(text, "sendto(", 7) == 0 && strstr(text, "<UNIX-STREAM:")) {
        feed(o, &o->out[fd], first_string(o, text, result), start, true);
    } else if (strncmp(text, "pwrite64(", 9) == 0 && names(text, "/journal/")) {
        on_write(o, start);
    } else if (strncmp(text, "fdatasync(", 10) == 0 && names(text, "/journal/")) {
        add_commit(o, &o->write);
    } else if (strncmp(text, "pwrite64(", 9) == 0 && names(text, "/log/redo")) {
        on_write(o, start);
    } else if (strncmp(text, "fdatasync(", 10) == 0 && names(text, "/log/redo")) {
        add_commit(o, &o->write);
    } else if (is_write(text) && names(text, "/log/data.mdb")) {
        on_pages(o, start);
    } else if (strncmp(text, "fdatasync(", 10) == 0 && names(text, "/log/data.mdb")) {
        o->synced = o->pages != 0;
    }
}

static struct pending *
pending_of(struct order *o, int pid)
{
    for (int i = 0; i < THREADS; i++)
        if (o->pending[i].pid == pid || o->pending[i].pid == 0)
            return &o->pending[i];
    errx(EX_DATAERR, "too many threads");
}

/* "PID HH:MM:SS.UUUUUU rest": put the halves of interrupted calls together. */
static void
on_line(struct order *o, char *line)
{
    char *text = line, *tail;
    int pid = (int)strtol(line, &text, 10);
    struct pending *p = pending_of(o, pid);

    text += strspn(text, " ");
    text += strcspn(text, " ");
    text += strspn(text, " ");
    text[strcspn(text, "\n")] = '\0';
    if ((tail = strstr(text, " <unfinished ...>"))) {
        *tail = '\0';
        p->pid = pid;
        p->line = o->line;
        p->text = strdup(text);
    } else if (strncmp(text, "<... ", 5) == 0 && p->text && (tail = strchr(text, '>'))) {
        char *whole;
        if (asprintf(&whole, "%s%s", p->text, tail + 1) < 0)
            err(EX_OSERR, NULL);
        on_call(o, whole, p->line);
        free(whole);
        free(p->text);
        p->text = NULL;
    } else {
        on_call(o, text, o->line);
    }
}

int
main(int argc, char **argv)
{
    static struct order o;
    FILE *f = argc == 2 || argc == 3 ? fopen(argv[1], "re") : NULL;
    char *line = NULL;
    size_t size = 0;

    if (!f)
        err(EX_NOINPUT, "chaos-order TRACE [communication]");
    o.communication = argc == 3;
    bb_arena_init(&o.arena, (size_t)16 << 20);
    for (int fd = 0; fd < FDS; fd++) {
        bb_buffer_init(&o.in[fd].bytes, SIZE_MAX);
        bb_buffer_init(&o.out[fd].bytes, SIZE_MAX);
    }
    while (getline(&line, &size, f) > 0) {
        o.line++;
        on_line(&o, line);
    }
    free(line);
    fclose(f);
    printf("%zu submissions: %llu accepted in %llu commits, %llu duplicates, %llu refused; %llu answered "
           "before they were on disk\n",
           o.n_submission, (unsigned long long)o.accepted, (unsigned long long)o.groups,
           (unsigned long long)o.duplicates, (unsigned long long)o.refused, (unsigned long long)o.late);
    return o.late || o.accepted == 0 ? 1 : 0;
}
