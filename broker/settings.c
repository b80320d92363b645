#include "settings.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#define AT(field) offsetof(struct bb_settings, field)

const struct bb_config_option bb_settings_table[] = {
    {"listen", BB_CONFIG_TEXT, AT(listen), "tcp://127.0.0.1:7600", 0, 0,
     "Where clients connect; port * takes a free one. The bound address is written to <runtime>/endpoint."},
    {"server_key", BB_CONFIG_TEXT, AT(server_key), NULL, 0, 0,
     "File with the broker's key pair (backbone keys new FILE), readable by the broker alone."},
    {"registry", BB_CONFIG_TEXT, AT(registry), NULL, 0, 0,
     "Folder with a file for each partner organization."},
    {"runtime", BB_CONFIG_TEXT, AT(runtime), "/run/backbone", 0, 0,
     "Folder of the sockets worker.sock and admin.sock."},
    {"log_level", BB_CONFIG_TEXT, AT(log_level), "info", 0, 0, "error, warning, notice, info or debug."},
    {"io_threads", BB_CONFIG_INT, AT(io_threads), "1", 1, 16, "Threads that encrypt and move bytes."},
    {"max_connections", BB_CONFIG_INT, AT(max_connections), "4096", 1, 1000000,
     "Connections of clients at a time; fewer when RLIMIT_NOFILE allows fewer."},
    {"organization_connections", BB_CONFIG_INT, AT(organization_connections), "1024", 1, 1000000,
     "Of these, the share of one organization."},
    {"handshake", BB_CONFIG_MS, AT(handshake_ms), "5s", 100, 60000,
     "A handshake that takes longer is ended."},
    {"queue_messages", BB_CONFIG_INT, AT(queue_messages), "16384", 1, 10000000,
     "Requests that wait, for each service and lane."},
    {"queue_bytes", BB_CONFIG_BYTES, AT(queue_bytes), "64M", 262144, 1L << 40,
     "Bytes of requests that wait, for each service and lane."},
    {"organization_messages", BB_CONFIG_INT, AT(organization_messages), "4096", 1, 10000000,
     "Of these, the share of one organization."},
    {"organization_bytes", BB_CONFIG_BYTES, AT(organization_bytes), "16M", 262144, 1L << 40,
     "Of these, the share of one organization."},
    {"unread_bytes", BB_CONFIG_BYTES, AT(unread_bytes), "32M", 1 << 20, 1L << 40,
     "Bytes sent to one connection that it has not read; over it the connection is ended."},
    {"unread_total_bytes", BB_CONFIG_BYTES, AT(unread_total_bytes), "256M", 1 << 20, 1L << 40,
     "The same for all connections; over it the one with most is ended."},
    {NULL, BB_CONFIG_TEXT, 0, NULL, 0, 0, NULL},
};

int
bb_settings_check(const void *settings, char *error, size_t size)
{
    const struct bb_settings *s = settings;
    static const char longest[] = "/worker.sock";

    if (strncmp(s->listen, "tcp://", 6) != 0) {
        snprintf(error, size, "listen: found \"%s\", expected tcp://ADDRESS:PORT", s->listen);
        return -EINVAL;
    }
    if (strlen(s->runtime) + sizeof longest > sizeof((struct sockaddr_un *)0)->sun_path) {
        snprintf(error, size, "runtime: \"%s\" is too long for the address of a socket", s->runtime);
        return -EINVAL;
    }
    return 0;
}
