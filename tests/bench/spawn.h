/* Child processes of the benchmark: started in a folder, ended by number, never outliving it. */
#ifndef BENCH_SPAWN_H
#define BENCH_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

/* argv[0] is a path. Output goes to `log`. user: whom to become, or NULL. notify: path of a socket that it
 * finds in NOTIFY_SOCKET, or NULL. */
struct bench_spawn {
    const char *const *argv;
    const char *log;
    const char *user;
    const char *notify;
};

pid_t bench_spawn(const struct bench_spawn *spawn);
/* Wait for its end; what is not success ends the benchmark, showing the log. */
void bench_spawn_wait(pid_t pid, const char *log);
/* Send a signal and wait for the end. 0 is fine. */
void bench_spawn_stop(pid_t *pid, int signal);
/* Has it ended (by itself)? Then end the benchmark, showing its log. */
void bench_spawn_check(pid_t pid, const char *log);

/* A socket for READY=1. */
int bench_notify_open(const char *path);
/* Wait for it. */
void bench_notify_wait(int fd, pid_t pid, const char *log);

/* A TCP port of the loopback that is free now. */
unsigned bench_free_port(void);

#define BENCH_PATH 512
/* A path; one that is too long ends the benchmark. */
void __attribute__((format(printf, 2, 3)))
bench_path(char ret_path[static BENCH_PATH], const char *format, ...);
void bench_mkdir(const char *path, unsigned mode);
/* Remove a folder with all that is in it. */
void bench_wipe(const char *path);
void __attribute__((format(printf, 2, 3))) bench_write_file(const char *path, const char *format, ...);

#endif
