/* Inside the writer: what its parts share. Only writer*.c include this.
 *
 * writer.c has the life of the writer and its commands, writer_stage.c answers and what waits for a commit,
 * writer_commit.c the commits, writer_submit.c the submissions, writer_signature.c their signatures,
 * writer_dry.c the dry runs, writer_undo.c the undoing of batches, writer_define.c definitions and the like,
 * writer_directory.c the directory. */
#ifndef BB_WRITER_CORE_H
#define BB_WRITER_CORE_H

#include "intake.h"
#include "writer.h"

#include "proto/errors.h"
#include "proto/limits.h"

#include "journal.pb-c.h"

/* Of the hash that tells whether a repeated submission is the same, and that a receipt names. */
#define BB_CONTENT_BYTES BB_CHAIN_HASH

#define BB_WRITER_RETRY_MS 200

/* An entry that a commit appends, in the two buffers of its group. */
struct bb_staged {
    enum bb_entry_type type;
    size_t body, body_len;
    bool answered; /* somebody waits for it */
    uint64_t tag;
    size_t reply, reply_len;
    bool receipt; /* the reply ends with one, to be filled in */
    uint8_t mark[BB_HASH_BYTES];
};

/* What one commit of the journal appends, and the answers that wait for it. */
struct bb_group {
    struct bb_staged *staged;
    size_t n, size;
    struct bb_buffer bodies, replies;
    struct bb_draft *drafts;
    struct bb_position *positions;
};

/* A dry run that goes over several submissions. */
struct bb_dry_session {
    uint8_t batch[BB_BATCH_BYTES];
    uint32_t organization;
    struct bb_dryrun *dryrun;
    bb_utc touched;
    bool last_seen;
};

/* The writer itself. */
struct bb_writer {
    struct bb_writer_config config;
    struct bb_head head;
    struct bb_arena arena;
    struct bb_group group[2];
    struct bb_group *open;   /* commands are staged here */
    struct bb_group *closed; /* with the committer; NULL none */
    uint64_t committed;      /* sequence of the last entry that is on disk */
    struct bb_dry_session *session;
    unsigned n_session;
    bool rebuild;                 /* the head is not to be trusted */
    bool no_space;                /* because there was no room for a commit */
    bool full;                    /* less than the reserve was left of the disk when the round began */
    int failed;                   /* the journal could not be written: what is on disk is not known */
    uint64_t views;               /* last sequence in the views */
    struct bb_buffer directories; /* what the broker said, each behind its length, until a commit has it */
    uint8_t *seen;                /* organizations named by the directory that is coming in, by id */
    uint32_t seen_size;
};

/* A submission on its way. */
struct bb_submit {
    const struct bb_work *work;
    Bb__Submission *message;
    uint32_t organization;             /* of the caller */
    uint8_t content[BB_CONTENT_BYTES]; /* of what was sent, without signature, and as if it were no dry run */
    uint8_t sent[BB_CONTENT_BYTES];    /* ... as it is, which is what was signed */
    const uint8_t *signature;          /* BB_SIGNATURE_BYTES; NULL: none */
    uint64_t sequence;
    struct bb_batch batch;
    bool single;     /* a batch of this submission alone */
    bool batch_open; /* the batch is open already */
    /* Of an undo: the batch that it undoes (else without data), and where the next submission goes on. */
    ProtobufCBinaryData undoes;
    bool has_next;
    uint32_t next_submission, next_row;
};

/* The round of commands: opened by the first one. 0 | <0 */
int bb_writer_begin(struct bb_writer *writer);

/* Answers. fail_command: a command that could not be judged; the process goes on. Returns 0. */
void bb_writer_fail(struct bb_writer *writer, uint64_t tag, enum bb_error code, const char *message);
void bb_writer_fail_full(struct bb_writer *writer, uint64_t tag);
void bb_writer_fail_recovering(struct bb_writer *writer, uint64_t tag);
int bb_writer_fail_command(struct bb_writer *writer, const struct bb_work *work, int error);
void bb_writer_reply_now(struct bb_writer *writer, uint64_t tag, const ProtobufCMessage *message);

/* Append a packed message to a buffer. 0 | -ENOMEM */
int bb_writer_pack(struct bb_buffer *buffer, const ProtobufCMessage *message, size_t *ret_at,
                   size_t *ret_len);

/* A text for an entry, in the arena of the command. NULL: no memory */
char *bb_writer_text(struct bb_writer *writer, struct bb_bytes text);

/* The indicators that are there for who sends this, of the organization with this id; NULL: all. Until the
 * directory changes. */
const struct bb_codes *bb_writer_limit(const struct bb_writer *writer, const struct bb_work *work,
                                       uint32_t organization);

/* The sequence that the next staged entry will have. */
uint64_t bb_writer_next_sequence(const struct bb_writer *writer);

/* reply: NULL when nobody waits. On an error nothing is staged. 0 | -ENOMEM */
int bb_writer_stage(struct bb_writer *writer, enum bb_entry_type type, const ProtobufCMessage *body,
                    uint64_t tag, const ProtobufCMessage *reply);

/* A submission: its entry is marked, and its reply gets a receipt. 0 | -ENOMEM */
int bb_writer_stage_submission(struct bb_writer *writer, const Bb__EntrySubmission *entry, uint64_t tag,
                               const Bb__SubmissionReply *reply);

/* The reply to a submission whose rows were judged; sequence is 0 when nothing of it is kept. 0 | -ENOMEM */
int bb_writer_judged(struct bb_intake *intake, const struct bb_submit *submit, Bb__SubmissionReply *reply);

/* In the middle of a round: when enough is staged, let the disk begin, and what it has done leave. 0 | <0 */
int bb_writer_advance_early(struct bb_writer *writer);

/* Have everything up to this entry on disk. 0 | 1 answered: it could not be | <0 */
int bb_writer_settle(struct bb_writer *writer, uint64_t sequence, uint64_t tag);
/* Is this submission journalled already? Then it is answered. Its content must be hashed. 0 no | 1 answered |
 * <0 */
int bb_writer_check_repeat(struct bb_writer *writer, const struct bb_submit *submit);
/* Hash the content of a request, and find its signature. 0 | 1 answered */
int bb_writer_read_signature(struct bb_writer *writer, struct bb_submit *submit);
/* Is a submission that is new signed as it has to be? ret_guard: for its rows. 0 | 1 answered */
int bb_writer_check_signature(struct bb_writer *writer, const struct bb_submit *submit,
                              struct bb_guard *ret_guard);
/* Judge the rows of a submission that is new, and stage what is kept. 0 answered or staged | <0 */
int bb_writer_submit_judged(struct bb_writer *writer, struct bb_submit *submit, struct bb_intake *intake);
/* Of an undo: say in the reply where the next one goes on. */
void bb_writer_next(const struct bb_submit *submit, Bb__SubmissionReply *reply);

/* Commands. 0 answered or staged */
int bb_writer_submit(struct bb_writer *writer, const struct bb_work *work);
int bb_writer_define_indicators(struct bb_writer *writer, const struct bb_work *work);
int bb_writer_define_places(struct bb_writer *writer, const struct bb_work *work);
int bb_writer_adopt(struct bb_writer *writer, const struct bb_work *work);
int bb_writer_undo(struct bb_writer *writer, const struct bb_work *work);
int bb_writer_retire(struct bb_writer *writer, const struct bb_work *work);
int bb_writer_review(struct bb_writer *writer, const struct bb_work *work);
int bb_writer_define_rules(struct bb_writer *writer, const struct bb_work *work);
int bb_writer_put_signing_key(struct bb_writer *writer, const struct bb_work *work);
/* After a recovery: what the broker said since the last commit. 0 | <0 */
int bb_writer_take_directories_again(struct bb_writer *writer);

/* A submission of a dry run. 0 answered | <0 */
int bb_writer_submit_dry(struct bb_writer *writer, const struct bb_submit *submit, struct bb_intake *intake);
/* Forget dry runs that ended or that nobody goes on with. */
void bb_writer_end_sessions(struct bb_writer *writer);

#endif
