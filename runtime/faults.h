/* Faults that a test build commits on purpose, so that a test can show that it would notice. Compiled in only
 * with BB_FAULTS; the environment variable BB_FAULT names the one that is on. */
#ifndef BB_FAULTS_H
#define BB_FAULTS_H

#include <stdbool.h>

#ifdef BB_FAULTS
#include <stdlib.h>
#include <string.h>
static inline bool
bb_fault(const char *name)
{
    const char *on = getenv("BB_FAULT");
    return on && strcmp(on, name) == 0;
}
#else
#define bb_fault(name) false
#endif

#endif
