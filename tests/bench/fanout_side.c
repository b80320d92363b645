#include "fanout_side.h"

#include "machine.h"
#include "run.h"
#include "spawn.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

struct fanout_side {
    struct fanout_peer *peer;
    unsigned subscribers, processes;
    struct fanout_tally *tally[FANOUT_SUBSCRIBERS];
    pid_t child[FANOUT_SUBSCRIBERS];
    struct fanout_tally *stopped_tally;
    pid_t stopped; /* 0: none */
    uint64_t published;
    double memory_before;
};

typedef void (*subscribe_fn)(struct fanout_peer *peer, struct fanout_tally *tally);

static void __attribute__((noreturn))
subscribe(struct fanout_side *side, subscribe_fn how, struct fanout_tally *tally, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    how(side->peer, tally);
    errx(70, "%s: the subscribers returned", side->peer->label);
}

static pid_t
fork_subscribers(struct fanout_side *side, subscribe_fn how, struct fanout_tally *tally)
{
    pid_t parent = getpid(), child;

    fflush(NULL);
    child = fork();
    if (child < 0)
        err(71, "fork");
    if (child == 0)
        subscribe(side, how, tally, parent);
    fanout_tally_forked(tally);
    return child;
}

static void
start_subscribers(struct fanout_side *side)
{
    unsigned first = 0, n;

    for (unsigned i = 0; i < side->processes; i++, first += n) {
        n = (side->subscribers - first) / (side->processes - i);
        side->tally[i] = fanout_tally_new(first, n);
        side->child[i] = fork_subscribers(side, side->peer->subscribe, side->tally[i]);
    }
    for (unsigned i = 0; i < side->processes; i++)
        fanout_tally_wait_ready(side->tally[i]);
}

struct fanout_side *
fanout_side_start(struct fanout_peer *peer, const char *folder, unsigned subscribers)
{
    struct fanout_side *side = calloc(1, sizeof *side);
    char own[BENCH_PATH];

    if (!side)
        errx(71, "out of memory");
    side->peer = peer;
    side->subscribers = subscribers;
    if (subscribers)
        side->processes = peer->subscriber_processes ? peer->subscriber_processes : 1;
    bench_path(own, "%s/%s", folder, peer->name);
    bench_mkdir(own, 0711);
    peer->start(peer, own, subscribers);
    side->memory_before = fanout_side_memory(side);
    start_subscribers(side);
    peer->connect(peer);
    return side;
}

void
fanout_side_stop(struct fanout_side **side)
{
    for (unsigned i = 0; i < (*side)->processes; i++) {
        bench_spawn_stop(&(*side)->child[i], SIGKILL);
        fanout_tally_destroy(&(*side)->tally[i]);
    }
    bench_spawn_stop(&(*side)->stopped, SIGKILL);
    fanout_tally_destroy(&(*side)->stopped_tally);
    (*side)->peer->stop((*side)->peer);
    free(*side);
    *side = NULL;
}

/* --- a run ---------------------------------------------------------------------------------------------- */

/* Processor seconds so far. */
struct clocks {
    double process[FANOUT_PROCESSES], subscribers, publisher;
};

static void
read_clocks(const struct fanout_side *side, struct clocks *ret_clocks)
{
    *ret_clocks = (struct clocks){.publisher = bench_cpu_seconds(getpid())};
    for (int i = 0; i < FANOUT_PROCESSES; i++)
        if (side->peer->pid[i])
            ret_clocks->process[i] = bench_cpu_seconds(side->peer->pid[i]);
    for (unsigned i = 0; i < side->processes; i++)
        ret_clocks->subscribers += bench_cpu_seconds(side->child[i]);
}

static void
note_clocks(const struct clocks *from, const struct clocks *to, struct fanout_result *result)
{
    double scale = 1e6 / result->deliveries;

    for (int i = 0; i < FANOUT_PROCESSES; i++)
        result->cpu_us[i] = (to->process[i] - from->process[i]) * scale;
    result->subscribers_cpu_us = (to->subscribers - from->subscribers) * scale;
    result->publisher_cpu_us = (to->publisher - from->publisher) * scale;
}

void
fanout_side_run(struct fanout_side *side, uint64_t messages, unsigned outstanding,
                struct fanout_result *ret_result)
{
    struct clocks before, after;
    uint64_t start, answered, last = 0, when;

    for (unsigned i = 0; i < side->processes; i++)
        fanout_tally_expect(side->tally[i], side->published + messages);
    read_clocks(side, &before);
    start = bench_now_ns();
    side->peer->publish(side->peer, side->published, messages, outstanding);
    answered = bench_now_ns();
    for (unsigned i = 0; i < side->processes; i++) {
        when = fanout_tally_wait(side->tally[i]);
        last = when > last ? when : last;
    }
    read_clocks(side, &after);
    side->published += messages;
    *ret_result = (struct fanout_result){.messages = messages,
                                         .deliveries = (double)messages * side->subscribers,
                                         .seconds = (double)(last - start) / 1e9,
                                         .answer_seconds = (double)(answered - start) / 1e9};
    note_clocks(&before, &after, ret_result);
}

void
fanout_side_add_stopped(struct fanout_side *side)
{
    side->stopped_tally = fanout_tally_new(side->subscribers, 1);
    side->stopped = fork_subscribers(side, side->peer->subscribe, side->stopped_tally);
    fanout_tally_wait_ready(side->stopped_tally);
    kill(side->stopped, SIGSTOP);
}

void
fanout_side_catch_up(struct fanout_side *side, struct fanout_result *ret_result)
{
    struct fanout_tally *tally = fanout_tally_new(0, 1);
    struct clocks before, after;
    uint64_t start, end;

    fanout_tally_expect(tally, side->published);
    read_clocks(side, &before);
    side->child[0] = fork_subscribers(side, side->peer->catch_up, tally);
    side->processes = 1;
    start = fanout_tally_wait_ready(tally);
    end = fanout_tally_wait(tally);
    read_clocks(side, &after);
    *ret_result = (struct fanout_result){.messages = side->published,
                                         .deliveries = (double)side->published,
                                         .seconds = (double)(end - start) / 1e9};
    note_clocks(&before, &after, ret_result);
    side->processes = 0;
    bench_spawn_stop(&side->child[0], SIGKILL);
    fanout_tally_destroy(&tally);
}

double
fanout_side_memory_before(const struct fanout_side *side)
{
    return side->memory_before;
}

double
fanout_side_memory(const struct fanout_side *side)
{
    double mb = 0;

    for (int i = 0; i < FANOUT_PROCESSES; i++)
        if (side->peer->pid[i])
            mb += bench_rss_anon_mb(side->peer->pid[i]);
    return mb;
}

uint64_t
fanout_side_repeated(const struct fanout_side *side)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < side->processes; i++)
        n += fanout_tally_repeated(side->tally[i]);
    return n;
}
