/* Why a request is refused: an error code, and a sentence for people. */
#ifndef BB_PROBLEM_H
#define BB_PROBLEM_H

#include "proto/bytes.h"

struct bb_problem {
    uint32_t code; /* enum bb_error */
    char text[500];
};

/* Fill it. Returns 1. */
int bb_problem(struct bb_problem *problem, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* INVALID (or another code): `field: found "TEXT", expected ...`, with the text quoted. Returns 1. */
int bb_problem_found(struct bb_problem *problem, uint32_t code, const char *field, struct bb_bytes text,
                     const char *expected);

#endif
