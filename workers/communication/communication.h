/* The communication worker: the log of messages and what is told of them, and the session with the broker. */
#ifndef BB_COMMUNICATION_H
#define BB_COMMUNICATION_H

#include <stdbool.h>
#include <stddef.h>

/* Filled by the daemon skeleton from the configuration file (main.c has the table). */
struct bb_communication_config {
    char *state;  /* folder: log/ below it */
    char *broker; /* endpoint of the broker's worker socket */
    char *log_level;
    long map_bytes;      /* address space for the log, to begin with */
    long disk_reserve;   /* bytes that messages leave free */
    long cursor_idle_ms; /* a subscription that nobody uses for so long is put aside; 0: never */
    /* What is kept of a channel; 0: no limit. Exceptions as in retention_rules.h. */
    long retain_days, retain_messages;
    char *retain;
    /* Reminders of what is due: so long before, and behind, the last day on which it is on time; whole days.
     * 0: none */
    long remind_before_ms, remind_after_ms;
};

/* Serve until told to stop. Returns an exit code of sysexits, or BB_EX_STORAGE. */
int bb_communication_run(const struct bb_communication_config *config, int signal_fd);

#endif
