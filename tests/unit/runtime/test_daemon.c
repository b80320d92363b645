/* The daemon skeleton: each case is a child process with its command line, its exit code and what it said. */
#include "runtime/daemon.h"

#include "runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

struct config {
    char *log_level;
    char *mode;
    long number;
};

static const struct bb_config_option options[] = {
    {"log_level", BB_CONFIG_TEXT, offsetof(struct config, log_level), "info", 0, 0, "What is logged."},
    {"mode", BB_CONFIG_TEXT, offsetof(struct config, mode), NULL, 0, 0, "What the daemon does."},
    {"number", BB_CONFIG_INT, offsetof(struct config, number), "7", 0, 100, "A number."},
    {0},
};

/* What a process is after the skeleton prepared it: 0 when all is as it should be. */
static int
look_around(void)
{
    struct rlimit core, files;
    sigset_t blocked;

    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_NOFILE, &files);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    if (core.rlim_cur != 0 || files.rlim_cur != files.rlim_max)
        return 1;
    if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGINT) || !sigismember(&blocked, SIGHUP))
        return 2;
    return umask(0) == 077 ? 0 : 3;
}

static int
take_signals(int signal_fd)
{
    struct pollfd poll_fd = {.fd = signal_fd, .events = POLLIN};

    if (bb_daemon_signal(signal_fd) != BB_SIGNAL_NONE)
        return 1;
    raise(SIGHUP);
    if (bb_daemon_signal(signal_fd) != BB_SIGNAL_RELOAD)
        return 2;
    raise(SIGHUP);
    raise(SIGTERM);
    if (poll(&poll_fd, 1, 5000) != 1 || bb_daemon_signal(signal_fd) != BB_SIGNAL_STOP)
        return 3;
    return 0;
}

/* Says which routing id libzmq gives to the first peer that brings none. */
static int
give_a_routing_id(void)
{
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER),
         *dealer = zmq_socket(context, ZMQ_DEALER);
    uint8_t id[16];
    int n = -1;

    if (zmq_bind(router, "inproc://router") == 0 && zmq_connect(dealer, "inproc://router") == 0 &&
        zmq_send(dealer, "", 0, 0) == 0)
        n = zmq_recv(router, id, sizeof id, 0);
    for (int i = 0; i < n; i++)
        printf("%02x", id[i]);
    zmq_close(dealer);
    zmq_close(router);
    zmq_ctx_term(context);
    return n == 5 ? 0 : 1;
}

static int
serve(void *from, int signal_fd)
{
    struct config *config = from;

    if (strcmp(config->mode, "look") == 0)
        return look_around();
    if (strcmp(config->mode, "signals") == 0)
        return take_signals(signal_fd);
    if (strcmp(config->mode, "notify") == 0)
        bb_notify("READY=1");
    if (strcmp(config->mode, "routing") == 0)
        return give_a_routing_id();
    bb_debug("debug line");
    bb_info("info line %ld", config->number);
    bb_error("error line");
    return 42;
}

static int
verify(void *from)
{
    printf("verifying %ld\n", ((struct config *)from)->number);
    return EX_OK;
}

static int
check(const void *from, char *error, size_t size)
{
    if (((const struct config *)from)->number != 13)
        return 0;
    snprintf(error, size, "number: 13 is unlucky");
    return -EINVAL;
}

static int
examine(const void *from)
{
    return ((const struct config *)from)->number == 99 ? EX_CONFIG : EX_OK;
}

static const struct bb_daemon_switch switches[] = {{"verify", "Verify", verify}, {0}};

static const char *usual_file;
static char path[] = "/tmp/test_daemon.XXXXXX";

/* Run the daemon on a configuration with these arguments; its output, both streams, at `said`. */
static int
run(const char *text, const char *arguments[8], char said[4096])
{
    static struct config config;
    const struct bb_daemon daemon = {
        .name = "backbone-test",
        .about = "A daemon for testing.",
        .config_file = usual_file,
        .options = options,
        .config = &config,
        .check = check,
        .examine = examine,
        .switches = switches,
        .run = serve,
    };
    char *argv[12] = {(char *)(uintptr_t) "backbone-test"};
    int argc = 1, fds[2], status;
    size_t len = 0;
    ssize_t n;
    pid_t child;

    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    for (int i = 0; i < 8 && arguments[i]; i++)
        argv[argc++] = (char *)(uintptr_t)(strcmp(arguments[i], "FILE") == 0 ? path : arguments[i]);
    assert_int_equal(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        dup2(fds[1], STDOUT_FILENO);
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        int code = bb_daemon_main(&daemon, argc, argv);
        fflush(stdout);
        _exit(code);
    }
    close(fds[1]);
    while (len < 4095 && (n = read(fds[0], said + len, 4095 - len)) > 0)
        len += (size_t)n;
    said[len] = 0;
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    unlink(path);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
test_command_lines(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        const char *arguments[8];
        int code;
        const char *says[3];
        const char * not ;
    } table[] = {
        {"mode=log",
         {"-c", "FILE"},
         42,
         {"info backbone-test: info line 7\n", "error backbone-test: error line\n"},
         "debug line"},
        {"mode=log", {"-c", "FILE", "--log-level", "debug"}, 42, {"debug backbone-test: debug line\n"}, NULL},
        {"mode=log\nlog_level=error", {"-c", "FILE"}, 42, {"error line"}, "info line"},
        {"mode=log\nlog_level=error", {"-c", "FILE", "--log-level=info"}, 42, {"info line"}, "debug line"},
        {"mode=look", {"-c", "FILE"}, 0, {NULL}, NULL},
        {"mode=signals", {"-c", "FILE"}, 0, {NULL}, NULL},
        {"mode=log", {"-c", "FILE", "--check-config"}, 0, {": correct"}, "line"},
        {"mode=log\nnumber=13", {"-c", "FILE", "--check-config"}, 78, {path, "13 is unlucky"}, NULL},
        {"mode=log\nnumber=101", {"-c", "FILE", "--check-config"}, 78, {":2: number", "0 to 100"}, NULL},
        {"mode=log\nnumber=99", {"-c", "FILE", "--check-config"}, 78, {NULL}, "correct"},
        {"mode=log\nnumber=99", {"-c", "FILE"}, 42, {"info line 99"}, NULL},
        {"mood=log", {"-c", "FILE"}, 78, {":1: ", "mood"}, NULL},
        {"mode=log\nlog_level=loud", {"-c", "FILE"}, 78, {"log_level"}, NULL},
        {"", {"-c", "/nonexistent"}, 78, {"/nonexistent", "No such file"}, NULL},
        {"", {NULL}, 64, {"-c"}, NULL},
        {"", {"--print-config"}, 0, {"# mode = ''", "number = 7"}, NULL},
        {"mode=x\nnumber=9", {"-c", "FILE", "--print-config"}, 0, {"mode = 'x'", "number = 9"}, NULL},
        {"mode=x\nnumber=9", {"-c", "FILE", "--verify"}, 0, {"verifying 9"}, NULL},
        {"", {"-h"}, 0, {"A daemon for testing.", "--check-config", "--verify"}, NULL},
        {"", {"--help"}, 0, {"Usage: backbone-test"}, NULL},
        {"", {"--usage"}, 0, {"Usage: backbone-test [-", "--print-config"}, "Mandatory"},
        {"", {"--version"}, 0, {"backbone-test " BB_VERSION}, NULL},
        {"", {"--nonsense"}, 64, {"nonsense"}, NULL},
        {"", {"-c", "FILE", "argument"}, 64, {"argument"}, NULL},
        {"", {"--log-level", "loud"}, 64, {"loud", "warning"}, NULL},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char said[4096];
        int code = run(table[i].text, (const char **)(uintptr_t)table[i].arguments, said);

        print_message("%zu: %d %s", i, code, said[0] ? said : "\n");
        assert_int_equal(code, table[i].code);
        for (int j = 0; j < 3 && table[i].says[j]; j++)
            assert_non_null(strstr(said, table[i].says[j]));
        assert_true(!table[i].not || !strstr(said, table[i].not ));
    }
}

/* Without -c the usual file is read; only --print-config does without it. */
static void
test_usual_file(void **unused)
{
    (void)unused;
    char said[4096];

    usual_file = "/nonexistent/usual.conf";
    assert_int_equal(run("", (const char *[8]){NULL}, said), 78);
    assert_non_null(strstr(said, usual_file));
    assert_int_equal(run("", (const char *[8]){"--print-config"}, said), 0);
    assert_non_null(strstr(said, "number = 7"));
    assert_int_equal(run("", (const char *[8]){"-c", "/nonexistent/other", "--print-config"}, said), 78);
    usual_file = path;
    assert_int_equal(run("mode=log\nnumber=8", (const char *[8]){NULL}, said), 42);
    assert_non_null(strstr(said, "info line 8"));
    assert_int_equal(run("mode=log\nnumber=8", (const char *[8]){"--print-config"}, said), 0);
    assert_non_null(strstr(said, "number = 8"));
    usual_file = NULL;
}

/* libzmq counts them up from rand(), which starts at the same place in every process that did not seed it. */
static void
test_routing_ids(void **unused)
{
    (void)unused;
    const char *arguments[8] = {"-c", "FILE"};
    char first[4096], second[4096];

    assert_int_equal(run("mode=routing", arguments, first), 0);
    assert_int_equal(run("mode=routing", arguments, second), 0);
    assert_int_equal(strlen(first), 10);
    assert_string_not_equal(first, second);
}

static void
test_notify(void **unused)
{
    (void)unused;
    const char *arguments[8] = {"-c", "FILE"};
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/test_daemon.notify"};
    char said[4096], got[64];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t n;

    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/test_daemon.%ld", (long)getpid());
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    assert_int_equal(run("mode=notify", arguments, said), 42);
    unsetenv("NOTIFY_SOCKET");
    n = recv(fd, got, sizeof got, MSG_DONTWAIT);
    assert_int_equal(n, 7);
    assert_memory_equal(got, "READY=1", 7);
    close(fd);
    unlink(address.sun_path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_lines),
        cmocka_unit_test(test_usual_file),
        cmocka_unit_test(test_routing_ids),
        cmocka_unit_test(test_notify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
