/* Connections of the peers' lean clients: one thread, one epoll, TLS, and a parser that is called with what
 * came.
 */
#ifndef FANOUT_CLIENTS_H
#define FANOUT_CLIENTS_H

#include "tls.h"

#include <sys/types.h>

struct fanout_client {
    struct bench_tls tls;
    unsigned number;
    bool wants_write;
    uint8_t *rest; /* the beginning of something whose end has not come yet */
    size_t rest_len;
};

/* Take whole protocol units off the data; how many bytes they were. What the client has to say goes to its
 * `tls` (bench_tls_reserve) and is flushed afterwards. */
typedef size_t (*fanout_take_fn)(void *user, struct fanout_client *client, const uint8_t *data, size_t len);

struct fanout_clients;

struct fanout_clients *fanout_clients_new(unsigned most, fanout_take_fn take, void *user);
void fanout_clients_destroy(struct fanout_clients **clients);

/* A client over a connection whose handshake is done. Borrowed. */
struct fanout_client *fanout_clients_add(struct fanout_clients *clients, const struct bench_tls *tls);
/* Send what waits. */
void fanout_clients_flush(struct fanout_clients *clients, struct fanout_client *client);
/* Serve what has come. timeout_ms: -1 waits until something comes. */
void fanout_clients_serve(struct fanout_clients *clients, int timeout_ms);

/* Wait until a server that was just spawned listens. */
void fanout_await_listening(unsigned port, pid_t server, const char *log);

/* Append to what the client has to say. */
void fanout_client_say(struct fanout_client *client, const void *data, size_t len);

#endif
