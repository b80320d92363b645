/* A NATS server with TLS, and as much of its client protocol as publishing and subscribing take. */
#ifndef FANOUT_NATS_H
#define FANOUT_NATS_H

#include "clients.h"
#include "spawn.h"

#include <stdbool.h>

struct nats_server {
    char log[BENCH_PATH], cert[BENCH_PATH];
    pid_t pid;
    unsigned port;
    SSL_CTX *context;
};

/* jetstream: with file storage in the folder. Returns when it listens. */
void nats_start(struct nats_server *server, const char *folder, bool jetstream);
void nats_stop(struct nats_server *server);

struct nats_message {
    const char *reply; /* where the answer is to go; NULL: none is asked for */
    size_t reply_len;
    const uint8_t *payload;
    size_t len;
};

/* Clients of one process, and what they do with what comes. Any of the two may be NULL. */
struct nats_session {
    struct nats_server *server;
    struct fanout_clients *clients;
    void (*message)(struct nats_session *session, struct fanout_client *client,
                    const struct nats_message *message);
    void (*pong)(struct nats_session *session);
    uint64_t pongs;
    void *user;
};

void nats_open(struct nats_session *session, struct nats_server *server, unsigned most);
void nats_close(struct nats_session *session);
/* Connect; what is said next is heard. */
struct fanout_client *nats_connect(struct nats_session *session);
void nats_sub(struct fanout_client *client, const char *subject);
void nats_pub(struct fanout_client *client, const char *subject, const char *reply, const char *payload,
              size_t len);
void nats_ping(struct fanout_client *client);
/* Flush and serve until so many PONG came since nats_open. */
void nats_await(struct nats_session *session, uint64_t pongs);

#endif
