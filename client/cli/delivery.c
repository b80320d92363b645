#include "delivery.h"

#include "hook.h"
#include "interrupt.h"
#include "message.h"
#include "parked.h"
#include "streams.h"

#include "runtime/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS  1000
#define RETRY_MAX 60000

int
bb_delivery_open(struct bb_delivery *d, bool jsonl)
{
    if (d->command || !jsonl)
        return 0;
    return bb_output_new(stdout, BB_OUTPUT_JSONL, false, bb_message_inbox, BB_MSG_COLUMNS, 0, &d->output);
}

void
bb_delivery_close(struct bb_delivery *d)
{
    bb_output_destroy(&d->output);
}

/* --- printing ----------------------------------------------------------------------------------------- */

static void
put_message(struct bb_output *output, const struct bb_message *message)
{
    bb_message_cells(output, message, message->superseded_by ? "superseded" : "delivered");
    if (message->redelivered)
        bb_output_bool(output, BB_MSG_REDELIVERED, true);
    bb_output_row(output);
}

static int
print(struct bb_delivery *d, const struct bb_message *message)
{
    if (d->output)
        put_message(d->output, message);
    else
        bb_message_print(stdout, message, NULL);
    return bb_streams_flush(0);
}

/* A line of JSON, to be freed. 0 | -ENOMEM */
static int
as_json(const struct bb_message *message, char **ret_json, size_t *ret_len)
{
    struct bb_output *output;
    FILE *to = open_memstream(ret_json, ret_len);
    int r;

    if (!to)
        return -ENOMEM;
    r = bb_output_new(to, BB_OUTPUT_JSONL, false, bb_message_inbox, BB_MSG_COLUMNS, 0, &output);
    if (r == 0) {
        put_message(output, message);
        r = bb_output_finish(output);
        bb_output_destroy(&output);
    }
    if (fclose(to) != 0 && r == 0)
        r = -ENOMEM;
    if (r < 0)
        free(*ret_json);
    return r;
}

/* --- the command -------------------------------------------------------------------------------------- */

/* Between two runs the connection lives on. False: there will be no other run. */
static bool
pause_for(const struct bb_delivery *d, bb_mono ms)
{
    bb_mono until = bb_clock_mono() + ms, now;

    while (!*d->over && (now = bb_clock_mono()) < until) {
        int left = (int)(until - now), due = bb_client_timeout(d->client);
        if (bb_interrupt_wait(bb_client_fd(d->client), due >= 0 && due < left ? due : left) == -ECANCELED)
            return false;
        bb_client_process(d->client, 0);
    }
    return !*d->over;
}

static int
park(const struct bb_delivery *d, uint64_t sequence, const char *json, size_t len)
{
    int r = bb_parked_append(d->parked, json, len);

    if (r == 0) {
        bb_cli_error("message %" PRIu64 ": given up; it is in %s", sequence, d->parked);
        return 0;
    }
    bb_cli_error("message %" PRIu64 ": it cannot be parked in %s: %s; it stays unacknowledged", sequence,
                 d->parked, strerror(-r));
    return EX_TEMPFAIL;
}

/* Run once. 0 | 1 it failed, which was said */
static int
run(const struct bb_delivery *d, uint64_t sequence, const char *json, size_t len)
{
    char how[128];
    int r = bb_hook_run(d->command, json, len, d->client, how, sizeof how);

    if (r == 0)
        return 0;
    if (r < 0)
        snprintf(how, sizeof how, "cannot be run: %s", strerror(-r));
    bb_cli_error("message %" PRIu64 ": the command %s", sequence, how);
    return 1;
}

static int
hand_over(const struct bb_delivery *d, uint64_t sequence, const char *json, size_t len)
{
    bb_mono wait = RETRY_MS;

    for (uint64_t again = 0; run(d, sequence, json, len) != 0; again++) {
        if (bb_interrupt_signal() || *d->over)
            return -ECANCELED;
        if (again == d->retries)
            return park(d, sequence, json, len);
        if (!pause_for(d, wait))
            return -ECANCELED;
        wait = wait * 2 < RETRY_MAX ? wait * 2 : RETRY_MAX;
    }
    return 0;
}

int
bb_delivery_take(struct bb_delivery *d, const struct bb_message *message)
{
    char *json = NULL;
    size_t len;
    int r;

    if (!d->command)
        return print(d, message);
    if (as_json(message, &json, &len) < 0)
        return EX_OSERR;
    r = hand_over(d, message->sequence, json, len);
    free(json);
    return r;
}
