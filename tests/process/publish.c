/* publish: writes so many messages to a channel, so many of them outstanding.
 *
 *     publish --endpoint E --server-key K --key FILE --channel C --count N [--window N] [--bytes N]
 *
 * Each message has its number as its subject, and a body of so many bytes. Prints how many were kept, and how
 * long that took, in milliseconds. Ends with 75 when one of them is refused. */
#include "client/lib/backbone.h"

#include "tests/support/connect.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define TIMEOUT_MS 120000u

static unsigned long kept;

static void
on_published(void *self, const struct bb_published *published)
{
    (void)self;
    kept += published->duplicate ? 0 : 1;
}

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    (void)self;
    (void)sequence;
    if (end->result != BB_OK)
        errx(EX_TEMPFAIL, "%s", end->message);
}

static long
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
publish_one(struct bb_client *client, const char *channel, unsigned long number, const char *body)
{
    char subject[32];
    struct bb_publication publication = {
        .channel = &channel, .n_channels = 1, .kind = BB_MESSAGE_POST, .subject = subject, .body = body};

    snprintf(subject, sizeof subject, "%lu", number);
    if (bb_client_publish(client, &publication, on_published, on_done, NULL) != 0)
        errx(EX_SOFTWARE, "%s", bb_client_problem(client)->message);
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {CONNECT_OPTIONS,         {"channel", 1, NULL, 'c'},
                                          {"count", 1, NULL, 'n'}, {"window", 1, NULL, 'w'},
                                          {"bytes", 1, NULL, 'b'}, {NULL, 0, NULL, 0}};
    struct bb_client_options options = {.timeout_ms = TIMEOUT_MS, .agent = "publish"};
    unsigned long count = 1, window = 1, bytes = 0, sent = 0;
    const char *channel = NULL;
    struct bb_client *client;
    char *body;
    long begun;
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        if (connect_option(option, optarg, &options))
            continue;
        if (option == 'c')
            channel = optarg;
        else if (option == 'n')
            count = strtoul(optarg, NULL, 10);
        else if (option == 'w')
            window = strtoul(optarg, NULL, 10);
        else if (option == 'b')
            bytes = strtoul(optarg, NULL, 10);
        else
            return EX_USAGE;
    }
    body = malloc(bytes + 1);
    if (!channel || !body)
        return EX_USAGE;
    memset(body, 'x', bytes);
    body[bytes] = '\0';
    if (bb_client_new(&options, &client) != 0)
        errx(EX_CONFIG, "%s", bb_new_problem()->message);
    begun = now_ms();
    while (sent < count || bb_client_open(client) > 0) {
        while (sent < count && bb_client_open(client) < window)
            publish_one(client, channel, ++sent, body);
        if (bb_client_process(client, 1000) < 0)
            errx(EX_SOFTWARE, "%s", bb_client_problem(client)->message);
    }
    printf("%lu kept in %ld ms\n", kept, now_ms() - begun);
    bb_client_destroy(&client);
    free(body);
    return 0;
}
