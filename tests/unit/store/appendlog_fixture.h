/* An append-only log whose records follow from their numbers, so that each can be checked; and its files as
 * byte strings, to be damaged. */
#ifndef BB_TESTS_APPENDLOG_FIXTURE_H
#define BB_TESTS_APPENDLOG_FIXTURE_H

#include "runtime/store/appendlog.h"
#include "tests/unit/folder.h"

#define PAYLOAD 300 /* a record's, most of the time: fewer bytes than this */

struct fixture {
    char folder[FOLDER_BYTES], dir[FOLDER_BYTES + 16], error[256];
    struct bb_appendlog *log;
    uint64_t segment_bytes;
};

/* cmocka's, for each test; with segments so small that there are many. */
int setup(void **state);
int setup_small(void **state);
int teardown(void **state);

#define TEST(name)       cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_SMALL(name) cmocka_unit_test_setup_teardown(name, setup_small, teardown)

int try_open(struct fixture *f);
void open_log(struct fixture *f);
void reopen(struct fixture *f);

/* The payload of a record follows from its number, and says it; fewer bytes than `size`. Returns how many. */
size_t payload(uint64_t sequence, uint8_t *to, size_t size);
void add(struct fixture *f, uint64_t sequence, size_t size);
/* Append n records as one group. */
int append(struct fixture *f, unsigned n);

void check_record(struct bb_appendlog_reader *reader, uint64_t sequence, size_t size);
/* All of it, forwards, backwards and at random, and nothing more. */
void check_all(struct fixture *f, uint64_t n);

unsigned count_segments(const struct fixture *f);
/* Of the segment that begins with this record. Valid until the next call. */
char *file_name(const struct fixture *f, uint64_t first);
/* To be freed. */
uint8_t *load(const char *path, size_t *ret_len);
void store(const char *path, const uint8_t *bytes, size_t len);

#endif
