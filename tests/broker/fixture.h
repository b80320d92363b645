/* A real backbone-broker in a temporary folder; raw.h has those who speak to it.
 *
 * BB_TEST_BROKER names another binary, and BB_TEST_ONLY the test to run, of those of a program:
 * broker-control.sh shows so that a test fails where what it is about is missing.
 *
 * The broker listens on a free port and says when it is ready (NOTIFY_SOCKET); nothing sleeps. Every wait has
 * a limit of WAIT_MS, after which the test fails; the broker's log is shown when a test fails. */
#ifndef BB_TESTS_BROKER_FIXTURE_H
#define BB_TESTS_BROKER_FIXTURE_H

#include "raw.h"

#include "proto/errors.h"
#include "proto/methods.h"

#include "partner.pb-c.h"
#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <sys/types.h>

/* In the environment BB_TEST_BROKER is the program to start in place of the broker. */
struct broker {
    char folder[64];
    pid_t pid;
    long ready_ms; /* from start to READY=1 */
    char endpoint[128];
    struct bb_keypair server;
    struct bb_keypair staff;   /* organization backbone */
    struct bb_keypair partner; /* organization alpha */
    struct bb_keypair other;   /* organization beta */
    void *context;
};

/* Lines for the configuration of a broker that one machine is to load as thousands would. */
#define BROKER_UNLIMITED                                                                                     \
    "handshakes = 1000000\naddress_handshakes = 1000000\n"                                                   \
    "key_connections = 100000\nkey_requests = 10000000\nkey_bytes = 1T\n"

/* extra: lines for the configuration, or NULL. */
void broker_start(struct broker *broker, const char *extra);
/* The same, with so many file descriptors at most. */
void broker_start_with_files(struct broker *broker, const char *extra, unsigned files);
/* SIGTERM; the exit code must be 0. Removes the folder. */
void broker_stop(struct broker *broker);
/* Kill it if it runs, and show its log. For teardown after a failure. */
void broker_abandon(struct broker *broker);
/* Kill it, and remove the folder, without a word. */
void broker_kill(struct broker *broker);
/* Start one that must not come up; returns its exit code. */
int broker_start_refused(struct broker *broker, const char *extra);
/* An organization file; key NULL: none. */
void broker_organization(struct broker *broker, const char *code, const char *role, bool enabled,
                         const char *key);
/* A counter of `status`, asked as operator. */
uint64_t broker_counter(struct broker *broker, const char *name);
/* Wait until it has at least this value. */
void broker_await_counter(struct broker *broker, const char *name, uint64_t value);
/* Wait until so many are connected beside who asks; who asked before is gone a moment after it hangs up. */
void broker_await_connections(struct broker *broker, uint64_t others);
/* Where clients find it. */
uint16_t broker_port(const struct broker *broker);
/* A TCP connection to it, on which nothing has been sent. */
int broker_plain_tcp(const struct broker *broker);
long broker_rss_anon_kb(const struct broker *broker);
/* CPU time it has used so far. */
uint64_t broker_cpu_us(const struct broker *broker);

#endif
