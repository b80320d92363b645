/* The options of the public socket, read back. HANDOVER and MANDATORY cannot be: the second shows in what a
 * send to nobody gives, the first in who claims an id that is taken (broker/door, the_mute_are_cut_off). */
#include "broker/shell.h"

#include "broker/guard.h"
#include "tests/unit/folder.h"

#include <errno.h>
#include <sodium.h>

#define ENFORCE_DOMAIN 93

static struct bb_broker broker;
static struct bb_settings settings;
static char folder[FOLDER_BYTES], server_key[128], registry[128], run[128];

static int
setup(void **state)
{
    char error[256];
    struct bb_keypair keys;

    (void)state;
    assert_true(sodium_init() >= 0);
    folder_make(folder);
    snprintf(server_key, sizeof server_key, "%s/server.key", folder);
    snprintf(registry, sizeof registry, "%s/registry", folder);
    snprintf(run, sizeof run, "%s/run", folder);
    assert_int_equal(mkdir(registry, 0700), 0);
    assert_int_equal(mkdir(run, 0700), 0);
    assert_int_equal(bb_keyfile_new(server_key, &keys, error, sizeof error), 0);
    settings = (struct bb_settings){.listen = (char *)"tcp://127.0.0.1:*",
                                    .enrol = (char *)"tcp://127.0.0.1:*",
                                    .server_key = server_key,
                                    .registry = registry,
                                    .runtime = run,
                                    .io_threads = 1,
                                    .max_connections = 16,
                                    .handshake_ms = 5000};
    broker = (struct bb_broker){.settings = &settings, .max_connections = 16};
    bb_peers_init(&broker.peers, 1);
    assert_int_equal(bb_registry_load(registry, NULL, NULL, NULL, &broker.registry), 0);
    assert_int_equal(bb_doors_open(&broker), 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    bb_doors_close(&broker);
    bb_peers_release(&broker.peers);
    bb_registry_destroy(&broker.registry);
    folder_remove(folder);
    return 0;
}

static void
options_of_the_public_socket(void **state)
{
    static const struct {
        const char *what;
        int option, expected;
    } table[] = {
        {"CURVE_SERVER", ZMQ_CURVE_SERVER, 1},
        {"ZAP_ENFORCE_DOMAIN", ENFORCE_DOMAIN, 1},
        {"RCVHWM", ZMQ_RCVHWM, 64},
        {"SNDHWM", ZMQ_SNDHWM, 0},
        {"SNDTIMEO", ZMQ_SNDTIMEO, 0},
        {"LINGER", ZMQ_LINGER, 0},
        {"HANDSHAKE_IVL", ZMQ_HANDSHAKE_IVL, 5000},
        {"BACKLOG", ZMQ_BACKLOG, 1024},
        {"HEARTBEAT_IVL", ZMQ_HEARTBEAT_IVL, 0},
        {"TCP_KEEPALIVE", ZMQ_TCP_KEEPALIVE, 1},
        {"TCP_KEEPALIVE_IDLE", ZMQ_TCP_KEEPALIVE_IDLE, 20},
        {"TCP_KEEPALIVE_INTVL", ZMQ_TCP_KEEPALIVE_INTVL, 10},
        {"TCP_KEEPALIVE_CNT", ZMQ_TCP_KEEPALIVE_CNT, 4},
        {"TCP_MAXRT", ZMQ_TCP_MAXRT, 60000},
    };
    void *socket = broker.door[BB_DOOR_PUBLIC].socket;
    char domain[64];
    size_t size = sizeof domain;
    int64_t largest;

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        int value = -2;
        size_t len = sizeof value;

        check_int(zmq_getsockopt(socket, table[i].option, &value, &len), 0, table[i].what);
        check_int(value, table[i].expected, table[i].what);
    }
    assert_int_equal(zmq_getsockopt(socket, ZMQ_ZAP_DOMAIN, domain, &size), 0);
    assert_string_equal(domain, "backbone");
    assert_string_not_equal(domain, "");
    size = sizeof largest;
    assert_int_equal(zmq_getsockopt(socket, ZMQ_MAXMSGSIZE, &largest, &size), 0);
    assert_int_equal(largest, BB_LIMIT_FRAME_BYTES + BB_CURVE_BYTES);
}

/* None of the sockets drops what it cannot deliver in silence, and none waits. */
static void
a_send_to_nobody_is_refused_at_once(void **state)
{
    (void)state;
    for (int d = 0; d < BB_DOORS; d++) {
        assert_int_equal(zmq_send(broker.door[d].socket, "nobody", 6, ZMQ_SNDMORE), -1);
        assert_int_equal(errno, EHOSTUNREACH);
    }
}

/* The monitors' readers hold whatever comes. */
static void
monitors_have_no_high_water_mark(void **state)
{
    (void)state;
    for (int d = 0; d < BB_DOORS; d++) {
        int mark = -1;
        size_t size = sizeof mark;

        assert_int_equal(zmq_getsockopt(broker.door[d].monitor.socket, ZMQ_RCVHWM, &mark, &size), 0);
        assert_int_equal(mark, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_of_the_public_socket),
        cmocka_unit_test(a_send_to_nobody_is_refused_at_once),
        cmocka_unit_test(monitors_have_no_high_water_mark),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
