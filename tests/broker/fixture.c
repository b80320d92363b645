#include "fixture.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The broker. */

static FILE *
create(const struct broker *broker, const char *name)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", broker->folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

/* before, the folder, after. */
static void
run(const char *before, const struct broker *broker, const char *after)
{
    char command[512];

    snprintf(command, sizeof command, "%s '%s%s", before, broker->folder, after);
    assert_int_equal(system(command), 0);
}

void
broker_organization(struct broker *broker, const char *code, const char *role, bool enabled, const char *key)
{
    char name[160];
    FILE *file;

    snprintf(name, sizeof name, "registry/%s.conf", code);
    file = create(broker, name);
    fprintf(file, "name = 'The %s'\nrole = '%s'\nenabled = %s\n", code, role, enabled ? "true" : "false");
    if (key)
        fprintf(file, "member main {\n    key = '%s'\n}\n", key);
    assert_int_equal(fclose(file), 0);
}

static void
prepare(struct broker *broker, const char *extra)
{
    char path[128], error[256];
    FILE *file;

    *broker = (struct broker){.pid = -1};
    assert_true(sodium_init() >= 0);
    snprintf(broker->folder, sizeof broker->folder, "/tmp/bb-broker.XXXXXX");
    assert_non_null(mkdtemp(broker->folder));
    run("mkdir", broker, "/registry'");
    snprintf(path, sizeof path, "%s/server.key", broker->folder);
    assert_int_equal(bb_keyfile_new(path, &broker->server, error, sizeof error), 0);
    assert_int_equal(bb_keypair_new(&broker->staff), 0);
    assert_int_equal(bb_keypair_new(&broker->partner), 0);
    assert_int_equal(bb_keypair_new(&broker->other), 0);
    broker_organization(broker, "backbone", "staff", true, broker->staff.public_key);
    broker_organization(broker, "alpha", "partner", true, broker->partner.public_key);
    broker_organization(broker, "beta", "partner", true, broker->other.public_key);
    file = create(broker, "broker.conf");
    fprintf(file, "listen = 'tcp://127.0.0.1:*'\nserver_key = '%s/server.key'\nregistry = '%s/registry'\n",
            broker->folder, broker->folder);
    fprintf(file, "runtime = '%s/run'\n%s\n", broker->folder, extra ? extra : "");
    assert_int_equal(fclose(file), 0);
    broker->context = zmq_ctx_new();
    assert_non_null(broker->context);
}

/* files: descriptors at most; 0: as many as we have. */
static void
child(const struct broker *broker, unsigned files)
{
    const struct rlimit limit = {files, files};
    char path[128];
    int log;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is killed leaves nothing */
    if (files && setrlimit(RLIMIT_NOFILE, &limit) < 0)
        _exit(126);
    snprintf(path, sizeof path, "%s/notify", broker->folder);
    setenv("NOTIFY_SOCKET", path, 1);
    unsetenv("JOURNAL_STREAM");
    snprintf(path, sizeof path, "%s/log", broker->folder);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, 1);
    dup2(log, 2);
    snprintf(path, sizeof path, "%s/broker.conf", broker->folder);
    execl(BB_BROKER_BINARY, "backbone-broker", "-c", path, "--log-level", "debug", (char *)NULL);
    _exit(127);
}

static int
notify_socket(const struct broker *broker)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", broker->folder);
    unlink(address.sun_path);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* True when READY=1 came. */
static bool
await_ready(struct broker *broker, int fd)
{
    bb_mono end = bb_clock_mono() + WAIT_MS;
    char text[512];

    while (bb_clock_mono() < end) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (poll(&item, 1, 50) <= 0) {
            if (waitpid(broker->pid, NULL, WNOHANG) == 0)
                continue;
            broker->pid = -1;
            return false;
        }
        n = recv(fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        if (strstr(text, "READY=1"))
            return true;
    }
    return false;
}

static void
read_endpoint(struct broker *broker)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/run/endpoint", broker->folder);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(broker->endpoint, sizeof broker->endpoint, file));
    fclose(file);
    broker->endpoint[strcspn(broker->endpoint, "\n")] = '\0';
}

void
broker_start(struct broker *broker, const char *extra)
{
    broker_start_with_files(broker, extra, 0);
}

void
broker_start_with_files(struct broker *broker, const char *extra, unsigned files)
{
    int64_t start;
    int fd;

    prepare(broker, extra);
    fd = notify_socket(broker);
    start = bb_clock_ns();
    broker->pid = fork();
    assert_true(broker->pid >= 0);
    if (broker->pid == 0)
        child(broker, files);
    if (!await_ready(broker, fd)) {
        broker_abandon(broker);
        fail_msg("the broker did not become ready");
    }
    broker->ready_ms = (long)((bb_clock_ns() - start) / 1000000);
    close(fd);
    read_endpoint(broker);
}

int
broker_start_refused(struct broker *broker, const char *extra)
{
    int status;

    prepare(broker, extra);
    broker->pid = fork();
    assert_true(broker->pid >= 0);
    if (broker->pid == 0)
        child(broker, 0);
    assert_int_equal(waitpid(broker->pid, &status, 0), broker->pid);
    broker->pid = -1;
    zmq_ctx_term(broker->context);
    run("rm -rf", broker, "'");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
reap(struct broker *broker)
{
    bb_mono end = bb_clock_mono() + WAIT_MS;
    int status;

    while (waitpid(broker->pid, &status, WNOHANG) == 0) {
        if (bb_clock_mono() > end)
            return -1;
        poll(NULL, 0, 5);
    }
    broker->pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

void
broker_abandon(struct broker *broker)
{
    if (!broker->folder[0])
        return;
    if (broker->pid > 0) {
        kill(broker->pid, SIGKILL);
        waitpid(broker->pid, NULL, 0);
    }
    run("cat", broker, "/log' >&2");
    run("rm -rf", broker, "'");
    broker->folder[0] = '\0';
}

void
broker_stop(struct broker *broker)
{
    int code;

    kill(broker->pid, SIGTERM);
    code = reap(broker);
    if (code != 0)
        run("cat", broker, "/log' >&2");
    zmq_ctx_term(broker->context);
    run("rm -rf", broker, "'");
    broker->folder[0] = '\0';
    assert_int_equal(code, 0);
}

uint64_t
broker_counter(struct broker *broker, const char *name)
{
    struct raw raw;
    Bb__StatusReply *status;
    Bb__Reply *reply;
    uint64_t value = UINT64_MAX;

    raw_operator(broker, &raw);
    raw_request(&raw, 1, BB_METHOD_STATUS, bb_bytes(NULL, 0));
    reply = expect_kind(&raw, BB_KIND_REPLY, reply, Reply);
    assert_int_equal(
        bb_unpack(bb__status_reply, bb_bytes(reply->body.data, reply->body.len), &raw.arena, &status), 0);
    if (strcmp(name, "connections") == 0)
        value = status->connections;
    for (size_t i = 0; i < status->n_counter; i++)
        if (strcmp(status->counter[i]->name, name) == 0)
            value = status->counter[i]->value;
    raw_close(&raw);
    if (value == UINT64_MAX)
        fail_msg("there is no counter %s", name);
    return value;
}

void
broker_await_counter(struct broker *broker, const char *name, uint64_t value)
{
    bb_mono end = bb_clock_mono() + WAIT_MS;
    uint64_t now;

    while ((now = broker_counter(broker, name)) < value) {
        if (bb_clock_mono() > end)
            fail_msg("%s is %lu, not %lu", name, (unsigned long)now, (unsigned long)value);
        poll(NULL, 0, 10);
    }
}

void
broker_await_alone(struct broker *broker)
{
    bb_mono end = bb_clock_mono() + WAIT_MS;

    while (broker_counter(broker, "connections") > 1) {
        assert_true(bb_clock_mono() < end);
        poll(NULL, 0, 5);
    }
}

uint16_t
broker_port(const struct broker *broker)
{
    return (uint16_t)atoi(strrchr(broker->endpoint, ':') + 1);
}

int
broker_plain_tcp(const struct broker *broker)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(broker_port(broker)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

long
broker_rss_anon_kb(const struct broker *broker)
{
    char path[64], line[256];
    long kb = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)broker->pid);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        sscanf(line, "RssAnon: %ld kB", &kb);
    fclose(file);
    return kb;
}

uint64_t
broker_cpu_us(const struct broker *broker)
{
    unsigned long user = 0, system = 0;
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)broker->pid);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(
        fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system), 2);
    fclose(file);
    return (user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* Peers. */

void
raw_open_as(struct broker *broker, struct raw *raw, const struct bb_keypair *keys, const char *server_key,
            const char *endpoint, const uint8_t *id, size_t id_len)
{
    static unsigned counter;
    char address[64];
    int zero = 0, never = -1;

    *raw = (struct raw){.id_len = id_len};
    bb_arena_init(&raw->arena, 8u << 20);
    raw->socket = zmq_socket(broker->context, ZMQ_DEALER);
    raw->monitor = zmq_socket(broker->context, ZMQ_PAIR);
    assert_non_null(raw->socket);
    zmq_setsockopt(raw->socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(raw->monitor, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(raw->socket, ZMQ_RECONNECT_IVL, &never, sizeof never);
    if (id_len) {
        memcpy(raw->id, id, id_len);
        assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_ROUTING_ID, id, id_len), 0);
    }
    if (keys) {
        assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_CURVE_SERVERKEY, server_key, BB_KEY_TEXT), 0);
        assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, BB_KEY_TEXT), 0);
        assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, BB_KEY_TEXT), 0);
    }
    snprintf(address, sizeof address, "inproc://raw-%u", counter++);
    assert_int_equal(zmq_socket_monitor(raw->socket, address,
                                        ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL),
                     0);
    assert_int_equal(zmq_connect(raw->monitor, address), 0);
    assert_int_equal(zmq_connect(raw->socket, endpoint), 0);
}

void
raw_open(struct broker *broker, struct raw *raw, const struct bb_keypair *keys, const char *server_key,
         const char *endpoint)
{
    uint8_t id[BB_ROUTING_ID_BYTES] = {0x01};

    randombytes_buf(id + 1, sizeof id - 1);
    raw_open_as(broker, raw, keys, server_key, endpoint, id, sizeof id);
}

void
raw_client(struct broker *broker, struct raw *raw, const struct bb_keypair *keys)
{
    raw_open(broker, raw, keys, broker->server.public_key, broker->endpoint);
}

void
raw_greeted(struct broker *broker, struct raw *raw, const struct bb_keypair *keys)
{
    raw_client(broker, raw, keys);
    raw_hello(raw);
    assert_int_equal(expect_kind(raw, BB_KIND_WELCOME, welcome, Welcome)->version, 1);
}

static void
open_local(struct broker *broker, struct raw *raw, const char *name)
{
    char address[128];

    snprintf(address, sizeof address, "ipc://%s/run/%s", broker->folder, name);
    raw_open(broker, raw, NULL, NULL, address);
}

void
raw_operator(struct broker *broker, struct raw *raw)
{
    open_local(broker, raw, "admin.sock");
    raw_hello(raw);
    assert_string_equal(expect_kind(raw, BB_KIND_WELCOME, welcome, Welcome)->organization, "operator");
}

void
raw_worker(struct broker *broker, struct raw *raw)
{
    open_local(broker, raw, "worker.sock");
}

void
raw_close(struct raw *raw)
{
    if (!raw->socket)
        return;
    if (raw->walking)
        zmq_msg_close(&raw->message);
    zmq_socket_monitor(raw->socket, NULL, 0);
    zmq_close(raw->monitor);
    zmq_close(raw->socket);
    bb_arena_release(&raw->arena);
    raw->socket = NULL;
}

void
raw_send_bytes(struct raw *raw, const void *data, size_t len, bool more)
{
    assert_int_equal(zmq_send(raw->socket, data, len, more ? ZMQ_SNDMORE : 0), (int)len);
}

void
raw_send(struct raw *raw, enum bb_kind kind, const ProtobufCMessage *message)
{
    size_t size = bb_frame_size(message);
    uint8_t *frame = malloc(size);

    assert_non_null(frame);
    bb_frame_write(frame, kind, message);
    raw_send_bytes(raw, frame, size, false);
    free(frame);
}

void
raw_hello(struct raw *raw)
{
    Bb__Hello hello = BB__HELLO__INIT;

    hello.version_min = hello.version_max = 1;
    hello.agent = (char *)"test";
    raw_send(raw, BB_KIND_HELLO, &hello.base);
}

size_t
pong_of(const struct bb_frame *ping, uint8_t to[static BB_PONG_BYTES])
{
    assert_true(ping->body.len <= BB_PONG_BYTES - BB_ENVELOPE_BYTES);
    bb_frame_header(to, BB_KIND_PONG);
    memcpy(to + BB_ENVELOPE_BYTES, ping->body.data, ping->body.len); /* Ping and Pong are alike */
    return BB_ENVELOPE_BYTES + ping->body.len;
}

void
raw_pong(struct raw *raw, const struct bb_frame *ping)
{
    uint8_t pong[BB_PONG_BYTES];

    raw_send_bytes(raw, pong, pong_of(ping, pong), false);
}

void
raw_request(struct raw *raw, uint64_t id, uint32_t method, struct bb_bytes body)
{
    Bb__Request request = BB__REQUEST__INIT;

    request.id = id;
    request.method = method;
    request.has_timeout_ms = true;
    request.timeout_ms = WAIT_MS;
    request.has_body = true;
    request.body = (ProtobufCBinaryData){.len = body.len, .data = (uint8_t *)body.data};
    raw_send(raw, BB_KIND_REQUEST, &request.base);
}

void
raw_ready(struct raw *raw, uint32_t messages, uint32_t bytes, uint64_t directory_version)
{
    raw_ready_as(raw, "measurement", messages, bytes, directory_version);
}

void
raw_ready_as(struct raw *raw, const char *service, uint32_t messages, uint32_t bytes,
             uint64_t directory_version)
{
    static uint8_t instance[16] = {7};
    Bb__Ready ready = BB__READY__INIT;
    Bb__Credit credit[2] = {BB__CREDIT__INIT, BB__CREDIT__INIT};
    Bb__Credit *credits[] = {&credit[0], &credit[1]};

    for (uint32_t lane = 0; lane < 2; lane++) {
        credit[lane].lane = lane;
        credit[lane].messages = messages;
        credit[lane].bytes = bytes;
    }
    ready.service = (char *)service;
    ready.instance = (ProtobufCBinaryData){.len = sizeof instance, .data = instance};
    ready.has_directory_version = true;
    ready.directory_version = directory_version;
    ready.credit = credits;
    ready.n_credit = 2;
    raw_send(raw, BB_KIND_READY, &ready.base);
}

bool
raw_next(struct raw *raw, struct bb_frame *ret_frame, int ms)
{
    zmq_pollitem_t item = {.socket = raw->socket, .events = ZMQ_POLLIN};

    if (raw->walking) {
        if (bb_unbundle_next(&raw->walk, ret_frame) == 0)
            return true;
        zmq_msg_close(&raw->message);
        raw->walking = false;
    }
    if (zmq_poll(&item, 1, ms) <= 0)
        return false;
    zmq_msg_init(&raw->message);
    assert_true(zmq_msg_recv(&raw->message, raw->socket, 0) >= 0);
    raw->walking = true;
    assert_int_equal(
        bb_unbundle_init(&raw->walk, bb_bytes(zmq_msg_data(&raw->message), zmq_msg_size(&raw->message))), 0);
    return bb_unbundle_next(&raw->walk, ret_frame) == 0;
}

static bool
is_background(uint8_t kind)
{
    return kind == BB_KIND_PING || kind == BB_KIND_HEARTBEAT || kind == BB_KIND_DIRECTORY;
}

ProtobufCMessage *
raw_expect(struct raw *raw, enum bb_kind kind, const ProtobufCMessageDescriptor *type)
{
    struct bb_frame frame;
    ProtobufCMessage *message = NULL;

    do {
        if (!raw_next(raw, &frame, WAIT_MS))
            fail_msg("no frame of kind %d came", (int)kind);
    } while (frame.kind != kind && is_background(frame.kind));
    if (frame.kind != kind) {
        Bb__Error *error = NULL;
        bb_arena_reset(&raw->arena);
        if (frame.kind == BB_KIND_ERROR)
            bb_unpack(bb__error, frame.body, &raw->arena, &error);
        fail_msg("a frame of kind %d, not %d: %s", frame.kind, (int)kind, error ? error->message : "");
    }
    bb_arena_reset(&raw->arena);
    assert_int_equal(bb_message_unpack(type, frame.body, &raw->arena, &message), 0);
    return message;
}

void
raw_expect_error(struct raw *raw, uint64_t id, uint32_t code)
{
    Bb__Error *error = expect_kind(raw, BB_KIND_ERROR, error, Error);

    if (error->code != code || (id && error->id != id))
        fail_msg("request %lu: %s (%s), not %s", (unsigned long)error->id, bb_error_name(error->code),
                 error->message, bb_error_name(code));
    assert_int_equal(error->retryable, bb_error_retryable(code));
}

void
raw_expect_goaway(struct raw *raw, uint32_t code)
{
    Bb__Goaway *goaway = expect_kind(raw, BB_KIND_GOAWAY, goaway, Goaway);

    if (goaway->code != code)
        fail_msg("GOAWAY %s (%s), not %s", bb_error_name(goaway->code), goaway->message, bb_error_name(code));
}

void
raw_expect_nothing(struct raw *raw, int ms)
{
    bb_mono end = bb_clock_mono() + ms;
    struct bb_frame frame;

    while (bb_clock_mono() < end)
        if (raw_next(raw, &frame, (int)(end - bb_clock_mono())) && !is_background(frame.kind))
            fail_msg("a frame of kind %d came", frame.kind);
}

int
raw_await_end(struct raw *raw, int *ret_value)
{
    zmq_pollitem_t item = {.socket = raw->monitor, .events = ZMQ_POLLIN};
    uint8_t event[6];
    uint16_t number;
    int32_t value;

    if (zmq_poll(&item, 1, WAIT_MS) <= 0)
        fail_msg("the connection did not end");
    assert_int_equal(zmq_recv(raw->monitor, event, sizeof event, 0), sizeof event);
    zmq_recv(raw->monitor, NULL, 0, 0);
    memcpy(&number, event, sizeof number);
    memcpy(&value, event + 2, sizeof value);
    if (ret_value)
        *ret_value = value;
    return number;
}
