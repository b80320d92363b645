/* One line an event. Connected to the journal, a line goes there with its priority as a field; elsewhere it
 * is "<level> program: text" in one write(2), so that lines of several threads never mix.
 *
 * stderr is the journal's when JOURNAL_STREAM holds its device and inode, "dev:ino" (systemd.exec(5)); an
 * inherited variable alone proves nothing, because a child may have sent stderr elsewhere. */
#include "log.h"

#include "clock.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define LINE_BYTES 2048
#define WINDOW_MS  10000

static const struct {
    const char *name;
    int level;
} levels[] = {
    {"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
    {"info", LOG_INFO}, {"debug", LOG_DEBUG},
};

static const char *log_program = "backbone";
static atomic_int log_level = LOG_INFO;
static bool log_to_journal;
static pthread_mutex_t limit_lock = PTHREAD_MUTEX_INITIALIZER;

static bool
stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
        return false;
    return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void
bb_log_open(const char *program, int level)
{
    log_program = program;
    atomic_store(&log_level, level);
    log_to_journal = stderr_is_journal();
}

void
bb_log_level(int level)
{
    atomic_store(&log_level, level);
}

int
bb_log_level_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(levels[i].name, name) == 0)
            return levels[i].level;
    }
    return -1;
}

static const char *
level_name(int level)
{
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (levels[i].level == level)
            return levels[i].name;
    }
    return "error";
}

/* Print into what is left of the line; a text that does not fit ends in "...". Returns the new length. */
static size_t __attribute__((format(printf, 3, 0)))
append(char line[static LINE_BYTES], size_t at, const char *format, va_list arguments)
{
    int n = vsnprintf(line + at, LINE_BYTES - at, format, arguments);

    if (n < 0)
        return at;
    if ((size_t)n < LINE_BYTES - at)
        return at + (size_t)n;
    memcpy(line + LINE_BYTES - 4, "...", 4);
    return LINE_BYTES - 1;
}

void
bb_log(int level, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    size_t text, len;

    if (level > atomic_load(&log_level))
        return;
    text = (size_t)snprintf(line, sizeof line / 4, "%s %s: ", level_name(level), log_program);
    if (text >= sizeof line / 4)
        text = sizeof line / 4 - 1;
    va_start(arguments, format);
    len = append(line, text, format, arguments);
    va_end(arguments);

    if (log_to_journal && sd_journal_send("PRIORITY=%i", level, "SYSLOG_IDENTIFIER=%s", log_program,
                                          "MESSAGE=%s", line + text, NULL) == 0)
        return;
    line[len] = '\n'; /* in place of the NUL */
    if (write(STDERR_FILENO, line, len + 1) < 0)
        return; /* there is nowhere left to complain */
}

int
bb_log_allow(struct bb_log_limit *limit)
{
    bb_mono now = bb_clock_mono();
    unsigned dropped = 0;
    bool allow;

    pthread_mutex_lock(&limit_lock);
    if (limit->used == 0 || now - limit->window_ms >= WINDOW_MS) {
        limit->window_ms = now;
        limit->used = 0;
    }
    allow = limit->used < limit->burst;
    if (allow) {
        limit->used++;
        dropped = limit->dropped;
        limit->dropped = 0;
    } else {
        limit->dropped++;
    }
    pthread_mutex_unlock(&limit_lock);
    if (dropped)
        bb_log(LOG_WARNING, "%u lines like the next were left out", dropped);
    return allow;
}
