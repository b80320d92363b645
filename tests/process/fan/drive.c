/* fan-drive: what happens to subscribers in a bad hour, while a publisher publishes.
 *
 *     fan-drive --subscribers N --publisher FILE --subscriber FILE [--seed N] [--calm] [--victim N]
 *               -- BROKER WORKER
 *
 * BROKER, WORKER and the publisher are started without arguments, a subscriber with its number. Every few
 * milliseconds something happens to one of the subscribers: kill -9 (it starts again a little later), SIGSTOP
 * for up to three seconds, or SIGUSR1, which makes it drop its connection. Every one to three seconds broker
 * or worker is killed with -9 and started again. --calm leaves these two alone; --victim 0 kills only the
 * broker, 1 only the worker. It ends when the publisher does, and kills everything. Exit status 0 when the
 * publisher ended with 0 and nothing else ended by itself. */
#include "tests/support/program.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>

#define SUBSCRIBERS_MAX 1000u
#define DAEMONS         2

struct drive {
    struct program daemon[DAEMONS];
    struct program publisher;
    struct program subscriber[SUBSCRIBERS_MAX];
    unsigned subscribers;
    bool calm;
    int victim; /* -1: either */
    bb_mono next_death;
    unsigned kills, stops, cuts; /* of subscribers */
};

static void
attend_all(struct drive *d)
{
    bb_mono now = bb_clock_mono();

    for (unsigned i = 0; i < DAEMONS; i++)
        program_attend(&d->daemon[i], now);
    for (unsigned i = 0; i < d->subscribers; i++)
        program_attend(&d->subscriber[i], now);
}

static bool
disturb_subscriber(struct drive *d)
{
    struct program *p = &d->subscriber[program_between(0, d->subscribers - 1)];

    if (!p->pid || p->continue_at)
        return true;
    switch (program_between(0, 3)) {
    case 0:
    case 1:
        d->kills++;
        return program_kill(p, program_between(0, 300));
    case 2:
        program_stop(p, program_between(100, 3000));
        d->stops++;
        return true;
    default:
        kill(p->pid, SIGUSR1);
        d->cuts++;
        return true;
    }
}

static bool
disturb_daemons(struct drive *d)
{
    unsigned which = d->victim >= 0 ? (unsigned)d->victim : program_between(0, DAEMONS - 1);
    struct program *p = &d->daemon[which];

    if (d->calm || !p->pid || bb_clock_mono() < d->next_death)
        return true;
    d->next_death = bb_clock_mono() + program_between(1000, 3000);
    return program_kill(p, program_between(0, 100));
}

/* 1 it has ended well | 0 it goes on | -1 */
static int
look_at_publisher(struct drive *d)
{
    int status;

    if (waitpid(d->publisher.pid, &status, WNOHANG) == 0)
        return 0;
    d->publisher.pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : -1;
}

static bool
run(struct drive *d)
{
    int published = 0;
    bool good = true;

    attend_all(d);
    program_sleep(500);
    program_start(&d->publisher);
    d->next_death = bb_clock_mono() + 1000;
    while (good && published == 0) {
        attend_all(d);
        good = disturb_subscriber(d) && disturb_daemons(d);
        program_sleep(program_between(5, 30));
        published = look_at_publisher(d);
    }
    if (published < 0)
        fprintf(stderr, "fan-drive: the publisher failed\n");
    good = program_end(&d->publisher) && good;
    for (unsigned i = 0; i < d->subscribers; i++)
        good = program_end(&d->subscriber[i]) && good;
    for (unsigned i = 0; i < DAEMONS; i++)
        good = program_end(&d->daemon[i]) && good;
    return good && published > 0;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {{"subscribers", 1, NULL, 'n'},
                                          {"publisher", 1, NULL, 'p'},
                                          {"subscriber", 1, NULL, 's'},
                                          {"seed", 1, NULL, 'r'},
                                          {"calm", 0, NULL, 'c'},
                                          {"victim", 1, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
    static struct drive drive = {.victim = -1};
    unsigned seed = (unsigned)time(NULL);
    const char *subscriber = NULL;
    bb_mono begun;
    bool good;

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'n')
            drive.subscribers = (unsigned)atoi(optarg);
        else if (c == 'p')
            drive.publisher.file = optarg;
        else if (c == 's')
            subscriber = optarg;
        else if (c == 'r')
            seed = (unsigned)atoi(optarg);
        else if (c == 'c')
            drive.calm = true;
        else if (c == 'v')
            drive.victim = atoi(optarg);
        else
            return EX_USAGE;
    }
    if (argc - optind != DAEMONS || !drive.publisher.file || !subscriber || drive.subscribers == 0 ||
        drive.subscribers > SUBSCRIBERS_MAX || drive.victim >= DAEMONS)
        return EX_USAGE;
    for (unsigned i = 0; i < DAEMONS; i++)
        drive.daemon[i].file = argv[optind + (int)i];
    for (unsigned i = 0; i < drive.subscribers; i++) {
        drive.subscriber[i].file = subscriber;
        snprintf(drive.subscriber[i].argument, sizeof drive.subscriber[i].argument, "%u", i);
    }
    srandom(seed);
    signal(SIGUSR1, SIG_IGN); /* inherited: by subscribers that do not listen to it yet */
    begun = bb_clock_mono();
    good = run(&drive);
    printf(
        "seed %u, %.1f s: %u subscribers killed, %u stopped, %u cut off; broker killed %u times, worker %u\n",
        seed, (double)(bb_clock_mono() - begun) / 1000, drive.kills, drive.stops, drive.cuts,
        drive.daemon[0].kills, drive.daemon[1].kills);
    return good ? 0 : 1;
}
