/* Asking a query in a test: all its parts at once, as messages. */
#ifndef BB_TESTS_QUERY_ASK_H
#define BB_TESTS_QUERY_ASK_H

#include "query_store.h"

#include "proto/arena.h"
#include "proto/errors.h"
#include "proto/methods.h"

#include "wire.pb-c.h"

#define TEST_PARTS 4096

struct test_answer {
    int r; /* 0 answered | 1 failure | <0 */
    struct bb_query_failure failure;
    size_t n_parts;
    ProtobufCMessage *part[TEST_PARTS];
    struct bb_arena arena;
};

/* As whom, and how large a part may be. between: called between two steps; may be NULL. */
struct test_caller {
    const char *organization;
    Bb__Role role;
    size_t max_bytes;
    void (*between)(void *);
    void *self;
};

extern const struct test_caller test_staff;

/* What queries may take that are asked from now on; 0: the usual (struct bb_query_context). */
extern size_t test_query_bytes;
extern uint32_t test_query_kept_cells, test_query_step_records;
extern struct bb_resting *test_query_resting;
extern struct bb_hidden *test_query_hidden;
extern struct bb_coverage *test_query_coverage;
extern bb_utc (*test_query_utc)(void);

/* reply: what the parts are; NULL: only how it ends counts. */
void test_ask(struct test_store *store, const struct test_caller *caller, uint32_t method,
              const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply,
              struct test_answer *answer);
void test_answer_release(struct test_answer *answer);

/* Entries of a store in which each takes a second: is the time of each that of its sequence? */
void test_check_times(const int64_t *sequence, size_t n_sequence, const int64_t *time_us, size_t n_time_us);

/* Points that came as columns are points again. */
void test_read_points(Bb__TrendReply *reply, struct bb_arena *arena);

/* All rows as text, one a line: indicator|organization|place|disaggregation|period|flags in hex|value|
 * numerator|denominator|comment. To be freed. readings: parts are ReadingsPart, else HistoryPart. */
char *test_rows_text(const struct test_answer *answer, bool readings);

/* All points as text, one a line: period|group|value|numerator|denominator|organizations|readings|
 * without_parts, and |withheld. */
char *test_points_text(const struct test_answer *answer);

#endif
