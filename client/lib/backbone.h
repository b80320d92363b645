/* libbackbone: send readings to a backbone, ask what it knows, and hear what partners tell each other.
 *
 * NAME
 *     backbone.h - the client library of backbone
 *
 * SYNOPSIS
 *     #include <backbone.h>
 *     cc program.c -lbackbone
 *
 * DESCRIPTION
 *     A client is one encrypted connection to one broker, under one key. It connects in the background, and
 *     connects again whenever the connection breaks, after a jittered pause of 0.2 to 30 seconds. A request
 *     that is open then, or that the broker asks to repeat, is sent again with the same content until it is
 *     answered or its deadline passes. Repeating is safe: a submission is known by its batch and index, and
 *     the second time its first answer comes back, marked as a duplicate.
 *
 *     Each request function has two forms in one. With a `done` function it returns at once, and done() is
 *     called later, exactly once, from bb_client_process() (or from any blocking call on a client of the same
 *     context). Without one (NULL) it blocks until the request ends and returns how it ended. What the
 *     request brings is given piece by piece to its `each` function, always before the end; one that returns
 *     an int stops the request with anything but 0: it gets no further pieces, and the end is BB_STOPPED.
 *     Any number of requests may be open; the broker's limit is 1,024 a connection, and the library queues
 *     what is beyond.
 *
 *     Requests that are made in one round (between two calls of bb_client_process(), or within it, from
 *     callbacks) leave as one encrypted frame. Make many requests, then process: that is what is fast.
 *
 * THREADS
 *     A context and all its clients belong to one thread at a time; the library locks nothing. Callbacks run
 *     on the thread that called. Within a callback new requests may be made, but not blocking ones (they
 *     return -EDEADLK), and no client may be destroyed.
 *
 * RETURN VALUES
 *     0 (BB_OK); a positive enum bb_result, which bb_client_problem() explains; or a negative errno for a
 *     mistake in the call or exhausted memory. Texts that a callback is given are valid until it returns.
 *
 * TEXT
 *     Texts are UTF-8 without NUL. Values are decimal texts ("12.50"), exact both ways; the library never
 *     makes a floating-point number of them. Times are microseconds since 1970-01-01 UTC. Keys are Z85, 40
 *     characters.
 *
 * EXAMPLE
 *     struct bb_client *client;
 *     struct bb_client_options options = {
 *         .endpoint = "tcp://backbone.example.org:7600",
 *         .server_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
 *         .key_file = "/etc/backbone/hartford.key",
 *     };
 *     if (bb_client_new(&options, &client) != 0)
 *         errx(78, "%s", bb_new_problem()->message);
 *     struct bb_submission *s;
 *     struct bb_row_text row = {.field = {
 *         [BB_COLUMN_INDICATOR] = bb_text("grade3-reading"),
 *         [BB_COLUMN_PERIOD] = bb_text("2018-19"),
 *         [BB_COLUMN_VALUE] = bb_text("32.7"),
 *     }};
 *     bb_submission_new(&s);
 *     bb_submission_add(s, &row, NULL);
 *     if (bb_client_submit(client, s, print_outcomes, NULL, NULL) != BB_OK)
 *         warnx("%s", bb_client_problem(client)->message);
 *     bb_submission_destroy(&s);
 *     bb_client_destroy(&client);
 */
#ifndef BACKBONE_H
#define BACKBONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BB_API __attribute__((visibility("default")))

/* The version of the library that runs: "0.1.0". Static. */
BB_API const char *bb_version(void);

/* --- texts -------------------------------------------------------------------------------------------- */

/* Bytes of somebody else: not necessarily ended by NUL. data NULL is an absent text, which is not an empty
 * one. */
struct bb_text {
    const char *data;
    size_t len;
};

static inline struct bb_text
bb_text(const char *text)
{
    struct bb_text t = {text, text ? strlen(text) : 0};
    return t;
}

/* --- how a request ends ------------------------------------------------------------------------------- */

enum bb_result {
    BB_OK = 0,
    /* Nothing answers at the endpoint: the request was never sent. */
    BB_UNREACHABLE = 1,
    /* Sent, but not answered before the deadline, or the connection broke in the middle of an answer, or the
     * service was too busy all the time. It may have been done; to repeat it is safe. */
    BB_TIMED_OUT = 2,
    /* The broker refused the connection (unknown key, disabled partner, wrong server key), or the caller's
     * role may not do this. */
    BB_NOT_ALLOWED = 3,
    /* The request was answered with an error that repeating would not change: see bb_problem.code. */
    BB_FAILED = 4,
    /* The client was destroyed, or `each` asked to stop. */
    BB_STOPPED = 5,
    /* A key or an endpoint is not one; a key file cannot be used. Only from bb_client_new(). */
    BB_CONFIGURATION = 6,
};

struct bb_problem {
    int result;          /* enum bb_result */
    uint32_t code;       /* the broker's error (ERRORS below), or 0 when the library says so itself */
    const char *name;    /* "NOT_FOUND", "UNREACHABLE" ...; static */
    const char *message; /* a sentence for people */
};

/* ERRORS: what the broker and its services answer. PROTOCOL.md explains each. */
enum bb_code {
    BB_CODE_MALFORMED = 1,
    BB_CODE_VERSION = 2,
    BB_CODE_UNKNOWN_METHOD = 3,
    BB_CODE_NOT_ALLOWED = 4,
    BB_CODE_UNKNOWN_KEY = 5,
    BB_CODE_TOO_LARGE = 6,
    BB_CODE_OVERLOADED = 7,
    BB_CODE_UNAVAILABLE = 8,
    BB_CODE_TIMEOUT = 9,
    BB_CODE_CONFLICT = 10, /* the same batch and index came with other content */
    BB_CODE_NOT_FOUND = 11,
    BB_CODE_INVALID = 12,
    BB_CODE_NOSPACE = 13,
    BB_CODE_INTERNAL = 14,
    BB_CODE_CANCELLED = 15,
    BB_CODE_STATE = 16,
    BB_CODE_EXISTS = 17,
    BB_CODE_TAKEN_OVER = 18, /* another session has subscribed with the same name */
};

/* The end of a request. sequence: of the journal, as of which a query was answered; 0 where there is none. */
typedef void bb_done_fn(void *self, const struct bb_problem *end, uint64_t sequence);

/* --- contexts ----------------------------------------------------------------------------------------- */

/* What connections share: one background thread for input and output, and one descriptor to wait on. A client
 * without a context makes one of its own; a program with hundreds of connections gives them one in common. */
struct bb_context;

/* max_clients: how many clients it will have at most (each takes two descriptors, and two more while it
 * connects). 0 | -ENOMEM | -EMFILE */
BB_API int bb_context_new(unsigned max_clients, struct bb_context **ret_context);
/* Its clients must be gone. */
BB_API void bb_context_destroy(struct bb_context **context);

/* Readable (poll, epoll) when bb_context_process() has something to do. The same for the context's life. */
BB_API int bb_context_fd(const struct bb_context *context);
/* Milliseconds after which bb_context_process() wants to be called even if the descriptor stays quiet; -1:
 * no wish; 0: now (requests were made that have not left yet). */
BB_API int bb_context_timeout(const struct bb_context *context);
/* Send what was requested, take what has come, call callbacks, for all clients of the context. Waits at most
 * wait_ms (0: not at all; -1: until something happened). 0 | -errno */
BB_API int bb_context_process(struct bb_context *context, int wait_ms);

/* --- clients ------------------------------------------------------------------------------------------ */

struct bb_client;

struct bb_client_options {
    struct bb_context *context; /* NULL: one of its own */
    const char *endpoint;       /* "tcp://host:port", or "ipc:///path" of the operators' socket (no keys) */
    const char *server_key;     /* public key of the broker; NULL with ipc */
    const char *key_file;       /* file of `backbone keys new`: readable by its owner only; NULL with ipc */
    const char *public_key;     /* instead of a file: both halves of the key */
    const char *secret_key;
    const char *agent;       /* names this program to the broker; NULL: "libbackbone/VERSION" */
    uint32_t timeout_ms;     /* deadline of a request, reconnecting and repeating included, and of a
                                streamed answer from part to part; 0: 30,000 */
    uint32_t unreachable_ms; /* end requests as BB_UNREACHABLE when there was no connection for so long; 0:
                                only at their deadline. */
};

/* Connects in the background, from the first processing or blocking call on: that nobody listens yet is no
 * error. 0 | BB_CONFIGURATION, explained by bb_new_problem() | -errno */
BB_API int bb_client_new(const struct bb_client_options *options, struct bb_client **ret_client);
/* Ends what is open as BB_STOPPED. NULL is fine. */
BB_API void bb_client_destroy(struct bb_client **client);

/* Why bb_client_new() failed last on this thread. */
BB_API const struct bb_problem *bb_new_problem(void);
/* How the client's last blocking request ended; valid until its next one. Never NULL. */
BB_API const struct bb_problem *bb_client_problem(const struct bb_client *client);

/* The journal's sequence as of which that request was answered; 0 where there is none. */
BB_API uint64_t bb_client_sequence(const struct bb_client *client);

/* As for the context of the client. */
BB_API int bb_client_fd(const struct bb_client *client);
BB_API int bb_client_timeout(const struct bb_client *client);
BB_API int bb_client_process(struct bb_client *client, int wait_ms);

/* Requests that are open. */
BB_API size_t bb_client_open(const struct bb_client *client);
/* Deadline of the requests made from now on; 0: the default. At most ten minutes. */
BB_API void bb_client_set_timeout(struct bb_client *client, uint32_t timeout_ms);

/* Who the broker says we are. The texts are valid until the connection changes: copy them. */
struct bb_identity {
    const char *organization; /* code */
    const char *name;
    const char *member;
    const char *role; /* "staff", "partner", "observer", "operator" */
    int64_t broker_time_us;
    uint32_t submission_rows; /* most rows of a submission */
};
/* 0 | -ENOTCONN: no connection now */
BB_API int bb_client_identity(const struct bb_client *client, struct bb_identity *ret_identity);
/* Our public key, 40 characters, or "" with ipc. */
BB_API const char *bb_client_public_key(const struct bb_client *client);

/* There and back to the broker: the end tells. Also the way to wait for a connection. */
BB_API int bb_client_ping(struct bb_client *client, bb_done_fn *done, void *self);

/* --- submitting readings ------------------------------------------------------------------------------ */

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

#define BB_EXPECT_ANY UINT32_MAX /* expect_revision: there is a reading, whichever its revision */

/* What is wrong with a row, or worth a warning. */
struct bb_note {
    uint32_t row;          /* index within the submission, from 0 */
    uint32_t code;         /* a number that is never reused */
    const char *code_name; /* "BAD_PERIOD" */
    const char *field;     /* the column, "" for the row as a whole */
    const char *text;      /* what was found, what is expected; "" when there is nothing to add */
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
    BB_SUBMISSION_LAST = 1,    /* no further submission of this batch will come */
    BB_SUBMISSION_ATOMIC = 2,  /* all rows or none */
    BB_SUBMISSION_DRY_RUN = 4, /* say what would be, keep nothing */
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

/* --- asking for readings ------------------------------------------------------------------------------ */

enum bb_reading_state {
    BB_READING_OK = 0,
    BB_READING_MISSING = 1,
    BB_READING_SUPPRESSED = 2,
    BB_READING_NOT_APPLICABLE = 3,
    BB_READING_WITHDRAWN = 4, /* in a history */
};

struct bb_reading {
    struct bb_text indicator;      /* code */
    struct bb_text organization;   /* code */
    struct bb_text place;          /* name; empty: the total */
    struct bb_text disaggregation; /* canonical: dimension=code, joined by ';'; empty: the total */
    struct bb_text period;         /* canonical */
    const char *value;             /* decimal text; NULL: none */
    const char *numerator;
    const char *denominator;
    struct bb_text comment; /* absent: none */
    int state;              /* enum bb_reading_state */
    const char *status;     /* "ok", "missing", "suppressed", "not_applicable", "withdrawn"; static */
    bool computed;          /* the value was computed from its parts */
    uint64_t sequence;      /* of the entry that made this revision */
    int64_t time_us;
    uint32_t revision;    /* 1 for the first */
    const char *member;   /* history: organization/member that sent it; else NULL */
    const uint8_t *batch; /* history: [BB_BATCH_ID], or NULL */
    const char *reason;   /* history: why, "entry_error" ...; NULL: it was not said */
    const char *note;     /* history: likewise */
};

typedef int bb_reading_fn(void *self, const struct bb_reading *reading);

/* Any field may be NULL: all. place "" and disaggregation "" are the totals. */
struct bb_readings_query {
    const char *indicator;
    const char *organization;
    const char *place;
    const char *disaggregation;
    const char *period_from;
    const char *period_to;
    uint64_t as_of_sequence; /* 0: not asked */
    int64_t as_of_us;        /* 0: not asked */
    uint64_t min_sequence;   /* answer at this sequence or later; 0: at the head */
    bool latest;             /* of each series (all but the period) the one whose period begins last */
};

/* Readings in the order of the store (period first); the latest ones from the newest on. Streamed: memory
 * does not grow with the answer. */
BB_API int bb_client_readings(struct bb_client *client, const struct bb_readings_query *query,
                              bb_reading_fn *each, bb_done_fn *done, void *self);

/* Every revision of one reading, oldest first, up to the moment asked for. indicator and period are needed.
 * organization NULL: the caller's own. */
BB_API int bb_client_history(struct bb_client *client, const struct bb_readings_query *query,
                             bb_reading_fn *each, bb_done_fn *done, void *self);

/* --- batches ------------------------------------------------------------------------------------------ */

/* What travelled under one id. */
struct bb_batch {
    const uint8_t *batch;     /* [BB_BATCH_ID] */
    const char *organization; /* who sent it */
    const char *member;
    uint64_t sequence; /* of its first entry */
    int64_t time_us;
    uint32_t submissions;                           /* that were kept */
    uint64_t created, updated, unchanged, rejected; /* rows of these */
    const char *reason;                             /* NULL: it was not said */
    const char *note;
    const uint8_t *undoes; /* the batch that it undoes, or NULL */
};

typedef int bb_batch_fn(void *self, const struct bb_batch *batch);

struct bb_batches_query {
    const char *organization; /* of this sender; NULL: all that you may see: staff all, a partner its own */
    uint32_t limit;           /* so many; 0: all */
    uint64_t as_of_sequence;  /* 0: not asked */
    int64_t as_of_us;         /* 0: not asked */
};

/* Newest first. */
BB_API int bb_client_batches(struct bb_client *client, const struct bb_batches_query *query,
                             bb_batch_fn *each, bb_done_fn *done, void *self);

struct bb_batch_row {
    uint32_t submission, row;  /* indexes, from 0 */
    uint8_t outcome;           /* enum bb_outcome_code */
    const char *code, *text;   /* why it was refused, or a warning; NULL: neither */
    struct bb_reading reading; /* as it was sent; of a row that was refused everything is absent */
};

typedef int bb_batch_row_fn(void *self, const struct bb_batch_row *row);

struct bb_batch_query {
    uint8_t batch[BB_BATCH_ID];
    uint64_t as_of_sequence; /* what of it had come then; 0: not asked */
    int64_t as_of_us;        /* 0: not asked */
};

BB_API int bb_client_batch(struct bb_client *client, const struct bb_batch_query *query,
                           bb_batch_row_fn *each, bb_done_fn *done, void *self);

/* Put back what stood before a batch, bit by bit: begin with index 0; while an answer says more, ask again
 * with the next index and what it said. */
struct bb_undo {
    uint8_t batch[BB_BATCH_ID];  /* of the revisions that this makes: a fresh one */
    uint8_t undoes[BB_BATCH_ID]; /* the batch that is undone */
    uint32_t index;
    uint32_t submission, row; /* what the last answer said; of index 0 nothing */
    const char *reason, *note;
};

struct bb_undone {
    uint64_t sequence; /* of the journal entry; 0: nothing was changed */
    uint64_t updated, unchanged;
    uint64_t rejected; /* something newer stands, or it is locked */
    bool more;
    uint32_t next_submission, next_row;
};

typedef void bb_undone_fn(void *self, const struct bb_undone *undone);

/* -EINVAL: no such reason. */
BB_API int bb_client_undo(struct bb_client *client, const struct bb_undo *undo, bb_undone_fn *each,
                          bb_done_fn *done, void *self);

/* --- indicators and places ---------------------------------------------------------------------------- */

/* Texts as in the columns of `indicator define`; NULL: not given. */
struct bb_indicator {
    const char *code;
    const char *name;
    const char *definition;
    const char *unit;
    const char *direction;
    const char *numerator;
    const char *denominator;
    const char *factor;
    const char *decimals;
    const char *frequency;
    const char *time_aggregation;
    const char *organization_aggregation;
    const char *baseline_period;
    const char *baseline_value;
    const char *target_period;
    const char *target_value;
    const char *minimum;
    const char *maximum;
    const char *due_days;
    const char *owner;
    const char *targets;              /* further ones: "2024/2025=75; hartford@2024/2025=80" */
    const char *numerator_expression; /* computed from others: "#{cases}+#{deaths.sex=female}" */
    const char *denominator_expression;
    const char *overlap; /* sum; maximum: where organizations count the same, of a cell the greatest counts */
    const char *publish; /* reported; approved: others see, and totals count, only what is approved */
    uint32_t version;    /* in answers: 1 for the first definition */
    uint64_t sequence;   /* in answers: of the entry that made this version */
    const char *retired; /* in answers: date; NULL: it is not */
};

struct bb_place {
    const char *name;
    const char *parent; /* NULL: none */
    const char *const *alias;
    size_t n_aliases;
    bool aggregate;     /* contains others, so sums leave it out */
    bool has_aggregate; /* defining: aggregate is meant as it is; else false leaves what was said before */
};

/* What became of one definition. */
struct bb_define_outcome {
    uint32_t item;   /* index */
    uint8_t outcome; /* BB_CREATED, BB_UPDATED, BB_UNCHANGED or BB_REJECTED */
    uint32_t code;
    const char *code_name; /* "" unless rejected */
    const char *field;     /* the column; may be "" */
    const char *text;      /* may be "" */
};

typedef void bb_define_fn(void *self, const struct bb_define_outcome *outcome);
typedef int bb_indicator_fn(void *self, const struct bb_indicator *indicator);
typedef int bb_place_fn(void *self, const struct bb_place *place);

/* Define indicators or places; a changed one becomes a new version. As many as fit into 192 KiB: -E2BIG when
 * they do not, and nothing was sent. */
BB_API int bb_client_define_indicators(struct bb_client *client, const struct bb_indicator *indicators,
                                       size_t n, bb_define_fn *each, bb_done_fn *done, void *self);
BB_API int bb_client_define_places(struct bb_client *client, const struct bb_place *places, size_t n,
                                   bb_define_fn *each, bb_done_fn *done, void *self);

/* Bytes that these definitions take of the 192 KiB, for cutting a long list. */
BB_API size_t bb_indicator_bytes(const struct bb_indicator *indicator);
BB_API size_t bb_place_bytes(const struct bb_place *place);

struct bb_indicators_query {
    const char *code;        /* code or name; NULL: all */
    uint64_t as_of_sequence; /* as they were defined then; 0: not asked */
    int64_t as_of_us;        /* 0: not asked */
};

BB_API int bb_client_indicators(struct bb_client *client, const struct bb_indicators_query *query,
                                bb_indicator_fn *each, bb_done_fn *done, void *self);
BB_API int bb_client_places(struct bb_client *client, bb_place_fn *each, bb_done_fn *done, void *self);

/* An organization agrees to report an indicator: that is expected of it then, and is no condition for
 * reporting. What is not given stays as it is. */
struct bb_adoption {
    const char *indicator;    /* code or name; in answers its code */
    const char *organization; /* NULL: the caller's own */
    uint32_t version;         /* of the definition that it agrees to; 0: the present one */
    const char *from;         /* date, "2026-09-07"; NULL: today */
    const char *until;        /* date: from then on it is not expected any more; NULL: without an end */
    /* In answers: */
    const char *member; /* organization/member who said so */
    uint64_t sequence;
    int64_t time_us;
};

typedef int bb_adoption_fn(void *self, const struct bb_adoption *adoption);

/* A partner speaks for itself, staff for anybody. Outcomes as for definitions. */
BB_API int bb_client_adopt(struct bb_client *client, const struct bb_adoption *adoptions, size_t n,
                           bb_define_fn *each, bb_done_fn *done, void *self);

struct bb_adoptions_query {
    const char *indicator;    /* NULL: all */
    const char *organization; /* NULL: all */
    uint64_t as_of_sequence;
    int64_t as_of_us;
};

/* What holds: by indicator, then organization. */
BB_API int bb_client_adoptions(struct bb_client *client, const struct bb_adoptions_query *query,
                               bb_adoption_fn *each, bb_done_fn *done, void *self);

/* Periods that begin on this date (NULL: today) or later are refused from now on; undo: they are not any
 * more. Staff. One outcome. */
BB_API int bb_client_retire(struct bb_client *client, const char *indicator, const char *from, bool undo,
                            bb_define_fn *each, bb_done_fn *done, void *self);

/* --- expected reports --------------------------------------------------------------------------------- */

struct bb_reporting_query {
    const char *indicator;    /* NULL: all */
    const char *organization; /* NULL: all that you may see: staff all, a partner its own */
    const char *period_from;  /* without a range: the latest period that is over, of each frequency */
    const char *period_to;
    bool running; /* also the period that is not over yet */
    bool silent;  /* only those of which nothing has come */
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* An indicator that was expected of an organization for a period: it has adopted it, and is a member. */
struct bb_report {
    const char *indicator;
    const char *organization;
    const char *period;     /* canonical */
    const char *due;        /* the last day on which it is on time; NULL: there is none */
    const char *state;      /* "silent", "reported", "zero", "unavailable" */
    const char *timeliness; /* "on time", "late", of silent ones "due", "overdue"; "" without a due day */
    int64_t time_us;        /* the moment that the answer speaks of */
};

typedef int bb_report_fn(void *self, const struct bb_report *report);

BB_API int bb_client_reporting(struct bb_client *client, const struct bb_reporting_query *query,
                               bb_report_fn *each, bb_done_fn *done, void *self);

/* --- reviews ------------------------------------------------------------------------------------------ */

/* What is said of what an organization reported of some indicators for a period. */
struct bb_review_request {
    const char *action;           /* "submit"; of staff also "return", "approve", "lock", "unlock" */
    const char *organization;     /* NULL: the caller's own */
    const char *period;           /* in any spelling */
    const char *const *indicator; /* codes or names; none: all that have readings */
    size_t n_indicators;          /* at most 500 */
    const char *comment;          /* NULL: none; return needs one */
    const char *reason;           /* NULL: none; unlock needs one, the others have none */
};

/* What became of one of them. */
struct bb_review_outcome {
    const char *indicator; /* code, or as it was named */
    const char *state;     /* "draft", "submitted", "returned", "approved", "locked"; NULL: unknown */
    uint8_t outcome;       /* BB_UPDATED, BB_UNCHANGED or BB_REJECTED */
    uint32_t code;
    const char *code_name; /* "" unless rejected */
    const char *text;      /* found, expected; may be "" */
};

typedef void bb_review_outcome_fn(void *self, const struct bb_review_outcome *outcome);

BB_API int bb_client_review(struct bb_client *client, const struct bb_review_request *request,
                            bb_review_outcome_fn *each, bb_done_fn *done, void *self);

struct bb_reviews_query {
    const char *organization; /* NULL: all that you may see: staff all, a partner its own */
    const char *indicator;    /* NULL: all */
    const char *state;        /* NULL: any */
    const char *period_from;
    const char *period_to;
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* What an organization reported of an indicator for a period. */
struct bb_review {
    const char *organization;
    const char *indicator;
    const char *period;  /* canonical */
    const char *state;   /* as above; a draft when nothing was said */
    const char *comment; /* of who said so; NULL: none */
    const char *reason;
    const char *member; /* organization/member; NULL: nothing was said */
    uint64_t sequence;  /* 0: likewise */
    int64_t time_us;
};

typedef int bb_review_fn(void *self, const struct bb_review *review);

/* By period, then organization, then indicator. */
BB_API int bb_client_reviews(struct bb_client *client, const struct bb_reviews_query *query,
                             bb_review_fn *each, bb_done_fn *done, void *self);

/* --- receipts and the chain --------------------------------------------------------------------------- */

/* Every submission that was accepted is an entry of the service's journal, and each entry carries the hash of
 * the one before: the chain. The chain of entries can be had without their contents, and a receipt says which
 * entry holds what was sent. Whoever has both needs no service to see that they belong together, and that no
 * entry up to that one was changed, removed or put in afterwards: its hash would be another one. */
#define BB_HASH             32 /* bytes of a hash, BLAKE2b-256 */
#define BB_CHAIN_ENTRY_TYPE 20 /* the name of a type, with NUL */

/* An entry in the chain. PROTOCOL.md says how hashes are made. */
struct bb_chain_entry {
    uint64_t sequence;
    int64_t time_us;
    char type[BB_CHAIN_ENTRY_TYPE]; /* "submission", "indicators", "directory" ... */
    uint8_t previous[BB_HASH];      /* hash of the entry before; zeros at the first */
    uint8_t mark[BB_HASH];          /* of a submission; else zeros */
    uint8_t body[BB_HASH];          /* digest of what is in it */
    uint8_t hash[BB_HASH];
};

/* What its sender may keep of an accepted submission. */
struct bb_submission_receipt {
    const uint8_t *batch; /* BB_BATCH_ID bytes */
    uint32_t index;
    uint32_t rows;
    const uint8_t *outcome; /* enum bb_outcome_code of each row, or one for all that are alike */
    size_t n_outcomes;
    const char *organization; /* who sent it */
    const char *member;
    uint64_t sequence; /* of the entry */
    int64_t time_us;
    uint8_t hash[BB_HASH];
    uint8_t content[BB_HASH]; /* of the submission as it was sent */
};

/* Nothing was kept, or it was a dry run. */
#define BB_RECEIPT_NONE 1

/* The receipt for an answer, within the callback that is given it; its texts are valid until that returns. A
 * repeat gets the receipt of the first time. 0 | BB_RECEIPT_NONE | -ENOTCONN */
BB_API int bb_submission_receipt(const struct bb_outcomes *outcomes,
                                 struct bb_submission_receipt *ret_receipt);

typedef int bb_chain_fn(void *self, const struct bb_chain_entry *entry);
/* The chain from one sequence to another, both included; 0: the first, the last. What it brings still has to
 * be checked, one by one. */
BB_API int bb_client_chain(struct bb_client *client, uint64_t from, uint64_t to, bb_chain_fn *each,
                           bb_done_fn *done, void *self);

/* What the hash of an entry must be. 0 | -EINVAL: there is no such type */
BB_API int bb_chain_entry_hash(const struct bb_chain_entry *entry, uint8_t ret_hash[BB_HASH]);
/* Does an entry follow from the one before (NULL: not known), and has it the hash that it must have? NULL yes
 * | what is wrong, static, to be read behind "entry 7: " */
BB_API const char *bb_chain_entry_check(const struct bb_chain_entry *before,
                                        const struct bb_chain_entry *entry);
/* Is this the entry that the receipt speaks of? NULL yes | what differs, static. */
BB_API const char *bb_submission_receipt_check(const struct bb_submission_receipt *receipt,
                                               const struct bb_chain_entry *entry);

/* --- trend -------------------------------------------------------------------------------------------- */

struct bb_trend_query {
    const char *indicator;
    const char *period_from; /* NULL: from the first */
    const char *period_to;
    const char *const *place; /* added up; none: see the manual */
    size_t n_places;
    const char *disaggregation; /* NULL: see the manual; "": the total */
    const char *by;             /* NULL, "place", "organization" or "disaggregation" */
    const char *per;            /* NULL, or "quarter" and the like: of longer periods */
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* Where a series breaks: most readings of a period were reported under another definition than those of the
 * period before. */
struct bb_series_break {
    const char *indicator;    /* code; of a computed one the input's */
    uint32_t version, before; /* that began to say what the period, and the one before, was reported under */
    uint64_t sequence;        /* of the entry that made the later one */
    int64_t time_us;          /* ... and its time */
    const char *const *changed; /* fields of the definition */
    size_t n_changed;
};

struct bb_point {
    const struct bb_indicator *indicator; /* as it was at that sequence; the same for every point */
    const char *period;                   /* canonical */
    const char *group;                    /* of `by`; NULL without */
    const char *value;                    /* decimal text; NULL: none */
    const char *numerator;
    const char *denominator;
    uint32_t organizations;
    uint32_t readings;
    uint32_t without_parts;
    uint32_t periods;          /* with `per`: of the indicator's own periods those that have data, ... */
    uint32_t periods_expected; /* ... of so many; 0: not told */
    bool is_counted;           /* are these known? Of totals of everything only */
    uint32_t expected; /* reports: one an organization, period and reported indicator that it is made of */
    uint32_t reported; /* of these, what has come */
    const struct bb_series_break *breaks;
    size_t n_breaks;
    bool withheld; /* the line of an organization that does not share it */
};

typedef int bb_point_fn(void *self, const struct bb_point *point);
/* The indicator, once, before the points (also when there are none). */
typedef void bb_trend_fn(void *self, const struct bb_indicator *indicator);

/* head may be NULL. */
BB_API int bb_client_trend(struct bb_client *client, const struct bb_trend_query *query, bb_trend_fn *head,
                           bb_point_fn *each, bb_done_fn *done, void *self);

/* --- progress ----------------------------------------------------------------------------------------- */

struct bb_progress_query {
    const char *const *indicator; /* codes or names; none: all */
    size_t n_indicators;
    const char *period; /* the latest within it; NULL: the latest */
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* Where an indicator stands. What is not known, or not to be seen, is NULL. */
struct bb_indicator_progress {
    const struct bb_indicator *indicator; /* as it was, with its baseline */
    const struct bb_point *latest;        /* their `indicator` is the same */
    const struct bb_point *previous;
    const char *change; /* decimal texts: latest - previous */
    const char *change_since_baseline;
    const char *movement; /* "improving", "worsening", "unchanged", "rising", "falling" */
    const char *target_period, *target_value;
    const char *distance; /* target - latest */
    bool is_judged;       /* is it known whether it is on track? */
    bool on_track;        /* not on the worse side of the line from the baseline to the target */
    uint32_t expected;    /* organizations, for the latest period */
    uint32_t reported;    /* of these */
    bool has_corrected;
    uint32_t corrected; /* readings of the latest period */
    bool ambiguous;     /* latest: values by several dimensions, and no total */
    int64_t time_us;    /* the moment that the answer speaks of */
};

typedef int bb_indicator_progress_fn(void *self, const struct bb_indicator_progress *progress);

/* In the order of the indicators named, or as they were first heard of. */
BB_API int bb_client_progress(struct bb_client *client, const struct bb_progress_query *query,
                              bb_indicator_progress_fn *each, bb_done_fn *done, void *self);

/* --- partners and status ------------------------------------------------------------------------------ */

struct bb_partner {
    const char *code;
    const char *name;
    const char *role; /* "staff", "partner", "observer" */
    const char *const *alias;
    size_t n_aliases;
    bool enabled;
    bool share_own_line;
    const char *joined; /* date; NULL: unknown */
    const char *left;
    const char *key; /* public key of the main member; NULL: none yet */
};

typedef int bb_partner_fn(void *self, const struct bb_partner *partner);

enum bb_switch { BB_KEEP = 0, BB_ON = 1, BB_OFF = 2 };

/* NULL and BB_KEEP: leave as it is. Aliases are added to those there are. */
struct bb_partner_change {
    const char *code;
    bool create; /* it must not be there yet; otherwise it must */
    bool upsert; /* with create: change it when it is there */
    const char *name;
    const char *role;
    const char *key;
    const char *const *alias;
    size_t n_aliases;
    enum bb_switch enabled;
    enum bb_switch share_own_line;
    const char *joined; /* dates; left "": it has not left */
    const char *left;
};

/* each: the organization as it is now. changed: whether that is new. */
typedef void bb_partner_put_fn(void *self, const struct bb_partner *partner, bool changed);
BB_API int bb_client_partner_put(struct bb_client *client, const struct bb_partner_change *change,
                                 bb_partner_put_fn *each, bb_done_fn *done, void *self);

/* code: code, name or alias of one; NULL: all that the caller may see. */
BB_API int bb_client_partners(struct bb_client *client, const char *code, bb_partner_fn *each,
                              bb_done_fn *done, void *self);

struct bb_service_status {
    const char *service;
    bool ready;
    uint64_t queued;    /* requests that wait for the service */
    uint64_t in_flight; /* requests that it works on */
    bool has_sequence;  /* false: not known; there is no worker, or it has just come, or has no journal */
    bool has_lag;
    uint64_t sequence; /* head of its journal */
    uint64_t lag;      /* entries that its views are behind */
};

struct bb_counter {
    const char *name;
    uint64_t value;
};

struct bb_status {
    const uint8_t *boot; /* 16 bytes, new at every start of the broker */
    uint64_t uptime_ms;
    uint32_t connections;
    uint32_t organizations;
    uint64_t directory_version;
    const struct bb_service_status *service;
    size_t n_services;
    const struct bb_counter *counter;
    size_t n_counters;
};

typedef void bb_status_fn(void *self, const struct bb_status *status);
BB_API int bb_client_status(struct bb_client *client, bb_status_fn *each, bb_done_fn *done, void *self);

struct bb_measurement_status {
    uint64_t head;     /* last sequence in the journal */
    uint64_t applied;  /* last sequence in the views */
    uint64_t readings; /* without those that are withdrawn */
    uint64_t pending_rows;
    uint64_t journal_bytes;
    uint64_t views_bytes;
    uint64_t free_pages;
};

typedef void bb_measurement_status_fn(void *self, const struct bb_measurement_status *status);
BB_API int bb_client_measurement_status(struct bb_client *client, bb_measurement_status_fn *each,
                                        bb_done_fn *done, void *self);

/* --- messages ----------------------------------------------------------------------------------------- */

/* Announcements, posts and updates: what partners tell each other, kept in one log. PROTOCOL.md says who may
 * write and read what (Channels, Messages). Channels are written "all", "group/CODE", "org/CODE" and
 * "indicator/CODE".
 *
 * The id of a message is a UUID like that of a batch, but none of version 8, which the service keeps for what
 * it writes itself: bb_batch_new(), bb_batch_format() and bb_batch_parse() make, print and read it. */
#define BB_MESSAGE_ID 16

enum bb_message_kind {
    BB_MESSAGE_ANNOUNCEMENT = 1, /* of staff */
    BB_MESSAGE_POST = 2,
    BB_MESSAGE_STORY = 3,  /* an experience behind an indicator and a period */
    BB_MESSAGE_UPDATE = 4, /* of the service: readings came */
    BB_MESSAGE_NOTICE = 5, /* of the service: withdrawn, restated */
};

enum bb_priority { BB_PRIORITY_LOW = 1, BB_PRIORITY_NORMAL = 2, BB_PRIORITY_HIGH = 3 };

/* What an update says of one organization, and a restatement of one reading. */
struct bb_message_change {
    const char *organization; /* code */
    const char *const *period;
    size_t n_periods_named; /* the first ones are named ... */
    uint32_t periods;       /* ... of so many */
    uint64_t created;       /* readings */
    uint64_t updated;       /* of a restatement: corrected */
    const char *place;      /* of one reading; NULL: the change is not of a single one */
    const char *disaggregation;
    const char *old_value; /* decimal text; NULL: none, or not for you to read */
    const char *new_value;
    const char *old_status; /* "missing" ...; NULL: ok */
    const char *new_status;
    const char *old_numerator; /* decimal text; NULL: as old_value */
    const char *new_numerator;
    const char *old_denominator;
    const char *new_denominator;
};

/* A message as its readers get it. */
struct bb_message {
    uint64_t sequence; /* place in the log, from 1 */
    const uint8_t *id; /* [BB_MESSAGE_ID] */
    int kind;          /* enum bb_message_kind */
    const char *kind_name;
    const char *organization; /* of the author; "communication": the service itself */
    const char *member;
    int64_t time_us;
    const char *subject;
    const char *body; /* Markdown; "" when there is none, or it was not asked for */
    int priority;     /* enum bb_priority */
    const char *priority_name;
    bool requested_ack;
    const char *ack_by;         /* date; NULL: none */
    const uint8_t *in_reply_to; /* ids; NULL: none */
    const uint8_t *supersedes;
    const uint8_t *superseded_by; /* NULL: by none yet, when it was sent to you */
    const uint8_t *withdraws;
    const char *expires_at; /* date: the last day on which it says something; NULL: none */
    const char *indicator;  /* code; NULL: it speaks of none */
    const char *period;
    const struct bb_message_change *change;
    size_t n_changes;
    const char *channel;         /* the first of its channels that you may read */
    const char *const *audience; /* all of them, where there are several: to staff and the author */
    size_t n_audience;
    bool redelivered; /* from a subscription: it may have been delivered before */
};

/* A message to be published. What is NULL or 0 is not said. */
struct bb_publication {
    const uint8_t *id; /* [BB_MESSAGE_ID], of your choice: publishing it again with the same content is safe,
                          also from another process. NULL: a fresh one, with each call another message */
    const char *const *channel; /* whom it is for; at least one */
    size_t n_channels;
    int kind; /* BB_MESSAGE_ANNOUNCEMENT, _POST or _STORY */
    const char *subject;
    const char *body;
    int priority;       /* enum bb_priority; 0: normal */
    const char *ack_by; /* date; an acknowledgement is requested until its end */
    bool requested_ack;
    const uint8_t *in_reply_to;
    const uint8_t *supersedes;
    const char *expires_at;
    const char *indicator;
    const char *period;
    bool dry_run; /* say whom it would reach, keep nothing */
};

struct bb_published {
    const uint8_t *id;
    uint64_t sequence;            /* 0 after a dry run */
    uint32_t recipients;          /* organizations */
    bool duplicate;               /* it had been published before: this is the answer of then */
    const char *const *recipient; /* dry run: their codes */
    size_t n_recipients_named;
};

typedef void bb_published_fn(void *self, const struct bb_published *published);
/* Answered when the message is on disk. */
BB_API int bb_client_publish(struct bb_client *client, const struct bb_publication *publication,
                             bb_published_fn *each, bb_done_fn *done, void *self);

/* sequence: of the notice that tells of it. */
typedef void bb_withdrawn_fn(void *self, uint64_t sequence, bool duplicate);
/* Take a message back. id: of this submission, and of the notice; NULL: a fresh one. */
BB_API int bb_client_withdraw(struct bb_client *client, const uint8_t *id, const uint8_t *message,
                              bb_withdrawn_fn *each, bb_done_fn *done, void *self);

/* What became of a message for a reader. It never goes back. */
enum bb_receipt_state { BB_QUEUED = 0, BB_DELIVERED = 1, BB_READ = 2, BB_ACKNOWLEDGED = 3 };

enum bb_message_state {
    BB_MESSAGE_ACTIVE = 0,
    BB_MESSAGE_SUPERSEDED = 1,
    BB_MESSAGE_WITHDRAWN = 2,
    BB_MESSAGE_EXPIRED = 3,
};

struct bb_listed_message {
    const struct bb_message *message;
    int state; /* enum bb_message_state */
    const char *state_name;
    int receipt; /* enum bb_receipt_state, of your organization */
    const char *receipt_name;
    int64_t receipt_us;         /* 0: none */
    const char *receipt_member; /* NULL: none */
    bool is_counted;            /* you are staff or the author, and told how many organizations */
    uint32_t recipients;        /* so many at least so far */
    uint32_t delivered, read, acknowledged;
};

/* Zero is everything that you may read. */
struct bb_messages_query {
    const uint8_t *id; /* this one */
    const int *kind;   /* of these kinds */
    size_t n_kinds;
    const char *channel;
    bool inbox;     /* addressed to your organization, and not its own. To list it is to have it delivered. */
    bool unread;    /* of these, what nobody there has read */
    uint64_t after; /* above this sequence */
    uint32_t limit; /* the last so many */
    bool without_bodies;
};

typedef int bb_listed_fn(void *self, const struct bb_listed_message *listed);
/* In the order of the log. */
BB_API int bb_client_messages(struct bb_client *client, const struct bb_messages_query *query,
                              bb_listed_fn *each, bb_done_fn *done, void *self);

struct bb_marked {
    int state; /* enum bb_receipt_state, as it is now */
    const char *state_name;
    int64_t time_us; /* of who brought it about first */
    const char *member;
    bool changed;
};

typedef void bb_marked_fn(void *self, const struct bb_marked *marked);
/* Your organization has read it, or acknowledges it. state: BB_READ or BB_ACKNOWLEDGED. */
BB_API int bb_client_mark(struct bb_client *client, const uint8_t *id, int state, bb_marked_fn *each,
                          bb_done_fn *done, void *self);

struct bb_message_receipt {
    const char *organization;
    int state; /* enum bb_receipt_state */
    const char *state_name;
    int64_t time_us;    /* 0: none */
    const char *member; /* NULL: none */
    bool overdue;
    /* Where those of several messages are listed; else NULL and 0: */
    const uint8_t *message; /* its id */
    const char *subject;
    uint64_t sequence;
    const char *ack_by; /* date: the day on which it was due */
};

typedef int bb_receipt_fn(void *self, const struct bb_message_receipt *receipt);
/* The receipts of one message, by organization; overdue: only those that are. id NULL: of all messages, those
 * that are overdue. */
BB_API int bb_client_receipts(struct bb_client *client, const uint8_t *id, bool overdue, bb_receipt_fn *each,
                              bb_done_fn *done, void *self);

/* --- subscribing -------------------------------------------------------------------------------------- */

/* A subscription delivers messages as they are written, and first of all those that were written while it was
 * away. How far it has come is kept by the service under a name of your choice, the cursor, of which your
 * organization may have several. One program at a time uses a cursor: the newer one takes it over.
 *
 * *At least once, and how to make it once.* A message is delivered until it is acknowledged. If the program
 * dies between what it did with a message and the acknowledgement, the message comes again to the next one,
 * with `redelivered` set (which is also set where nobody knows whether it came before). A program that stores
 * the sequence together with what the message led to, in one atomic write, and then leaves out what is not
 * above what it has stored, acts on each message once. Within one struct bb_subscription no message is given
 * twice, however often the connection breaks.
 *
 * *In order.* Messages come in the order of the log, all that the channels select. bb_subscription_ack() says
 * that everything up to a sequence has been taken care of; until then at most window_messages and
 * window_bytes are delivered, so a slow program is not flooded. Acknowledgements leave with the next thing
 * that is sent, or at most 50 ms later.
 *
 * With on_message, messages are given by bb_client_process(). Without, they are asked for by
 * bb_subscription_next(), one after the other. */
struct bb_subscription;

typedef void bb_message_fn(void *self, const struct bb_message *message);

enum bb_subscription_event_kind {
    BB_SUBSCRIPTION_OPENED = 1,      /* the service feeds it now */
    BB_SUBSCRIPTION_INTERRUPTED = 2, /* the broker or the service cannot be reached: it is tried again */
    BB_SUBSCRIPTION_GAP = 3,         /* messages were removed before they could be delivered */
    BB_SUBSCRIPTION_ENDED = 4,       /* taken over, refused or removed: nothing comes any more */
};

struct bb_subscription_event {
    int kind;
    uint64_t position;          /* OPENED: acknowledged up to here; what follows is above it */
    uint64_t head;              /* OPENED: last sequence of the log */
    const char *const *channel; /* OPENED: what is subscribed to */
    size_t n_channels;
    bool created;       /* OPENED: there was no such cursor before */
    int64_t expired_us; /* OPENED: nobody had used it for so long that it was put aside then; 0: no */
    uint64_t from, to;  /* GAP: all that are missing are between these */
    const struct bb_problem *problem; /* INTERRUPTED, ENDED: why; the code is BB_CODE_TAKEN_OVER ... */
};

typedef void bb_subscription_event_fn(void *self, const struct bb_subscription_event *event);

struct bb_subscription_options {
    const char *name;           /* of the cursor: a code */
    const char *const *channel; /* what to subscribe to: channels, and all of a kind ("group/" and a star).
                                   None: as it was; a new cursor has all, your own org/, and every group */
    size_t n_channels;
    bool from_start;        /* begin with the first message that is kept ... */
    uint64_t from_sequence; /* ... or with this sequence; 0: where the cursor stands, a new one at the head */
    uint32_t window_messages;           /* 0: 1,000 */
    uint32_t window_bytes;              /* 0: 512 KiB */
    bb_message_fn *on_message;          /* NULL: they are asked for by bb_subscription_next() */
    bb_subscription_event_fn *on_event; /* may be NULL */
    void *self;
};

/* Returns at once; whether it is let in is told by an event, or by bb_subscription_next(). At most 64 a
 * client. 0 | -EINVAL | -ENOBUFS too many | -ENOMEM */
BB_API int bb_subscription_open(struct bb_client *client, const struct bb_subscription_options *options,
                                struct bb_subscription **ret_subscription);

/* The next message, for which to wait at most wait_ms (-1: for ever; 0: not at all). Events are told
 * meanwhile, a gap in its place among the messages.
 * ret_message: valid until the next call with this subscription.
 * BB_OK | BB_TIMED_OUT: none came in that time | another enum bb_result: it has ended, bb_client_problem()
 * says why | -EDEADLK waiting is not possible in a callback | -errno */
BB_API int bb_subscription_next(struct bb_subscription *subscription, int wait_ms,
                                const struct bb_message **ret_message);

/* Everything up to this sequence has been taken care of. What has not been given yet is not included,
 * whatever the sequence. */
BB_API void bb_subscription_ack(struct bb_subscription *subscription, uint64_t sequence);

/* Wait until the broker has taken the acknowledgements, as a program does before it ends. 0 | enum bb_result
 * | -errno, as other blocking requests. */
BB_API int bb_subscription_sync(struct bb_subscription *subscription);

/* No more deliveries. The cursor stays, and acknowledgements that have been made still leave. NULL is fine.
 * To be called for one that has ended, too, also after its client was destroyed; from any callback. */
BB_API void bb_subscription_close(struct bb_subscription **subscription);

/* --- cursors and groups ------------------------------------------------------------------------------- */

/* A cursor: a subscription as the service keeps it. */
struct bb_cursor {
    const char *organization;
    const char *name;
    const char *const *channel;
    size_t n_channels;
    uint64_t position; /* acknowledged up to here */
    uint64_t head;     /* last sequence of the log */
    bool online;       /* somebody is being fed from it */
    int64_t used_us;
    int64_t expired_us; /* 0: it is in use */
};

struct bb_cursor_change {
    const char *name;
    const char *const *add; /* channels */
    size_t n_add;
    const char *const *remove;
    size_t n_remove;
    bool from_start; /* it begins, or begins anew, with the first message that is kept */
};

typedef void bb_cursor_put_fn(void *self, const struct bb_cursor *cursor, bool changed);
/* Make a cursor without listening, or change what it selects. */
BB_API int bb_client_cursor_put(struct bb_client *client, const struct bb_cursor_change *change,
                                bb_cursor_put_fn *each, bb_done_fn *done, void *self);

/* changed: there was one. */
typedef void bb_cursor_remove_fn(void *self, bool changed);
BB_API int bb_client_cursor_remove(struct bb_client *client, const char *name, bb_cursor_remove_fn *each,
                                   bb_done_fn *done, void *self);

typedef int bb_cursor_fn(void *self, const struct bb_cursor *cursor);
/* organization: staff may ask for one's; NULL: all that you may see. */
BB_API int bb_client_cursors(struct bb_client *client, const char *organization, bb_cursor_fn *each,
                             bb_done_fn *done, void *self);

struct bb_group_membership {
    const char *organization; /* code */
    const char *joined;       /* dates */
    const char *left;         /* NULL: it is a member */
    bool chair;
    uint64_t reads_from; /* sequence from which on it reads the group's messages; 0: not told */
};

struct bb_group_info {
    const char *code;
    const char *name;
    const char *kind;   /* "steering", "working", "subgroup" */
    const char *parent; /* code; NULL: none */
    const char *strategy;
    const struct bb_group_membership *member;
    size_t n_members;
};

/* NULL: leave as it is. */
struct bb_group_change {
    const char *code;
    bool create; /* it must not be there yet; otherwise it must */
    const char *name;
    const char *kind;
    const char *parent; /* "": none */
    const char *strategy;
};

struct bb_group_member_change {
    const char *group;
    const char *organization; /* code, name or alias */
    bool join;                /* false: it leaves */
    enum bb_switch chair;
    bool from_start; /* joining: it may read what was written before as well */
};

/* each: the group as it is now; of its members only the one that joined or left. changed: whether that is
 * new. */
typedef void bb_group_put_fn(void *self, const struct bb_group_info *group, bool changed);
/* -EINVAL: the kind is none */
BB_API int bb_client_group_put(struct bb_client *client, const struct bb_group_change *change,
                               bb_group_put_fn *each, bb_done_fn *done, void *self);
BB_API int bb_client_group_member(struct bb_client *client, const struct bb_group_member_change *change,
                                  bb_group_put_fn *each, bb_done_fn *done, void *self);

typedef int bb_group_fn(void *self, const struct bb_group_info *group);
/* code NULL: all that you may see. A group with many members comes in several pieces of the same code, one
 * behind the other. */
BB_API int bb_client_groups(struct bb_client *client, const char *code, bb_group_fn *each, bb_done_fn *done,
                            void *self);

struct bb_communication_status {
    uint64_t head;     /* last sequence of the log */
    uint64_t messages; /* that are kept */
    uint64_t cursors;
    uint64_t sessions; /* cursors that somebody listens to */
    uint64_t behind;   /* of these, those that have not caught up */
    uint64_t followed; /* sequence of the measurement journal up to which updates were written */
    uint64_t store_bytes;
    uint64_t gaps;       /* told to subscribers since the start */
    uint64_t taken_over; /* sessions whose cursor another one took */
};

typedef void bb_communication_status_fn(void *self, const struct bb_communication_status *status);
BB_API int bb_client_communication_status(struct bb_client *client, bb_communication_status_fn *each,
                                          bb_done_fn *done, void *self);

/* --- keys --------------------------------------------------------------------------------------------- */

#define BB_KEY_TEXT 41 /* a key in Z85 with NUL */

/* Make a key pair in a new file that only its owner can read. ret_public: its public half.
 * 0 | -EEXIST: the file is there, and stays as it is | -errno */
BB_API int bb_key_new(const char *file, char ret_public[BB_KEY_TEXT]);

#ifdef __cplusplus
}
#endif

#endif
