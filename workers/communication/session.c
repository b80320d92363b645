/* Who comes and goes.
 *
 * A SUBSCRIBE is judged when it comes, and takes its cursor over at once; it begins when the round is on
 * disk. Only what a later session must find is written: that the cursor is there, its filter, where it was
 * set to, and that it has a session, so that after a crash everything counts as sent. A cursor that is known
 * to have one is not written again: after a broker's restart thousands come back without a write.
 *
 * Nothing of an ACK is believed beyond what was sent (fanout.h). */
#include "feed_core.h"
#include "indicators.h"

#include "proto/errors.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdlib.h>

#define WINDOW_MESSAGES 65536u
#define RETRY_MS        200

/* One SUBSCRIBE. */
struct asked {
    uint64_t session;
    uint32_t organization;
    struct bb_bytes member;
    const Bb__Subscribe *subscribe;
    struct bb_bytes name;
};

/* Ending */

void
bb_feed_refuse(struct bb_communication *c, uint64_t session, uint32_t retry_after_ms,
               const struct bb_problem *problem)
{
    Bb__Error error = BB__ERROR__INIT;
    uint8_t body[sizeof problem->text + 64];

    error.code = problem->code;
    error.message = (char *)(uintptr_t)problem->text; /* protobuf-c does not write to it */
    error.has_retryable = true;
    error.retryable = bb_error_retryable(problem->code);
    error.has_retry_after_ms = retry_after_ms > 0;
    error.retry_after_ms = retry_after_ms;
    c->outlet.fanout(c->outlet.self, BB_KIND_ERROR, bb_bytes(body, bb__error__pack(&error, body)), &session,
                     1);
}

static bool
drop_arrival(struct bb_feed *feed, uint64_t session, uint32_t *ret_cursor)
{
    for (uint32_t i = 0; i < feed->n_arrivals; i++)
        if (feed->arrival[i].session == session) {
            *ret_cursor = feed->arrival[i].cursor;
            memmove(&feed->arrival[i], &feed->arrival[i + 1],
                    (--feed->n_arrivals - i) * sizeof *feed->arrival);
            return true;
        }
    return false;
}

/* What the cursor knows of its session. */
static void
follow(struct bb_communication *c, const struct bb_fanout_standing *standing)
{
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, standing->cursor);

    cursor->sent = standing->sent > cursor->sent ? standing->sent : cursor->sent;
    cursor->notable = standing->notable > cursor->notable ? standing->notable : cursor->notable;
    if (standing->acked <= cursor->acked)
        return;
    cursor->acked = standing->acked;
    bb_cursors_late(&c->feed->cursors, standing->cursor, c->mono);
}

static void
leave(struct bb_communication *c, uint32_t number)
{
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);

    cursor->session = 0;
    cursor->used = c->now;
    bb_cursors_late(&c->feed->cursors, number, c->mono);
}

void
bb_feed_down(struct bb_communication *c, uint64_t session)
{
    struct bb_fanout_standing standing;
    uint32_t cursor;

    if (bb_fanout_close(c->feed->fanout, session, &standing)) {
        follow(c, &standing);
        leave(c, standing.cursor);
    } else if (drop_arrival(c->feed, session, &cursor)) {
        leave(c, cursor);
    }
}

void
bb_feed_end_session(struct bb_communication *c, uint32_t number)
{
    uint64_t session = bb_cursors_at(&c->feed->cursors, number)->session;

    if (session != 0)
        bb_feed_down(c, session);
}

void
bb_feed_reset(struct bb_communication *c)
{
    for (uint32_t i = 0; i < c->feed->cursors.size; i++)
        if (bb_cursors_is(&c->feed->cursors, i))
            bb_feed_end_session(c, i);
}

void
bb_feed_ack(struct bb_communication *c, const struct bb_acknowledged *ack)
{
    struct bb_fanout_standing standing;

    if (bb_fanout_ack(c->feed->fanout, ack->session, ack->sequence, ack->messages, ack->bytes, &standing))
        follow(c, &standing);
}

/* Filters */

int
bb_feed_default_filter(struct bb_communication *c, uint32_t organization, struct bb_filter **ret_filter)
{
    struct bb_channel own = {
        .kind = BB_CHANNEL_ORGANIZATION,
        .code = bb_directory_at(c->directory, organization)->code,
    };
    char text[BB_CHANNEL_TEXT];
    size_t len = bb_channel_format(&own, text);
    struct bb_bytes name[] = {bb_bytes_str("all"), bb_bytes(text, len), bb_bytes_str("group/*")};

    return bb_filter_new(name, 3, ret_filter);
}

static int
check_channel(struct bb_communication *c, uint32_t organization, const char *name, struct bb_problem *problem)
{
    struct bb_channel channel;

    if (bb_channel_parse_filter(bb_bytes_str(name), &channel) != 0)
        return bb_problem_found(problem, BB_ERROR_NOT_FOUND, "channel", bb_bytes_str(name),
                                "all, group/CODE, org/CODE or indicator/CODE, or a * for CODE");
    return bb_access_explain(bb_access_selects(&c->access, organization, &channel), &channel, "read",
                             problem);
}

int
bb_feed_check_channels(struct bb_communication *c, uint32_t organization, char *const *channel, size_t n,
                       struct bb_problem *problem)
{
    if (n > BB_LIMIT_FILTER)
        return bb_problem(problem, BB_ERROR_INVALID, "channel: found %zu of them, expected at most %u", n,
                          BB_LIMIT_FILTER);
    for (size_t i = 0; i < n; i++)
        if (check_channel(c, organization, channel[i], problem))
            return 1;
    return 0;
}

int
bb_feed_check_name(struct bb_bytes name, struct bb_problem *problem)
{
    if (bb_text_is_code(name))
        return 0;
    return bb_problem_found(problem, BB_ERROR_INVALID, "name", name,
                            "1 to 128 letters, digits, '_', '.', '-', the first a letter or digit");
}

int
bb_feed_check_count(struct bb_communication *c, uint32_t organization, struct bb_problem *problem)
{
    if (bb_cursors_of(&c->feed->cursors, organization) < BB_CURSORS_OF_ORGANIZATION)
        return 0;
    return bb_problem(problem, BB_ERROR_OVERLOADED,
                      "your organization has %u subscriptions already, which is the most that there may be",
                      BB_CURSORS_OF_ORGANIZATION);
}

int
bb_feed_filter_of(char *const *channel, size_t n, struct bb_filter **ret_filter)
{
    struct bb_bytes *name = malloc((n + 1) * sizeof *name);
    int r;

    if (!name)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        name[i] = bb_bytes_str(channel[i]);
    r = bb_filter_new(name, n, ret_filter);
    free(name);
    return r;
}

/* Beginning */

static uint32_t
within(uint32_t value, uint32_t most)
{
    return value == 0 ? 1 : value > most ? most : value;
}

static int
arrive(struct bb_feed *feed, const struct asked *asked, uint32_t cursor, bool created, bb_utc expired)
{
    if (feed->n_arrivals == feed->size_arrivals) {
        uint32_t n = feed->size_arrivals ? feed->size_arrivals * 2 : 16;
        struct bb_arrival *grown = realloc(feed->arrival, n * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        feed->arrival = grown;
        feed->size_arrivals = n;
    }
    feed->arrival[feed->n_arrivals++] = (struct bb_arrival){
        .session = asked->session,
        .cursor = cursor,
        .window_messages = within(asked->subscribe->window_messages, WINDOW_MESSAGES),
        .window_bytes = within(asked->subscribe->window_bytes, BB_LIMIT_SUBSCRIPTION_WINDOW),
        .created = created,
        .expired = expired,
    };
    return 0;
}

/* Where the subscriber wants it to be. What was acknowledged before is kept first: it was delivered. */
static int
set_position(struct bb_communication *c, uint32_t number, const Bb__Subscribe *subscribe)
{
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
    uint64_t head = bb_msglog_head(c->log), to = 0;
    int r = cursor->is_late ? bb_feed_keep(c, number) : 0;

    if (r == 0 && subscribe->from_start) {
        bb_feed_from_start(c, cursor);
    } else if (r == 0) {
        to = subscribe->from_sequence > 0 ? subscribe->from_sequence - 1 : 0;
        cursor->acked = cursor->stored.acked = to < head ? to : head;
        cursor->floor = 0;
    }
    return r;
}

void
bb_feed_from_start(struct bb_communication *c, struct bb_cursor *cursor)
{
    cursor->acked = cursor->stored.acked = 0;
    cursor->floor = 0;
    for (int kind = BB_CHANNEL_ALL; kind <= BB_CHANNEL_INDICATOR; kind++) {
        uint64_t trimmed = bb_channels_trimmed(c->channels, (enum bb_channel_kind)kind);
        cursor->floor = trimmed > cursor->floor ? trimmed : cursor->floor;
    }
}

int
bb_feed_make(struct bb_communication *c, uint32_t organization, struct bb_bytes name,
             struct bb_filter *filter, uint32_t *ret_number)
{
    struct bb_cursor *cursor;
    int r = bb_cursors_add(&c->feed->cursors, organization, name, filter, ret_number);

    if (r != 0)
        return r;
    cursor = bb_cursors_at(&c->feed->cursors, *ret_number);
    cursor->acked = cursor->stored.acked = bb_msglog_head(c->log);
    cursor->used = c->now;
    return 0;
}

int
bb_feed_set_filter(struct bb_communication *c, uint32_t number, struct bb_filter *filter)
{
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
    int r = cursor->is_late ? bb_feed_keep(c, number) : 0;

    if (r != 0)
        return r;
    free(cursor->filter);
    cursor->filter = filter;
    return 0;
}

/* The cursor is the session's from now on. */
static int
take(struct bb_communication *c, const struct asked *asked, uint32_t number, bool created, bool changed)
{
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
    bb_utc expired = cursor->expired;
    int r = bb_cursor_set_member(cursor, asked->member);

    if (r != 0)
        return r;
    cursor->session = asked->session;
    cursor->used = c->now;
    cursor->expired = 0;
    if (created || changed || expired || !cursor->stored.online)
        r = bb_feed_keep(c, number);
    return r == 0 ? arrive(c->feed, asked, number, created, expired) : r;
}

static int
take_over(struct bb_communication *c, const struct asked *asked, uint32_t number, struct bb_filter *filter)
{
    const Bb__Subscribe *subscribe = asked->subscribe;
    struct bb_cursor *cursor = bb_cursors_at(&c->feed->cursors, number);
    bool changed = subscribe->from_start || subscribe->has_from_sequence;
    struct bb_problem problem;
    int r = 0;

    if (cursor->session) {
        bb_problem(&problem, BB_ERROR_TAKEN_OVER, "another session has subscribed as \"%s\"", cursor->name);
        bb_feed_refuse(c, cursor->session, 0, &problem);
        bb_feed_end_session(c, number);
        c->feed->taken_over++;
    }
    if (filter && !bb_filter_equal(filter, cursor->filter)) {
        r = bb_feed_set_filter(c, number, filter);
        filter = r == 0 ? NULL : filter;
        changed = true;
    }
    free(filter);
    if (r == 0 && (subscribe->from_start || subscribe->has_from_sequence))
        r = set_position(c, number, subscribe);
    return r == 0 ? take(c, asked, number, false, changed) : r;
}

static int
begin_anew(struct bb_communication *c, const struct asked *asked, struct bb_filter *filter)
{
    const Bb__Subscribe *subscribe = asked->subscribe;
    uint32_t number;
    int r = filter ? 0 : bb_feed_default_filter(c, asked->organization, &filter);

    if (r != 0)
        return r;
    r = bb_feed_make(c, asked->organization, asked->name, filter, &number);
    if (r != 0) {
        free(filter);
        return r;
    }
    if (subscribe->from_start || subscribe->has_from_sequence)
        r = set_position(c, number, subscribe);
    return r == 0 ? take(c, asked, number, true, true) : r;
}

/* 0 | 1 a problem */
static int
judge(struct bb_communication *c, const struct asked *asked, uint32_t role, struct bb_problem *problem)
{
    const Bb__Subscribe *subscribe = asked->subscribe;

    if (bb_feed_check_name(asked->name, problem))
        return 1;
    if (bb_method_scope(BB_METHOD_MESSAGE_LIST, role) == BB_SCOPE_NONE)
        return bb_problem(problem, BB_ERROR_NOT_ALLOWED, "your role may not subscribe");
    if (bb_cursors_find(&c->feed->cursors, asked->organization, asked->name) == BB_NO_CURSOR &&
        bb_feed_check_count(c, asked->organization, problem))
        return 1;
    return bb_feed_check_channels(c, asked->organization, subscribe->channel, subscribe->n_channel, problem);
}

static int
begin(struct bb_communication *c, const struct asked *asked)
{
    uint32_t number = bb_cursors_find(&c->feed->cursors, asked->organization, asked->name);
    struct bb_filter *filter = NULL;
    int r = 0;

    if (asked->subscribe->n_channel > 0)
        r = bb_feed_filter_of(asked->subscribe->channel, asked->subscribe->n_channel, &filter);
    if (r != 0)
        return r;
    return number == BB_NO_CURSOR ? begin_anew(c, asked, filter) : take_over(c, asked, number, filter);
}

int
bb_feed_up(struct bb_communication *c, const struct bb_subscriber *subscriber)
{
    const struct bb_organization *caller = bb_directory_by_code(c->directory, subscriber->organization);
    struct asked asked = {.session = subscriber->session, .member = subscriber->member};
    struct bb_problem problem;
    Bb__Subscribe *subscribe;
    bool refused;
    int held;

    bb_arena_reset(&c->arena);
    if (bb_unpack(bb__subscribe, subscriber->subscribe, &c->arena, &subscribe) != 0) {
        refused = bb_problem(&problem, BB_ERROR_MALFORMED, "the request cannot be decoded");
    } else if (!caller) {
        refused = bb_problem(&problem, BB_ERROR_UNAVAILABLE, "the organization has not been heard of yet");
    } else {
        asked.organization = caller->number;
        asked.subscribe = subscribe;
        asked.name = bb_bytes_str(subscribe->name);
        refused = judge(c, &asked, subscriber->role, &problem);
    }
    if (!refused)
        return begin(c, &asked);
    held = bb_indicators_hold_subscriber(c->indicators, subscriber);
    if (held != 0)
        return held < 0 ? held : 0;
    bb_feed_refuse(c, subscriber->session, bb_error_retryable(problem.code) ? RETRY_MS : 0, &problem);
    return 0;
}
