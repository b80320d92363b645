/* One peer that is up: its server, its subscribers in their processes, and a publisher. */
#ifndef FANOUT_SIDE_H
#define FANOUT_SIDE_H

#include "fanout.h"

/* What a run gave. Processor time is in microseconds for each delivery. */
struct fanout_result {
    uint64_t messages;
    double deliveries;
    double seconds;        /* from the first publish to the last delivery */
    double answer_seconds; /* to the last acknowledgement */
    double cpu_us[FANOUT_PROCESSES];
    double subscribers_cpu_us, publisher_cpu_us;
};

struct fanout_side;

/* In a new folder below this one. No subscribers: there is only a publisher. */
struct fanout_side *fanout_side_start(struct fanout_peer *peer, const char *folder, unsigned subscribers);
void fanout_side_stop(struct fanout_side **side);

/* Publish the next messages and wait until every subscriber has them. */
void fanout_side_run(struct fanout_side *side, uint64_t messages, unsigned outstanding,
                     struct fanout_result *ret_result);

/* One more subscriber, in a process of its own that is stopped as soon as it has subscribed: it reads
 * nothing. Runs do not wait for it. */
void fanout_side_add_stopped(struct fanout_side *side);

/* Bring what was published to one new subscriber. */
void fanout_side_catch_up(struct fanout_side *side, struct fanout_result *ret_result);

/* Memory of the peer's processes before the first subscriber came, and now, in MB (RssAnon). */
double fanout_side_memory_before(const struct fanout_side *side);
double fanout_side_memory(const struct fanout_side *side);

/* Messages that came twice. */
uint64_t fanout_side_repeated(const struct fanout_side *side);

#endif
