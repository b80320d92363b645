/* A measurement store with its record of what was given: submissions are applied at once, organizations ask,
 * and somebody follows. */
#ifndef BB_TEST_FOLLOW_FIXTURE_H
#define BB_TEST_FOLLOW_FIXTURE_H

#include "fixture.h"

#include "workers/measurement/follow/follow.h"
#include "workers/measurement/query/query.h"

struct world {
    struct fixture store;
    struct bb_changes changes;
    struct bb_given *given;
    struct bb_query_context context;
    struct bb_arena arena; /* of the last reply */
    Bb__FollowReply *reply;
    size_t reply_bytes; /* of replies, 0 the usual */
    uint16_t next_batch;
};

int world_setup(void **state);
int world_teardown(void **state);

/* As after a crash. */
void world_restart(struct world *w);

/* What has gathered is brought into the views, and the record told of it. */
void world_apply(struct world *w);

/* One row of an organization's (NULL: staff), a batch of its own; applied. Returns its sequence. */
uint64_t world_submit(struct world *w, const char *organization, const char *row);

/* Where the journal ends. */
uint64_t world_head(const struct world *w);

/* How an organization asks. */
struct world_question {
    const char *organization; /* "backbone" is staff, "observer" an observer */
    enum { BY_LIST, BY_HISTORY, BY_TREND } by;
    const char *indicator; /* NULL: all, of a list */
    const char *from, *to; /* periods; NULL: open */
    const char *reporter;  /* organization, of a history; NULL: the asker's own */
    uint64_t as_of;        /* sequence; 0 now */
};

/* Ask; fails the test when there is no answer. ret_value: the last value in it, "" none; may be NULL. */
void world_ask(struct world *w, const struct world_question *question, char ret_value[static 64]);
/* The query, for whoever takes the steps apart. */
struct bb_query *world_query(struct world *w, const struct world_question *question);
/* Its answer. */
void world_answer(struct world *w, struct bb_query *query, bool trend, char ret_value[static 64]);

/* Follow from here on, into w->reply. */
void world_follow(struct world *w, uint64_t after, const char *indicator);

/* Is this organization named by any correction of the last reply? */
bool world_told(const struct world *w, const char *organization);

/* All of a reply as text, to be freed: a line a batch, its indicators, organizations, corrections, given. */
char *world_text(const struct world *w);

#endif
