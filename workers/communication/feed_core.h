/* What the parts of the feed share: session.c (who comes and goes), feed.c (rounds), reading.c (turns:
 * reading and composing), subscription.c (methods). */
#ifndef BB_FEED_CORE_H
#define BB_FEED_CORE_H

#include "cursor_store.h"
#include "feed.h"
#include "select.h"

#include "wire.pb-c.h"

/* A session that begins when the round is on disk. */
struct bb_arrival {
    uint64_t session;
    uint32_t cursor;
    uint32_t window_messages, window_bytes;
    bool created;
    bb_utc expired; /* the cursor had been put aside then; 0 */
};

struct bb_reading; /* reading.c */

struct bb_feed {
    struct bb_cursors cursors;
    struct bb_fanout *fanout;
    struct bb_select select;
    struct bb_reading *reading;
    struct bb_buffer body;
    struct bb_arrival *arrival;
    uint32_t n_arrivals, size_arrivals;
    uint64_t taken_over, gaps; /* gaps: of fan-outs that are gone */
    bb_mono next_expiry;       /* when to look for cursors that nobody uses */
};

/* Write a cursor, and that it delivered something, in this round. 0 | <0 */
int bb_feed_keep(struct bb_communication *c, uint32_t cursor);

/* The cursor's session ends without a word; the cursor knows what it leaves. */
void bb_feed_end_session(struct bb_communication *c, uint32_t cursor);
/* Its client gets an error, and the session is over; the cursor is not looked at. */
void bb_feed_refuse(struct bb_communication *c, uint64_t session, uint32_t retry_after_ms,
                    const struct bb_problem *problem);

/* Cursors. They are not written by these; bb_feed_keep() does. */
/* One that begins at the head. filter: taken. 0 | -ENOMEM */
int bb_feed_make(struct bb_communication *c, uint32_t organization, struct bb_bytes name,
                 struct bb_filter *filter, uint32_t *ret_number);
/* filter: taken. 0 | <0 */
int bb_feed_set_filter(struct bb_communication *c, uint32_t number, struct bb_filter *filter);
/* Back to the first message that is kept. */
void bb_feed_from_start(struct bb_communication *c, struct bb_cursor *cursor);

/* The filter of a cursor that names none: "all", "org/" and the organization's own, "group/" and a star. */
int bb_feed_default_filter(struct bb_communication *c, uint32_t organization, struct bb_filter **ret_filter);
/* Of names that were checked. 0 | -E2BIG | -ENOMEM */
int bb_feed_filter_of(char *const *channel, size_t n, struct bb_filter **ret_filter);

/* Is it a name? May the organization have these channels in a filter? May it have one more cursor? 0 yes | 1
 * no: the problem */
int bb_feed_check_name(struct bb_bytes name, struct bb_problem *problem);
int bb_feed_check_channels(struct bb_communication *c, uint32_t organization, char *const *channel, size_t n,
                           struct bb_problem *problem);
int bb_feed_check_count(struct bb_communication *c, uint32_t organization, struct bb_problem *problem);

/* Reading and composing. */
int bb_reading_new(struct bb_reading **ret_reading);
void bb_reading_destroy(struct bb_reading **reading);
/* One turn of a lane. bytes: about what it cost, in bytes of the log, is added. 1 | 0 nobody has anything to
 * read | <0 */
int bb_feed_turn(struct bb_communication *c, enum bb_fanout_lane lane, uint64_t *bytes);
/* What was packed into `body`, a message that begins with a field `subscription` of 0, which is left out. */
void bb_feed_send(struct bb_communication *c, enum bb_kind kind, size_t packed, const uint64_t *session);

#endif
