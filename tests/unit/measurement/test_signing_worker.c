/* The whole worker, with its threads and its session, and the test in the place of the broker: what it stamps
 * on requests, what it says in the directory, and what becomes of a signature on the way. */
#include "signed.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/rows.h"
#include "runtime/bundle.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/measurement.h"
#include "workers/measurement/verify.h"

#include "wire.pb-c.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static char folder[64], roots[64], endpoint[96];
static struct bb_measurement_config config = {.broker = endpoint,
                                              .state = folder,
                                              .map_bytes = 1L << 30,
                                              .pending_rows = 200000,
                                              .pending_bytes = 64L << 20,
                                              .reader_threads = 1,
                                              .dry_runs = 2,
                                              .batch_idle_ms = 600000,
                                              .time_zone = (char *)(uintptr_t) "UTC",
                                              .signatures = (char *)(uintptr_t) "optional",
                                              .staff_signing_keys = roots};
static int signal_pipe[2];
static pthread_t thread;
static void *zmq, *router;
static uint8_t peer[BB_ROUTING_ID_BYTES];
static struct bb_arena arena;
static struct bb_bundle bundle;
static uint64_t tag;
static const Bb__WorkReply *answer; /* the last one, until the next is asked for */

/* Frames */

static const Bb__WorkReply *
reply_in(const struct bb_frame *frame)
{
    Bb__WorkReply *reply;

    assert_int_equal(bb_unpack(bb__work_reply, frame->body, &arena, &reply), 0);
    return reply->tag == tag ? reply : NULL;
}

/* Messages of the worker until one has a frame of this kind: of WORK_REPLY the answer to what was asked last.
 */
static void
hear(enum bb_kind kind)
{
    zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
    bool heard = false;

    while (!heard) {
        struct bb_unbundle walk;
        struct bb_frame frame;
        zmq_msg_t message;

        assert_int_equal(zmq_poll(&item, 1, PATIENCE_MS), 1);
        assert_int_equal(zmq_recv(router, peer, sizeof peer, 0), sizeof peer);
        zmq_msg_init(&message);
        assert_true(zmq_msg_recv(&message, router, 0) >= 0);
        assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))),
                         0);
        while (bb_unbundle_next(&walk, &frame) == 0) {
            if (frame.kind == BB_KIND_WORK_REPLY && reply_in(&frame))
                answer = reply_in(&frame);
            heard = heard || (frame.kind == kind && (kind != BB_KIND_WORK_REPLY || answer));
        }
        zmq_msg_close(&message);
    }
}

static void
say(enum bb_kind kind, const ProtobufCMessage *body)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;
    zmq_msg_t message;

    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_HEARTBEAT, &heartbeat.base), 0);
    assert_int_equal(bb_bundle_add(&bundle, kind, body), 0);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_int_equal(zmq_send(router, peer, sizeof peer, ZMQ_SNDMORE), sizeof peer);
    assert_true(zmq_msg_send(&message, router, 0) >= 0);
}

static void
ask(uint32_t method, const char *organization, uint32_t role, struct bb_bytes body)
{
    Bb__Work work = BB__WORK__INIT;

    bb_arena_reset(&arena);
    answer = NULL;
    work.tag = ++tag;
    work.method = method;
    work.organization = (char *)(uintptr_t)organization;
    work.member = (char *)(uintptr_t) "main";
    work.role = (Bb__Role)role;
    work.timeout_ms = PATIENCE_MS;
    work.has_window_bytes = work.has_body = true;
    work.window_bytes = 1 << 20;
    work.body = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)body.data, .len = body.len};
    say(BB_KIND_WORK, &work.base);
    hear(BB_KIND_WORK_REPLY);
}

/* The error that it got; 0: none. */
static int
send_request(const struct signed_request *request)
{
    ask(request->method, request->organization, request->role, bb_bytes(request->body, request->len));
    return (int)answer->code;
}

/* The first row of what was taken: its outcome, or minus the code why not. */
static int
first_row(void)
{
    Bb__SubmissionReply *reply;

    assert_int_equal(
        bb_unpack(bb__submission_reply, bb_bytes(answer->body.data, answer->body.len), &arena, &reply), 0);
    return reply->n_rejected && reply->rejected[0]->row == 0 ? -(int)reply->rejected[0]->code
                                                             : reply->outcomes.data[0];
}

/* The worker */

static void *
run(void *unused)
{
    (void)unused;
    return (void *)(uintptr_t)bb_measurement_run(&config, signal_pipe[0]);
}

static void
say_directory(const char *alias_of_evil)
{
    static const char *const codes[] = {"backbone", "a", "b", "evil"};
    Bb__Organization organization[COUNT(codes)], *list[COUNT(codes)];
    Bb__Directory directory = BB__DIRECTORY__INIT;
    char *alias[] = {(char *)(uintptr_t)alias_of_evil};

    for (size_t i = 0; i < COUNT(codes); i++) {
        bb__organization__init(&organization[i]);
        organization[i].code = organization[i].name = (char *)(uintptr_t)codes[i];
        organization[i].role = i == 0 || i == 3 ? BB__ROLE__ROLE_STAFF : BB__ROLE__ROLE_PARTNER;
        list[i] = &organization[i];
    }
    organization[3].alias = alias;
    organization[3].n_alias = alias_of_evil ? 1 : 0;
    directory.version = tag + 1;
    directory.full = true;
    directory.organization = list;
    directory.n_organization = COUNT(codes);
    say(BB_KIND_DIRECTORY, &directory.base);
}

static void
start_worker(void)
{
    assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
    hear(BB_KIND_READY);
    say_directory(NULL);
}

static void
stop_worker(void)
{
    struct signalfd_siginfo info = {.ssi_signo = SIGTERM};
    void *code;

    assert_int_equal(write(signal_pipe[1], &info, sizeof info), sizeof info);
    assert_int_equal(pthread_join(thread, &code), 0);
    assert_int_equal((uintptr_t)code, 0);
}

static int
set_up(void **state)
{
    int zero = 0;

    (void)state;
    folder_make_in_memory(folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/worker.sock", folder);
    zmq = zmq_ctx_new();
    router = zmq_socket(zmq, ZMQ_ROUTER);
    zmq_setsockopt(router, ZMQ_LINGER, &zero, sizeof zero);
    bb_arena_init(&arena, 64u << 20);
    bb_bundle_init(&bundle, BB_LIMIT_WORKER_FRAME_BYTES);
    return zmq_bind(router, endpoint) != 0 || pipe2(signal_pipe, O_NONBLOCK) != 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
    static const char *const parts[] = {"journal", "views", "given", "temporary"};
    char path[160];

    (void)state;
    bb_bundle_release(&bundle);
    bb_arena_release(&arena);
    zmq_close(router);
    zmq_ctx_term(zmq);
    for (size_t i = 0; i < COUNT(parts); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        folder_remove(path);
    }
    folder_remove(folder);
    return close(signal_pipe[0]) | close(signal_pipe[1]);
}

static void
define_count(void)
{
    Bb__IndicatorDefine define = BB__INDICATOR_DEFINE__INIT;
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list[] = {&indicator};
    uint8_t body[64];

    indicator.code = indicator.name = (char *)(uintptr_t) "count";
    define.indicator = list;
    define.n_indicator = 1;
    ask(BB_METHOD_INDICATOR_DEFINE, "backbone", BB__ROLE__ROLE_STAFF,
        bb_bytes(body, bb__indicator_define__pack(&define, body)));
    assert_int_equal(answer->code, 0);
}

/* What is listed, as "organization state" each. */
static void
assert_listed(const char *expected)
{
    Bb__SigningListReply *reply;
    char text[256] = "";

    ask(BB_METHOD_SIGNING_LIST, "backbone", BB__ROLE__ROLE_STAFF, bb_bytes("", 0));
    assert_int_equal(answer->code, 0);
    assert_int_equal(
        bb_unpack(bb__signing_list_reply, bb_bytes(answer->body.data, answer->body.len), &arena, &reply), 0);
    for (size_t i = 0; i < reply->n_key; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s%s, ", reply->key[i]->organization,
                 bb_signing_state_name(reply->key[i]->state), reply->key[i]->staff ? " of staff" : "");
    assert_string_equal(text, expected);
}

/* Nothing that it can make of what it has, or makes up, is a reading of a. */
static void
assert_nothing_of_a(const struct signed_request *good)
{
    struct signed_request forged = *good;
    struct signer own = signed_key("a", 66);

    forged.len -= BB_SIGNATURE_TAIL_BYTES;
    assert_int_equal(send_request(&forged), BB_ERROR_NOT_ALLOWED);
    forged = signed_one(&own, 10, "count||||2026|66");
    assert_int_equal(send_request(&forged), BB_ERROR_NOT_ALLOWED);
    forged = *good;
    forged.body[forged.len - BB_SIGNATURE_TAIL_BYTES - 1] ^= 1;
    assert_int_not_equal(send_request(&forged), 0);
    forged = *good;
    forged.organization = "b";
    assert_int_equal(send_request(&forged), BB_ERROR_NOT_ALLOWED);
    forged = unsigned_one("evil", 11, "count|a|||2026|66");
    forged.role = BB__ROLE__ROLE_STAFF;
    assert_int_equal(send_request(&forged), 0);
    assert_int_equal(first_row(), -BB_ROW_CODE_SIGNATURE);
}

static void
test_whole_worker(void **state)
{
    struct signer staff = signed_key("backbone", 200), a = signed_key("a", 1);
    struct signed_request propose_staff = signed_put(BB_SIGNING_PROPOSE, &staff, NULL),
                          propose = signed_put(BB_SIGNING_PROPOSE, &a, NULL),
                          confirm = signed_put(BB_SIGNING_CONFIRM, &a, &staff),
                          good = signed_one(&a, 1, "count||||2026|5"),
                          control = unsigned_one("b", 2, "count||||2026|5");

    (void)state;
    snprintf(roots, sizeof roots, "%s", staff.fingerprint);
    start_worker();
    define_count();
    assert_int_equal(send_request(&propose_staff), 0);
    assert_int_equal(send_request(&propose), 0);
    assert_int_equal(send_request(&good), BB_ERROR_NOT_ALLOWED);
    assert_int_equal(send_request(&confirm), 0);
    assert_listed("backbone confirmed of staff, a confirmed, ");
    assert_nothing_of_a(&good);
    assert_int_equal(send_request(&control), 0);
    assert_int_equal(first_row(), BB_OUTCOME_CREATED);
    stop_worker();
    start_worker();
    say_directory("a");
    assert_nothing_of_a(&good);
    assert_int_equal(send_request(&good), 0);
    assert_int_equal(first_row(), BB_OUTCOME_CREATED);
    assert_int_equal(send_request(&good), 0);
    assert_listed("backbone confirmed of staff, a confirmed, ");
    stop_worker();
    assert_int_equal(bb_verify_run(&config), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_whole_worker, set_up, tear_down)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
