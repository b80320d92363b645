/* The communication service without its session with the broker: what its parts share, and a round of it.
 *
 * One thread. What comes in a round (requests, sessions, the directory, answers of calls) is judged and
 * staged: changes in the log's transaction, answers in `answers`. bb_communication_flush() ends the round:
 * the parts that write at the end of one do, then the log is committed, then answers go to the sink, and then
 * the parts that tell of what is on disk now (deliveries) do.
 *
 * When a round fails for want of room, everybody gets NOSPACE and what is in memory is loaded again; any
 * other failure ends the process, since what is on disk is not known.
 *
 * Handlers of methods take the struct and a call, stage an answer, and return 0, or <0 when the store failed.
 * Their table is in communication_core.c. What a handler finds wrong it says with bb_answer_fail() and
 * returns what that returned. */
#ifndef BB_COMMUNICATION_CORE_H
#define BB_COMMUNICATION_CORE_H

#include "access.h"
#include "answers.h"
#include "communication.h"
#include "outlet.h"
#include "problem.h"
#include "retention_rules.h"
#include "view.h"

#include "proto/arena.h"
#include "runtime/worker.h"

struct bb_feed;
struct bb_follow;
struct bb_indicators;
struct bb_reminders;
struct bb_stream;

struct bb_communication {
    const struct bb_communication_config *config;
    struct bb_msglog *log;
    struct bb_directory *directory;
    struct bb_groups *groups;
    struct bb_channels *channels;
    struct bb_access access;
    struct bb_answers answers;
    struct bb_sink sink;
    struct bb_outlet outlet;          /* to be set before the first session comes */
    struct bb_feed *feed;             /* subscriptions (feed.h) */
    struct bb_worker *worker;         /* NULL in tests without one */
    struct bb_stream *streams;        /* answers of several parts (stream.h) */
    struct bb_follow *follow;         /* what measurement tells (follow.h); NULL in tests without it */
    struct bb_indicators *indicators; /* what measurement is asked (indicators.h); likewise */
    struct bb_reminders *reminders;   /* of what is due (reminders.h); likewise */
    struct bb_arena arena;            /* for decoding and answering one request: reset before each */
    /* The clock of the round: */
    bb_utc now;     /* never goes back */
    uint32_t today; /* day of `now`, UTC (calendar.h) */
    bb_mono mono;
    struct bb_retention retention;
    uint32_t trimming;           /* number of the channel that was last looked at (retention.h) */
    struct bb_buffer forgetting; /* likewise, of the deliveries: a key */
    bb_mono next_trim;
    struct {
        uint64_t cursors, sessions, behind, gaps, taken_over;
    } counters; /* for communication.status */
    int failed; /* the store failed: what flush returns */
};

/* One request, stamped by the broker. */
struct bb_call {
    uint64_t tag;
    uint32_t method;
    uint32_t role;
    uint32_t organization;                /* number in the directory; BB_NOBODY: an operator */
    const struct bb_organization *caller; /* NULL: an operator */
    struct bb_bytes member;
    uint32_t window_bytes;
    struct bb_bytes body;
};

/* In the folder <state>/log. 0 | <0, logged. */
int bb_communication_open(struct bb_communication *c, const struct bb_communication_config *config,
                          const struct bb_sink *sink);
void bb_communication_close(struct bb_communication *c);

/* The clock of the next round. */
void bb_communication_begin(struct bb_communication *c, bb_utc now, bb_mono mono);
/* What the broker sends; as in runtime/worker.h. Failures of the store are kept for flush. */
void bb_communication_work(struct bb_communication *c, const struct bb_work *work);
void bb_communication_pull(struct bb_communication *c, uint64_t tag, uint32_t bytes);
void bb_communication_cancel(struct bb_communication *c, uint64_t tag);
void bb_communication_directory(struct bb_communication *c, struct bb_bytes packed);
void bb_communication_reset(struct bb_communication *c);
/* What is done as time goes by; to be called once a second, in a round. */
void bb_communication_tick(struct bb_communication *c);
void bb_communication_session_up(struct bb_communication *c, const struct bb_subscriber *subscriber);
void bb_communication_session_down(struct bb_communication *c, uint64_t session);
void bb_communication_session_ack(struct bb_communication *c, const struct bb_acknowledged *acknowledged);
/* ... and what measurement answers. */
void bb_communication_called(struct bb_communication *c, uint64_t id, const struct bb_call_result *result);
/* The end of the round. ret_more: there is more to do at once, without anything coming in. 0 | the store
 * failed: the process is to end */
int bb_communication_flush(struct bb_communication *c, bool *ret_more);

/* When a round is wanted though nothing comes in. */
bb_mono bb_communication_due(const struct bb_communication *c, bb_mono now);
/* The last round: every session has gone, and how far each had come is written. 0 | <0, logged */
int bb_communication_stop(struct bb_communication *c);

/* Stage an error: 0 | <0 */
#define bb_refuse(c, call, code, ...) bb_answer_fail(&(c)->answers, (call)->tag, (code), __VA_ARGS__)

int bb_refuse_problem(struct bb_communication *c, const struct bb_call *call,
                      const struct bb_problem *problem);

/* A copy with a NUL behind it, in the arena; NULL without memory. */
char *bb_keep(struct bb_communication *c, struct bb_bytes bytes);

/* A date as 2026-09-07, likewise. day: calendar.h */
char *bb_keep_date(struct bb_communication *c, uint32_t day);

/* Decode the body of a call; when it is none, the answer is staged. 0 | 1 answered | <0 */
#define bb_call_unpack(c, call, type, ret)                                                                   \
    bb_call_decode((c), (call), &type##__descriptor, (ProtobufCMessage **)(void *)(ret))
int bb_call_decode(struct bb_communication *c, const struct bb_call *call,
                   const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message);

#endif
