/* Given: what each organization has been given to read, so that it can be told when that is corrected.
 *
 * For an organization and an indicator a range of days and a sequence: readings of periods within that range,
 * as of entries up to that one. Two such records: of figures that anybody's readings may be behind, as
 * totals; and of lines, of those organizations whose readings it was ever shown. They are kept in an LMDB
 * environment of their own, since the journal does not say it and the views are made from the journal alone.
 * An answer is recorded before it leaves, and only when it widens what is recorded; a record is never
 * narrowed. So nobody who was given a value is missing, and somebody may be named who was not.
 *
 * The frontier: who looks what was corrected up to an entry (bb_given_pass) draws a line there, and reads the
 * records after that. An answer from before the line that is not recorded yet is not given any more: it has
 * to be made again from a newer snapshot. So either the record is found, or the answer has the correction.
 *
 * Any thread may call any of these; bb_given_pass() and bb_given_whom() are for one at a time. */
#ifndef BB_GIVEN_H
#define BB_GIVEN_H

#include "changes.h"

#include "runtime/buffer.h"

struct bb_given;

/* head: the last entry of the journal, up to which the views are. In a new folder beside a journal that has
 * entries everybody counts as having been given all of it: who was is not known. changes: of the same views;
 * borrowed.
 * 0 | -EBADMSG damaged, or of another schema | -errno; `error` gets a sentence. */
int bb_given_open(const char *dir, uint64_t head, struct bb_changes *changes, struct bb_given **ret_given,
                  char *error, size_t size);
void bb_given_close(struct bb_given **given);

/* What an answer gives away. */
struct bb_gift {
    struct bb_bytes organization; /* code of who gets it */
    struct bb_bytes indicator;    /* code; empty: of any */
    const uint32_t *id;           /* of what it is made from: the indicator, or what it is computed from */
    size_t n_ids;                 /* 0: any indicator */
    uint32_t first_day, end_day;  /* periods within these days, half-open */
    uint64_t sequence;            /* as of this entry */
    bool lines; /* readings of its own and of `others`, nothing that is made from anybody else's */
    const struct bb_bytes *others; /* codes */
    size_t n_others;
};

enum { BB_GIVEN_E_PASSED = 32 };

/* On disk when this returns 0. BB_GIVEN_E_PASSED: the answer is older than the frontier, make it again |
 * -ENOSPC | <0 the store failed, and fails from now on: what is on disk is not known. */
int bb_given_record(struct bb_given *given, const struct bb_gift *gift);

/* Is it recorded already, as far as can be seen without waiting? Then there is nothing more to do. */
bool bb_given_is_recorded(struct bb_given *given, const struct bb_gift *gift);

/* Draw the line: answers that are recorded from now on know the entries up to this one. */
void bb_given_pass(struct bb_given *given, uint64_t sequence);

/* Values that are no more: of an organization and a period, made by this entry or later ones. */
struct bb_given_old {
    struct bb_bytes organization; /* code; those of one stand together */
    uint32_t first_day, end_day;
    uint64_t sequence;
};

/* What a batch corrected of one indicator. */
struct bb_given_corrected {
    struct bb_bytes indicator; /* code */
    bool figures;              /* it is computed, so nobody was given lines of it */
    const struct bb_given_old *old;
    size_t n;
    uint64_t closed;   /* the entry that closed the batch */
    uint64_t sequence; /* as of which those who are told get what stands */
};

/* Who was given one of these values? Nobody, if the batch was closed before the record was begun: who has it
 * since is another question. They are going to be told: that is added to `told`. codes: emptied, then each
 * code with a NUL behind it, in order. ret_everybody: it is not known who, so all. 0 | <0 as
 * bb_given_record() */
int bb_given_whom(struct bb_given *given, const struct bb_given_corrected *corrected, struct bb_buffer *told,
                  struct bb_buffer *codes, bool *ret_everybody);

/* Record what they are told, before they are, and before anybody looks for values that came after those.
 * told: emptied. 0 | <0 as bb_given_record() */
int bb_given_tell(struct bb_given *given, struct bb_buffer *told);

/* Did the store fail? 0 | <0 */
int bb_given_failed(struct bb_given *given);

/* Free the slots of readers that died. */
void bb_given_reap(struct bb_given *given);

#endif
