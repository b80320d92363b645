/* Subscribers of the service in fixture.h: sessions that open, acknowledge and end, and what each was sent,
 * in words:
 *
 *     "at 3 of 5"             SUBSCRIBED: acknowledged up to 3, the log has 5; "new" or "expired" behind it
 *     "4:all 5:group/g"       messages, with their channel; "!" behind one that may have come before; "<2000"
 *                             behind one that the message with this id took the place of
 *     "(1-4)"                 a gap
 *     "TAKEN_OVER"            the error that ended it */
#ifndef BB_TEST_FEED_FIXTURE_H
#define BB_TEST_FEED_FIXTURE_H

#include "fixture.h"

#define SESSIONS 128

struct feed_session {
    char heard[8192];
    uint64_t messages, bytes, sequence; /* that were delivered */
};

/* What a session is told, one after the other: a message, a gap (from above 0), or that it is over (sequence
 * 0). */
struct feed_told {
    uint64_t session, sequence, from;
    uint32_t bytes;
    bool marked;
};

struct feed_fixture {
    struct fixture f;                                       /* first */
    void (*told)(void *self, const struct feed_told *told); /* instead of words */
    void *self;
    struct feed_session session[SESSIONS];
    struct bb_arena arena;
    size_t backlog;
    size_t fanouts; /* frames */
    size_t largest; /* body */
};

int feed_setup(void **state);
int feed_teardown(void **state);
/* The process dies and starts again. */
void feed_crash(struct feed_fixture *f);
/* It is stopped and starts again. */
void feed_restart(struct feed_fixture *f);

/* One more post of an organization to a channel. */
void feed_post(struct feed_fixture *f, const char *organization, const char *channel);

/* SUBSCRIBE, in words: the name, then channels, "from-start", "from=3", "window=2", "bytes=100". Does not end
 * the round. */
void feed_ask(struct feed_fixture *f, uint64_t session, const char *organization, const char *words);
/* The same, and the end of the round. Returns what the session has heard, which is forgotten. */
const char *feed_open(struct feed_fixture *f, uint64_t session, const char *organization, const char *words);
/* ACK of everything up to a sequence, or with 0 of everything that was delivered. Ends the round. */
void feed_ack(struct feed_fixture *f, uint64_t session, uint64_t sequence);
void feed_down(struct feed_fixture *f, uint64_t session);
/* What a session has heard since it was asked last. */
const char *feed_heard(struct feed_fixture *f, uint64_t session);

#endif
