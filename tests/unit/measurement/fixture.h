/* A measurement store in a temporary folder, driven without threads and sockets: commands go straight to the
 * writer, generations are applied when the test says so. */
#ifndef BB_TEST_FIXTURE_H
#define BB_TEST_FIXTURE_H

#include "proto/arena.h"
#include "runtime/rowset.h"
#include "workers/measurement/write/writer.h"

#include "measurement.pb-c.h"
#include "worker.pb-c.h"

struct fixture {
    char dir[64];
    struct bb_views views;
    struct bb_journal *journal;
    struct bb_writer *writer;
    struct bb_arena arena; /* of the last reply */
    /* Of the configuration, from the next fixture_reopen() on */
    bool signatures_required;
    const char *staff_signing_keys;
    /* The last answer */
    unsigned answers;
    uint32_t failure; /* error code; 0 a reply */
    char message[512];
    struct bb_buffer body;
    Bb__SubmissionReply *reply;
    Bb__DefineReply *defined;
    Bb__ReviewReply *reviewed;
};

/* A store with organizations a, b, c (names "Organization A" ...; a shares its line), staff `backbone`, and
 * the indicators count (sum), rate (ratio, percent, 0 to 100, decimals 1), year (school_year). */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);

/* The same before and after a test, whose state it is. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* As after a crash: what was journalled and not applied is found again. */
void fixture_reopen(struct fixture *f);

/* The clock of all fixtures stands at the real time, plus so many seconds. */
void fixture_pass(int64_t seconds);

/* Apply what has gathered. */
void fixture_apply(struct fixture *f);

/* What the writer does as time goes by, and commit. */
void fixture_tick(struct fixture *f);

/* Rows as text:
 * "indicator|organization|place|disaggregation|period|value|numerator|denominator|status|comment|expected",
 * the revision that is expected being a number, any or none; later fields may be left out. */
void fixture_row(struct bb_rowset *set, const char *text);

struct fixture_submission {
    const char *organization; /* who sends; NULL: backbone (staff) */
    uint8_t batch;            /* the id is made of this byte */
    uint8_t batch_more;       /* and its first byte of both */
    uint32_t index;
    bool more; /* not the last */
    bool atomic, dry_run, known_places;
    uint32_t reason; /* BB_REASON_* */
};

/* Send rows, commit, and decode the answer into f->reply (or f->failure). */
void fixture_submit(struct fixture *f, struct fixture_submission how, struct bb_rowset *rows);
void fixture_submit_rows(struct fixture *f, struct fixture_submission how, const char *const *rows, size_t n);
/* One row of the staff's, a batch of its own. */
void fixture_submit_one(struct fixture *f, uint8_t batch, const char *row);

/* The same without the commit. */
void fixture_stage(struct fixture *f, struct fixture_submission how, struct bb_rowset *rows);

/* Any request, as whoever carries it says: who sends, in which role, which body. ret_reply: decoded as this
 * type, or f->failure. */
void fixture_send(struct fixture *f, uint32_t method, const char *organization, uint32_t role,
                  struct bb_bytes body, const ProtobufCMessageDescriptor *type, void *ret_reply);

/* batch.undo; f->reply as above. */
void fixture_undo(struct fixture *f, const char *organization, const Bb__BatchUndo *request);

void fixture_define(struct fixture *f, Bb__Indicator **indicators, size_t n);
/* Of this organization (NULL: backbone), who says. Decoded into f->defined. */
void fixture_adopt(struct fixture *f, const char *organization, Bb__Adoption **adoptions, size_t n);
/* Decoded into f->reviewed, or f->failure. */
void fixture_review(struct fixture *f, const char *organization, const Bb__Review *request);
/* Decoded into f->defined. */
void fixture_rules(struct fixture *f, Bb__Rule **rules, size_t n);
void fixture_retire(struct fixture *f, const Bb__IndicatorRetire *request);
void fixture_places(struct fixture *f, Bb__Place **places, size_t n);
void fixture_directory(struct fixture *f, Bb__Organization **organizations, size_t n, bool full);

/* Outcome of a row of the last reply. */
uint8_t fixture_outcome(const struct fixture *f, uint32_t row);
/* Code of the note for a row, 0 none. */
uint32_t fixture_rejected(const struct fixture *f, uint32_t row);
uint32_t fixture_warned(const struct fixture *f, uint32_t row);

/* Change the record of a journal entry behind the journal's back, with a checksum that fits. */
void fixture_forge(struct fixture *f, uint64_t sequence,
                   void (*change)(const struct bb_buffer *record, struct bb_buffer *forged));

/* Run --verify on the store (closes and reopens it). Returns its exit code. */
int fixture_verify(struct fixture *f);

#endif
