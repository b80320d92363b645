/* A folder for one test, and what is in it removed at the end; a reproducible source of random numbers. */
#ifndef BB_TESTS_FOLDER_H
#define BB_TESTS_FOLDER_H

#include "check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_BYTES 64

static inline void
folder_make(char folder[static FOLDER_BYTES])
{
    snprintf(folder, FOLDER_BYTES, "/tmp/bb-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static inline int
folder_unlink(const char *path, const struct stat *stat, int type, struct FTW *position)
{
    (void)stat;
    (void)type;
    (void)position;
    return remove(path);
}

static inline void
folder_remove(const char *folder)
{
    assert_int_equal(nftw(folder, folder_unlink, 16, FTW_DEPTH | FTW_PHYS), 0);
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

#endif
