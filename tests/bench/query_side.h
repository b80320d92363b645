/* The questions of the query benchmark, asked of backbone and of PostgreSQL over their own wire. */
#ifndef QUERY_SIDE_H
#define QUERY_SIDE_H

#include "bench.h"

#include <stdint.h>

/* The store that both have: 100 indicators × 200 organizations × so many months (workload.h). */
struct query_store {
    uint32_t periods;
};

enum query_question {
    QUERY_TREND,        /* one indicator, all organizations, all periods: their sums */
    QUERY_ORGANIZATION, /* all readings of one organization */
    QUERY_LATEST,       /* the latest reading of each organization, of one indicator */
    QUERY_REPORTING,    /* who has reported for one period, 200 × 100 expected reports */
    QUERY_ASSESSMENT,   /* where all indicators stand in one period, and who has reported for it */
    QUERY_OWN_TREND,    /* the trend, behind a reading of the caller's own */
    QUERY_QUESTIONS,
};

/* backbone. The store is loaded, and the peer runs. */
struct query_ours;
struct query_ours *query_ours_open(struct bench_peer *peer, const struct query_store *store);
void query_ours_close(struct query_ours **ours);
/* Ask, and take the whole answer. number: another one, another indicator or organization. Returns the
 * milliseconds. */
double query_ours_ask(struct query_ours *ours, enum query_question question, unsigned number);

/* The same of PostgreSQL; opening makes the indexes. Questions that it has no counterpart of are not asked.
 */
struct query_postgres;
struct query_postgres *query_postgres_open(struct bench_peer *peer, const struct query_store *store);
void query_postgres_close(struct query_postgres **postgres);
double query_postgres_ask(struct query_postgres *postgres, enum query_question question, unsigned number);

/* A process of its own that sends backbone so many readings a second, in batches of 1,000, period by period.
 * To be made before anything else has threads; waits until it is told whom. */
struct query_writer;
struct query_writer *query_writer_new(void);
void query_writer_start(struct query_writer *writer, struct bench_peer *ours, uint64_t first, double rate);
/* Readings that were answered since the start. */
uint64_t query_writer_answered(const struct query_writer *writer);
void query_writer_stop(struct query_writer **writer);

#endif
