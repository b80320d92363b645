/* Count the messages for us, each of them once: the sequence is stored together with what it led to. */
#include <backbone.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *file;
static uint64_t sequence, count; /* what is in the file */

static void
load(void)
{
    FILE *from = fopen(file, "r");

    if (from && fscanf(from, "%" SCNu64 " %" SCNu64, &sequence, &count) != 2)
        errx(65, "%s: expected a sequence and a count", file);
    if (from)
        fclose(from);
}

/* One atomic write: after a crash the file has what was before, or what is now. */
static void
store(void)
{
    char temporary[4096];
    FILE *to;

    if (snprintf(temporary, sizeof temporary, "%s.new", file) >= (int)sizeof temporary)
        errx(73, "%s: the name is too long", file);
    to = fopen(temporary, "w");
    if (!to || fprintf(to, "%" PRIu64 " %" PRIu64 "\n", sequence, count) < 0 || fflush(to) != 0 ||
        fsync(fileno(to)) != 0 || fclose(to) != 0 || rename(temporary, file) != 0)
        err(74, "%s", temporary);
}

static void
on_event(void *self, const struct bb_subscription_event *event)
{
    (void)self;
    if (event->problem)
        warnx("%s", event->problem->message);
    if (event->kind == BB_SUBSCRIPTION_GAP)
        warnx("messages %" PRIu64 " to %" PRIu64 " are gone", event->from, event->to);
}

int
main(int argc, char **argv)
{
    struct bb_subscription_options asked = {.name = "counter", .on_event = on_event};
    struct bb_client_options options = {0};
    const struct bb_message *message;
    struct bb_subscription *s;
    struct bb_client *client;
    int r;

    if (argc != 6)
        errx(64, "usage: subscriber ENDPOINT SERVER_KEY KEY_FILE STORE IDLE_SECONDS");
    options.endpoint = argv[1];
    options.server_key = argv[2];
    options.key_file = argv[3];
    file = argv[4];
    load();
    if (bb_client_new(&options, &client) != 0)
        errx(78, "%s", bb_new_problem()->message);
    if (bb_subscription_open(client, &asked, &s) != 0)
        errx(71, "out of memory");
    while ((r = bb_subscription_next(s, atoi(argv[5]) * 1000, &message)) == BB_OK) {
        if (message->sequence > sequence) { /* otherwise it came before, and is in the file */
            sequence = message->sequence;
            count++;
            store();
            printf("%" PRIu64 " %s\n", sequence, message->subject);
        }
        bb_subscription_ack(s, message->sequence);
    }
    if (r == BB_TIMED_OUT) /* none came for so long */
        r = bb_subscription_sync(s);
    if (r != BB_OK)
        warnx("%s", r > 0 ? bb_client_problem(client)->message : strerror(-r));
    bb_subscription_close(&s);
    bb_client_destroy(&client);
    return r == BB_OK ? 0 : 69;
}
