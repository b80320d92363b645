/* A file that is written as a whole or not at all.
 *
 * What is written goes to a new file in the same folder, which takes the place of an earlier one only when it
 * is kept; until then, and when it is not, the earlier one stays as it is. What is no regular file (a pipe, a
 * terminal, /dev/full), and what standard output or standard error lead to, is written directly. */
#ifndef BB_CLI_TARGET_H
#define BB_CLI_TARGET_H

#include <stdbool.h>
#include <stdio.h>

struct bb_target {
    FILE *to;
    char *path;      /* where it goes in the end, links followed */
    char *temporary; /* where it is until then; NULL: written directly */
};

/* 0 | -errno */
int bb_target_open(const char *name, struct bb_target *ret_target);
/* The end of it: with keep it is there now, else nothing has happened. Once closed, it does nothing.
 * 0 | -errno: it was not written, and is not kept */
int bb_target_close(struct bb_target *target, bool keep);

/* Do both names lead to one regular file, there or to come, by whatever links? */
bool bb_target_is_same(const char *a, const char *b);

#endif
