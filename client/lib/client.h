/* Contexts and clients from within: the shell around session.h and connection.h. */
#ifndef BB_CLIENT_H
#define BB_CLIENT_H

#include "connection.h"

#include "runtime/keyfile.h"
#include "runtime/signkey.h"

#include <sys/queue.h>

struct bb_context {
    void *zmq;
    int epoll;
    LIST_HEAD(, bb_client) clients;
    TAILQ_HEAD(bb_client_queue, bb_client) dirty; /* have something to send, or to look at */
    bb_mono due;                                  /* lower bound of the clients' due */
    bool busy;                                    /* in bb_context_process() */
    bool progress;                                /* something came, or ended, in this round */
};

/* bb_context_process() for as long as it takes, for who waits for an answer and mostly gets it soon. */
int bb_context_await(struct bb_context *context);

struct bb_client {
    LIST_ENTRY(bb_client) sibling;
    TAILQ_ENTRY(bb_client) in_dirty;
    bool is_dirty;
    struct bb_context *context;
    bool owns_context;
    char *endpoint, *server_key, *agent;
    char *key_file; /* that the keys are from; NULL: given as texts, or none */
    struct bb_keypair *keys;
    struct bb_signkey *signer; /* NULL: nothing is signed */
    uint32_t timeout_ms;       /* the default */
    struct bb_connection connection;
    struct bb_session session;
    struct bb_arena answers;   /* one answer at a time */
    struct bb_problem problem; /* of the last blocking request, and its sequence */
    uint64_t sequence;
    char problem_text[512];
};

/* What bb_new_problem() says from now on. Returns BB_CONFIGURATION. */
int bb_new_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Have the client looked at in this round or the next. */
void bb_client_touch(struct bb_client *client);

/* Do all that can be done now without waiting. */
void bb_client_service(struct bb_client *client, bb_mono now);

/* Close the socket, without telling the session. */
void bb_client_disconnect(struct bb_client *client);

#endif
