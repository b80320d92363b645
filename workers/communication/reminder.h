/* One reminder: a notice to an organization that has said nothing yet of an indicator for a period.
 *
 * There are two kinds, one before the due day and one behind it. The id of each follows from organization,
 * indicator, period and kind, and that it was given is remembered longer than it could be given again,
 * whatever becomes of the message: so nobody gets the same one twice. */
#ifndef BB_REMINDER_H
#define BB_REMINDER_H

#include "communication_core.h"

#define BB_REMIND_DAY_MS INT64_C(86400000)
#define BB_REMIND_MS_MAX (60 * BB_REMIND_DAY_MS) /* of the spans in the configuration */
/* Who could not be reminded of what was due when it was time (nothing ran), is for so many days; of what is
 * older nobody is. */
#define BB_REMIND_LATE_DAYS 7u

/* Part of the id: never reused. */
enum bb_reminder_kind { BB_REMINDER_NONE = 0, BB_REMINDER_BEFORE = 1, BB_REMINDER_AFTER = 2 };

/* The kind that it is time for. due: the last day on which it is on time. Pure. */
enum bb_reminder_kind bb_reminder_of(const struct bb_communication_config *config, uint32_t due,
                                     uint32_t today);

/* What it reminds of: texts as measurement gives them. */
struct bb_reminder {
    enum bb_reminder_kind kind; /* not NONE */
    const char *organization;   /* code */
    const char *indicator;      /* code */
    const char *period;         /* canonical */
    uint32_t due;               /* day */
};

/* Are its texts what they should be? */
bool bb_reminder_is_sound(const struct bb_reminder *reminder);

/* Append it in this round, unless it was given before, or there is nobody to get it. reminder: sound.
 * ret_count: grows by the messages appended. 0 | as the log says */
int bb_reminder_write(struct bb_communication *c, const struct bb_reminder *reminder, size_t *ret_count);

/* Forget, in this round, some of those that cannot come again. 0 | as the log says */
int bb_reminder_forget(struct bb_communication *c);

#endif
