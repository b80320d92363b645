#include "clients.h"

#include "spawn.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS     256
#define REST_BYTES 4096u /* more than the longest unit of any peer */
#define READ_BYTES 16384u
#define LISTEN_US  5000

struct fanout_clients {
    fanout_take_fn take;
    void *user;
    int epoll;
    unsigned n, most;
    struct fanout_client *client;
};

struct fanout_clients *
fanout_clients_new(unsigned most, fanout_take_fn take, void *user)
{
    struct fanout_clients *clients = calloc(1, sizeof *clients);

    if (!clients || !(clients->client = calloc(most, sizeof *clients->client)))
        errx(71, "out of memory");
    clients->take = take;
    clients->user = user;
    clients->most = most;
    clients->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (clients->epoll < 0)
        err(71, "epoll");
    return clients;
}

void
fanout_clients_destroy(struct fanout_clients **clients)
{
    if (!*clients)
        return;
    for (unsigned i = 0; i < (*clients)->n; i++) {
        bench_tls_close(&(*clients)->client[i].tls);
        free((*clients)->client[i].rest);
    }
    close((*clients)->epoll);
    free((*clients)->client);
    free(*clients);
    *clients = NULL;
}

struct fanout_client *
fanout_clients_add(struct fanout_clients *clients, const struct bench_tls *tls)
{
    struct fanout_client *client = &clients->client[clients->n];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

    if (clients->n == clients->most || epoll_ctl(clients->epoll, EPOLL_CTL_ADD, tls->fd, &event) != 0)
        err(71, "epoll");
    client->tls = *tls;
    client->number = clients->n++;
    return client;
}

void
fanout_clients_flush(struct fanout_clients *clients, struct fanout_client *client)
{
    bool waits = !bench_tls_flush(&client->tls);
    struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = client};

    if (waits == client->wants_write)
        return;
    epoll_ctl(clients->epoll, EPOLL_CTL_MOD, client->tls.fd, &event);
    client->wants_write = waits;
}

static void
keep_rest(struct fanout_client *client, const uint8_t *data, size_t len)
{
    client->rest_len = len;
    if (!len)
        return;
    if (len > REST_BYTES)
        errx(76, "a message of a peer is too long");
    if (!client->rest && !(client->rest = malloc(REST_BYTES)))
        errx(71, "out of memory");
    memcpy(client->rest, data, len);
}

/* One record at a time. Nothing is read again when the library's own buffer is empty: that would ask the
 * kernel only to hear that there is no more. */
static void
serve(struct fanout_clients *clients, struct fanout_client *client)
{
    uint8_t data[REST_BYTES + READ_BYTES];
    size_t n, taken;

    do {
        if (client->rest_len)
            memcpy(data, client->rest, client->rest_len);
        n = bench_tls_read(&client->tls, data + client->rest_len, READ_BYTES);
        if (!n)
            break;
        n += client->rest_len;
        taken = clients->take(clients->user, client, data, n);
        keep_rest(client, data + taken, n - taken);
    } while (SSL_has_pending(client->tls.ssl));
    fanout_clients_flush(clients, client);
}

void
fanout_clients_serve(struct fanout_clients *clients, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(clients->epoll, events, EVENTS, timeout_ms);

    for (int i = 0; i < n; i++)
        serve(clients, events[i].data.ptr);
}

void
fanout_await_listening(unsigned port, pid_t server, const char *log)
{
    int fd;

    while ((fd = bench_tcp_connect(port)) < 0) {
        bench_spawn_check(server, log);
        usleep(LISTEN_US);
    }
    close(fd);
}

void
fanout_client_say(struct fanout_client *client, const void *data, size_t len)
{
    memcpy(bench_tls_reserve(&client->tls, len), data, len);
    client->tls.len += len;
}
