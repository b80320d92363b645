/* The append-only log on a disk that loses what was not synced: it is ended at any system call, goes on from
 * the page cache or from any state that a power cut may leave, and again. What was acknowledged, or was
 * served after an end, is there ever after; of the group in hand all or nothing; nothing else.
 *
 * The same with a disk that fills up, and with one whose fdatasync() fails and drops what it should have
 * written. And as a negative control with disks that lie about one kind of sync: each is found out. */
#include "runtime/log.h"
#include "runtime/store/appendlog.h"
#include "tests/unit/store/lives.h"

#include <errno.h>

#define SEGMENT 4096
#define RECORDS 4000u
#define PAYLOAD 700
#define CALLS   40 /* system calls at most in a life */

struct run {
    struct lives lives; /* first */
    struct bb_appendlog *log;
    uint64_t attempt, made[RECORDS]; /* the attempt whose payload a record has */
    uint64_t last, in_hand;          /* acknowledged or served; may be there, too */
};

/* The payload says its sequence and attempt. */
static size_t
payload(uint64_t sequence, uint64_t attempt, uint8_t to[static PAYLOAD])
{
    uint64_t random = sequence * 7919 + attempt * 104729 + 1;
    size_t len = 16 + draw(&random) % (PAYLOAD - 16);

    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)draw(&random);
    return len;
}

static void
add(struct run *run, uint64_t sequence)
{
    uint8_t bytes[PAYLOAD], *to;
    size_t len = payload(sequence, run->attempt, bytes);

    run->made[sequence] = run->attempt;
    to = bb_appendlog_add(run->log, len);
    assert_non_null(to);
    memcpy(to, bytes, len);
}

/* Everything that is to be there is, as it was made. */
static void
check_records(struct run *run)
{
    struct bb_appendlog_reader reader = bb_appendlog_reader(run->log);
    uint8_t bytes[PAYLOAD];
    struct bb_bytes found;

    if (reader.last != run->last && reader.last != run->last + run->in_hand) {
        snprintf(run->lives.wrong, sizeof run->lives.wrong, "%llu records, expected %llu or %llu more",
                 (unsigned long long)reader.last, (unsigned long long)run->last,
                 (unsigned long long)run->in_hand);
        return;
    }
    for (uint64_t sequence = 1; sequence <= reader.last; sequence++) {
        size_t len = payload(sequence, run->made[sequence], bytes);
        if (bb_appendlog_read(&reader, sequence, &found) == 0 && found.len == len &&
            memcmp(found.data, bytes, len) == 0)
            continue;
        snprintf(run->lives.wrong, sizeof run->lives.wrong, "record %llu of %llu is another",
                 (unsigned long long)sequence, (unsigned long long)reader.last);
        return;
    }
    run->last = reader.last;
    run->in_hand = 0;
}

static int
append(struct run *run)
{
    uint64_t n = 1 + draw(&run->lives.random) % (draw(&run->lives.random) % 8 ? 4 : 16);
    int r;

    run->attempt++;
    for (uint64_t i = 1; i <= n; i++)
        add(run, run->last + i);
    run->in_hand = n;
    r = bb_appendlog_commit(run->log);
    if (r == 0)
        run->last += n;
    if (r == 0 || r == -ENOSPC)
        run->in_hand = 0;
    return r;
}

/* One process, from its start to its end. */
static void
live(struct lives *lives)
{
    struct run *run = (struct run *)lives;
    struct bb_appendlog_config config = {.dir = run->lives.dir, .segment_bytes = SEGMENT};
    char error[256] = "";
    int r;

    disk_die_after(1 + (unsigned)(draw(&run->lives.random) % CALLS));
    r = bb_appendlog_open(&config, &run->log, error, sizeof error);
    if (r != 0) {
        if (r == -EBADMSG)
            snprintf(run->lives.wrong, sizeof run->lives.wrong, "refused: %s", error);
        return; /* it ended, or the disk was full or failed */
    }
    check_records(run);
    while (!run->lives.wrong[0] && run->last + 16 < RECORDS) {
        r = append(run);
        if ((r != 0 && r != -ENOSPC) || draw(&run->lives.random) % 64 == 0)
            break;
    }
    bb_appendlog_close(&run->log);
    lives->records = run->last;
}

int
main(void)
{
    static struct lives_kind log = {.size = sizeof(struct run), .live = live};
    const struct CMUnitTest tests[] = {LIVES_TESTS(&log)};

    bb_log_open("test", LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
