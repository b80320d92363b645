/* What an operator may set, and its table for the daemon skeleton. */
#ifndef BB_BROKER_SETTINGS_H
#define BB_BROKER_SETTINGS_H

#include "runtime/config.h"

struct bb_settings {
    char *listen;
    char *server_key;
    char *registry;
    char *runtime;
    char *log_level;
    long io_threads;
    long max_connections;
    long organization_connections;
    long handshake_ms;
    long queue_messages;
    long queue_bytes;
    long organization_messages;
    long organization_bytes;
    long unread_bytes;
    long unread_total_bytes;
};

extern const struct bb_config_option bb_settings_table[];

/* For the skeleton. 0 | -EINVAL and a message. */
int bb_settings_check(const void *settings, char *error, size_t size);

#endif
