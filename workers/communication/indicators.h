/* Which indicators there are, as far as channels and stories name them: measurement knows, and is asked.
 *
 * Who names an indicator of which nothing is known yet waits: what it sent is kept, and judged again, from
 * the beginning, when measurement has said whether the indicator is there.
 *
 *     bb_indicators_has(): "no" ---> bb_indicators_hold_*() -> asked ---> there: known; judged again
 *       (first time)                  whatever was staged       |-------> not there: judged again; "no"
 * stands for it is dropped         '-------> no answer: UNAVAILABLE
 *
 * What was there stays known: no indicator goes. What a subscription names was there once, so a subscriber
 * that comes back waits for nobody. What was not there is asked about each time.
 *
 * Owned by the thread of the service. NULL, in tests without measurement: every indicator is there. */
#ifndef BB_INDICATORS_H
#define BB_INDICATORS_H

#include "caller.h"
#include "communication_core.h"

struct bb_indicators;

/* Ids of its calls have this bit, and no others. */
#define BB_INDICATORS_CALL (UINT64_C(1) << 63)

/* Makes c->indicators, which c->access asks from now on. c: with its feed. 0 | -ENOMEM */
int bb_indicators_new(struct bb_communication *c, const struct bb_caller *caller);
void bb_indicators_destroy(struct bb_indicators **indicators);

/* Is it there? False also when it is to be asked about: then a hold is to follow. */
bool bb_indicators_has(struct bb_indicators *indicators, struct bb_bytes code);

/* Behind the judgement of each request, or subscriber. 0 it stands | 1 it does not: it waits for measurement,
 * or was told that measurement cannot be asked | -ENOMEM */
int bb_indicators_hold_work(struct bb_indicators *indicators, const struct bb_work *work);
int bb_indicators_hold_subscriber(struct bb_indicators *indicators, const struct bb_subscriber *subscriber);

/* They have gone: nobody waits. */
void bb_indicators_cancel(struct bb_indicators *indicators, uint64_t tag);
void bb_indicators_session_down(struct bb_indicators *indicators, uint64_t session);
void bb_indicators_reset(struct bb_indicators *indicators);

/* Measurement has answered: who waited for it is judged again, in this round. 0 | -ENOMEM */
int bb_indicators_called(struct bb_indicators *indicators, uint64_t id, const struct bb_call_result *result);

#endif
