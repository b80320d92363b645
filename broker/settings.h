/* What an operator may set, and its table for the daemon skeleton. */
#ifndef BB_BROKER_SETTINGS_H
#define BB_BROKER_SETTINGS_H

#include "runtime/config.h"

struct bb_settings {
    char *listen;
    char *enrol;
    char *address;
    char *server_key;
    char *registry;
    char *audit;
    char *runtime;
    char *log_level;
    long io_threads;
    long max_connections;
    long organization_connections;
    long key_connections;
    long handshakes;
    long address_handshakes;
    long handshake_ms;
    long key_requests;
    long key_bytes;
    long organization_subscriptions;
    long queue_messages;
    long queue_bytes;
    long organization_messages;
    long organization_bytes;
    long unread_bytes;
    long unread_total_bytes;
};

extern const struct bb_config_option bb_settings_table[];

/* For the skeleton: what the file says. 0 | -EINVAL and a message. */
int bb_settings_check(const void *settings, char *error, size_t size);

/* May the sockets stand in this folder? It is closed to others, or it is not there and can be made.
 * 0 | -errno and a message. */
int bb_settings_check_runtime(const char *folder, char *error, size_t size);

/* Where the audit log is: as it says, or audit.log beside the folder of the registry. path: BB_SETTINGS_PATH.
 * 0 | -ENAMETOOLONG and a message */
#define BB_SETTINGS_PATH 4096
int bb_settings_audit(const struct bb_settings *settings, char path[static BB_SETTINGS_PATH], char *error,
                      size_t size);

/* For the skeleton, with --check-config: what the settings point at, that is the key file, the registry and
 * the folder of the sockets. Prints every fault to stderr. Returns an exit code. */
int bb_settings_examine(const void *settings);

#endif
