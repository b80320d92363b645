/* Who has not reported is reminded: measurement is asked what is due about now and has not come, at the
 * start, then every hour, and when a day begins where the organizations are; what it says becomes notices
 * (reminder.h).
 *
 * One request is open at a time; an answer that goes on is asked for behind its end. Nothing is kept of where
 * it is: whoever dies begins anew, and what was given is known.
 *
 * Owned by the thread of the service; bb_reminders_prepare() and what comes after it are parts of its round.
 */
#ifndef BB_REMINDERS_H
#define BB_REMINDERS_H

#include "caller.h"
#include "communication_core.h"

struct bb_reminders;

/* Ids of its calls have this bit, and no others. */
#define BB_REMINDERS_CALL (UINT64_C(1) << 62)

/* 0 | -ENOMEM */
int bb_reminders_new(struct bb_communication *c, const struct bb_caller *caller,
                     struct bb_reminders **ret_reminders);
void bb_reminders_destroy(struct bb_reminders **reminders);

/* The answer to what was asked. */
void bb_reminders_called(struct bb_reminders *reminders, uint64_t id, const struct bb_call_result *result);

/* Stage what belongs to this round. 0 | <0 as the log says */
int bb_reminders_prepare(struct bb_reminders *reminders);
/* The round is on disk: go on. Returns whether there is more to do at once. */
bool bb_reminders_committed(struct bb_reminders *reminders);
/* The round was not kept. */
void bb_reminders_lost(struct bb_reminders *reminders);

/* When a round is wanted, though nothing comes in. */
bb_mono bb_reminders_next(const struct bb_reminders *reminders);

#endif
