/* Inside of queries: what query.c and the files of its methods share. Nobody else includes this. */
#ifndef BB_QUERY_CORE_H
#define BB_QUERY_CORE_H

#include "query.h"

#include "proto/arena.h"
#include "proto/errors.h"
#include "proto/methods.h"
#include "workers/measurement/store/snapshot.h"
#include "workers/measurement/store/terms.h"

#include "measurement.pb-c.h"

/* The memory of a query goes in equal shares to terms, texts of points, cells and groups, tallies. What needs
 * more returns -EDQUOT. */
#define BB_QUERY_SHARES 4u

/* What a step is given. */
struct bb_query_step {
    struct bb_snapshot snapshot;
    size_t max_bytes;
    struct bb_buffer *out;
    bool final;
    struct bb_query_failure *failure;
};

/* Readings that an answer may give away. */
struct bb_query_gift {
    uint32_t indicator;         /* 0: of any */
    const uint32_t *indicators; /* of each of these instead */
    size_t n_indicators;
    const uint32_t *inputs; /* what it is computed from in the end; NULL: not known */
    size_t n_inputs;
    uint32_t first_day, end_day;
    bool lines; /* as they are, of these organizations; else figures that anybody may be behind */
    const uint32_t *organization; /* the caller's own may be among them */
    size_t n_organizations;
};

/* One method. */
struct bb_query_kind {
    uint32_t method;
    const ProtobufCMessageDescriptor *request;
    size_t state_bytes;
    /* The first step: look up what the request names. 0 | 1 refused | <0 */
    int (*begin)(struct bb_query *query, struct bb_query_step *step);
    /* 0 one part is in step->out | 1 refused | <0 */
    int (*part)(struct bb_query *query, struct bb_query_step *step);
    void (*release)(struct bb_query *query);
    void (*rest)(struct bb_query *query); /* NULL: it takes little */
    /* After begin: which readings the answer may give away. NULL: none. */
    void (*gives)(const struct bb_query *query, struct bb_query_gift *gift);
    /* Does the answer depend on nothing else but those, definitions, adoptions, reviews, and what is said of
     * organizations and places? Of the clock only on the day. Then it may be given again (repeat.h). */
    bool repeats;
};

extern const struct bb_query_kind bb_query_readings, bb_query_history, bb_query_trend, bb_query_indicators,
    bb_query_places, bb_query_adoptions, bb_query_reporting, bb_query_reviews, bb_query_chain,
    bb_query_progress, bb_query_batches, bb_query_batch, bb_query_rules, bb_query_rule_check,
    bb_query_signing;

/* What is hidden (withheld.h). */
struct bb_query_guard {
    struct bb_hidden *own; /* memo */
    /* Asked last, within a step */
    struct bb_hidden_table *table;
    uint32_t indicator;
    struct bb_period period;
};

/* The indicators that the caller's organization takes part in (limit.h). */
struct bb_query_limit {
    bool may; /* it may have one: it is no staff, nor a service */
    bool is;  /* it has */
    struct bb_ids ids;
};

/* The same was asked before, or may be asked again (repeat.h). */
struct bb_query_repeat {
    struct bb_buffer key;
    const struct bb_answer *answer; /* is given again */
    uint32_t part;                  /* of it, the next one */
    struct bb_query_draft *draft;   /* else: is kept */
};

struct bb_query {
    struct bb_query_context context;
    const struct bb_query_kind *kind; /* NULL: no such method */
    enum bb_scope scope;
    bool single;               /* a worker asks: the answer has to be one part */
    struct bb_bytes caller;    /* code of the caller's organization */
    uint32_t own;              /* its id; 0: it has none yet */
    struct bb_arena arena;     /* the request */
    ProtobufCMessage *request; /* NULL: malformed */
    int unpacked;              /* how unpacking it ended */
    bool begun;
    uint64_t sequence; /* pinned by the first step */
    struct bb_query_limit limit;
    struct bb_terms terms;
    struct bb_query_guard guard;
    struct bb_query_repeat repeat;
    void *state; /* of the kind, zeroed at first */
};

/* Bounds that its context leaves open are the usual ones, and its terms have their share of the memory. */
void bb_query_bound(struct bb_query *query);

/* Fields that several requests have, found by name: NULL when this one has no such field, or not set. */
const void *bb_query_field(const struct bb_query *query, const char *name);

/* What the answer may give away of an indicator, or of any; borrowed until the next step. 0 | <0 */
int bb_query_find_gift(struct bb_query *query, struct bb_query_step *step, const struct bb_query_gift *what,
                       const uint32_t *indicator, struct bb_gift *ret_gift);

/* Record what the answer may give away, once it is begun. 0 | BB_GIVEN_E_PASSED | 1 refused | <0 */
int bb_query_record(struct bb_query *query, struct bb_query_step *step);

/* The same of one part, by a method that knows only then what it is: readings as they were reported at some
 * time, which is not the moment that the answer speaks of. 0 | 1 refused | <0 */
int bb_query_record_part(struct bb_query *query, struct bb_query_step *step,
                         const struct bb_query_gift *what);

/* Why there is no answer. Returns 1. */
int bb_query_refuse(struct bb_query_step *step, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Peer text between quotes, for a refusal. */
struct bb_quoted {
    char text[128];
};
const char *bb_quote(struct bb_quoted *quoted, struct bb_bytes text);

/* Look up what a request names; refuses what is not there. Of indicators see limit.h. 0 | 1 | <0 */
int bb_query_find(struct bb_query_step *step, enum bb_object_kind kind, const char *text, uint32_t *ret_id);
/* Refuse it as a name of nothing. Returns 1. */
int bb_query_unknown(struct bb_query_step *step, enum bb_object_kind kind, const char *text);
/* The organization whose matters are asked for; absent: all, whose number is 0. Who is not staff may only ask
 * for its own, and gets that. *ret_id is 0 before. */
int bb_query_find_reporter(struct bb_query *query, struct bb_query_step *step, const char *text,
                           uint32_t *ret_id);
/* "" is the total, 0. */
int bb_query_find_place(struct bb_query_step *step, const char *text, uint32_t *ret_id);
int bb_query_find_disaggregation(struct bb_query_step *step, const char *text, uint32_t *ret_id);

/* From and to, each absent (NULL or "") or a period: the days between, half-open. 0 | 1 */
int bb_query_range(struct bb_query_step *step, const char *from, const char *to, enum bb_period_type hint,
                   uint32_t *ret_first_day, uint32_t *ret_end_day);

/* The last entry not after a moment; untouched where none is given. 0 | <0 */
int bb_query_sequence_of(struct bb_query_step *step, const Bb__AsOf *moment, uint64_t *ret_sequence);

/* The moment that an answer speaks of: the one asked for, of a sequence its entry's; else now. 0 | <0 */
int bb_query_moment(struct bb_query *query, struct bb_query_step *step, const Bb__AsOf *as_of,
                    bb_utc *ret_now);

/* May the caller see the own line of this organization? 0 | <0 */
int bb_query_may_see(struct bb_query *query, struct bb_query_step *step, uint32_t organization,
                     bool *ret_visible);

/* May the caller read this reading, whose organization's line it may see? Of others not what waits for
 * approval, where the indicator wants that. 0 | <0 */
int bb_query_may_read(struct bb_query *query, struct bb_query_step *step, const struct bb_reading_key *key,
                      bool *ret_visible);

struct bb_walk;

/* One step of a method that goes through the records of a walk: gather reads on from where it is, as many as
 * fit. Returns what gather does. */
int bb_query_walk(struct bb_query *query, struct bb_query_step *step, struct bb_walk *walk,
                  int (*gather)(struct bb_query *query, struct bb_query_step *step));

/* Pack a reply into step->out. 0 | -ENOMEM */
int bb_query_pack(struct bb_query_step *step, const ProtobufCMessage *message);

#endif
