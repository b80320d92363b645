/* Subscriptions: the shell between the cursors, the fan-out, the log and the broker.
 *
 * Clients come and go, and acknowledge; a session is fed from the cursor that it names. What must be on disk
 * before anything is delivered (that a cursor is there, and has a session) is staged in the round, and the
 * session begins when the round was committed. What may be lost (how far a cursor has come) is written later,
 * a few cursors at a time, with a round that writes anyway or after a second.
 *
 * Behind each commit the front is fed with what is new, then those who are behind with a bounded part of the
 * log, as long as the broker keeps up. The messages go as they are stored; only what differs between readers
 * is written behind each.
 *
 * Owned by the thread of the service. */
#ifndef BB_FEED_H
#define BB_FEED_H

#include "communication_core.h"

/* Makes c->feed, from what is stored; c->access gets to know who follows an indicator. 0 | <0 */
int bb_feed_new(struct bb_communication *c);
void bb_feed_destroy(struct bb_feed **feed);
/* After a round that failed: everybody is sent away, to come again. code: the error they get. 0 | <0 */
int bb_feed_reload(struct bb_communication *c, uint32_t code);

/* Sessions, as the broker tells of them. 0 | <0 */
int bb_feed_up(struct bb_communication *c, const struct bb_subscriber *subscriber);
void bb_feed_down(struct bb_communication *c, uint64_t session);
void bb_feed_ack(struct bb_communication *c, const struct bb_acknowledged *acknowledged);
/* The broker is gone, and every session with it. */
void bb_feed_reset(struct bb_communication *c);

/* The end of a round, before the commit: what is to be written of the cursors. 0 | <0 */
int bb_feed_prepare(struct bb_communication *c);
/* ... and behind it: sessions begin, and are fed. ret_more: set when there is more to do at once. 0 | <0 */
int bb_feed_deliver(struct bb_communication *c, bool *ret_more);
/* All that is known of the cursors, in this round: for who asks for receipts, and at the end. 0 | <0 */
int bb_feed_settle(struct bb_communication *c);
/* When a round is wanted, though nobody asks. */
bb_mono bb_feed_due(const struct bb_communication *c);

/* Does a subscription of the organization, which was not put aside, select this channel? */
bool bb_feed_follows(const struct bb_feed *feed, uint32_t organization, const struct bb_channel *channel);

#endif
