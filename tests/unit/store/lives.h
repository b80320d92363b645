/* Many processes, one after the other, on a disk that loses what was not synced (disk.h): the tests of
 * whatever keeps files in a folder. Each process is ended at some system call, and the next one goes on from
 * the page cache, or from any state that a power cut may leave.
 *
 * The state of a test is a struct lives_kind. */
#ifndef BB_TESTS_LIVES_H
#define BB_TESTS_LIVES_H

#include "tests/unit/folder.h"
#include "tests/unit/store/disk.h"

struct lives {
    char parent[FOLDER_BYTES], dir[FOLDER_BYTES + 16]; /* dir: in it, not there at first */
    uint64_t random;
    uint64_t records; /* acknowledged or served until now */
    char wrong[512];  /* what was found; empty: nothing */
};

struct lives_kind {
    size_t size; /* of a struct that begins with a struct lives; zeroed at first */
    /* One process, from its start to its end. It says when it dies (disk_die_after()). */
    void (*live)(struct lives *lives);
};

void test_ended_anywhere(void **state);
void test_on_a_disk_that_fills_up(void **state);
void test_on_a_disk_that_fails(void **state);
void test_a_disk_that_lies_is_found_out(void **state);

#define LIVES_TESTS(kind)                                                                                    \
    cmocka_unit_test_prestate(test_ended_anywhere, kind),                                                    \
        cmocka_unit_test_prestate(test_on_a_disk_that_fills_up, kind),                                       \
        cmocka_unit_test_prestate(test_on_a_disk_that_fails, kind),                                          \
        cmocka_unit_test_prestate(test_a_disk_that_lies_is_found_out, kind)

#endif
