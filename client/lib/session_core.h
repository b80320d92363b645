/* Inside the session: what its parts share. Only session*.c include this.
 *
 * session.c has its life, the making of requests and the connection, session_receive.c what comes in,
 * session_send.c what goes out, session_end.c the ends of requests and time, session_subscription.c the life
 * of subscriptions and what they send, session_deliver.c what comes for them. */
#ifndef BB_SESSION_CORE_H
#define BB_SESSION_CORE_H

#include "session.h"

#include "wire.pb-c.h"

/* Something falls due at that time. */
void bb_session_due_by(struct bb_session *session, bb_mono when);
/* A random number, for jitter. */
uint32_t bb_session_draw(struct bb_session *session);
/* When a request that was never sent ends because there is no connection. */
bb_mono bb_session_unreachable_at(const struct bb_session *session, const struct bb_request *request);

/* Take a request off the list of its state. */
void bb_session_forget(struct bb_session *session, struct bb_request *request);
/* End a request, and tell. result: enum bb_result; code: the broker's, or 0. */
void bb_session_end(struct bb_session *session, struct bb_request *request, int result, uint32_t code,
                    const char *text);
/* The same of all that are in a list, which is no session's any more, and of all there are. */
void bb_session_end_list(struct bb_session *session, struct bb_request_list *list, int result, uint32_t code,
                         const char *text);
void bb_session_end_all(struct bb_session *session, int result, uint32_t code, const char *text);
/* Its time is up: says what is known of why. */
void bb_session_end_in_time(struct bb_session *session, struct bb_request *request);

/* "NOT_FOUND", "UNREACHABLE": the broker's error, or without one the result. Static. */
const char *bb_result_name(int result, uint32_t code);

/* Tell the broker that nobody waits for the answer any more. */
void bb_session_cancel(struct bb_session *session, const struct bb_request *request);

/* --- subscriptions: what the other parts pass on ------------------------------------------------------ */

int bb_session_on_subscribed(struct bb_session *session, struct bb_bytes body);
int bb_session_on_deliver(struct bb_session *session, struct bb_bytes body);
int bb_session_on_gap(struct bb_session *session, struct bb_bytes body);
void bb_session_on_subscription_error(struct bb_session *session, const Bb__Error *error);

/* The connection is lost: they are all to be asked for again. Then, if that is how it goes on, their owners
 * are told why. */
void bb_session_listeners_lost(struct bb_session *session);
void bb_session_listeners_tell_lost(struct bb_session *session, const char *text);
/* They end as all requests do. */
void bb_session_listeners_end(struct bb_session *session, int result, uint32_t code, const char *text);
void bb_session_listeners_release(struct bb_session *session);

bool bb_session_listeners_have_output(const struct bb_session *session);
/* Frames of those that have something to send, behind what is in the bundle. */
void bb_session_listeners_fill(struct bb_session *session);
void bb_session_listeners_tick(struct bb_session *session);

/* --- subscriptions: between their two files ----------------------------------------------------------- */

/* Nothing is delivered that it could acknowledge: its session is over, or has just begun. */
void bb_listener_forget(struct bb_listener *listener);
/* What `acked` has passed leaves the ring, and is to be acknowledged. */
void bb_listener_settle(struct bb_session *session, struct bb_listener *listener);
/* kind: INTERRUPTED or ENDED. */
void bb_listener_tell(struct bb_listener *listener, int kind, int result, uint32_t code, const char *text);
/* It is over, and its owner is told. */
void bb_listener_end(struct bb_listener *listener, int result, uint32_t code, const char *text);
/* It is on the list no more, and gone. */
void bb_listener_drop(struct bb_session *session, struct bb_listener *listener);

#endif
