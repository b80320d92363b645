/* One supervised program: its process, its readiness, its log.
 *
 * A program is started in a process group of its own, so that Ctrl-C on the terminal reaches the command of
 * the sandbox and not its daemons, and with a parent-death signal, so that it never outlives the supervisor.
 * It tells its readiness as under systemd: READY=1 to the datagram socket that NOTIFY_SOCKET names. The
 * kernel names the sender, so a program behind a wrapper (strace, valgrind) is known by its own pid, not the
 * wrapper's. */
#ifndef BB_PROCESS_H
#define BB_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

enum bb_process_state {
    BB_PROCESS_STOPPED,
    BB_PROCESS_STARTING, /* runs, READY=1 has not come */
    BB_PROCESS_READY,
    BB_PROCESS_STOPPING, /* was sent a signal to end */
};

struct bb_process {
    const char *start; /* the program to execute; its last component is the name */
    const char *name;
    char log[PATH_MAX];
    char pid_file[PATH_MAX];
    struct sockaddr_un notify_address;
    int notify_fd;
    enum bb_process_state state;
    pid_t pid;      /* our child; 0 when stopped */
    pid_t main_pid; /* who said READY=1 */
};

/* Name the files NAME.log and NAME.pid in `folder` and the socket NAME.notify in `run_folder`, and
 * bind that.
 * start: borrowed. 0 | -errno. */
int bb_process_init(struct bb_process *p, const char *start, const char *folder, const char *run_folder);
void bb_process_release(struct bb_process *p);

/* Start it: state STARTING. 0 | -errno. */
int bb_process_start(struct bb_process *p);

/* Read the notification socket; true when the program has just become ready (its pid file is written). */
bool bb_process_notified(struct bb_process *p);

/* Send a signal to the child and, behind a wrapper, to the program itself; state STOPPING. */
void bb_process_signal(struct bb_process *p, int signal);

/* The child was reaped. */
void bb_process_ended(struct bb_process *p);

/* Print the last lines of its log on stderr. */
void bb_process_show_log(const struct bb_process *p);

#endif
