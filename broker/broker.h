/* The broker as a whole: sockets, the loop, the clock. One thread and one poll loop; libzmq's own threads
 * move bytes and encrypt.
 *
 * Everything that decides stands elsewhere: registry, policy, router and ZAP are asked here with what the
 * sockets bring and the time. */
#ifndef BB_BROKER_BROKER_H
#define BB_BROKER_BROKER_H

#include "settings.h"

/* Serve until a signal says stop. signal_fd: as the daemon skeleton gives it. Returns an exit code
 * (sysexits). */
int bb_broker_run(const struct bb_settings *settings, int signal_fd);

#endif
