/* Answers: what was answered, for whoever asks the same again.
 *
 * In memory. A scorecard, and everybody who looks at it, asks the same of readings that have not changed. An
 * answer is kept with the sequence it spoke of, but for that sequence itself; whether it still holds is for
 * the caller to find out (changes.h). Bounded: of those that nobody asked for again some are forgotten. Any
 * thread. */
#ifndef BB_ANSWERS_H
#define BB_ANSWERS_H

#include "workers/measurement/store/given.h"

struct bb_answers;

#define BB_ANSWERS_BYTES ((size_t)16 << 20) /* of all, at most */
#define BB_ANSWER_BYTES  ((size_t)1 << 20)  /* of one; longer ones are not kept */

/* One answer: its parts, one behind the other. */
struct bb_answer {
    uint64_t sequence;   /* that it spoke of */
    struct bb_gift gift; /* what it was made from, and who was given it */
    uint32_t n_parts;
    const struct bb_bytes *part;
};

/* 0 | -ENOMEM */
int bb_answers_new(struct bb_answers **ret_answers);
void bb_answers_destroy(struct bb_answers **answers);

/* The answer that was kept under this key, or NULL. To be given back, before the answers are destroyed. */
const struct bb_answer *bb_answers_find(struct bb_answers *answers, struct bb_bytes key);
void bb_answers_give_back(struct bb_answers *answers, const struct bb_answer **answer);

/* Copied. One that is there is replaced, unless it speaks of a later sequence. Without memory, or where it is
 * too long, it is not kept. */
void bb_answers_keep(struct bb_answers *answers, struct bb_bytes key, const struct bb_answer *answer);

#endif
