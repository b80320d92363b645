/* chaos-drive: kill -9 of a random program at a random moment, again and again.
 *
 *     chaos-drive --kills N [--seed N] [--verify FILE --every N] [--victim N] -- FILE...
 *
 * Each FILE is started (without arguments, in a process group of its own, its output to ours); every 10 to
 * 100 ms one of them is killed, and after a further 0 to 60 ms started again: so a program dies while it
 * serves, while others wait for it, and while it is starting. With --victim only the program of that number
 * is killed, from 0.
 *
 * Every `every` kills the second program is left dead for as long as the program of --verify runs, which must
 * end with 0. A program that ends by itself is an error. In the end all are killed. Exit status 0, or 1 with
 * a message. */
#include "tests/support/program.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>

#define PROGRAMS 8
#define STORE    1 /* the program whose store is verified */

struct drive {
    struct program program[PROGRAMS];
    unsigned programs;
    int victim; /* -1: any */
    unsigned kills, every;
    const char *verify;
    unsigned verified;
};

static bool
verify(struct drive *d)
{
    struct program verifier = {.file = d->verify};
    int status = 0;

    if (!program_end(&d->program[STORE]))
        return false;
    program_start(&verifier);
    waitpid(verifier.pid, &status, 0);
    d->verified++;
    if (status != 0)
        fprintf(stderr, "chaos-drive: after %u kills the store is not what its journal says\n", d->kills);
    return status == 0;
}

/* Start those whose time has come, and wait until `until`. */
static void
wait_until(struct drive *d, bb_mono until)
{
    for (bb_mono now; (now = bb_clock_mono()) < until; program_sleep(1))
        for (unsigned i = 0; i < d->programs; i++)
            program_attend(&d->program[i], now);
}

static bool
kill_one(struct drive *d)
{
    unsigned i = d->victim >= 0 ? (unsigned)d->victim : program_between(0, d->programs - 1);
    struct program *p = &d->program[i];

    if (p->pid == 0)
        return true; /* it waits for its start */
    d->kills++;
    return program_kill(p, program_between(0, 60));
}

static bool
run(struct drive *d, unsigned kills)
{
    bool good = true;

    wait_until(d, bb_clock_mono() + 500);
    while (good && d->kills < kills) {
        unsigned before = d->kills;
        wait_until(d, bb_clock_mono() +
                          (program_between(0, 1) ? program_between(5, 60) : program_between(60, 500)));
        good = kill_one(d);
        if (good && d->every && d->kills > before && d->kills % d->every == 0)
            good = verify(d);
    }
    for (unsigned i = 0; i < d->programs; i++)
        good &= program_end(&d->program[i]);
    return good;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {{"kills", 1, NULL, 'k'},  {"seed", 1, NULL, 's'},
                                          {"every", 1, NULL, 'e'},  {"verify", 1, NULL, 'v'},
                                          {"victim", 1, NULL, 'p'}, {NULL, 0, NULL, 0}};
    static struct drive drive = {.victim = -1};
    unsigned kills = 200, seed = (unsigned)time(NULL);
    bool good;

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'k')
            kills = (unsigned)atoi(optarg);
        else if (c == 's')
            seed = (unsigned)atoi(optarg);
        else if (c == 'e')
            drive.every = (unsigned)atoi(optarg);
        else if (c == 'v')
            drive.verify = optarg;
        else if (c == 'p')
            drive.victim = atoi(optarg);
        else
            return EX_USAGE;
    }
    while (optind < argc && drive.programs < PROGRAMS)
        drive.program[drive.programs++].file = argv[optind++];
    if (drive.programs <= STORE || (drive.every && !drive.verify) || drive.victim >= (int)drive.programs)
        return EX_USAGE;
    srandom(seed);
    bb_mono begun = bb_clock_mono();
    good = run(&drive, kills);
    printf("seed %u: %u kills in %.1f s (", seed, drive.kills, (double)(bb_clock_mono() - begun) / 1000);
    for (unsigned i = 0; i < drive.programs; i++) {
        const char *slash = strrchr(drive.program[i].file, '/');
        printf("%s%u %s", i ? ", " : "", drive.program[i].kills, slash ? slash + 1 : drive.program[i].file);
    }
    printf("), the store verified %u times\n", drive.verified);
    return good ? 0 : 1;
}
