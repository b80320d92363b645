/* Why a command is refused as a whole. */
#ifndef BB_FAILURE_H
#define BB_FAILURE_H

#include "proto/errors.h"

struct bb_failure {
    enum bb_error code;
    char message[400]; /* a sentence for people */
};

#endif
