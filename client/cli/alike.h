/* Warnings that are alike: the service tells one of them in each submission, with how many rows it is true
 * of. Of a whole file each is told once, with all of its rows. */
#ifndef BB_CLI_ALIKE_H
#define BB_CLI_ALIKE_H

#include <stddef.h>
#include <stdint.h>

#define BB_ALIKE_MOST 10000u /* that are told apart in a file, whatever its size */

struct bb_alike {
    const char *code, *field; /* static */
    char *reason;
    uint64_t row, line; /* of the first row */
    uint64_t rows;
};

/* Zeroed, it is empty. */
struct bb_alikes {
    struct bb_alike *one; /* in the order of the file */
    uint32_t *order;      /* their numbers, by what they say */
    uint32_t n, size;
};

enum { BB_ALIKE_NEW = 1, BB_ALIKE_FULL = 2 };

/* Another warning: the same as one before, whose rows grow, or BB_ALIKE_NEW, and its reason is copied; or
 * there are too many to tell it apart. 0 | BB_ALIKE_NEW | BB_ALIKE_FULL | -ENOMEM */
int bb_alikes_add(struct bb_alikes *alikes, const struct bb_alike *warning);
void bb_alikes_release(struct bb_alikes *alikes);

#endif
