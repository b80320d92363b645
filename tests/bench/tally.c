#include "tally.h"

#include "fanout_text.h"
#include "run.h"

#include <err.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WAIT_MS 120000

/* Shared. `next` and `there` are the child's alone; the parent reads `repeated` when the child has spoken. */
struct fanout_tally {
    unsigned first, subscribers;
    int pipe[2];
    size_t bytes;
    _Atomic uint64_t expected;
    unsigned there; /* subscribers that have what is expected */
    uint64_t repeated;
    uint64_t next[]; /* by subscriber: number of the message that comes next */
};

struct fanout_tally *
fanout_tally_new(unsigned first, unsigned subscribers)
{
    size_t bytes = sizeof(struct fanout_tally) + subscribers * sizeof(uint64_t);
    struct fanout_tally *tally = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (tally == MAP_FAILED || pipe(tally->pipe) != 0)
        err(71, "shared memory");
    tally->first = first;
    tally->subscribers = subscribers;
    tally->bytes = bytes;
    return tally;
}

void
fanout_tally_destroy(struct fanout_tally **tally)
{
    if (!*tally)
        return;
    close((*tally)->pipe[0]);
    munmap(*tally, (*tally)->bytes);
    *tally = NULL;
}

unsigned
fanout_tally_first(const struct fanout_tally *tally)
{
    return tally->first;
}

unsigned
fanout_tally_subscribers(const struct fanout_tally *tally)
{
    return tally->subscribers;
}

static void
say(struct fanout_tally *tally)
{
    uint64_t now = bench_now_ns();

    if (write(tally->pipe[1], &now, sizeof now) != (ssize_t)sizeof now)
        err(71, "pipe");
}

void
fanout_tally_ready(struct fanout_tally *tally)
{
    say(tally);
}

void
fanout_tally_take(struct fanout_tally *tally, unsigned subscriber, const uint8_t *message, size_t len)
{
    char text[FANOUT_TEXT_BYTES];
    uint64_t number = fanout_text_number(message, len), next = tally->next[subscriber];

    if (number == UINT64_MAX)
        errx(76, "subscriber %u got what nobody published: %.*s", tally->first + subscriber, (int)len,
             (const char *)message);
    if (number < next) {
        tally->repeated++;
        return;
    }
    if (number > next)
        errx(76, "subscriber %u misses messages %llu to %llu", tally->first + subscriber,
             (unsigned long long)next, (unsigned long long)number - 1);
    if (subscriber == 0) {
        fanout_text(number, text);
        if (memcmp(message, text, len) != 0)
            errx(76, "message %llu is not what was published", (unsigned long long)number);
    }
    tally->next[subscriber] = ++next;
    if (next != atomic_load_explicit(&tally->expected, memory_order_relaxed) ||
        ++tally->there < tally->subscribers)
        return;
    tally->there = 0;
    say(tally);
}

void
fanout_tally_forked(struct fanout_tally *tally)
{
    close(tally->pipe[1]);
}

static uint64_t
hear(struct fanout_tally *tally, const char *what)
{
    struct pollfd wait = {.fd = tally->pipe[0], .events = POLLIN};
    uint64_t when;

    if (poll(&wait, 1, WAIT_MS) <= 0)
        errx(76, "%s: nothing after %d s; subscriber 0 waits for message %llu", what, WAIT_MS / 1000,
             (unsigned long long)tally->next[0]);
    if (read(tally->pipe[0], &when, sizeof when) != (ssize_t)sizeof when)
        errx(70, "%s: the subscribers' process is gone", what);
    return when;
}

uint64_t
fanout_tally_wait_ready(struct fanout_tally *tally)
{
    return hear(tally, "subscribing");
}

void
fanout_tally_expect(struct fanout_tally *tally, uint64_t messages)
{
    atomic_store(&tally->expected, messages);
}

uint64_t
fanout_tally_wait(struct fanout_tally *tally)
{
    return hear(tally, "delivery");
}

uint64_t
fanout_tally_repeated(const struct fanout_tally *tally)
{
    return tally->repeated;
}
