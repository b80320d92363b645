/* A fuzz target: one decoder that a peer's bytes reach, and what must hold whatever they are.
 *
 * Each fuzz_<name>.c has LLVMFuzzerTestOneInput(), for libFuzzer. Everywhere else replay.c runs it on the
 * files of corpus/<name>/ and on each of their prefixes, as part of the ordinary tests. */
#ifndef BB_TESTS_FUZZ_H
#define BB_TESTS_FUZZ_H

#include "proto/bytes.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target may have this: more that is to hold in the ordinary run, behind its corpus. */
void fuzz_all(void) __attribute__((weak));

/* Like assert(), with NDEBUG too. */
#define require(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#endif
