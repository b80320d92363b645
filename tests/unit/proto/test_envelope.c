#include "proto/envelope.h"

#include "tests/unit/check.h"
#include "wire.pb-c.h"

#include <errno.h>

#define BYTES(literal)                                                                                       \
    {                                                                                                        \
        (const uint8_t *)(literal), sizeof(literal) - 1                                                      \
    }

static const struct {
    const char *what;
    struct bb_bytes input;
    int expected;
    uint8_t major, kind;
    size_t body;
} frames[] = {
    {"empty", BYTES(""), -EBADMSG, 0, 0, 0},
    {"three bytes", BYTES("BB\x01"), -EBADMSG, 0, 0, 0},
    {"no body", BYTES("BB\x01\x0C"), 0, 1, BB_KIND_PING, 0},
    {"a body", BYTES("BB\x01\x0C\x08\x07"), 0, 1, BB_KIND_PING, 2},
    {"another version is the caller's to judge", BYTES("BB\x02\x0C"), 0, 2, BB_KIND_PING, 0},
    {"so is an unknown kind", BYTES("BB\x01\xFF"), 0, 1, 0xFF, 0},
    {"not BB", BYTES("BA\x01\x0C"), -EBADMSG, 0, 0, 0},
    {"not BB either", BYTES("AB\x01\x0C"), -EBADMSG, 0, 0, 0},
    {"bb", BYTES("bb\x01\x0C"), -EBADMSG, 0, 0, 0},
};

static void
test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(frames); i++) {
        struct bb_frame frame = {.kind = 77};

        check_int(bb_frame_parse(frames[i].input, &frame), frames[i].expected, frames[i].what);
        if (frames[i].expected) {
            check_int(frame.kind, 77, frames[i].what);
            continue;
        }
        check_int(frame.major, frames[i].major, frames[i].what);
        check_int(frame.kind, frames[i].kind, frames[i].what);
        check_int(frame.body.len, frames[i].body, frames[i].what);
        check(frame.body.data == frames[i].input.data + 4, frames[i].what);
    }
}

static void
test_write(void **state)
{
    static const uint8_t expected[] = {'B', 'B', 1, 12, 0x08, 0x96, 0x01};
    Bb__Ping ping = BB__PING__INIT;
    uint8_t out[16];

    (void)state;
    assert_int_equal(bb_frame_size(&ping.base), 4);
    ping.has_token = 1;
    ping.token = 150;
    assert_int_equal(bb_frame_size(&ping.base), sizeof expected);
    assert_int_equal(bb_frame_write(out, BB_KIND_PING, &ping.base), sizeof expected);
    assert_memory_equal(out, expected, sizeof expected);
}

#define PING                                                                                                 \
    "\0\0\0\x04"                                                                                             \
    "BB\x01\x0C"
#define PONG                                                                                                 \
    "\0\0\0\x06"                                                                                             \
    "BB\x01\x0D\x08\x07"

static const struct {
    const char *what;
    struct bb_bytes body;
    int frames; /* good ones before the end */
    int end;    /* 1 | -EBADMSG */
} bundles[] = {
    {"empty", BYTES(""), 0, -EBADMSG},
    {"one", BYTES(PING), 1, 1},
    {"three", BYTES(PING PONG PING), 3, 1},
    {"a cut length", BYTES(PING "\0\0\0"), 1, -EBADMSG},
    {"a cut frame",
     BYTES(PING "\0\0\0\x05"
                "BB\x01\x0C"),
     1, -EBADMSG},
    {"the longest length",
     BYTES(PING "\xFF\xFF\xFF\xFF"
                "BB\x01\x0C"),
     1, -EBADMSG},
    {"a length that would wrap",
     BYTES("\xFF\xFF\xFF\xFC"
           "BB\x01\x0C"),
     0, -EBADMSG},
    {"length 0", BYTES(PING "\0\0\0\0"), 1, -EBADMSG},
    {"length 3",
     BYTES("\0\0\0\x03"
           "BB\x01"),
     0, -EBADMSG},
    {"no envelope",
     BYTES("\0\0\0\x04"
           "bb\x01\x0C"),
     0, -EBADMSG},
    {"a bundle inside",
     BYTES(PING "\0\0\0\x04"
                "BB\x01\x0E"),
     1, -EBADMSG},
    {"a bundle inside of another version",
     BYTES("\0\0\0\x04"
           "BB\x02\x0E"),
     0, -EBADMSG},
};

static void
test_bundle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bundles); i++) {
        struct bb_frame frame;
        size_t at = 0, before = 0;
        int n = 0, r;

        while ((r = bb_bundle_next(bundles[i].body, &at, &frame)) == 0) {
            n++;
            check(at > before && at <= bundles[i].body.len, bundles[i].what);
            check(frame.body.data + frame.body.len == bundles[i].body.data + at, bundles[i].what);
            before = at;
        }
        check_int(r, bundles[i].end, bundles[i].what);
        check_int(n, bundles[i].frames, bundles[i].what);
        check_int(bb_bundle_next(bundles[i].body, &at, &frame), r, bundles[i].what); /* and so it stays */
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_bundle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
