/* A folder for one test, and what is in it removed at the end; a reproducible source of random numbers. */
#ifndef BB_TESTS_FOLDER_H
#define BB_TESTS_FOLDER_H

#include "check.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_BYTES 64

/* Folders that are still there, for the end of a test that failed. */
static char folder_kept[16][FOLDER_BYTES];

static inline int
folder_unlink(const char *path, const struct stat *stat, int type, struct FTW *position)
{
    (void)stat;
    (void)type;
    (void)position;
    return remove(path);
}

/* Did this process make it? A child has only a copy of the name. */
static inline bool
folder_is_ours(const char *folder)
{
    const char *made_by = strstr(folder, "bb-test-");

    return made_by && strtol(made_by + strlen("bb-test-"), NULL, 10) == getpid();
}

static inline void
folder_forget(const char *folder)
{
    for (size_t i = 0; i < COUNT(folder_kept); i++)
        if (strcmp(folder_kept[i], folder) == 0)
            folder_kept[i][0] = '\0';
}

static inline void
folder_remove(const char *folder)
{
    assert_true(folder_is_ours(folder));
    assert_int_equal(nftw(folder, folder_unlink, 16, FTW_DEPTH | FTW_PHYS), 0);
    folder_forget(folder);
}

/* Nothing may be left in it. */
static inline void
folder_remove_empty(const char *folder)
{
    assert_int_equal(rmdir(folder), 0);
    folder_forget(folder);
}

static inline void
folder_remove_kept(void)
{
    for (size_t i = 0; i < COUNT(folder_kept); i++)
        if (folder_is_ours(folder_kept[i]))
            nftw(folder_kept[i], folder_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void
folder_keep(const char *folder)
{
    static bool registered;

    if (!registered)
        atexit(folder_remove_kept);
    registered = true;
    for (size_t i = 0; i < COUNT(folder_kept); i++)
        if (!folder_kept[i][0]) {
            snprintf(folder_kept[i], FOLDER_BYTES, "%s", folder);
            return;
        }
}

/* The owner's process is in the name: whoever finds a folder can tell whether somebody still uses it. */
static inline void
folder_make_in(char folder[static FOLDER_BYTES], const char *where)
{
    snprintf(folder, FOLDER_BYTES, "%s/bb-test-%ld-XXXXXX", where, (long)getpid());
    assert_non_null(mkdtemp(folder));
    folder_keep(folder);
}

static inline void
folder_make(char folder[static FOLDER_BYTES])
{
    folder_make_in(folder, "/tmp");
}

/* In memory where there is such a place: a commit costs no disk. */
static inline void
folder_make_in_memory(char folder[static FOLDER_BYTES])
{
    folder_make_in(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016) */
static inline uint64_t
draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

/* Below n, and often small: sizes of all magnitudes come up. */
static inline uint64_t
draw_any(uint64_t *state)
{
    return draw(state) >> (draw(state) % 64);
}

static inline unsigned
draw_below(uint64_t *state, unsigned n)
{
    return (unsigned)(draw(state) % n);
}

/* A test of so many lives, each from a seed of its own. */
struct draw_lives {
    unsigned n;
    void (*live)(uint64_t seed);
};

static inline void
test_lives(void **state)
{
    const struct draw_lives *lives = *state;

    for (uint64_t i = 1; i <= lives->n; i++)
        lives->live(i * 104729);
}

#define TEST_LIVES(n, live) cmocka_unit_test_prestate(test_lives, (&(struct draw_lives){(n), (live)}))

#endif
