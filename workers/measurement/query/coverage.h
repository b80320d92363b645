/* Coverage: of an indicator, how many organizations are expected to report each period and how many of them
 * have, and under which definition; and the memo that keeps what was found out.
 *
 * What stands here is worked out by queries (cover.h) as of an entry. It follows from the store, so it
 * may be forgotten at any time; of another entry it holds as long as nothing was changed between them
 * (changes.h). Something that was kept is never changed any more: whoever knows more makes a copy.
 * Any thread. */
#ifndef BB_COVERAGE_H
#define BB_COVERAGE_H

#include "runtime/period.h"
#include "workers/measurement/model/epochs.h"

/* Who is expected, and for which periods: those whose last day is within. */
struct bb_covered_duty {
    uint32_t organization, from_day, end_day;
};

struct bb_covered_fact {
    struct bb_period period;
    uint32_t expected, reported; /* organizations; of these */
    uint32_t epoch;              /* that most of its readings are of, of as many the first */
    bool any;                    /* it has readings; not found out where nothing depends on it */
};

/* Of one indicator. */
struct bb_covered {
    unsigned references; /* the memo's */
    uint64_t used;       /* ... and when it was asked for last */
    uint32_t indicator;
    uint64_t sequence; /* as of this entry */
    enum bb_period_type frequency;
    uint32_t retired_day;         /* periods from it on are not expected; UINT32_MAX: it is not retired */
    struct bb_covered_duty *duty; /* by organization */
    struct bb_epoch *epoch;       /* at least one */
    struct bb_covered_fact *fact; /* in the order of keys */
    uint32_t n_duties, n_epochs, n_facts, facts_size;
};

/* More are not kept of one indicator. */
#define BB_COVERED_FACTS 65536u

struct bb_covered *bb_covered_new(uint32_t indicator);
void bb_covered_free(struct bb_covered *covered);
/* Without references, and unless they are wanted without facts. NULL: no memory. */
struct bb_covered *bb_covered_copy(const struct bb_covered *covered, bool facts);

/* Duties and epochs, and so what is expected, are the same. */
bool bb_covered_agree(const struct bb_covered *a, const struct bb_covered *b);

/* Where the fact of this period is, or belongs. hint: where it may be. */
uint32_t bb_covered_find(const struct bb_covered *covered, struct bb_period period, uint32_t hint,
                         bool *ret_found);
/* Put in a fact where bb_covered_find() said that it belongs. 0 | -ENOMEM */
int bb_covered_insert(struct bb_covered *covered, uint32_t at, const struct bb_covered_fact *fact);

/* Organizations that are expected to report the period. */
uint32_t bb_covered_expected(const struct bb_covered *covered, struct bb_period period);
/* last_day: of the period */
bool bb_covered_duty_is_expected(const struct bb_covered *covered, const struct bb_covered_duty *duty,
                                 struct bb_period period, uint32_t last_day);

struct bb_coverage; /* the memo */

/* bytes: that it may take, about. 0 | -ENOMEM */
int bb_coverage_new(size_t bytes, struct bb_coverage **ret_coverage);
void bb_coverage_destroy(struct bb_coverage **coverage);

/* What is known of the indicator; NULL: nothing. Borrowed until it is dropped. */
const struct bb_covered *bb_coverage_take(struct bb_coverage *coverage, uint32_t indicator);
void bb_coverage_drop(struct bb_coverage *coverage, const struct bb_covered **covered);
/* Keep it instead of what was known; unless that is as of a later entry. Takes it. */
void bb_coverage_keep(struct bb_coverage *coverage, struct bb_covered **covered);

#endif
