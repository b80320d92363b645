/* backbone-measurement: the table of its configuration, and its life in the hands of the daemon skeleton. */
#include "measurement.h"
#include "verify.h"

#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "runtime/endpoint.h"
#include "workers/measurement/write/signing.h"

#include <errno.h>
#include <stdio.h>

#define AT(field) offsetof(struct bb_measurement_config, field)

static const struct bb_config_option options[] = {
    {"state", BB_CONFIG_TEXT, AT(state), NULL, 0, 0,
     "folder of the journal and the views; an operator makes it, a daemon never does"},
    {"broker", BB_CONFIG_TEXT, AT(broker), NULL, 0, 0, "the broker's worker socket, ipc:///path/worker.sock"},
    {"log_level", BB_CONFIG_TEXT, AT(log_level), "info", 0, 0, "error, warning, notice, info or debug"},
    {"map_size", BB_CONFIG_BYTES, AT(map_bytes), "64G", 1 << 20, 1L << 46,
     "address space for the views; their file takes what it needs"},
    {"pending_rows", BB_CONFIG_INT, AT(pending_rows), "200000", 1000, 2000000,
     "journalled rows that may wait for the views; at the limit commands wait in the broker"},
    {"pending_bytes", BB_CONFIG_BYTES, AT(pending_bytes), "64M", 1 << 20, 1L << 32, "the same in bytes"},
    {"disk_reserve", BB_CONFIG_BYTES, AT(disk_reserve), "64M", 0, 1L << 46,
     "when less is free on the disk, submissions are refused; queries go on"},
    {"reader_threads", BB_CONFIG_INT, AT(reader_threads), "2", 1, 64,
     "threads that answer the queries of one organization at a time; one more is there for the others"},
    {"dry_runs", BB_CONFIG_INT, AT(dry_runs), "4", 1, 64, "dry runs at a time"},
    {"batch_idle", BB_CONFIG_MS, AT(batch_idle_ms), "10min", 1000, 86400000,
     "an unfinished batch is closed after so long"},
    {"time_zone", BB_CONFIG_TEXT, AT(time_zone), "UTC", 0, 0,
     "the time zone in which days begin, for what is due: UTC, or a name such as America/New_York"},
    {"signatures", BB_CONFIG_TEXT, AT(signatures), "optional", 0, 0,
     "optional: who has had a signing key confirmed has to sign; required: everybody has to"},
    {"staff_signing_keys", BB_CONFIG_TEXT, AT(staff_signing_keys), "", 0, 0,
     "fingerprints of the first signing keys of staff, between commas: they confirm all others"},
    {NULL, 0, 0, NULL, 0, 0, NULL},
};

static struct bb_measurement_config config;

static int
check_signing(const struct bb_measurement_config *c, char *error, size_t size)
{
    struct bb_bytes wrong;

    if (strcmp(c->signatures, "optional") != 0 && strcmp(c->signatures, "required") != 0) {
        snprintf(error, size, "signatures: found '%s', expected optional or required", c->signatures);
        return -EINVAL;
    }
    if (bb_signing_check_roots(c->staff_signing_keys, &wrong) == 0)
        return 0;
    snprintf(
        error, size,
        "staff_signing_keys: found '%.*s', expected fingerprints of 20 letters and digits, between commas",
        (int)wrong.len, (const char *)wrong.data);
    return -EINVAL;
}

static int
check(const void *filled, char *error, size_t size)
{
    const struct bb_measurement_config *c = filled;

    if (bb_clock_set_zone(c->time_zone) != 0) {
        snprintf(error, size, "time_zone: found '%s', expected UTC, or a name that is in /usr/share/zoneinfo",
                 c->time_zone);
        return -EINVAL;
    }
    if (check_signing(c, error, size) != 0)
        return -EINVAL;
    return bb_endpoint_check_ipc("broker", c->broker, error, size);
}

static int
examine(const void *filled)
{
    const struct bb_measurement_config *c = filled;

    return bb_daemon_check_state(c->state);
}

static int
run(void *filled, int signal_fd)
{
    int code = examine(filled);

    return code ? code : bb_measurement_run(filled, signal_fd);
}

static int
verify(void *filled)
{
    int code = examine(filled);

    return code ? code : bb_verify_run(filled);
}

int
main(int argc, char **argv)
{
    static const struct bb_daemon_switch switches[] = {
        {"verify", "replay the journal into an empty store, compare everything, and exit", verify},
        {NULL, NULL, NULL},
    };
    static const struct bb_daemon daemon = {
        .name = "backbone-measurement",
        .about = "keeps the indicators and readings of a backbone",
        .options = options,
        .config = &config,
        .check = check,
        .examine = examine,
        .switches = switches,
        .run = run,
    };

    return bb_daemon_main(&daemon, argc, argv);
}
