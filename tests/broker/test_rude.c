/* What libzmq does not forgive and the broker must: too few descriptors, metadata that a client made up,
 * connections that come all at once. */
#include "lean.h"

#include "runtime/clock.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define CROWD 200  /* connections, to a broker with room for fewer */
#define BURST 1000 /* connections, all of which have room */
#define ROUND 2000 /* authenticated connections */

static struct broker broker;

static int
teardown(void **state)
{
    (void)state;
    broker_abandon(&broker);
    return 0;
}

static void
hang_up(int *fds, int n)
{
    for (int i = 0; i < n; i++)
        close(fds[i]);
}

static void
asks_for_partners(struct raw *raw, uint64_t id)
{
    raw_request(raw, id, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    assert_int_equal(expect_kind(raw, BB_KIND_REPLY, reply, Reply)->id, id);
}

/* To the operators' socket, on which nothing is said. */
static int
local_connection(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/run/admin.sock", broker.folder);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* At EMFILE libzmq's listener wakes without end, so the broker sheds before. */
static void
few_descriptors_are_enough_to_go_on(void **state)
{
    static const unsigned table[] = {64, 96, 128, 256};

    (void)state;
    for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
        struct raw alpha, beta;
        int fds[CROWD], operator;
        uint64_t before, cpu;

        print_message("%u descriptors\n", table[row]);
        broker_start_with_files(&broker, NULL, table[row]);
        raw_greeted(&broker, &alpha, &broker.partner);
        before = broker_counter(&broker, "connections_accepted");
        kill(broker.pid, SIGSTOP); /* so that all of them come at once, and an operator too */
        for (int i = 0; i < CROWD; i++)
            fds[i] = broker_plain_tcp(&broker);
        operator= local_connection();
        kill(broker.pid, SIGCONT);
        asks_for_partners(&alpha, 1); /* who is in stays in */
        broker_await_counter(&broker, "connections_accepted", before + CROWD);
        assert_true(broker_counter(&broker, "connections_shed") > 0);
        cpu = broker_cpu_us(&broker);
        poll(NULL, 0, 500);
        cpu = broker_cpu_us(&broker) - cpu;
        if (cpu > 250000)
            fail_msg("%lu us of CPU time in 500 ms: it spins", (unsigned long)cpu);
        asks_for_partners(&alpha, 2);
        hang_up(fds, CROWD);
        close(operator);
        raw_close(&alpha);
        broker_await_connections(&broker, 0);
        raw_greeted(&broker, &beta, &broker.other); /* and there is room again */
        asks_for_partners(&beta, 1);
        raw_close(&beta);
        broker_stop(&broker);
    }
}

struct heard {
    char organization[64];
    uint32_t role;
    uint32_t error;
};

static void
hear(void *self, struct bb_bytes message)
{
    struct heard *heard = self;
    struct bb_unbundle walk;
    struct bb_frame frame;
    struct bb_arena arena;
    Bb__Welcome *welcome;
    Bb__Error *error;

    bb_arena_init(&arena, 1u << 20);
    assert_int_equal(bb_unbundle_init(&walk, message), 0);
    while (bb_unbundle_next(&walk, &frame) == 0) {
        if (frame.kind == BB_KIND_WELCOME && bb_unpack(bb__welcome, frame.body, &arena, &welcome) == 0) {
            snprintf(heard->organization, sizeof heard->organization, "%s", welcome->organization);
            heard->role = welcome->role;
        }
        if (frame.kind == BB_KIND_ERROR && bb_unpack(bb__error, frame.body, &arena, &error) == 0)
            heard->error = error->code;
    }
    bb_arena_release(&arena);
}

static void
listen_to(struct curve *curve, struct heard *heard)
{
    bb_mono end = bb_clock_mono() + WAIT_MS;

    while (!heard->error) {
        struct pollfd item = {.fd = curve_fd(curve), .events = POLLIN};

        assert_true(bb_clock_mono() < end);
        if (poll(&item, 1, 100) > 0)
            curve_receive(curve, hear, heard);
    }
}

/* A property that the ZAP handler does not set is the client's to set; User-Id is what we go by. */
static void
who_claims_another_identity_is_still_its_key(void **state)
{
    Bb__Request request = BB__REQUEST__INIT;
    struct heard heard = {.error = 0};
    struct curve *curve;

    (void)state;
    broker_start(&broker, NULL);
    curve = lean_connect_as(&broker, &broker.partner,
                            (struct curve_identity){.user = broker.staff.public_key,
                                                    .more = {"User-Id", broker.staff.public_key, "user-id",
                                                             broker.staff.public_key, "Peer-Address",
                                                             "10.0.0.1", "Resource", "admin"}});
    lean_hello(curve);
    request.id = 1;
    request.method = BB_METHOD_PARTNER_PUT; /* staff may, alpha may not */
    lean_say(curve, BB_KIND_REQUEST, &request.base);
    listen_to(curve, &heard);
    assert_string_equal(heard.organization, "alpha");
    assert_int_equal(heard.role, BB__ROLE__ROLE_PARTNER);
    assert_int_equal(heard.error, BB_ERROR_NOT_ALLOWED);
    curve_close(&curve);
    broker_stop(&broker);
}

/* As many descriptors as there may be. False: too few for thousands of connections. */
static bool
raise_descriptors(void)
{
    struct rlimit files;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max >= 4096)
        return true;
    print_message("skipped: %lu descriptors are too few\n", (unsigned long)files.rlim_max);
    return false;
}

/* Events that come faster than they are read wait; a lost one would leave a connection counted for ever. */
static void
no_event_of_a_burst_is_lost(void **state)
{
    static int fds[BURST];
    uint64_t before;

    (void)state;
    if (!raise_descriptors())
        skip();
    broker_start(&broker, BROKER_UNLIMITED "handshake = 60s\n");
    before = broker_counter(&broker, "connections_accepted"); /* the self-test */
    for (int i = 0; i < BURST; i++)
        fds[i] = broker_plain_tcp(&broker);
    broker_await_counter(&broker, "connections_accepted", before + BURST);
    assert_int_equal(broker_counter(&broker, "connections_accepted"), before + BURST);
    broker_await_connections(&broker, BURST);
    assert_int_equal(broker_counter(&broker, "connections_shed"), 0);
    hang_up(fds, BURST);
    broker_await_connections(&broker, 0);
    for (int i = 0; i < BURST; i++)
        close(broker_plain_tcp(&broker));
    broker_await_counter(&broker, "connections_accepted", before + 2 * BURST);
    broker_await_connections(&broker, 0);
    assert_int_equal(broker_counter(&broker, "connections_accepted"), before + 2 * BURST);
    broker_stop(&broker);
}

/* Waits until the broker's memory is below the limit; returns it. */
static long
await_rss_anon_below(long limit_kb)
{
    bb_mono end = bb_clock_mono() + 10000;
    long kb;

    while ((kb = broker_rss_anon_kb(&broker)) >= limit_kb && bb_clock_mono() < end)
        poll(NULL, 0, 20);
    return kb;
}

/* One that stays keeps the rounds going, as in life. */
static void
bursts_of_connections_leave_no_memory_behind(void **state)
{
    static struct curve *curves[ROUND];
    struct raw stays;
    long before, peak, after = 0;

    (void)state;
    if (!raise_descriptors())
        skip();
    mallopt(M_MMAP_THRESHOLD, 1 << 16); /* ours: buffers of which little is used */
    broker_start(&broker, BROKER_UNLIMITED "organization_connections = 100000\n");
    raw_greeted(&broker, &stays, &broker.other);
    before = broker_rss_anon_kb(&broker);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < ROUND; i++) {
            curves[i] = lean_connect(&broker, &broker.partner, NULL);
            if (round != 1)
                lean_hello(curves[i]);
        }
        peak = broker_rss_anon_kb(&broker);
        for (int i = 0; i < ROUND; i++)
            curve_close(&curves[i]);
        after = await_rss_anon_below(20 << 10);
        print_message("RssAnon: before %ld kB, with %d connections %ld kB, after %ld kB\n", before, ROUND,
                      peak, after);
    }
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(after < 20 << 10);
#endif
    asks_for_partners(&stays, 1);
    raw_close(&stays);
    broker_stop(&broker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(few_descriptors_are_enough_to_go_on, teardown),
        cmocka_unit_test_teardown(who_claims_another_identity_is_still_its_key, teardown),
        cmocka_unit_test_teardown(no_event_of_a_burst_is_lost, teardown),
        cmocka_unit_test_teardown(bursts_of_connections_leave_no_memory_behind, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
