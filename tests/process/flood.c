/* flood: asks for a trend so many times at once, over one connection, each time in other words: up to another
 * year to come, so that no answer is another one's.
 *
 *     flood --endpoint E --server-key K --key FILE --indicator CODE --times N
 *
 * Prints "begun" with the first answer, and with the last one how many there were and how long they took, in
 * milliseconds. Ends with 75 when one of them is an error. */
#include "client/lib/backbone.h"

#include "tests/support/connect.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#define TIMEOUT_MS 300000u
#define FIRST_YEAR 3000u

static unsigned answered;

static int
on_point(void *self, const struct bb_point *point)
{
    (void)self;
    (void)point;
    return 0;
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    (void)self;
    (void)sequence;
    if (end->result != BB_OK)
        errx(EX_TEMPFAIL, "%s", end->message);
    if (answered++ == 0) {
        puts("begun");
        fflush(stdout);
    }
}

static long
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {
        CONNECT_OPTIONS, {"indicator", 1, NULL, 'i'}, {"times", 1, NULL, 'n'}, {NULL, 0, NULL, 0}};
    struct bb_client_options options = {.timeout_ms = TIMEOUT_MS, .agent = "flood"};
    struct bb_trend_query query = {.indicator = NULL};
    struct bb_client *client;
    char year[16];
    unsigned times = 1;
    long start = now_ms();

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (connect_option(c, optarg, &options))
            continue;
        if (c == 'i')
            query.indicator = optarg;
        else if (c == 'n')
            times = (unsigned)atoi(optarg);
        else
            return EX_USAGE;
    }
    if (bb_client_new(&options, &client) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    query.period_to = year;
    for (unsigned i = 0; i < times; i++) {
        snprintf(year, sizeof year, "%u", FIRST_YEAR + i);
        if (bb_client_trend(client, &query, NULL, on_point, on_done, client) != 0)
            errx(EX_SOFTWARE, "a query cannot be sent");
    }
    while (bb_client_open(client) > 0)
        if (bb_client_process(client, 1000) < 0)
            errx(EX_SOFTWARE, "the client fails");
    printf("%u answered in %ld ms\n", answered, now_ms() - start);
    bb_client_destroy(&client);
    return EX_OK;
}
