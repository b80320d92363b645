/* Bundles: what goes in comes out, plain when alone, never above the limit; large buffers leave. */
#include "runtime/bundle.h"

#include "proto/limits.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LIMIT 1000u

static struct bb_bytes
message_bytes(zmq_msg_t *message)
{
    return bb_bytes(zmq_msg_data(message), zmq_msg_size(message));
}

static void
add_ping(struct bb_bundle *bundle, uint64_t token)
{
    Bb__Ping ping = BB__PING__INIT;

    ping.has_token = 1;
    ping.token = token;
    assert_int_equal(bb_bundle_add(bundle, BB_KIND_PING, &ping.base), 0);
}

static int
add_blank(struct bb_bundle *bundle, size_t n, uint8_t fill)
{
    uint8_t *frame;
    int r = bb_bundle_extend(bundle, n, &frame);

    if (r == 0) {
        memset(frame, fill, n);
        bb_frame_header(frame, BB_KIND_REPLY);
    }
    return r;
}

static void
test_empty(void **state)
{
    (void)state;
    struct bb_bundle bundle;
    zmq_msg_t message;

    bb_bundle_init(&bundle, LIMIT);
    assert_true(bb_bundle_is_empty(&bundle));
    assert_int_equal(bb_bundle_take(&bundle, &message), BB_BUNDLE_E_EMPTY);
    assert_null(bundle.data);
    bb_bundle_release(&bundle);
}

static void
test_one_goes_plain(void **state)
{
    (void)state;
    struct bb_bundle bundle;
    struct bb_unbundle walk;
    struct bb_frame frame;
    zmq_msg_t message;

    bb_bundle_init(&bundle, LIMIT);
    for (int round = 0; round < 3; round++) {
        add_ping(&bundle, 7);
        assert_int_equal(bb_bundle_take(&bundle, &message), 0);
        assert_true(bb_bundle_is_empty(&bundle));
        assert_int_equal(bb_unbundle_init(&walk, message_bytes(&message)), 0);
        assert_true(walk.plain);
        assert_int_equal(bb_unbundle_next(&walk, &frame), 0);
        assert_int_equal(frame.kind, BB_KIND_PING);
        assert_int_equal(frame.body.len, 2);
        assert_int_equal(bb_unbundle_next(&walk, &frame), 1);
        zmq_msg_close(&message);
    }
    bb_bundle_release(&bundle);
}

static void
test_several_keep_their_order(void **state)
{
    (void)state;
    struct bb_bundle bundle;
    struct bb_unbundle walk;
    struct bb_frame frame;
    zmq_msg_t message;

    bb_bundle_init(&bundle, LIMIT);
    for (uint64_t i = 0; i < 50; i++)
        add_ping(&bundle, i);
    assert_int_equal(bb_bundle_add_frame(&bundle, bb_bytes("BB\1\3tail", 8)), 0);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_int_equal(bb_unbundle_init(&walk, message_bytes(&message)), 0);
    for (uint8_t i = 0; i < 50; i++) {
        assert_int_equal(bb_unbundle_next(&walk, &frame), 0);
        assert_int_equal(frame.body.data[1], i);
    }
    assert_int_equal(bb_unbundle_next(&walk, &frame), 0);
    assert_int_equal(frame.kind, BB_KIND_REQUEST);
    assert_memory_equal(frame.body.data, "tail", 4);
    assert_int_equal(bb_unbundle_next(&walk, &frame), 1);
    zmq_msg_close(&message);
    bb_bundle_release(&bundle);
}

/* Two frames of every size around the limit: full exactly when their message would be larger. */
static void
test_limit(void **state)
{
    (void)state;
    struct bb_bundle bundle;
    zmq_msg_t message;
    uint8_t *room;

    bb_bundle_init(&bundle, LIMIT);
    assert_int_equal(bb_bundle_extend(&bundle, LIMIT + 1, &room), -EMSGSIZE);
    assert_int_equal(bb_bundle_extend(&bundle, SIZE_MAX, &room), -EMSGSIZE);
    assert_true(bb_bundle_is_empty(&bundle));
    for (size_t first = 4; first <= LIMIT - 50; first += 83) {
        for (size_t second = LIMIT - first - 30; second <= LIMIT - first; second++) {
            size_t together = 4 + 4 + first + 4 + second;
            bool full = together > LIMIT;

            assert_int_equal(add_blank(&bundle, first, 1), 0);
            assert_int_equal(add_blank(&bundle, second, 2), full ? BB_BUNDLE_E_FULL : 0);
            assert_int_equal(bb_bundle_take(&bundle, &message), 0);
            assert_int_equal(zmq_msg_size(&message), full ? first : together);
            zmq_msg_close(&message);
        }
    }
    assert_int_equal(add_blank(&bundle, LIMIT, 1), 0);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_int_equal(zmq_msg_size(&message), LIMIT);
    zmq_msg_close(&message);
    bb_bundle_release(&bundle);
}

static void
test_frame_count(void **state)
{
    (void)state;
    struct bb_bundle bundle;
    struct bb_unbundle walk;
    struct bb_frame frame;
    zmq_msg_t message;
    uint8_t *room;

    bb_bundle_init(&bundle, BB_LIMIT_FRAME_BYTES);
    for (unsigned i = 0; i < BB_LIMIT_BUNDLE_FRAMES; i++)
        add_ping(&bundle, i);
    assert_int_equal(bb_bundle_extend(&bundle, 4, &room), BB_BUNDLE_E_FULL);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_int_equal(bb_unbundle_init(&walk, message_bytes(&message)), 0);
    for (unsigned i = 0; i < BB_LIMIT_BUNDLE_FRAMES; i++)
        assert_int_equal(bb_unbundle_next(&walk, &frame), 0);
    assert_int_equal(bb_unbundle_next(&walk, &frame), 1);
    zmq_msg_close(&message);
    bb_bundle_release(&bundle);
}

static void
test_one_frame_too_many(void **state)
{
    (void)state;
    static const uint8_t frame[] = {0, 0, 0, 4, 'B', 'B', BB_VERSION_MAJOR, BB_KIND_PING};
    static uint8_t message[BB_ENVELOPE_BYTES + (BB_LIMIT_BUNDLE_FRAMES + 1) * sizeof frame];
    struct bb_unbundle walk;
    struct bb_frame next;

    bb_frame_header(message, BB_KIND_BUNDLE);
    for (size_t i = 0; i <= BB_LIMIT_BUNDLE_FRAMES; i++)
        memcpy(message + BB_ENVELOPE_BYTES + i * sizeof frame, frame, sizeof frame);
    assert_int_equal(bb_unbundle_init(&walk, bb_bytes(message, sizeof message)), 0);
    for (unsigned i = 0; i < BB_LIMIT_BUNDLE_FRAMES; i++)
        assert_int_equal(bb_unbundle_next(&walk, &next), 0);
    assert_int_equal(bb_unbundle_next(&walk, &next), -EBADMSG);
}

static void
test_large_buffers_leave(void **state)
{
    (void)state;
    struct bb_bundle bundle;
    zmq_msg_t message;

    bb_bundle_init(&bundle, BB_LIMIT_FRAME_BYTES);
    add_ping(&bundle, 1);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    zmq_msg_close(&message);
    assert_non_null(bundle.data);
    assert_int_equal(add_blank(&bundle, 100000, 9), 0);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_null(bundle.data);
    assert_int_equal(zmq_msg_size(&message), 100000);
    assert_int_equal(((uint8_t *)zmq_msg_data(&message))[99999], 9);
    zmq_msg_close(&message);
    assert_int_equal(add_blank(&bundle, 100000, 9), 0);
    bb_bundle_clear(&bundle);
    assert_null(bundle.data);
    assert_true(bb_bundle_is_empty(&bundle));
    bb_bundle_release(&bundle);
}

static void
test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct bb_bytes in;
        int init, frames, last;
    } table[] = {
        {"nothing", {(const uint8_t *)"", 0}, -EBADMSG, 0, 0},
        {"no envelope", {(const uint8_t *)"BB\1", 3}, -EBADMSG, 0, 0},
        {"not ours", {(const uint8_t *)"GET /", 5}, -EBADMSG, 0, 0},
        {"bundle of another version", {(const uint8_t *)"BB\2\16", 4}, -EBADMSG, 0, 0},
        {"plain frame of another version", {(const uint8_t *)"BB\2\3", 4}, 0, 1, 1},
        {"empty bundle", {(const uint8_t *)"BB\1\16", 4}, 0, 0, -EBADMSG},
        {"half a length", {(const uint8_t *)"BB\1\16\0\0", 6}, 0, 0, -EBADMSG},
        {"length beyond the end", {(const uint8_t *)"BB\1\16\0\0\0\5BB\1\3", 12}, 0, 0, -EBADMSG},
        {"bundle inside", {(const uint8_t *)"BB\1\16\0\0\0\4BB\1\16", 12}, 0, 0, -EBADMSG},
        {"a frame, then half", {(const uint8_t *)"BB\1\16\0\0\0\4BB\1\3\0", 13}, 0, 1, -EBADMSG},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct bb_unbundle walk;
        struct bb_frame frame;
        int frames = 0, r = bb_unbundle_init(&walk, table[i].in);

        print_message("%s\n", table[i].what);
        assert_int_equal(r, table[i].init);
        if (r < 0)
            continue;
        while ((r = bb_unbundle_next(&walk, &frame)) == 0)
            frames++;
        assert_int_equal(frames, table[i].frames);
        assert_int_equal(r, table[i].last);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_one_goes_plain),
        cmocka_unit_test(test_several_keep_their_order),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_frame_count),
        cmocka_unit_test(test_one_frame_too_many),
        cmocka_unit_test(test_large_buffers_leave),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
