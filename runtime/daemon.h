/* The skeleton of a daemon: options, configuration, logging, signals, notification.
 *
 * main() hands over a table of configuration and callbacks; the skeleton parses the command line (argp:
 * -c FILE, --check-config, --print-config, --log-level, -h, --version), loads the configuration, blocks
 * SIGINT, SIGTERM and SIGHUP behind a signalfd, sets umask 077, raises RLIMIT_NOFILE, turns core dumps off,
 * seeds rand() (libzmq's routing ids start from it), initialises libsodium, and calls run(). A text option
 * `log_level` in the table sets the level of the log; --log-level overrides it. Exit codes follow sysexits:
 * 78 configuration, 74 input/output, 70 software; EX_STORAGE (76) when the store failed and an operator must
 * look. */
#ifndef BB_DAEMON_H
#define BB_DAEMON_H

#include "config.h"

#define BB_EX_STORAGE 76

struct bb_daemon {
    const char *name;        /* backbone-broker */
    const char *about;       /* one line of help */
    const char *config_file; /* default of -c, or NULL: required */
    const struct bb_config_option *options;
    void *config; /* filled from the file before run() */
    /* Checks that the table cannot express; writes a message. 0 | -EINVAL. May be NULL. */
    int (*check)(const void *config, char *error, size_t size);
    /* With --check-config: look at what the configuration points at, print to stderr what is wrong there, and
     * return an exit code. May be NULL. */
    int (*examine)(const void *config);
    /* Extra command line switches without argument, such as "verify"; NULL-terminated; may be NULL. */
    const struct bb_daemon_switch *switches;
    /* Serve until told to stop. signal_fd: readable when SIGINT, SIGTERM (stop) or SIGHUP (reload) came.
     * Returns an exit code. */
    int (*run)(void *config, int signal_fd);
};

struct bb_daemon_switch {
    const char *name;
    const char *help;
    int (*run)(void *config); /* instead of bb_daemon.run */
};

int bb_daemon_main(const struct bb_daemon *daemon, int argc, char **argv);

/* For a worker's examine() and run(): is its state folder there (state.h)? EX_OK | EX_CONFIG, and stderr says
 * why */
int bb_daemon_check_state(const char *state);

/* What a signal_fd has to say. */
enum bb_signal { BB_SIGNAL_NONE, BB_SIGNAL_STOP, BB_SIGNAL_RELOAD };
enum bb_signal bb_daemon_signal(int signal_fd);

/* sd_notify: does nothing without NOTIFY_SOCKET. */
void bb_notify(const char *state); /* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." */

#endif
