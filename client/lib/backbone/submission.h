/* Submitting readings. */
#ifndef BACKBONE_SUBMISSION_H
#define BACKBONE_SUBMISSION_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The columns of a row, in the order of an import file. */
enum bb_column {
    BB_COLUMN_INDICATOR = 0,
    BB_COLUMN_ORGANIZATION = 1, /* absent: the caller's own */
    BB_COLUMN_PLACE = 2,
    BB_COLUMN_DISAGGREGATION = 3,
    BB_COLUMN_PERIOD = 4,
    BB_COLUMN_VALUE = 5,
    BB_COLUMN_NUMERATOR = 6,
    BB_COLUMN_DENOMINATOR = 7,
    BB_COLUMN_STATUS = 8, /* empty, ok, missing, suppressed, not_applicable; withdrawn: no reading any more */
    BB_COLUMN_COMMENT = 9, /* absent: an earlier comment stays */
    BB_COLUMNS = 10,
};

/* A row as it is written. Indicator, organization and place by code, name or alias; a period in any spelling.
 * Absent and empty mean the same, except in the comment. */
struct bb_row_text {
    struct bb_text field[BB_COLUMNS];
    uint32_t expect_revision; /* refused unless this revision stands; 0: whatever does */
};

/* expect_revision: there is a reading, whichever its revision; there is none, or one that was withdrawn. */
#define BB_EXPECT_ANY  UINT32_MAX
#define BB_EXPECT_NONE (UINT32_MAX - 1)

/* What is wrong with a row, or worth a warning. */
struct bb_note {
    uint32_t row;          /* index within the submission, from 0 */
    uint32_t code;         /* a number that is never reused */
    const char *code_name; /* "BAD_PERIOD" */
    const char *field;     /* the column, "" for the row as a whole */
    const char *text;      /* what was found, what is expected; "" when there is nothing to add */
    uint32_t rows; /* told of the first one only, of so many of the submission; 0: of this one by itself */
};

/* Rows that travel together: one submission of a batch. Collect rows, submit, and use it again. */
struct bb_submission;

BB_API int bb_submission_new(struct bb_submission **ret_submission);
BB_API void bb_submission_destroy(struct bb_submission **submission);

#define BB_BATCH_ID   16 /* bytes of a batch's id, a UUID */
#define BB_BATCH_TEXT 37 /* its text, with NUL */

/* A fresh id (UUID of version 7). */
BB_API void bb_batch_new(uint8_t ret_batch[BB_BATCH_ID]);
BB_API void bb_batch_format(const uint8_t batch[BB_BATCH_ID], char ret_text[BB_BATCH_TEXT]);
/* 0 | -EINVAL */
BB_API int bb_batch_parse(const char *text, uint8_t ret_batch[BB_BATCH_ID]);

enum bb_submission_flag {
    BB_SUBMISSION_LAST = 1,         /* no further submission of this batch will come */
    BB_SUBMISSION_ATOMIC = 2,       /* all rows or none */
    BB_SUBMISSION_DRY_RUN = 4,      /* say what would be, keep nothing */
    BB_SUBMISSION_KNOWN_PLACES = 8, /* where places are registered, a place that is new is refused */
};

/* Empty again, for submission `index` (0, 1, 2 ...) of this batch. A new submission is the only one of a
 * fresh batch. flags: enum bb_submission_flag. */
BB_API void bb_submission_begin(struct bb_submission *submission, const uint8_t batch[BB_BATCH_ID],
                                uint32_t index, unsigned flags);
/* The flags may be changed until it is submitted: who knows only at the end which one is the last. */
BB_API void bb_submission_set_flags(struct bb_submission *submission, unsigned flags);

/* Why it says something anew, from now on, in every submission that is begun with this: entry_error,
 * late_data, recount, definition, duplicate, other; NULL: no reason. note: at most 500 bytes of text, or
 * NULL; copied. 0 | -EINVAL it is none of these | -E2BIG | -EILSEQ the note is not UTF-8 */
BB_API int bb_submission_set_reason(struct bb_submission *submission, const char *reason, const char *note);

enum bb_add {
    BB_ADD_REFUSED = 1, /* the row cannot be sent: ret_note says why; nothing was added */
    BB_ADD_FULL = 2,    /* submit what is there, then add it to the next submission */
};

/* Add a row; its texts are copied. ret_note (may be NULL): texts valid until the next call; row is the index
 * it would have had. 0 | BB_ADD_REFUSED | BB_ADD_FULL | -ENOMEM
 * Refused here is only what cannot travel: text that is not UTF-8 or too long, a number that is none, an
 * unknown status, no indicator, no period. What the words mean is judged by the service. */
BB_API int bb_submission_add(struct bb_submission *submission, const struct bb_row_text *row,
                             struct bb_note *ret_note);

BB_API uint32_t bb_submission_count(const struct bb_submission *submission);

enum bb_outcome_code {
    BB_REJECTED = 0,
    BB_CREATED = 1,
    BB_UPDATED = 2,
    BB_UNCHANGED = 3,
    BB_LOCKED = 4,
};

/* What became of a submission. */
struct bb_outcomes {
    uint64_t sequence; /* of its journal entry; 0 when nothing was kept */
    bool duplicate;    /* this submission had been accepted before: these are the outcomes of then */
    bool aborted;      /* atomic, and a row was refused: nothing was kept */
    uint32_t rows;
    const uint8_t *outcome;         /* [rows] enum bb_outcome_code */
    const struct bb_note *rejected; /* in the order of rows */
    size_t n_rejected;
    const struct bb_note *warning;
    size_t n_warnings;
    const struct bb_answered *answered; /* for bb_submission_receipt(); NULL: there is none */
};

typedef void bb_outcomes_fn(void *self, const struct bb_outcomes *outcomes);

/* Send it. The submission may be begun again as soon as this returns.
 * each: called once when it was answered. 0 | enum bb_result | -EINVAL: no rows | -errno */
BB_API int bb_client_submit(struct bb_client *client, const struct bb_submission *submission,
                            bb_outcomes_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
