/* Logging: to the journal of systemd when stderr is connected to it (JOURNAL_STREAM), else to stderr.
 *
 * Libraries return; the daemon logs, once, where it gives up or decides. Peer text is quoted by the caller
 * (bb_text_quote). No secret and no payload. Thread-safe. */
#ifndef BB_LOG_H
#define BB_LOG_H

#include <syslog.h>

/* program: static, the name in front of each line. level: LOG_ERR to LOG_DEBUG, the most talkative that is
 * printed. */
void bb_log_open(const char *program, int level);
void bb_log_level(int level);
/* LOG_ERR ... of "error", "warning", "notice", "info", "debug", or -1. */
int bb_log_level_by_name(const char *name);

void bb_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define bb_error(...)   bb_log(LOG_ERR, __VA_ARGS__)
#define bb_warning(...) bb_log(LOG_WARNING, __VA_ARGS__)
#define bb_notice(...)  bb_log(LOG_NOTICE, __VA_ARGS__)
#define bb_info(...)    bb_log(LOG_INFO, __VA_ARGS__)
#define bb_debug(...)   bb_log(LOG_DEBUG, __VA_ARGS__)

/* A limiter for lines that a peer can trigger: at most `burst` in ten seconds; what was left out is told with
 * the next line that passes. True when the line may be written. */
struct bb_log_limit {
    unsigned burst;
    unsigned used;
    unsigned dropped;
    long long window_ms;
};
#define BB_LOG_LIMIT(n)                                                                                      \
    {                                                                                                        \
        .burst = (n)                                                                                         \
    }
int bb_log_allow(struct bb_log_limit *limit);

#endif
