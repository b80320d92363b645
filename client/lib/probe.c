/* What is sent, and when:
 *
 *     FF 00*8 7F   signature, 10 bytes      who speaks ZMTP sends its own at once
 *     03 01        version                  then the rest of its 64 bytes, with its mechanism
 *     "CURVE"..    the rest of 64           not before: who has another mechanism closes then
 *     04 C8 HELLO  a command of 200         then 04 A8 WELCOME, if it could open the box
 *
 * HELLO: 05 "HELLO" | version 1.0 | 72 zeros | C', 32 bytes | nonce, 8 | box of 64 zeros from C' to S. */
#include "probe.h"

#include "runtime/clock.h"
#include "runtime/text.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define SIGNATURE 10u
#define VERSIONED 12u
#define GREETING  64u
#define HELLO     200u
#define MECHANISM 20u /* bytes of its name, from 12 on */

int
bb_probe_connect(const struct sockaddr *address, socklen_t len, int timeout_ms, int *ret_fd)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
    socklen_t size = sizeof error;

    if (fd < 0)
        return -errno;
    if (connect(fd, address, len) != 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};

        error = errno;
        if (error == EINPROGRESS && poll(&wait, 1, timeout_ms) <= 0)
            error = ETIMEDOUT;
        else if (error == EINPROGRESS && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
            error = errno;
    }
    if (error) {
        close(fd);
        return -error;
    }
    *ret_fd = fd;
    return 0;
}

/* --- the conversation --------------------------------------------------------------------------------- */

struct talk {
    int fd;
    bb_mono until;
    uint8_t data[512];
    size_t len;
};

static bool
say(struct talk *talk, const void *data, size_t len)
{
    return send(talk->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Until so many bytes are there. 0 | -EPIPE it closed | -ETIMEDOUT */
static int
hear(struct talk *talk, size_t len)
{
    while (talk->len < len) {
        struct pollfd wait = {.fd = talk->fd, .events = POLLIN};
        bb_mono left = talk->until - bb_clock_mono();
        ssize_t n;

        if (left <= 0 || poll(&wait, 1, (int)left) <= 0)
            return -ETIMEDOUT;
        n = recv(talk->fd, talk->data + talk->len, len - talk->len, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return -EPIPE;
        if (n > 0)
            talk->len += (size_t)n;
    }
    return 0;
}

static bool
is_zmtp(const struct talk *talk)
{
    return (talk->len < 1 || talk->data[0] == 0xff) && (talk->len < SIGNATURE || talk->data[9] == 0x7f);
}

/* With what has come meanwhile. */
static void
quote(struct talk *talk, char text[static BB_PROBE_TEXT])
{
    ssize_t n = recv(talk->fd, talk->data + talk->len, 40, MSG_DONTWAIT);

    if (n > 0)
        talk->len += (size_t)n;
    bb_text_quote(bb_bytes(talk->data, talk->len), text, BB_PROBE_TEXT, 40);
}

/* What it says first. */
static int
exchange_greetings(struct talk *talk, char text[static BB_PROBE_TEXT])
{
    uint8_t greeting[GREETING] = {0xff, [9] = 0x7f, [10] = 3, [11] = 1};
    int r;

    memcpy(greeting + 12, "CURVE", 5);
    if (!say(talk, greeting, SIGNATURE))
        return BB_PROBE_CLOSED;
    r = hear(talk, SIGNATURE);
    if (!is_zmtp(talk)) {
        quote(talk, text);
        return BB_PROBE_STRANGE;
    }
    if (r < 0)
        return r == -ETIMEDOUT ? BB_PROBE_SILENT : BB_PROBE_CLOSED;
    if (!say(talk, greeting + SIGNATURE, VERSIONED - SIGNATURE))
        return BB_PROBE_CLOSED;
    r = hear(talk, GREETING);
    if (r < 0)
        return r == -ETIMEDOUT ? BB_PROBE_SILENT : BB_PROBE_CLOSED;
    if (memcmp(talk->data + 12, greeting + 12, MECHANISM) == 0)
        return say(talk, greeting + VERSIONED, GREETING - VERSIONED) ? BB_PROBE_GENUINE : BB_PROBE_CLOSED;
    bb_text_quote(bb_bytes(talk->data + 12, strnlen((char *)talk->data + 12, MECHANISM)), text, BB_PROBE_TEXT,
                  MECHANISM);
    return BB_PROBE_MECHANISM;
}

static bool
say_hello(struct talk *talk, const uint8_t server_key[static 32])
{
    uint8_t public_key[crypto_box_PUBLICKEYBYTES], secret_key[crypto_box_SECRETKEYBYTES];
    uint8_t command[2 + HELLO] = {0x04, HELLO, 5, 'H', 'E', 'L', 'L', 'O', 1, 0};
    uint8_t nonce[crypto_box_NONCEBYTES] = "CurveZMQHELLO---", zeros[64] = {0};
    bool said;

    crypto_box_keypair(public_key, secret_key);
    nonce[sizeof nonce - 1] = 1;
    memcpy(command + 2 + 80, public_key, sizeof public_key);
    memcpy(command + 2 + 112, nonce + 16, 8);
    said = crypto_box_easy(command + 2 + 120, zeros, sizeof zeros, nonce, server_key, secret_key) == 0 &&
           say(talk, command, sizeof command);
    sodium_memzero(secret_key, sizeof secret_key);
    return said;
}

static enum bb_probe
await_welcome(struct talk *talk)
{
    static const uint8_t welcome[] = {0x04, 168, 7, 'W', 'E', 'L', 'C', 'O', 'M', 'E'};

    switch (hear(talk, GREETING + sizeof welcome)) {
    case 0:
        break;
    case -ETIMEDOUT:
        return BB_PROBE_SILENT;
    default:
        return BB_PROBE_OTHER_KEY;
    }
    return memcmp(talk->data + GREETING, welcome, sizeof welcome) == 0 ? BB_PROBE_GENUINE
                                                                       : BB_PROBE_OTHER_KEY;
}

enum bb_probe
bb_probe_hello(int fd, const uint8_t server_key[static 32], int timeout_ms,
               char ret_text[static BB_PROBE_TEXT])
{
    struct talk talk = {.fd = fd, .until = bb_clock_mono() + timeout_ms};
    int r;

    ret_text[0] = '\0';
    r = exchange_greetings(&talk, ret_text);
    if (r != BB_PROBE_GENUINE)
        return (enum bb_probe)r;
    return say_hello(&talk, server_key) ? await_welcome(&talk) : BB_PROBE_CLOSED;
}
