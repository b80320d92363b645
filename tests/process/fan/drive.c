/* fan-drive: what happens to subscribers in a bad hour, while a publisher publishes.
 *
 *     fan-drive --subscribers N --publisher FILE --subscriber FILE [--seed N] [--calm] [--victim N] -- BROKER
 * WORKER
 *
 * BROKER, WORKER and the publisher are started without arguments, a subscriber with its number. Every few
 * milliseconds something happens to one of the subscribers: kill -9 (it starts again a little later), SIGSTOP
 * for up to three seconds, or SIGUSR1, which makes it drop its connection. Every one to three seconds broker
 * or worker is killed with -9 and started again. --calm leaves these two alone; --victim 0 kills only the
 * broker, 1 only the worker. It ends when the publisher does, and kills everything. Exit status 0 when the
 * publisher ended with 0 and nothing else ended by itself. */
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define SUBSCRIBERS_MAX 1000u
#define DAEMONS         2

struct program {
    const char *file;
    char argument[16]; /* "": none */
    pid_t pid;         /* 0: dead */
    uint64_t start_at;
    uint64_t continue_at; /* 0: it is not stopped */
};

struct drive {
    struct program daemon[DAEMONS];
    struct program publisher;
    struct program subscriber[SUBSCRIBERS_MAX];
    unsigned subscribers;
    bool calm;
    int victim; /* -1: either */
    uint64_t next_death;
    unsigned daemon_kills[DAEMONS], kills, stops, cuts;
};

static uint64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
sleep_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

static unsigned
between(unsigned least, unsigned most)
{
    return least + (unsigned)random() % (most - least + 1);
}

static void
start(struct program *p)
{
    pid_t parent = getpid();

    p->pid = fork();
    if (p->pid < 0)
        err(EX_OSERR, "fork");
    if (p->pid > 0)
        return;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execl(p->file, p->file, *p->argument ? p->argument : NULL, (char *)NULL);
    err(EX_OSERR, "%s", p->file);
}

/* Kill and reap. False when it had ended by itself. */
static bool
end(struct program *p)
{
    int status = 0;

    if (!p->pid)
        return true;
    kill(p->pid, SIGKILL);
    waitpid(p->pid, &status, 0);
    p->pid = 0;
    p->continue_at = 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    fprintf(stderr, "fan-drive: %s %s ended by itself: %s %d\n", p->file, p->argument,
            WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

/* Those whose time has come start, or go on. */
static void
attend(struct program *p, uint64_t now)
{
    if (p->pid == 0 && now >= p->start_at)
        start(p);
    if (p->continue_at && now >= p->continue_at) {
        kill(p->pid, SIGCONT);
        p->continue_at = 0;
    }
}

static void
attend_all(struct drive *d)
{
    uint64_t now = now_ms();

    for (unsigned i = 0; i < DAEMONS; i++)
        attend(&d->daemon[i], now);
    for (unsigned i = 0; i < d->subscribers; i++)
        attend(&d->subscriber[i], now);
}

static bool
disturb_subscriber(struct drive *d)
{
    struct program *p = &d->subscriber[between(0, d->subscribers - 1)];

    if (!p->pid || p->continue_at)
        return true;
    switch (between(0, 3)) {
    case 0:
    case 1:
        p->start_at = now_ms() + between(0, 300);
        d->kills++;
        return end(p);
    case 2:
        kill(p->pid, SIGSTOP);
        p->continue_at = now_ms() + between(100, 3000);
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
    unsigned which = d->victim >= 0 ? (unsigned)d->victim : between(0, DAEMONS - 1);
    struct program *p = &d->daemon[which];

    if (d->calm || !p->pid || now_ms() < d->next_death)
        return true;
    d->next_death = now_ms() + between(1000, 3000);
    p->start_at = now_ms() + between(0, 100);
    d->daemon_kills[which]++;
    return end(p);
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
    sleep_ms(500);
    start(&d->publisher);
    d->next_death = now_ms() + 1000;
    while (good && published == 0) {
        attend_all(d);
        good = disturb_subscriber(d) && disturb_daemons(d);
        sleep_ms(between(5, 30));
        published = look_at_publisher(d);
    }
    if (published < 0)
        fprintf(stderr, "fan-drive: the publisher failed\n");
    good = end(&d->publisher) && good;
    for (unsigned i = 0; i < d->subscribers; i++)
        good = end(&d->subscriber[i]) && good;
    for (unsigned i = 0; i < DAEMONS; i++)
        good = end(&d->daemon[i]) && good;
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
    uint64_t begun;
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
    begun = now_ms();
    good = run(&drive);
    printf(
        "seed %u, %.1f s: %u subscribers killed, %u stopped, %u cut off; broker killed %u times, worker %u\n",
        seed, (double)(now_ms() - begun) / 1000, drive.kills, drive.stops, drive.cuts, drive.daemon_kills[0],
        drive.daemon_kills[1]);
    return good ? 0 : 1;
}
