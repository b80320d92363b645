/* Order matters here: the file modes and signals before anything is opened or any thread is started (threads
 * of libzmq inherit the mask), the log before the configuration, the configuration before what it decides. */
#include "daemon.h"

#include "log.h"
#include "secret.h"
#include "state.h"

#include <argp.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define SWITCHES_MAX 16
#define FIXED        7 /* options of every daemon */

enum key { KEY_CHECK = 256, KEY_PRINT, KEY_LEVEL, KEY_USAGE, KEY_SWITCH };

struct command_line {
    const struct bb_daemon *daemon;
    const char *file;
    int level; /* -1: as configured */
    bool check;
    bool print;
    const struct bb_daemon_switch *chosen;
};

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
    struct command_line *line = state->input;

    switch (key) {
    case 'c':
        line->file = argument;
        return 0;
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP); /* exits */
        return 0;
    case KEY_USAGE:
        argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
        return 0;
    case 'V':
        printf("%s %s\n", line->daemon->name, BB_VERSION);
        exit(EX_OK);
    case KEY_CHECK:
        line->check = true;
        return 0;
    case KEY_PRINT:
        line->print = true;
        return 0;
    case KEY_LEVEL:
        line->level = bb_log_level_by_name(argument);
        if (line->level < 0)
            argp_error(state, "unknown log level '%s': error, warning, notice, info or debug", argument);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", argument);
        return 0;
    default:
        if (key < KEY_SWITCH || key >= KEY_SWITCH + SWITCHES_MAX) /* argp has keys of its own far above */
            return ARGP_ERR_UNKNOWN;
        line->chosen = &line->daemon->switches[key - KEY_SWITCH];
        return 0;
    }
}

static void
parse_command_line(const struct bb_daemon *daemon, int argc, char **argv, struct command_line *ret_line)
{
    struct argp_option options[FIXED + SWITCHES_MAX + 1] = {
        {"config", 'c', "FILE", 0, "Read the configuration from FILE", 0},
        {"check-config", KEY_CHECK, NULL, 0, "Check the configuration and exit", 0},
        {"print-config", KEY_PRINT, NULL, 0, "Print the configuration with its defaults and exit", 0},
        {"log-level", KEY_LEVEL, "LEVEL", 0, "error, warning, notice, info or debug", 0},
        {"help", 'h', NULL, 0, "Print this help and exit", -1},
        {"usage", KEY_USAGE, NULL, 0, "Print a short usage message and exit", -1},
        {"version", 'V', NULL, 0, "Print the version and exit", -1},
    };
    struct argp argp = {.options = options, .parser = parse_option, .doc = daemon->about};

    for (int i = 0; daemon->switches && daemon->switches[i].name && i < SWITCHES_MAX; i++) {
        options[FIXED + i] = (struct argp_option){
            .name = daemon->switches[i].name, .key = KEY_SWITCH + i, .doc = daemon->switches[i].help};
    }
    *ret_line = (struct command_line){.daemon = daemon, .level = -1};
    argp_err_exit_status = EX_USAGE;
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, ret_line);
}

/* What the table says of log_level, or LOG_INFO; -1 for a word that is none. */
static int
configured_level(const struct bb_daemon *daemon)
{
    for (const struct bb_config_option *o = daemon->options; o->name; o++) {
        if (o->type == BB_CONFIG_TEXT && strcmp(o->name, "log_level") == 0) {
            const char *name = *(char **)(void *)((char *)daemon->config + o->offset);
            return name ? bb_log_level_by_name(name) : LOG_INFO;
        }
    }
    return LOG_INFO;
}

/* The file to read: the one that is named, else the usual one. --print-config does without, and shows the
 * defaults. 0 | an exit code. */
static int
choose_file(struct command_line *line)
{
    if (line->file)
        return EX_OK;
    line->file = line->daemon->config_file;
    if (line->print && (!line->file || access(line->file, F_OK) < 0))
        line->file = NULL;
    else if (!line->file)
        bb_error("no configuration: name a file with -c");
    return line->file || line->print ? EX_OK : EX_USAGE;
}

static int
load(const struct command_line *line)
{
    const struct bb_daemon *daemon = line->daemon;
    char error[1024] = "";
    int r;

    r = bb_config_load(daemon->options, line->file, daemon->config, error, sizeof error);
    if (r < 0) {
        bb_error("%s", error[0] ? error : strerror(-r));
        return EX_CONFIG;
    }
    if (configured_level(daemon) < 0) {
        bb_error("%s: log_level: expected error, warning, notice, info or debug", line->file);
        return EX_CONFIG;
    }
    if (daemon->check && line->file && daemon->check(daemon->config, error, sizeof error) < 0) {
        bb_error("%s: %s", line->file, error);
        return EX_CONFIG;
    }
    bb_log_level(line->level >= 0 ? line->level : configured_level(daemon));
    return EX_OK;
}

/* -1 on failure, with errno. */
static int
block_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file may not grow: the write says so */
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
set_limits(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    bb_secret_no_core();
#ifndef __SANITIZE_ADDRESS__ /* the leak checker attaches to its own process */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static int
seed(void)
{
    unsigned value;

    if (getrandom(&value, sizeof value, 0) != sizeof value)
        return -1;
    srand(value);
    return sodium_init() < 0 ? -1 : 0;
}

static int
serve(const struct command_line *line)
{
    int signal_fd, code;

    if (line->chosen)
        return line->chosen->run(line->daemon->config);
    signal_fd = block_signals();
    if (signal_fd < 0) {
        bb_error("signals: %s", strerror(errno));
        return EX_OSERR;
    }
    code = line->daemon->run(line->daemon->config, signal_fd);
    close(signal_fd);
    return code;
}

int
bb_daemon_main(const struct bb_daemon *daemon, int argc, char **argv)
{
    struct command_line line;
    int code;

    setlocale(LC_CTYPE, "");
    umask(077);
    parse_command_line(daemon, argc, argv, &line);
    bb_log_open(daemon->name, line.level >= 0 ? line.level : LOG_INFO);
    code = choose_file(&line);
    if (code == EX_OK)
        code = load(&line);
    if (code != EX_OK)
        return code;
    if (line.print) {
        bb_config_print(daemon->options, daemon->config, stdout);
    } else if (line.check) {
        code = daemon->examine ? daemon->examine(daemon->config) : EX_OK;
        if (code == EX_OK)
            printf("%s: correct\n", line.file);
    } else if (seed() < 0) {
        bb_error("no randomness: %s", strerror(errno));
        code = EX_OSERR;
    } else {
        set_limits();
        code = serve(&line);
    }
    bb_config_release(daemon->options, daemon->config);
    if (fflush(stdout) != 0)
        code = EX_IOERR;
    return code;
}

int
bb_daemon_check_state(const char *state)
{
    char error[1024];

    if (bb_state_check(state, error, sizeof error) == 0)
        return EX_OK;
    fprintf(stderr, "%s\n", error);
    return EX_CONFIG;
}

enum bb_signal
bb_daemon_signal(int signal_fd)
{
    struct signalfd_siginfo info;
    enum bb_signal found = BB_SIGNAL_NONE;

    while (read(signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGHUP)
            return BB_SIGNAL_STOP;
        found = BB_SIGNAL_RELOAD;
    }
    return found;
}
