/* Inside the session: what its parts share. Only session*.c include this.
 *
 * session.c has its life, the making of requests and the connection, session_receive.c what comes in,
 * session_send.c what goes out, session_end.c the ends of requests and time. */
#ifndef BB_SESSION_CORE_H
#define BB_SESSION_CORE_H

#include "session.h"

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

/* Tell the broker that nobody waits for the answer any more. */
void bb_session_cancel(struct bb_session *session, const struct bb_request *request);

#endif
