/* A disk that loses what was not synced, below the system calls of the program under test.
 *
 * The files in the folder are the page cache: what the program reads. Beside them stands what is on disk for
 * certain, and what was written since. At a power cut each 512 bytes of that may have reached the disk or
 * not, in any order, as may each change of a file's size; names in the folder come in their order. What
 * fdatasync(), or fsync() of the folder, or of the folder above it for the folder itself, has returned for is
 * there. That is less than any file system promises.
 *
 * The test is linked with --wrap for the calls (tests/store.cmake). One folder at a time, one thread. */
#ifndef BB_TESTS_DISK_H
#define BB_TESTS_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Negative controls: a call that says it has synced, and has not. */
enum disk_lie { DISK_HONEST, DISK_LIES_FILE, DISK_LIES_FOLDER, DISK_LIES_PARENT, DISK_LIES };

struct disk_faults {
    enum disk_lie lie;
    unsigned full; /* one in so many calls that want room fails; 0 none */
    unsigned eio;  /* one in so many calls of fdatasync() fails, and drops what it should have written */
};

/* The parent exists and is synced; the folder in it may be made by the program. Both borrowed. */
void disk_attach(const char *parent, const char *folder, uint64_t seed, struct disk_faults faults);
void disk_detach(void);

/* The process ends in the middle of this call, counted from now: none has an effect from then on. */
void disk_die_after(unsigned calls);
bool disk_dead(void);

/* The next process may begin: on the page cache as it is, or on what a power cut leaves. */
void disk_restart(bool power_cut);

#endif
