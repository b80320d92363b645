#include "curve.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAC            crypto_box_MACBYTES
#define NONCE          crypto_box_NONCEBYTES
#define ROUTING_ID     17
#define MESSAGE_MAX    4096 /* of what is sent */
#define RECEIVE_SIZE   (512u << 10)
#define FLAG_LONG      0x02
#define FLAG_COMMAND   0x04
#define INITIATE_NONCE 2
#define INNER_COMMAND  0x02 /* in the encrypted part: a heartbeat, which needs no answer for minutes */

struct curve {
    int fd;
    uint8_t shared[crypto_box_BEFORENMBYTES];
    uint64_t nonce; /* of what was sent last */
    size_t have;
    uint8_t in[RECEIVE_SIZE];
};

static void
write_all(int fd, const void *data, size_t len)
{
    if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        err(69, "send");
}

static void
read_all(int fd, void *data, size_t len)
{
    if (recv(fd, data, len, MSG_WAITALL) != (ssize_t)len)
        errx(69, "the broker hung up in the handshake");
}

static void
make_nonce(uint8_t nonce[static NONCE], const char *prefix, const uint8_t *tail, size_t tail_len)
{
    memcpy(nonce, prefix, NONCE - tail_len);
    memcpy(nonce + NONCE - tail_len, tail, tail_len);
}

static void
short_nonce(uint8_t nonce[static NONCE], const char *prefix, uint64_t number, uint8_t tail[static 8])
{
    bb_put_u64(tail, number);
    make_nonce(nonce, prefix, tail, 8);
}

static size_t
put_command(uint8_t *frame, const uint8_t *body, size_t len)
{
    size_t at = 0;

    frame[at++] = len > 255 ? FLAG_COMMAND | FLAG_LONG : FLAG_COMMAND;
    if (len > 255) {
        bb_put_u64(frame + at, len);
        at += 8;
    } else {
        frame[at++] = (uint8_t)len;
    }
    memcpy(frame + at, body, len);
    return at + len;
}

/* A short command with this name; the rest of it goes to body. */
static size_t
read_command(int fd, const char *name, uint8_t *body, size_t size)
{
    uint8_t head[2], frame[255];
    size_t n = strlen(name);

    read_all(fd, head, 2);
    if (head[0] != FLAG_COMMAND)
        errx(76, "the broker sent no short command");
    read_all(fd, frame, head[1]);
    if (head[1] < n + 1 || frame[0] != n || memcmp(frame + 1, name, n) != 0 || head[1] - n - 1 > size)
        errx(76, "the broker did not send %s", name);
    memcpy(body, frame + 1 + n, head[1] - n - 1);
    return head[1] - n - 1;
}

void
curve_put_greeting(uint8_t to[static CURVE_GREETING])
{
    static const uint8_t greeting[CURVE_GREETING] = {0xFF, [9] = 0x7F, 3, 1, 'C', 'U', 'R', 'V', 'E'};

    memcpy(to, greeting, sizeof greeting);
}

static void
greet(int fd)
{
    uint8_t greeting[CURVE_GREETING], answer[CURVE_GREETING];

    curve_put_greeting(greeting);
    write_all(fd, greeting, sizeof greeting);
    read_all(fd, answer, sizeof answer);
    if (answer[0] != 0xFF || answer[10] < 3 || memcmp(answer + 12, "CURVE", 6) != 0)
        errx(76, "the broker does not speak ZMTP 3 with CURVE");
}

void
curve_handshake_begin(struct curve_handshake *handshake)
{
    crypto_box_keypair(handshake->transient_public, handshake->transient_secret);
}

size_t
curve_put_hello(const struct curve_handshake *handshake, const struct curve_identity *id,
                uint8_t to[static CURVE_COMMAND])
{
    static const uint8_t zeros[64];
    uint8_t body[200] = {5, 'H', 'E', 'L', 'L', 'O', 1, 0}, nonce[NONCE];

    memcpy(body + 80, handshake->transient_public, CURVE_KEY);
    short_nonce(nonce, "CurveZMQHELLO---", 1, body + 112);
    if (crypto_box_easy(body + 120, zeros, sizeof zeros, nonce, id->server_public,
                        handshake->transient_secret) != 0)
        errx(70, "crypto");
    return put_command(to, body, sizeof body);
}

static size_t
put_property(uint8_t *to, const char *name, const void *value, size_t len)
{
    size_t n = strlen(name);

    to[0] = (uint8_t)n;
    memcpy(to + 1, name, n);
    bb_put_u32(to + 1 + n, (uint32_t)len);
    memcpy(to + 5 + n, value, len);
    return 5 + n + len;
}

static size_t
put_vouch(uint8_t *to, const struct curve_identity *id, const uint8_t *transient_public,
          const uint8_t *server_transient)
{
    uint8_t plain[64], nonce[NONCE];

    memcpy(plain, transient_public, CURVE_KEY);
    memcpy(plain + CURVE_KEY, id->server_public, CURVE_KEY);
    randombytes_buf(to, 16);
    make_nonce(nonce, "VOUCH---", to, 16);
    if (crypto_box_easy(to + 16, plain, sizeof plain, nonce, server_transient, id->secret_key) != 0)
        errx(70, "crypto");
    return 16 + sizeof plain + MAC;
}

bool
curve_read_welcome(struct curve_handshake *handshake, const struct curve_identity *id,
                   const uint8_t body[static CURVE_WELCOME])
{
    uint8_t plain[128], nonce[NONCE];

    make_nonce(nonce, "WELCOME-", body, 16);
    if (crypto_box_open_easy(plain, body + 16, 128 + MAC, nonce, id->server_public,
                             handshake->transient_secret) != 0)
        return false;
    memcpy(handshake->server_transient, plain, CURVE_KEY);
    memcpy(handshake->cookie, plain + CURVE_KEY, sizeof handshake->cookie);
    return crypto_box_beforenm(handshake->shared, plain, handshake->transient_secret) == 0;
}

size_t
curve_put_initiate(const struct curve_handshake *handshake, const struct curve_identity *id,
                   uint8_t to[static CURVE_COMMAND])
{
    uint8_t plain[384], body[640] = {8, 'I', 'N', 'I', 'T', 'I', 'A', 'T', 'E'}, nonce[NONCE],
                        routing[ROUTING_ID];
    struct bb_bytes name = id->routing;
    size_t len = 0;

    randombytes_buf(routing, sizeof routing);
    routing[0] = 1;
    if (!name.data)
        name = bb_bytes(routing, sizeof routing);
    memcpy(plain, id->public_key, CURVE_KEY);
    len += CURVE_KEY;
    len += put_vouch(plain + len, id, handshake->transient_public, handshake->server_transient);
    len += put_property(plain + len, "Socket-Type", "DEALER", 6);
    len += put_property(plain + len, "Identity", name.data, name.len);
    if (id->user)
        len += put_property(plain + len, "User-Id", id->user, strlen(id->user));
    for (size_t i = 0; i + 1 < sizeof id->more / sizeof id->more[0] && id->more[i]; i += 2)
        len += put_property(plain + len, id->more[i], id->more[i + 1], strlen(id->more[i + 1]));
    memcpy(body + 9, handshake->cookie, sizeof handshake->cookie);
    short_nonce(nonce, "CurveZMQINITIATE", INITIATE_NONCE, body + 105);
    if (crypto_box_easy_afternm(body + 113, plain, len, nonce, handshake->shared) != 0)
        errx(70, "crypto");
    return put_command(to, body, 113 + len + MAC);
}

static void
shake_hands(struct curve *curve, const struct curve_identity *id)
{
    uint8_t body[255], frame[CURVE_COMMAND];
    struct curve_handshake handshake;
    size_t len;

    curve_handshake_begin(&handshake);
    greet(curve->fd);
    write_all(curve->fd, frame, curve_put_hello(&handshake, id, frame));
    len = read_command(curve->fd, "WELCOME", body, sizeof body);
    if (len != CURVE_WELCOME)
        errx(76, "a WELCOME of %zu bytes", len);
    if (!curve_read_welcome(&handshake, id, body))
        errx(76, "this is not the server with that key");
    memcpy(curve->shared, handshake.shared, sizeof curve->shared);
    curve->nonce = INITIATE_NONCE;
    write_all(curve->fd, frame, curve_put_initiate(&handshake, id, frame));
    read_command(curve->fd, "READY", body, sizeof body);
}

struct curve *
curve_connect(const struct curve_identity *identity, uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct curve *curve = calloc(1, sizeof *curve);
    int one = 1;

    if (!curve)
        errx(71, "out of memory");
    curve->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (curve->fd < 0 || connect(curve->fd, (struct sockaddr *)&to, sizeof to) != 0)
        err(69, "connect");
    setsockopt(curve->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    shake_hands(curve, identity);
    return curve;
}

void
curve_close(struct curve **curve)
{
    if (!*curve)
        return;
    close((*curve)->fd);
    free(*curve);
    *curve = NULL;
}

int
curve_fd(const struct curve *curve)
{
    return curve->fd;
}

void
curve_send(struct curve *curve, struct bb_bytes message)
{
    uint8_t frame[9 + 16 + MAC + 1 + MESSAGE_MAX], plain[1 + MESSAGE_MAX] = {0}, nonce[NONCE];
    size_t len = 16 + MAC + 1 + message.len, at = 0;

    if (message.len > MESSAGE_MAX)
        errx(70, "a message of %zu bytes", message.len);
    frame[at++] = len > 255 ? FLAG_LONG : 0;
    if (len > 255) {
        bb_put_u64(frame + at, len);
        at += 8;
    } else {
        frame[at++] = (uint8_t)len;
    }
    memcpy(frame + at, "\x07MESSAGE", 8);
    short_nonce(nonce, "CurveZMQMESSAGEC", ++curve->nonce, frame + at + 8);
    memcpy(plain + 1, message.data, message.len);
    if (crypto_box_easy_afternm(frame + at + 16, plain, 1 + message.len, nonce, curve->shared) != 0)
        errx(70, "crypto");
    write_all(curve->fd, frame, at + len);
}

/* One frame, decrypted in place. */
static void
take_frame(struct curve *curve, uint8_t *body, size_t len, void (*message)(void *, struct bb_bytes),
           void *self)
{
    uint8_t nonce[NONCE];

    if (len < 16 + MAC + 1 || memcmp(body, "\x07MESSAGE", 8) != 0)
        errx(76, "the broker sent something else than a message");
    make_nonce(nonce, "CurveZMQMESSAGES", body + 8, 8);
    if (crypto_box_open_easy_afternm(body + 16, body + 16, len - 16, nonce, curve->shared) != 0)
        errx(76, "a message cannot be decrypted");
    if (body[16] & INNER_COMMAND)
        return;
    message(self, bb_bytes(body + 17, len - 17 - MAC));
}

void
curve_receive(struct curve *curve, void (*message)(void *self, struct bb_bytes message), void *self)
{
    ssize_t n = recv(curve->fd, curve->in + curve->have, sizeof curve->in - curve->have, MSG_DONTWAIT);
    size_t at = 0;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        errx(69, "the broker hung up");
    curve->have += (size_t)n;
    while (curve->have - at >= 2) {
        bool is_long = curve->in[at] & FLAG_LONG;
        size_t head = is_long ? 9 : 2;
        if (curve->have - at < head)
            break;
        uint64_t len = is_long ? bb_get_u64(curve->in + at + 1) : curve->in[at + 1];
        if (len > sizeof curve->in - head)
            errx(76, "a frame of %llu bytes", (unsigned long long)len);
        if (curve->have - at < head + len)
            break;
        take_frame(curve, curve->in + at + head, (size_t)len, message, self);
        at += head + len;
    }
    memmove(curve->in, curve->in + at, curve->have - at);
    curve->have -= at;
}
