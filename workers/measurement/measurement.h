/* The measurement worker: the store, the threads around it, and the session with the broker, put together. */
#ifndef BB_MEASUREMENT_H
#define BB_MEASUREMENT_H

#include <stddef.h>

/* Filled by the daemon skeleton from the configuration file (main.c has the table). */
struct bb_measurement_config {
    char *state;  /* folder: journal/, views/, given/ and temporary/ below it */
    char *broker; /* endpoint of the broker's worker socket */
    char *log_level;
    long map_bytes;    /* address space for the views */
    long pending_rows; /* journalled rows that may wait for the applier */
    long pending_bytes;
    long disk_reserve;        /* bytes that submissions leave free */
    long reader_threads;      /* for one organization at a time; one more is there for the others */
    long dry_runs;            /* at a time */
    long batch_idle_ms;       /* an unfinished batch is closed after so long */
    char *time_zone;          /* in which days begin, for what is due */
    char *signatures;         /* "optional" or "required" */
    char *staff_signing_keys; /* fingerprints, between commas */
};

/* Serve until told to stop. Returns an exit code of sysexits, or BB_EX_STORAGE. */
int bb_measurement_run(const struct bb_measurement_config *config, int signal_fd);

#endif
