#include "broker.h"

#include "runtime/daemon.h"

static int
run(void *settings, int signal_fd)
{
    return bb_broker_run(settings, signal_fd);
}

int
main(int argc, char **argv)
{
    static struct bb_settings settings;
    static const struct bb_daemon daemon = {
        .name = "backbone-broker",
        .about = "The broker of a backbone organization: lets its partners in and routes their requests to "
                 "the services.",
        .config_file = "/etc/backbone/broker.conf",
        .options = bb_settings_table,
        .config = &settings,
        .check = bb_settings_check,
        .examine = bb_settings_examine,
        .run = run,
    };

    return bb_daemon_main(&daemon, argc, argv);
}
