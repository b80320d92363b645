/* backbone-communication: the table of its configuration, and its life in the hands of the daemon
 * skeleton. */
#include "communication.h"
#include "reminder.h"
#include "retention_rules.h"
#include "whole.h"

#include "runtime/daemon.h"
#include "runtime/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define AT(field) offsetof(struct bb_communication_config, field)

static const struct bb_config_option options[] = {
    {"state", BB_CONFIG_TEXT, AT(state), NULL, 0, 0,
     "folder of the log; an operator makes it, a daemon never does"},
    {"broker", BB_CONFIG_TEXT, AT(broker), NULL, 0, 0, "the broker's worker socket, ipc:///path/worker.sock"},
    {"log_level", BB_CONFIG_TEXT, AT(log_level), "info", 0, 0, "error, warning, notice, info or debug"},
    {"map_size", BB_CONFIG_BYTES, AT(map_bytes), "16G", 1 << 20, 1L << 46,
     "address space for the log; its file takes what it needs, and more space is taken when it is used up"},
    {"disk_reserve", BB_CONFIG_BYTES, AT(disk_reserve), "64M", 0, 1L << 46,
     "when less is free on the disk, messages are refused; queries go on"},
    {"retain_days", BB_CONFIG_INT, AT(retain_days), "1830", 0, 36500,
     "days for which a channel keeps its messages; 0: without end"},
    {"retain_messages", BB_CONFIG_INT, AT(retain_messages), "0", 0, 4294967295,
     "messages that a channel keeps; 0: any number"},
    {"retain", BB_CONFIG_TEXT, AT(retain), "", 0, 0,
     "exceptions: CHANNEL N days M messages; CHANNEL forever; ... (group/*, org/*, indicator/* for all of "
     "the kind)"},
    {"cursor_idle", BB_CONFIG_MS, AT(cursor_idle_ms), "30d", 0, 3660L * 86400000,
     "a subscription that nobody uses for so long is put aside, and forgotten after ten times as long; 0: "
     "never"},
    {"remind_before", BB_CONFIG_MS, AT(remind_before_ms), "3d", 0, BB_REMIND_MS_MAX,
     "who has not reported is reminded so many days before the due day; 0: not"},
    {"remind_after", BB_CONFIG_MS, AT(remind_after_ms), "1d", 0, BB_REMIND_MS_MAX,
     "... and so many days behind it; 0: not"},
    {NULL, 0, 0, NULL, 0, 0, NULL},
};

static struct bb_communication_config config;

static int
check_days(const char *name, long ms, char *error, size_t size)
{
    if (ms % BB_REMIND_DAY_MS == 0)
        return 0;
    snprintf(error, size, "%s: found %ldms, expected whole days, such as 3d", name, ms);
    return -EINVAL;
}

static int
check(const void *filled, char *error, size_t size)
{
    const struct bb_communication_config *c = filled;
    struct bb_retention retention;

    if (bb_retention_parse(c->retain, (struct bb_keep){0}, &retention, error, size) != 0)
        return -EINVAL;
    if (check_days("remind_before", c->remind_before_ms, error, size) != 0 ||
        check_days("remind_after", c->remind_after_ms, error, size) != 0)
        return -EINVAL;
    return bb_endpoint_check_ipc("broker", c->broker, error, size);
}

/* The state folder is there, and the log in it is whole. */
static int
examine(const void *filled)
{
    const struct bb_communication_config *c = filled;
    int code = bb_daemon_check_state(c->state), r;
    char error[1024], *folder;

    if (code != EX_OK)
        return code;
    if (asprintf(&folder, "%s/log", c->state) < 0)
        return EX_OSERR;
    r = bb_whole_check(folder, error, sizeof error);
    free(folder);
    if (r == 0)
        return EX_OK;
    fprintf(stderr, "%s\n", error);
    return r == -EBADMSG ? BB_EX_STORAGE : EX_IOERR;
}

static int
run(void *filled, int signal_fd)
{
    const struct bb_communication_config *c = filled;
    int code = bb_daemon_check_state(c->state);

    return code ? code : bb_communication_run(c, signal_fd);
}

int
main(int argc, char **argv)
{
    static const struct bb_daemon daemon = {
        .name = "backbone-communication",
        .about = "keeps the messages of a backbone, and brings them to who reads them",
        .options = options,
        .config = &config,
        .check = check,
        .examine = examine,
        .run = run,
    };

    return bb_daemon_main(&daemon, argc, argv);
}
