/* Frames are counted however they come, byte by byte or many at once, until the connection is heard. */
#include "broker/unheard.h"

#include "broker/guard.h"
#include "tests/unit/check.h"

#include <string.h>

#define FD 7

/* Writes a greeting and n frames of so many bytes; returns the length. */
static size_t
write_frames(uint8_t *to, unsigned n, size_t bytes)
{
    uint8_t *at = to + 64;

    memset(to, 0xFF, 64);
    for (unsigned i = 0; i < n; i++) {
        *at++ = bytes > 255 ? 2 : 0;
        for (int shift = bytes > 255 ? 56 : 0; shift >= 0; shift -= 8)
            *at++ = (uint8_t)((uint64_t)bytes >> shift);
        memset(at, 2, bytes); /* would be flags and lengths */
        at += bytes;
    }
    return (size_t)(at - to);
}

static bool
takes_all(const uint8_t *data, size_t len, size_t step)
{
    for (size_t at = 0; at < len; at += step)
        if (!bb_unheard_takes(FD, data + at, len - at < step ? len - at : step))
            return false;
    return true;
}

static void
frames_are_counted(void **state)
{
    static const size_t sizes[] = {0, 1, 35, 255, 256, 5000}, steps[] = {1, 2, 7, 64, 1000, 1 << 20};
    static uint8_t data[64 + 70 * (9 + 5000)];

    (void)state;
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t t = 0; t < COUNT(steps); t++) {
            size_t most = write_frames(data, BB_UNHEARD_FRAMES, sizes[s]);

            bb_unheard_begins(FD);
            assert_true(takes_all(data, most, steps[t]));
            assert_false(bb_unheard_takes(FD, data, 1)); /* the next one begins */
            bb_unheard_begins(FD);
            assert_false(takes_all(data, write_frames(data, BB_UNHEARD_FRAMES + 1, sizes[s]), steps[t]));
        }
}

static void
who_is_heard_is_not_counted(void **state)
{
    static uint8_t data[64 + 70 * 2];
    size_t len = write_frames(data, 70, 0);

    (void)state;
    assert_true(takes_all(data, len, 1)); /* nothing begins there */
    bb_unheard_begins(FD);
    assert_true(bb_unheard_takes(FD, data, 70));
    bb_unheard_is_heard(FD);
    assert_true(takes_all(data, len, 3));
    assert_true(bb_unheard_takes(-1, data, len));
    assert_true(bb_unheard_takes(1 << 24, data, len));
    bb_unheard_begins(-1);
    bb_unheard_begins(1 << 24);
    bb_unheard_is_heard(1 << 24);
}

/* With two of the handshake, the rest must not fill the queue of a connection that nobody reads. */
static void
they_are_fewer_than_the_mark(void **state)
{
    (void)state;
    assert_true(BB_UNHEARD_FRAMES < BB_GUARD_RCVHWM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_heard_is_not_counted),
        cmocka_unit_test(frames_are_counted),
        cmocka_unit_test(they_are_fewer_than_the_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
