/* Rounds: what is written at the end of one, and what is delivered behind it.
 *
 * Late cursors are written when a round writes anyway and they have been late for half a second, or else when
 * one has been for a second: so at most one commit a second is made for their sake, and a round that many
 * wait for is not made dearer by more than KEEP_MOST records. */
#include "feed_core.h"

#include "receipt.h"

#include "proto/errors.h"
#include "runtime/faults.h"
#include "runtime/log.h"

#include <errno.h>
#include <stdlib.h>

#define KEEP_WITH_MS  500  /* late for so long: goes with a round that writes */
#define KEEP_ALONE_MS 1000 /* ... makes a round write */
#define KEEP_MOST     512u
#define EXPIRY_MS     60000 /* how often it is looked for cursors that nobody uses, at most */

#define ARRIVALS_KEPT 64u

#define FRONT_BYTES    (8u << 20)  /* of the log, in a round */
#define FRONT_BACKLOG  (16u << 20) /* that the broker has not taken in: then even the front waits */
#define BEHIND_BYTES   (1u << 20)
#define BEHIND_BACKLOG (4u << 20)

/* Writing cursors */

static int
record_delivery(struct bb_communication *c, const struct bb_cursor *cursor)
{
    return bb_receipt_delivered(c, cursor->organization, bb_bytes_str(cursor->name), cursor->stored.acked,
                                cursor->acked, bb_filter_names(cursor->filter), bb_bytes_str(cursor->member));
}

int
bb_feed_keep(struct bb_communication *c, uint32_t number)
{
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
    int r = 0;

    if (cursor->acked > cursor->stored.acked && cursor->notable > cursor->stored.acked)
        r = record_delivery(c, cursor);
    if (r == 0)
        r = bb_cursor_store_put(c->log, c->directory, cursor);
    if (r == 0)
        bb_cursors_on_time(&c->feed->cursors, number);
    return r;
}

int
bb_feed_settle(struct bb_communication *c)
{
    uint32_t number;
    int r = 0;

    while (r == 0 && (number = bb_cursors_latest(&c->feed->cursors)) != BB_NO_CURSOR)
        r = bb_feed_keep(c, number);
    return r;
}

/* For how long has the latest been late? -1: nobody is. */
static bb_mono
lateness(const struct bb_communication *c)
{
    uint32_t number = bb_cursors_latest(&c->feed->cursors);

    return number == BB_NO_CURSOR ? -1 : c->mono - bb_cursors_at(&c->feed->cursors, number)->late_since;
}

static int
keep_late(struct bb_communication *c)
{
    int r = 0;

    if (lateness(c) < (bb_msglog_writing(c->log) ? KEEP_WITH_MS : KEEP_ALONE_MS))
        return 0;
    for (unsigned n = 0; r == 0 && n < KEEP_MOST && lateness(c) >= KEEP_WITH_MS; n++)
        r = bb_feed_keep(c, bb_cursors_latest(&c->feed->cursors));
    return r;
}

/* Expiry */

static int
expire_one(struct bb_communication *c, uint32_t number)
{
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
    int r = 0;

    switch (bb_cursor_fate(cursor, c->now, (bb_utc)c->config->cursor_idle_ms * 1000)) {
    case BB_CURSOR_STAYS:
        break;
    case BB_CURSOR_EXPIRES:
        cursor->expired = c->now;
        bb_cursors_late(&c->feed->cursors, number, c->mono);
        break;
    case BB_CURSOR_ENDS:
        r = bb_cursor_store_delete(c->log, c->directory, cursor);
        if (r == 0)
            bb_cursors_remove(&c->feed->cursors, number);
        break;
    }
    return r;
}

static int
expire(struct bb_communication *c)
{
    struct bb_feed *feed = c->feed;
    int r = 0;

    if (c->mono < feed->next_expiry)
        return 0;
    feed->next_expiry =
        c->mono + (c->config->cursor_idle_ms < EXPIRY_MS ? c->config->cursor_idle_ms : EXPIRY_MS);
    for (uint32_t i = 0; r == 0 && i < feed->cursors.size; i++)
        if (bb_cursors_is(&feed->cursors, i))
            r = expire_one(c, i);
    return r;
}

/* Rounds */

int
bb_feed_prepare(struct bb_communication *c)
{
    int r = expire(c);

    return r == 0 ? keep_late(c) : r;
}

static void
say_subscribed(struct bb_communication *c, const struct bb_arrival *arrival)
{
    const struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, arrival->cursor);
    Bb__Subscribed said = BB__SUBSCRIBED__INIT;
    char *name[BB_LIMIT_FILTER];
    uint8_t *body;

    said.position = cursor->acked;
    said.head = bb_msglog_committed(c->log);
    said.n_channel = cursor->filter->n;
    said.channel = name;
    for (unsigned i = 0; i < cursor->filter->n; i++)
        name[i] = (char *)(uintptr_t)bb_filter_name(cursor->filter, i); /* protobuf-c does not write to it */
    said.has_created = arrival->created;
    said.created = arrival->created;
    said.has_expired_us = arrival->expired != 0;
    said.expired_us = (uint64_t)arrival->expired;
    bb_buffer_reset(&c->feed->body);
    body = bb_buffer_extend(&c->feed->body, bb__subscribed__get_packed_size(&said));
    if (body)
        bb_feed_send(c, BB_KIND_SUBSCRIBED, bb__subscribed__pack(&said, body), &arrival->session);
}

/* They are on disk: they begin. */
static int
begin_arrivals(struct bb_communication *c)
{
    struct bb_feed *feed = c->feed;
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < feed->n_arrivals; i++) {
        const struct bb_arrival *arrival = &feed->arrival[i];
        const struct bb_cursor *cursor = bb_cursors_at(&feed->cursors, arrival->cursor);
        say_subscribed(c, arrival);
        r = feed->body.error;
        if (r == 0)
            r = bb_fanout_open(feed->fanout, &(struct bb_fanout_session){
                                                 .number = arrival->session,
                                                 .cursor = arrival->cursor,
                                                 .acked = cursor->acked,
                                                 .sent = cursor->sent,
                                                 .window_messages = arrival->window_messages,
                                                 .window_bytes = arrival->window_bytes,
                                             });
    }
    feed->n_arrivals = 0;
    if (feed->size_arrivals > ARRIVALS_KEPT) { /* after a burst */
        free(feed->arrival);
        feed->arrival = NULL;
        feed->size_arrivals = 0;
    }
    return r;
}

/* Turns of a lane, as much as a round takes of it. ret_more: there is more that could be done at once. */
static int
feed_lane(struct bb_communication *c, enum bb_fanout_lane lane, uint64_t most, size_t backlog, bool *ret_more)
{
    const struct bb_outlet *outlet = &c->outlet;
    uint64_t bytes = 0;
    int r = bb_fanout_counts(c->feed->fanout).sessions > 0;

    while (r == 1 && bytes < most && outlet->backlog(outlet->self) < backlog)
        r = bb_feed_turn(c, lane, &bytes);
    if (r == 1 && bytes >= most)
        *ret_more = true;
    return r < 0 ? r : 0;
}

static void
count(struct bb_communication *c)
{
    struct bb_fanout_counts counts = bb_fanout_counts(c->feed->fanout);

    c->counters.cursors = c->feed->cursors.count;
    c->counters.sessions = counts.sessions;
    c->counters.behind = counts.behind;
    c->counters.gaps = c->feed->gaps + counts.gaps;
    c->counters.taken_over = c->feed->taken_over;
}

static void
look_at_log(struct bb_communication *c)
{
    bb_fanout_advance(c->feed->fanout, bb_msglog_committed(c->log));
    for (int kind = BB_CHANNEL_ALL; kind <= BB_CHANNEL_INDICATOR; kind++)
        bb_fanout_trimmed(c->feed->fanout, bb_channels_trimmed(c->channels, (enum bb_channel_kind)kind));
}

int
bb_feed_deliver(struct bb_communication *c, bool *ret_more)
{
    int r;

    look_at_log(c);
    r = begin_arrivals(c);
    if (r == 0)
        r = feed_lane(c, BB_FANOUT_FRONT, FRONT_BYTES, FRONT_BACKLOG, ret_more);
    if (r == 0)
        r = feed_lane(c, BB_FANOUT_BEHIND, BEHIND_BYTES, BEHIND_BACKLOG, ret_more);
    bb_msglog_abort(c->log); /* the reading */
    count(c);
    return r;
}

bb_mono
bb_feed_due(const struct bb_communication *c)
{
    uint32_t number = bb_cursors_latest(&c->feed->cursors);
    bb_mono late = number == BB_NO_CURSOR
                       ? BB_NEVER
                       : bb_cursors_at(&c->feed->cursors, number)->late_since + KEEP_ALONE_MS;

    return late < c->feed->next_expiry ? late : c->feed->next_expiry;
}

bool
bb_feed_follows(const struct bb_feed *feed, uint32_t organization, const struct bb_channel *channel)
{
    char text[BB_CHANNEL_TEXT];
    struct bb_bytes name = bb_bytes(text, bb_channel_format(channel, text));

    for (uint32_t at = bb_cursors_first(&feed->cursors, organization); at != BB_NO_CURSOR;
         at = bb_cursors_at(&feed->cursors, at)->next) {
        const struct bb_cursor *cursor = bb_cursors_at(&feed->cursors, at);
        if (cursor->expired == 0 && bb_filter_selects(cursor->filter, channel->kind, name))
            return true;
    }
    return false;
}

/* Sending */

void
bb_feed_send(struct bb_communication *c, enum bb_kind kind, size_t packed, const uint64_t *session)
{
    /* The field `subscription` comes first, as 08 00; the broker writes it. */
    c->outlet.fanout(c->outlet.self, kind, bb_bytes(c->feed->body.data + 2, packed - 2), session, 1);
}

/* Start and end */

static int
fresh_fanout(struct bb_feed *feed)
{
    struct bb_fanout *fanout;
    int r = bb_fanout_new(bb_fault("cursor-early"), &fanout);

    if (r != 0)
        return r;
    if (feed->fanout)
        feed->gaps += bb_fanout_counts(feed->fanout).gaps;
    bb_fanout_destroy(&feed->fanout);
    feed->fanout = fanout;
    return 0;
}

static int
load(struct bb_communication *c)
{
    struct bb_feed *feed = c->feed;
    int r = fresh_fanout(feed);

    if (r == 0)
        r = bb_cursor_store_load(c->log, c->directory, &feed->cursors, c->now);
    if (r == 0)
        look_at_log(c);
    if (r == 0)
        count(c);
    return r;
}

int
bb_feed_reload(struct bb_communication *c, uint32_t code)
{
    struct bb_feed *feed = c->feed;
    struct bb_problem problem;

    bb_problem(&problem, code, "the store could not be written");
    for (uint32_t i = 0; i < feed->cursors.size; i++)
        if (bb_cursors_is(&feed->cursors, i) && feed->cursors.cursor[i].session != 0)
            bb_feed_refuse(c, feed->cursors.cursor[i].session, 1000, &problem);
    feed->n_arrivals = 0;
    bb_cursors_release(&feed->cursors);
    return load(c);
}

static bool
follows(void *self, uint32_t organization, const struct bb_channel *channel)
{
    return bb_feed_follows(self, organization, channel);
}

int
bb_feed_new(struct bb_communication *c)
{
    struct bb_feed *feed = calloc(1, sizeof *feed);
    int r;

    if (!feed)
        return -ENOMEM;
    c->feed = feed;
    feed->next_expiry = c->config->cursor_idle_ms ? 0 : BB_NEVER;
    feed->select = (struct bb_select){.access = &c->access, .cursors = &feed->cursors};
    bb_cursors_init(&feed->cursors);
    bb_buffer_init(&feed->body, BB_LIMIT_BODY_BYTES);
    r = bb_reading_new(&feed->reading);
    if (r == 0)
        r = load(c);
    bb_msglog_abort(c->log); /* the reading */
    c->access.follows = follows;
    c->access.self = feed;
    return r;
}

void
bb_feed_destroy(struct bb_feed **feed_pointer)
{
    struct bb_feed *feed = *feed_pointer;

    if (!feed)
        return;
    bb_fanout_destroy(&feed->fanout);
    bb_reading_destroy(&feed->reading);
    bb_cursors_release(&feed->cursors);
    bb_buffer_release(&feed->body);
    free(feed->arrival);
    free(feed);
    *feed_pointer = NULL;
}
