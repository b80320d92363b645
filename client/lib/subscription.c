/* Durable subscriptions, as programs see them: around the listener of the session, which decides.
 *
 * With on_message a message goes straight from the session to the caller. Without, it is copied as it came
 * into a queue, behind those that have not been asked for; a gap has its place in the queue. What the queue
 * can hold is bounded by the window, because only what was handed out can be acknowledged.
 *
 * The struct lives until both the caller has closed it and the session has let go of it, which it does later
 * where UNSUBSCRIBE has still to leave. */
#include "call.h"
#include "message_read.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define WINDOW_MESSAGES 1000u
#define WINDOW_BYTES    (512u << 10)

#define GAP_TOLD 1
#define BRING_MS 5000
#define POLL_MS  100

struct item {
    STAILQ_ENTRY(item) link;
    uint64_t from, to; /* of a gap; 0: a message */
    bool redelivered;
    size_t len;
    uint8_t data[];
};

struct bb_subscription {
    struct bb_listener core;
    struct bb_client *client; /* NULL: it is gone, or has let go of us */
    bool closed;              /* by the caller */
    bool asking;              /* a blocking call is on its way: not to be freed under it */
    bb_message_fn *on_message;
    bb_subscription_event_fn *on_event;
    void *self;
    char *name, **channel;
    uint64_t handed; /* sequence of the last message that the caller was given */
    STAILQ_HEAD(, item) queue;
    struct bb_arena arena; /* the message that bb_subscription_next() gave */
    struct bb_message message;
    struct bb_problem end; /* how it ended; name NULL: it has not */
    char end_text[512];
};

_Static_assert(offsetof(struct bb_subscription, core) == 0, "the session knows us by our listener");

/* --- the queue ---------------------------------------------------------------------------------------- */

static void
clear_queue(struct bb_subscription *s)
{
    struct item *item;

    while ((item = STAILQ_FIRST(&s->queue))) {
        STAILQ_REMOVE_HEAD(&s->queue, link);
        free(item);
    }
}

static struct item *
add_item(struct bb_subscription *s, struct bb_bytes data)
{
    struct item *item = calloc(1, sizeof *item + data.len);

    if (!item)
        return NULL;
    item->len = data.len;
    if (data.len)
        memcpy(item->data, data.data, data.len);
    STAILQ_INSERT_TAIL(&s->queue, item, link);
    return item;
}

/* --- what the session tells --------------------------------------------------------------------------- */

static bb_mono now_of(const struct bb_client *client);

/* The owner is told of a gap now, behind the messages that he was given. */
static void
hear_gap(struct bb_subscription *s, uint64_t to)
{
    if (s->client && !s->closed)
        bb_session_heard_gap(&s->client->session, now_of(s->client), &s->core, s->handed, to);
}

static int
on_message(struct bb_listener *core, const Bb__Message *from, struct bb_bytes packed, bool redelivered)
{
    struct bb_subscription *s = (struct bb_subscription *)core;
    struct bb_message message;
    struct item *item;
    int r;

    if (!s->on_message) {
        item = add_item(s, packed);
        if (!item)
            return -ENOMEM;
        item->redelivered = redelivered;
        return 0;
    }
    bb_arena_reset(&s->arena);
    r = bb_message_read(from, &s->arena, &message);
    if (r < 0)
        return r;
    message.redelivered = redelivered;
    s->handed = message.sequence;
    s->on_message(s->self, &message);
    return 0;
}

static void
tell(struct bb_subscription *s, const struct bb_subscription_event *event)
{
    if (s->on_event && !s->closed)
        s->on_event(s->self, event);
}

static void
note_end(struct bb_subscription *s, const struct bb_problem *problem)
{
    clear_queue(s); /* whoever has the cursor now gets them again */
    s->end = *problem;
    snprintf(s->end_text, sizeof s->end_text, "%s", problem->message);
    s->end.message = s->end_text;
}

static void
on_event(struct bb_listener *core, const struct bb_subscription_event *event, bool anew)
{
    struct bb_subscription *s = (struct bb_subscription *)core;
    struct item *item;

    if (event->kind == BB_SUBSCRIPTION_GAP && !s->on_message) {
        item = add_item(s, (struct bb_bytes){0});
        if (item) {
            item->from = event->from;
            item->to = event->to;
            return;
        } /* better early than not at all */
    }
    if (anew) {
        clear_queue(s);
        s->handed = event->position;
    }
    if (event->kind == BB_SUBSCRIPTION_ENDED)
        note_end(s, event->problem);
    if (event->kind == BB_SUBSCRIPTION_GAP)
        hear_gap(s, event->to);
    tell(s, event);
}

static void
release(struct bb_subscription *s)
{
    clear_queue(s);
    bb_arena_release(&s->arena);
    for (size_t i = 0; s->channel && i < s->core.n_channels; i++)
        free(s->channel[i]);
    free(s->channel);
    free(s->name);
    free(s);
}

static void
on_gone(struct bb_listener *core)
{
    struct bb_subscription *s = (struct bb_subscription *)core;

    s->client = NULL;
    if (s->closed && !s->asking)
        release(s);
}

/* --- opening and closing ------------------------------------------------------------------------------ */

static int
copy_asked(struct bb_subscription *s, const struct bb_subscription_options *options)
{
    s->name = strdup(options->name);
    s->channel = calloc(options->n_channels + 1, sizeof *s->channel);
    if (!s->name || !s->channel)
        return -ENOMEM;
    for (size_t i = 0; i < options->n_channels; i++) {
        s->channel[i] = strdup(options->channel[i]);
        if (!s->channel[i])
            return -ENOMEM;
        s->core.n_channels++;
    }
    s->core.name = s->name;
    s->core.channel = (const char *const *)s->channel;
    return 0;
}

static bool
is_possible(const struct bb_subscription_options *options)
{
    return options->name && bb_text_is_code(bb_bytes_str(options->name)) &&
           options->n_channels <= BB_LIMIT_FILTER && !(options->from_start && options->from_sequence) &&
           options->window_messages <= 65536 && options->window_bytes <= BB_LIMIT_SUBSCRIPTION_WINDOW;
}

/* Something may be due, or have to leave, that was not before. */
static void
wake(struct bb_client *client)
{
    if (bb_session_has_output(&client->session))
        bb_client_touch(client);
    if (client->session.due < client->context->due)
        client->context->due = client->session.due;
}

static bb_mono
now_of(const struct bb_client *client)
{
    return client->context->busy ? client->session.now : bb_clock_mono();
}

int
bb_subscription_open(struct bb_client *client, const struct bb_subscription_options *options,
                     struct bb_subscription **ret_subscription)
{
    struct bb_subscription *s;
    int r;

    if (!is_possible(options))
        return -EINVAL;
    s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    STAILQ_INIT(&s->queue);
    bb_arena_init(&s->arena, BB_LIMIT_DECODE_BYTES);
    s->on_message = options->on_message;
    s->on_event = options->on_event;
    s->self = options->self;
    s->core.from_start = options->from_start;
    s->core.from_sequence = options->from_sequence;
    s->core.window_messages = options->window_messages ? options->window_messages : WINDOW_MESSAGES;
    s->core.window_bytes = options->window_bytes ? options->window_bytes : WINDOW_BYTES;
    s->core.message = on_message;
    s->core.event = on_event;
    s->core.gone = on_gone;
    r = copy_asked(s, options);
    if (r == 0)
        r = bb_session_subscribe(&client->session, now_of(client), &s->core);
    if (r < 0) {
        release(s);
        return r;
    }
    s->client = client;
    bb_client_touch(client);
    *ret_subscription = s;
    return 0;
}

void
bb_subscription_close(struct bb_subscription **pointer)
{
    struct bb_subscription *s = *pointer;
    struct bb_client *client;

    if (!s)
        return;
    *pointer = NULL;
    client = s->client;
    s->closed = true;
    if (!client) {
        if (!s->asking)
            release(s);
        return;
    }
    client->session.now = now_of(client);
    bb_session_unsubscribe(&client->session, &s->core);
    bb_client_touch(client);
}

/* --- acknowledging ------------------------------------------------------------------------------------ */

void
bb_subscription_ack(struct bb_subscription *s, uint64_t sequence)
{
    if (!s->client)
        return;
    if (sequence > s->handed)
        sequence = s->handed;
    bb_session_acknowledge(&s->client->session, now_of(s->client), &s->core, sequence);
    wake(s->client);
}

static int
ended(const struct bb_subscription *s)
{
    struct bb_client *client = s->client;

    if (!client || !s->end.name)
        return -ESHUTDOWN;
    client->problem = s->end;
    snprintf(client->problem_text, sizeof client->problem_text, "%s", s->end_text);
    client->problem.message = client->problem_text;
    return s->end.result;
}

static int
timed_out(struct bb_client *client)
{
    snprintf(client->problem_text, sizeof client->problem_text,
             "the acknowledgement did not reach the broker in time; what it was for will be delivered again");
    client->problem =
        (struct bb_problem){.result = BB_TIMED_OUT, .name = "TIMED_OUT", .message = client->problem_text};
    return BB_TIMED_OUT;
}

/* Process until the acknowledgement has left on the connection that there is. A new session brings again what
 * the last one did not see acknowledged; what it does not bring within a while was removed. */
static int
push_ack(struct bb_subscription *s, bb_mono until)
{
    struct bb_client *client = s->client;
    bb_mono patience = bb_clock_mono() + BRING_MS;
    int r = 0;

    while (r == 0) {
        bb_mono now = bb_clock_mono();
        enum bb_listener_debt debt;
        if (s->end.name || s->closed || !s->client)
            return ended(s);
        debt = bb_session_hurry(&client->session, now, &s->core);
        if (debt == BB_LISTENER_EVEN || (s->core.state == BB_LISTENER_OPEN && now >= patience))
            return 0;
        if (now >= until)
            return timed_out(client);
        wake(client);
        r = bb_context_process(client->context, debt == BB_LISTENER_OWES ? 0 : POLL_MS);
    }
    return r;
}

/* A PONG says that what left before the PING has been read; unless they travelled on different connections.
 */
static int
sync_acks(struct bb_subscription *s, bb_mono until)
{
    uint64_t life;
    int r;

    do {
        r = push_ack(s, until);
        life = s->core.lives;
        if (r == 0)
            r = bb_client_ping(s->client, NULL, NULL);
    } while (r == 0 && !s->closed && s->core.acked &&
             (s->core.lives != life || s->core.state != BB_LISTENER_OPEN));
    return r;
}

/* The end of a blocking call, in whose callbacks it may have been closed. */
static int
asked(struct bb_subscription *s, int r)
{
    s->asking = false;
    if (!s->closed)
        return r;
    if (!s->client)
        release(s);
    return -ESHUTDOWN;
}

int
bb_subscription_sync(struct bb_subscription *s)
{
    if (!s->client)
        return -ESHUTDOWN;
    if (s->client->context->busy)
        return -EDEADLK;
    s->asking = true;
    return asked(s, sync_acks(s, bb_clock_mono() + s->client->session.timeout_ms));
}

/* --- asking for the next one -------------------------------------------------------------------------- */

static int
read_item(struct bb_subscription *s, const struct item *item)
{
    Bb__Message *message;
    int r;

    bb_arena_reset(&s->arena);
    r = bb_unpack(bb__message, bb_bytes(item->data, item->len), &s->arena, &message);
    if (r == 0)
        r = bb_message_read(message, &s->arena, &s->message);
    s->message.redelivered = item->redelivered;
    return r;
}

/* Take the first of the queue. 0 it is a message, in s->message | GAP_TOLD | -errno: it stays */
static int
take_item(struct bb_subscription *s, struct item *item)
{
    const struct bb_subscription_event gap = {
        .kind = BB_SUBSCRIPTION_GAP, .from = item->from, .to = item->to};
    int r = gap.to ? GAP_TOLD : read_item(s, item);

    if (r < 0)
        return r;
    STAILQ_REMOVE_HEAD(&s->queue, link);
    free(item);
    if (r != GAP_TOLD) {
        s->handed = s->message.sequence;
        return r;
    }
    hear_gap(s, gap.to);
    tell(s, &gap);
    return r;
}

/* Acknowledgements that are due leave even if there is always a next message. */
static int
keep_up(struct bb_client *client)
{
    if (client->context->busy || client->session.due > bb_clock_mono())
        return 0;
    return bb_context_process(client->context, 0);
}

static int
wait_more(struct bb_client *client, int wait_ms, bb_mono until)
{
    bb_mono left = until - bb_clock_mono();

    if (client->context->busy)
        return -EDEADLK;
    return bb_context_process(client->context, wait_ms < 0 ? -1 : left > 0 ? (int)left : 0);
}

/* As bb_subscription_next(). */
static int
next_message(struct bb_subscription *s, int wait_ms)
{
    bb_mono until = wait_ms < 0 ? BB_NEVER : bb_clock_mono() + wait_ms;
    bool waited = false;
    int r = s->client ? keep_up(s->client) : 0;

    while (r >= 0 && !s->closed) {
        struct item *item = STAILQ_FIRST(&s->queue);
        if (item) {
            r = take_item(s, item);
            if (r != GAP_TOLD)
                return r;
            continue;
        }
        if (s->end.name || !s->client)
            return ended(s);
        if (waited && bb_clock_mono() >= until)
            return BB_TIMED_OUT;
        r = wait_more(s->client, wait_ms, until);
        waited = true;
    }
    return r;
}

int
bb_subscription_next(struct bb_subscription *s, int wait_ms, const struct bb_message **ret_message)
{
    int r;

    s->asking = true;
    r = asked(s, next_message(s, wait_ms));
    if (r == BB_OK)
        *ret_message = &s->message;
    return r;
}
