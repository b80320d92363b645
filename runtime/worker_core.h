/* Inside of the worker: what its files share. Nobody else includes this. */
#ifndef BB_WORKER_CORE_H
#define BB_WORKER_CORE_H

#include "log.h"
#include "worker.h"
#include "worker_session.h"

#include <stdatomic.h>
#include <stdbool.h>

#define BB_WORKER_BACKOFF_MIN_MS 20
#define BB_WORKER_BACKOFF_MAX_MS 1000

struct bb_worker {
    struct bb_worker_ops ops;
    void *self;
    struct bb_session *session;
    char *endpoint;
    char *service;
    uint32_t high_water;
    int signal_fd;
    int wake_fd;
    atomic_bool woken;
    void *zmq;
    void *socket; /* NULL between connections */
    void *monitor;
    int socket_fd; /* ZMQ_FD of the two */
    int monitor_fd;
    bool blocked; /* the pipe took no more */
    bool stopping;
    bool told_waiting; /* the log says that there is no broker */
    bool told_open;    /* ... that the folder of its socket is not ours alone */
    bool known_user;   /* the broker of this connection is our own user */
    bool unsound;      /* a fan-out is missing from what is to be sent: the connection must go */
    bb_mono now;
    bb_mono retry_at;
    bb_mono backoff_ms;
    bb_mono tick_at;
    bb_mono watchdog_at; /* BB_NEVER: nobody watches */
};

extern struct bb_log_limit bb_worker_faults;

/* The connection (worker_connection.c) */

/* Make a socket, where there is none and it is time for one. */
void bb_worker_connect_if_due(struct bb_worker *w);
/* What the monitor has: the connection may be over. */
void bb_worker_take_monitor(struct bb_worker *w);
/* The connection is over. The owner hears of it only if the broker had ever spoken. */
void bb_worker_lose(struct bb_worker *w, const char *why);
void bb_worker_close(struct bb_worker *w, int linger_ms);

/* What goes over it (worker_messages.c) */

/* Take in what is at hand, up to a round's share of it. */
void bb_worker_take_messages(struct bb_worker *w);
/* Send what the session has for the broker until the pipe is full. NULL | why the connection is no good. */
const char *bb_worker_send(struct bb_worker *w);
/* The same, and a connection that is no good is lost. */
void bb_worker_send_messages(struct bb_worker *w);

#endif
