/* Submitting and reviewing in words, and asking as one organization or another. */
#ifndef BB_TEST_REVIEW_WORDS_H
#define BB_TEST_REVIEW_WORDS_H

#include "fixture_query.h"

#include "tests/unit/check.h"

/* Who (NULL: staff) sends a row, with or without a reason: the outcome, and the code when it was refused. */
const char *review_submit(struct fixture *f, const char *who, const char *row, bool reasoned);

/* "action organization period comment reason", "-" for what is not said, and then codes. The answer: "error
 * N", or for each "indicator state outcome,". */
const char *review_say(struct fixture *f, const char *who, const char *words);

/* Who asks (NULL: staff), in parts of max_bytes. */
struct fixture_question review_question(const char *who, uint32_t method, const ProtobufCMessage *request,
                                        size_t max_bytes);

#endif
