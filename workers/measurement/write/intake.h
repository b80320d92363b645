/* Intake: a table of rows becomes outcomes and changes.
 *
 * The one place where rows are judged: a submission that just came, the same in a dry run, and an entry of
 * the journal that is replayed all go through here, so they cannot disagree. Texts are resolved once for each
 * entry of the dictionary; a row is then keys, numbers and a look at the present reading. New places and
 * disaggregations get their ids only when a row with them is accepted, place first: so a replay, which sees
 * only accepted rows, gives the same. */
#ifndef BB_INTAKE_H
#define BB_INTAKE_H

#include "dryrun.h"
#include "head.h"
#include "locks.h"
#include "signing.h"

#include "proto/arena.h"
#include "runtime/rowset.h"
#include "workers/measurement/model/note.h"

/* A dictionary text in one role. */
struct bb_resolved {
    uint32_t id;
    uint8_t status; /* enum bb_intake_status */
    bool canonical; /* the text is the object's own, not an alias */
};

struct bb_resolved_period {
    struct bb_period period;
    uint8_t status;
    bool noted;       /* the history knows that there are readings of it */
    uint32_t ordinal; /* history.h */
};

/* The periods before one, of its type, that have readings: the nearest first. */
struct bb_periods_before {
    struct bb_period of;
    uint32_t known; /* how many were known to have readings */
    uint32_t n;
    struct bb_period period[BB_OUTLIER_MOST];
    uint8_t back[BB_OUTLIER_MOST]; /* how many periods before it */
};

struct bb_row_note {
    struct bb_row_note *next;
    uint32_t row;
    uint32_t rows; /* that it is true of, this one the first of them; 0: of this one by itself */
    struct bb_note note;
};

struct bb_note_list {
    struct bb_row_note *first, **end;
    uint32_t count;
};

/* A reading that was created or updated, and that a rule speaks of. */
struct bb_touched {
    struct bb_reading_key key;
    uint32_t row;
};

struct bb_intake {
    /* Given */
    struct bb_head *head;
    struct bb_dryrun *dryrun; /* NULL: for real */
    const struct bb_rowview *view;
    struct bb_arena *arena; /* for what follows; lives as long as the intake */
    bool replay;            /* rows of the journal: no rules, no hints */
    bool restore;           /* what stood before a batch: no rules either, and canonical texts */
    const uint8_t *newer;   /* of each row: other than 0 it is refused, something newer stands; or NULL */
    bool any_organization;  /* staff: may write for any */
    const struct bb_codes *limit; /* indicators that are there for the sender; NULL all */
    bool known_places;            /* where places are registered, a row with a new one is refused */
    uint32_t caller;              /* id of the caller's organization; 0: it has none yet */
    bb_utc now;                   /* for how many are judged by their history, and what has begun */
    uint64_t sequence;            /* the entry this becomes */
    uint64_t batch;               /* first entry of its batch */
    struct bb_locks locks;        /* its first fields; not looked at in a replay */
    struct bb_guard guard;        /* not looked at in a replay */
    bool touch;                   /* the batch has several submissions: unchanged rows must remember it */
    bool more;                    /* ... of which this is not the last */
    const uint8_t *batch_id;      /* 16 bytes; not looked at in a replay */
    /* Found */
    uint8_t *outcome; /* one a row, BB_OUTCOME_* */
    uint32_t accepted;
    uint32_t today; /* the day of `now` */
    struct bb_note_list rejected, warnings;
    size_t note_bytes; /* of the texts of notes so far */
    struct bb_periods_before before;
    uint32_t judged; /* looks at a history, so far */
    struct bb_touched *touched;
    uint32_t n_touched, touched_size;
    struct bb_map told; /* code, indicator, period: the note that says it of all rows of these */
    /* Keys that this table named as they are, when `touch` does not make the store remember */
    struct bb_map unchanged;
    struct bb_resolved *indicator, *organization, *place, *disaggregation; /* by dictionary index */
    /* Read plainly, and for indicators reported by fiscal years */
    struct bb_resolved_period *period, *fiscal;
};

/* 0 | -ENOMEM | -EBADMSG a damaged record, or a replayed row that does not resolve | -errno. The changes are
 * in the generation that fills (or in the dry run); on an error the caller rolls them back. */
int bb_intake_run(struct bb_intake *intake);

/* The present record of a reading: the dry run's, or the head's. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_intake_present(struct bb_intake *intake, struct bb_bytes key, struct bb_bytes *ret_record);

/* The history that it is judged by: the dry run's, or the head's. */
struct bb_history *bb_intake_history(struct bb_intake *intake);

/* ... and what its batch has broken so far. */
struct bb_suspects *bb_intake_suspects(struct bb_intake *intake);

/* What goes by a name, and the text of it, the dry run's among them. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_intake_find(struct bb_intake *intake, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id,
                   bool *ret_canonical);
int bb_intake_text(struct bb_intake *intake, enum bb_object_kind kind, uint32_t id, struct bb_buffer *out);

/* Is there room for another note of a row? Its text is emptied when there is none for that. */
bool bb_intake_has_room(struct bb_intake *intake, struct bb_note *note);

/* Was the period of this row read as a fiscal one? (the indicator's frequency decides) */
bool bb_intake_is_fiscal(const struct bb_intake *intake, uint32_t indicator_index);

#endif
