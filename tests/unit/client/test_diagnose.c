/* Everything that may be wrong between us and a broker, each by a small server that does just that. */
#include "client/lib/backbone.h"

#include "proto/envelope.h"
#include "proto/errors.h"
#include "runtime/clock.h"
#include "runtime/keyfile.h"

#include "tests/unit/check.h"

#include "wire.pb-c.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#define STEP_MS 500

/* --- what is told ------------------------------------------------------------------------------------- */

struct told {
    char failed[16], warned[16], found[512], fix[512];
    unsigned fine, not_tried;
};

static void
note(void *self, const struct bb_step *step)
{
    struct told *told = self;

    told->fine += step->state == BB_STEP_FINE;
    told->not_tried += step->state == BB_STEP_NOT_TRIED;
    assert_true((step->code != 0) == (step->state == BB_STEP_FAILED));
    if (step->state == BB_STEP_FINE || step->state == BB_STEP_NOT_TRIED)
        return;
    snprintf(step->state == BB_STEP_FAILED ? told->failed : told->warned, sizeof told->failed, "%s",
             step->name);
    snprintf(told->found, sizeof told->found, "%s", step->found);
    snprintf(told->fix, sizeof told->fix, "%s", step->fix ? step->fix : "");
}

static struct bb_keypair server, ours;

static int
diagnose(const char *endpoint, struct told *told)
{
    const struct bb_client_options options = {
        .endpoint = endpoint,
        .server_key = server.public_key,
        .public_key = ours.public_key,
        .secret_key = ours.secret_key,
        .timeout_ms = STEP_MS,
    };

    memset(told, 0, sizeof *told);
    return bb_diagnose(&options, note, told);
}

static void
fails_at(const char *what, const char *endpoint, int code, const char *step, const char *found)
{
    struct told told;

    check_int(diagnose(endpoint, &told), code, what);
    check_text(told.failed, step, what);
    if (!strstr(told.found, found))
        fail_msg("%s: found \"%s\", expected \"%s\"", what, told.found, found);
    check(*told.fix, what);
    check_int(told.fine + told.not_tried, 7, what);
}

/* --- servers of a few lines --------------------------------------------------------------------------- */

struct plain {
    int fd;
    const char *says; /* once it has heard something; NULL: nothing; "": it closes at once */
    pthread_t thread;
    char endpoint[64];
};

static void
listen_at(struct plain *plain, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    plain->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(plain->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(plain->fd, backlog), 0);
    assert_int_equal(getsockname(plain->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(plain->endpoint, sizeof plain->endpoint, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
}

static void *
serve_plain(void *self)
{
    struct plain *plain = self;
    char heard[64];
    int fd;

    while ((fd = accept(plain->fd, NULL, NULL)) >= 0) {
        if (!plain->says)
            usleep(2 * STEP_MS * 1000);
        else if (*plain->says && recv(fd, heard, sizeof heard, 0) > 0)
            send(fd, plain->says, strlen(plain->says), MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static void
with_plain(const char *what, const char *says, int code, const char *found)
{
    struct plain plain = {.says = says};

    listen_at(&plain, 16);
    pthread_create(&plain.thread, NULL, serve_plain, &plain);
    fails_at(what, plain.endpoint, code, "handshake", found);
    shutdown(plain.fd, SHUT_RDWR);
    close(plain.fd);
    pthread_join(plain.thread, NULL);
}

static void
test_no_broker(void **state)
{
    (void)state;
    with_plain("closed at once", "", EX_TEMPFAIL, "closed at once");
    with_plain("http", "HTTP/1.1 400 Bad Request\r\n\r\n", EX_PROTOCOL, "HTTP/1.1 400");
    with_plain("silent", NULL, EX_UNAVAILABLE, "nothing is said");
}

/* Who does not take connections, with no room left for those that wait, is as good as a firewall. */
static void
test_nobody(void **state)
{
    struct plain plain = {0};
    int waiting[8];

    (void)state;
    listen_at(&plain, 0);
    for (int i = 0; i < 8; i++) {
        struct sockaddr_in address;
        socklen_t len = sizeof address;

        getsockname(plain.fd, (struct sockaddr *)&address, &len);
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(waiting[i], (struct sockaddr *)&address, len);
    }
    usleep(20000);
    fails_at("a firewall", plain.endpoint, EX_UNAVAILABLE, "tcp", "no answer from port");
    for (int i = 0; i < 8; i++)
        close(waiting[i]);
    close(plain.fd);
    fails_at("refused", plain.endpoint, EX_UNAVAILABLE, "tcp", "connection refused");
    fails_at("no name", "tcp://no-such-host.invalid:7600", EX_NOHOST, "name", "no-such-host.invalid");
    fails_at("no port", "tcp://127.0.0.1", EX_CONFIG, "name", "endpoint");
}

/* --- a broker of a few lines -------------------------------------------------------------------------- */

struct pretender {
    bool curve;
    const char *status; /* of ZAP */
    uint32_t goaway;    /* 0: WELCOME */
    int64_t skew_us;
    void *zmq, *router, *zap, *control;
    pthread_t thread;
    char endpoint[64];
};

static void
answer_zap(struct pretender *p)
{
    char frame[8][256];
    int n = 0, more = 1;
    size_t size = sizeof more;

    for (; more && n < 8; n++) {
        int len = zmq_recv(p->zap, frame[n], sizeof frame[n] - 1, 0);

        assert_true(len >= 0 && len < (int)sizeof frame[n]);
        frame[n][len] = '\0';
        zmq_getsockopt(p->zap, ZMQ_RCVMORE, &more, &size);
    }
    zmq_send(p->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(p->zap, frame[1], strlen(frame[1]), ZMQ_SNDMORE);
    zmq_send(p->zap, p->status, 3, ZMQ_SNDMORE);
    zmq_send(p->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(p->zap, "us", 2, ZMQ_SNDMORE);
    zmq_send(p->zap, "", 0, 0);
}

static size_t
write_answer(const struct pretender *p, uint8_t *frame)
{
    Bb__Welcome welcome = BB__WELCOME__INIT;
    Bb__Goaway goaway = BB__GOAWAY__INIT;
    uint8_t boot[16] = {0};
    char code[] = "alpha", member[] = "main";

    goaway.code = p->goaway;
    if (p->goaway)
        return bb_frame_write(frame, BB_KIND_GOAWAY, &goaway.base);
    welcome.version = 1;
    welcome.boot = (ProtobufCBinaryData){sizeof boot, boot};
    welcome.organization = code;
    welcome.name = code;
    welcome.member = member;
    welcome.role = BB__ROLE__ROLE_PARTNER;
    welcome.time_us = (uint64_t)(bb_clock_utc() + p->skew_us);
    return bb_frame_write(frame, BB_KIND_WELCOME, &welcome.base);
}

static void
answer_hello(struct pretender *p)
{
    uint8_t id[32], body[512], frame[512];
    int len = zmq_recv(p->router, id, sizeof id, 0);

    zmq_recv(p->router, body, sizeof body, 0);
    zmq_send(p->router, id, (size_t)len, ZMQ_SNDMORE);
    zmq_send(p->router, frame, write_answer(p, frame), 0);
}

static void *
serve(void *self)
{
    struct pretender *p = self;
    zmq_pollitem_t items[] = {
        {p->control, 0, ZMQ_POLLIN, 0}, {p->zap, 0, ZMQ_POLLIN, 0}, {p->router, 0, ZMQ_POLLIN, 0}};

    while (zmq_poll(items, 3, -1) >= 0 && !items[0].revents) {
        if (items[1].revents)
            answer_zap(p);
        if (items[2].revents)
            answer_hello(p);
    }
    return NULL;
}

static void
start(struct pretender *p)
{
    int one = 1, none = 0;
    size_t size = sizeof p->endpoint;

    p->zmq = zmq_ctx_new();
    p->control = zmq_socket(p->zmq, ZMQ_PAIR);
    zmq_bind(p->control, "inproc://control");
    p->zap = zmq_socket(p->zmq, ZMQ_REP);
    zmq_bind(p->zap, "inproc://zeromq.zap.01");
    p->router = zmq_socket(p->zmq, ZMQ_ROUTER);
    zmq_setsockopt(p->router, ZMQ_LINGER, &none, sizeof none);
    if (p->curve) {
        zmq_setsockopt(p->router, ZMQ_CURVE_SERVER, &one, sizeof one);
        zmq_setsockopt(p->router, ZMQ_CURVE_SECRETKEY, server.secret_key, BB_KEY_TEXT);
    }
    zmq_setsockopt(p->router, ZMQ_ZAP_DOMAIN, "x", 1);
    assert_int_equal(zmq_bind(p->router, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(p->router, ZMQ_LAST_ENDPOINT, p->endpoint, &size);
    pthread_create(&p->thread, NULL, serve, p);
}

static void
stop(struct pretender *p)
{
    void *end = zmq_socket(p->zmq, ZMQ_PAIR);

    zmq_connect(end, "inproc://control");
    zmq_send(end, "", 0, 0);
    pthread_join(p->thread, NULL);
    zmq_close(end);
    zmq_close(p->control);
    zmq_close(p->zap);
    zmq_close(p->router);
    zmq_ctx_term(p->zmq);
}

static void
test_broker(void **state)
{
    static const struct {
        const char *what;
        struct pretender broker;
        int code;
        const char *step, *found;
    } cases[] = {
        {"not encrypted", {.status = "200"}, EX_PROTOCOL, "handshake", "NULL"},
        {"unknown key", {.curve = true, .status = "400"}, EX_NOPERM, "key", "does not let in"},
        {"full", {.curve = true, .status = "300"}, EX_TEMPFAIL, "key", "no room"},
        {"version",
         {.curve = true, .status = "200", .goaway = BB_ERROR_VERSION},
         EX_PROTOCOL,
         "version",
         "no version"},
        {"revoked",
         {.curve = true, .status = "200", .goaway = BB_ERROR_UNKNOWN_KEY},
         EX_NOPERM,
         "key",
         "let in"},
        {"overloaded",
         {.curve = true, .status = "200", .goaway = BB_ERROR_OVERLOADED},
         EX_TEMPFAIL,
         "key",
         "no room"},
        {"an hour",
         {.curve = true, .status = "200", .skew_us = -3600500000},
         EX_CONFIG,
         "clock",
         "3600 s ahead of"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pretender broker = cases[i].broker;

        start(&broker);
        fails_at(cases[i].what, broker.endpoint, cases[i].code, cases[i].step, cases[i].found);
        stop(&broker);
    }
}

static void
test_fine(void **state)
{
    struct pretender broker = {.curve = true, .status = "200"};
    struct bb_keypair other = server;
    struct told told;

    (void)state;
    start(&broker);
    assert_int_equal(diagnose(broker.endpoint, &told), 0);
    assert_int_equal(told.fine, 8);
    stop(&broker);

    broker = (struct pretender){.curve = true, .status = "200", .skew_us = 60500000};
    start(&broker);
    assert_int_equal(diagnose(broker.endpoint, &told), 0);
    assert_string_equal(told.warned, "clock");
    assert_non_null(strstr(told.found, "s behind"));
    assert_int_equal(told.fine, 7);

    bb_keypair_new(&server); /* what the context says is another key from now on */
    fails_at("another key", broker.endpoint, EX_NOPERM, "handshake", "another key");
    server = other;
    stop(&broker);
}

static void
test_local(void **state)
{
    char folder[] = "/tmp/bb.diagnose.XXXXXX", path[64], endpoint[80];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct told told;
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/admin.sock", folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    assert_int_equal(diagnose(endpoint, &told), EX_UNAVAILABLE);
    assert_string_equal(told.failed, "socket");
    fclose(fopen(path, "w"));
    assert_int_equal(diagnose(endpoint, &told), EX_CONFIG);
    assert_string_equal(told.failed, "socket");
    unlink(path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(diagnose(endpoint, &told), EX_UNAVAILABLE);
    assert_string_equal(told.failed, "daemon");
    assert_int_equal(told.not_tried, 4);
    close(fd);
    unlink(path);
    rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody), cmocka_unit_test(test_no_broker), cmocka_unit_test(test_broker),
        cmocka_unit_test(test_fine),   cmocka_unit_test(test_local),
    };

    bb_keypair_new(&server);
    bb_keypair_new(&ours);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
