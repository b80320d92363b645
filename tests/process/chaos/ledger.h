/* The ledger of one organization's load: what was begun and what was acknowledged, a line each.
 *
 *     begun NUMBER .                                             before the first submission of the batch is
 * sent acked NUMBER INDEX SEQUENCE DUPLICATE ABORTED OUTCOMES .   outcomes: a digit a row wrong TEXT . what
 * must not be
 *
 * Each line is one write(2) with O_APPEND, so a program that is killed leaves at most a torn last line: it
 * lacks the point at its end, and whoever opens the ledger again ends it and passes over it. */
#ifndef CHAOS_LEDGER_H
#define CHAOS_LEDGER_H

#include "workload.h"

struct chaos_ack {
    uint64_t number;
    uint32_t index;
    uint64_t sequence;
    bool duplicate, aborted;
    uint32_t rows;
    char outcome[CHAOS_ROWS]; /* digits, enum bb_outcome_code */
};

struct chaos_ledger {
    uint64_t batches; /* numbers 0 ... are begun */
    struct chaos_ack *ack;
    size_t n_ack, ack_size;
    uint64_t duplicates, wrong;
};

/* Read one; a file that is not there is an empty one. What stands behind `wrong` is printed on stderr. 0 |
 * -errno */
int chaos_ledger_read(const char *file, struct chaos_ledger *ret_ledger);
void chaos_ledger_release(struct chaos_ledger *ledger);

/* Of a ledger of steps, which are done one after the other: lines "begun NUMBER ." and "done NUMBER .". Steps
 * below *ret_begun are begun, those below *ret_done are done. */
void chaos_ledger_steps(const char *file, uint64_t *ret_begun, uint64_t *ret_done);

/* Open it for writing, a torn line ended. Returns the descriptor | -errno. */
int chaos_ledger_open(const char *file);
/* One line; exits when it cannot be written. */
void chaos_ledger_write(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
void chaos_ledger_ack(int fd, const struct chaos_ack *ack);

#endif
