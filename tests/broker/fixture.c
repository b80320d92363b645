#include "fixture.h"

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

__attribute__((constructor)) static void
choose_test(void)
{
    if (getenv("BB_TEST_ONLY"))
        cmocka_set_test_filter(getenv("BB_TEST_ONLY"));
}

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
    fprintf(file,
            "listen = 'tcp://127.0.0.1:*'\nenrol = 'tcp://127.0.0.1:*'\nserver_key = "
            "'%s/server.key'\nregistry = '%s/registry'\n",
            broker->folder, broker->folder);
    fprintf(file, "runtime = '%s/run'\n%s\n", broker->folder, extra ? extra : "");
    assert_int_equal(fclose(file), 0);
    broker->context = zmq_ctx_new();
    assert_non_null(broker->context);
    zmq_ctx_set(broker->context, ZMQ_MAX_SOCKETS, 8192); /* one that was closed counts for a while */
}

/* files: descriptors at most; 0: as many as we have. */
static void
child(const struct broker *broker, unsigned files)
{
    const char *binary = getenv("BB_TEST_BROKER");
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
    execl(binary ? binary : BB_BROKER_BINARY, "backbone-broker", "-c", path, "--log-level", "debug",
          (char *)NULL);
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
broker_kill(struct broker *broker)
{
    if (broker->pid > 0) {
        kill(broker->pid, SIGKILL);
        waitpid(broker->pid, NULL, 0);
    }
    run("rm -rf", broker, "'");
    broker->folder[0] = '\0';
}

void
broker_abandon(struct broker *broker)
{
    if (!broker->folder[0])
        return;
    run("cat", broker, "/log' >&2");
    broker_kill(broker);
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
broker_await_connections(struct broker *broker, uint64_t others)
{
    bb_mono end = bb_clock_mono() + WAIT_MS;
    uint64_t now;

    while ((now = broker_counter(broker, "connections")) > others + 1) {
        if (bb_clock_mono() > end)
            fail_msg("%lu connections, not %lu", (unsigned long)now, (unsigned long)others + 1);
        poll(NULL, 0, 5);
    }
    assert_int_equal(now, others + 1);
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
