/* A program that a test kills, and starts again when its time has come: what chaos-drive and fan-drive do to
 * many. It runs in a process group of its own with its output where ours goes, and does not outlive us. */
#ifndef BB_TESTS_PROGRAM_H
#define BB_TESTS_PROGRAM_H

#include "runtime/clock.h"

#include <stdbool.h>
#include <sys/types.h>

struct program {
    const char *file;
    char argument[16]; /* "": none */
    pid_t pid;         /* 0: dead */
    bb_mono start_at;
    bb_mono continue_at; /* 0: it is not stopped */
    unsigned kills;      /* counted by program_kill() */
};

void program_start(struct program *program);

/* Start it, or let it go on, when its time has come. */
void program_attend(struct program *program, bb_mono now);

/* SIGSTOP, for so long. */
void program_stop(struct program *program, unsigned ms);

/* kill -9, and start again after so long. False when it had ended by itself. */
bool program_kill(struct program *program, unsigned start_after_ms);

/* Kill and reap one that need not run. False, with a message, when it had ended by itself. */
bool program_end(struct program *program);

/* For drives: a random number, both ends included; and a nap. */
unsigned program_between(unsigned least, unsigned most);
void program_sleep(unsigned ms);

#endif
