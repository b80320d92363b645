/* The load of the kill tests: submissions that follow from a number.
 *
 * Whoever knows (organization, number of the batch, index) knows the content: the program that sends after it
 * was killed in the middle, and the program that checks at the end. A batch is a single reading, a submission
 * of some dozens, or several submissions; most of its keys were reported before, so it corrects or repeats
 * them, a few of its rows withdraw one, and a few are refused.
 *
 * Pure. */
#ifndef CHAOS_WORKLOAD_H
#define CHAOS_WORKLOAD_H

#include "client/lib/backbone.h"

#define CHAOS_ORGANIZATIONS 3u

#define CHAOS_INDICATORS      2u /* chaos-count, chaos-rate */
#define CHAOS_PLACES          8u
#define CHAOS_DISAGGREGATIONS 3u
#define CHAOS_PERIODS         24u
#define CHAOS_KEYS            (CHAOS_INDICATORS * CHAOS_PLACES * CHAOS_DISAGGREGATIONS * CHAOS_PERIODS)

#define CHAOS_ROWS        60u /* most of a submission */
#define CHAOS_SUBMISSIONS 4u  /* most of a batch */

/* What a row says. */
enum chaos_kind {
    CHAOS_VALUE,      /* a */
    CHAOS_PARTS,      /* a of b; the value is computed */
    CHAOS_MISSING,    /* a state */
    CHAOS_SUPPRESSED, /* another */
    CHAOS_REFUSED,    /* a value above the maximum */
    CHAOS_WITHDRAWN,  /* no reading any more; refused where there is none */
};

struct chaos_row {
    uint16_t key; /* below CHAOS_KEYS */
    uint8_t kind; /* enum chaos_kind */
    uint32_t a, b;
};

struct chaos_submission {
    uint8_t batch[BB_BATCH_ID];
    uint32_t index;
    unsigned flags; /* enum bb_submission_flag */
    uint32_t count;
    struct chaos_row row[CHAOS_ROWS];
};

/* How many submissions the batch of this number has, 1 to CHAOS_SUBMISSIONS. */
uint32_t chaos_submissions(unsigned organization, uint64_t number);

void chaos_submission(unsigned organization, uint64_t number, uint32_t index,
                      struct chaos_submission *ret_submission);

/* The id of a batch, and back. chaos_batch_parse: 0 | -EINVAL, not one of ours. */
void chaos_batch(unsigned organization, uint64_t number, uint8_t ret_batch[BB_BATCH_ID]);
int chaos_batch_parse(const uint8_t *batch, unsigned *ret_organization, uint64_t *ret_number);

/* A row as texts. */
struct chaos_text {
    char period[8], value[12], numerator[12], denominator[12];
    struct bb_row_text row;
};
void chaos_text(const struct chaos_row *row, struct chaos_text *ret_text);

/* The key of such texts: place and disaggregation may have length 0. CHAOS_KEYS: none of ours. */
uint16_t chaos_key(struct bb_text indicator, struct bb_text place, struct bb_text disaggregation,
                   struct bb_text period);

/* "chaos-0" ... */
const char *chaos_organization(unsigned organization);
/* CHAOS_ORGANIZATIONS: none of ours. */
unsigned chaos_organization_by_code(struct bb_text code);

#endif
