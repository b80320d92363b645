/* Walks over the log and over channels, both ways, beside a plain list that knows. */
#include "fixture.h"

#include "tests/unit/folder.h"

#include "workers/communication/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES = 60, CHANNELS = 4 };

static char names[CHANNELS][16];
static bool is_in[MESSAGES + 1][CHANNELS];

static void
write_messages(struct fixture *f, uint64_t *seed)
{
    for (uint32_t i = 1; i <= MESSAGES; i++) {
        char *channels[CHANNELS];
        size_t n = 0;
        Bb__Publish publish;
        for (unsigned c = 0; c < CHANNELS; c++) {
            is_in[i][c] = draw(seed) % 3 == 0 || (c == CHANNELS - 1 && n == 0);
            if (is_in[i][c])
                channels[n++] = names[c];
        }
        fixture_publish_init(&publish, i, channels, n, "message");
        assert_int_equal(fixture_publish(f, "backbone", &publish), 0);
    }
}

static bool
is_met(uint64_t sequence, unsigned mask)
{
    bool met = mask == 0;

    for (unsigned c = 0; c < CHANNELS; c++)
        met = met || ((mask & 1u << c) && is_in[sequence][c]);
    return met;
}

/* Numbers of the channels in the mask. */
static size_t
fill(struct fixture *f, unsigned mask, struct bb_walk_channel *channel)
{
    size_t n = 0;

    for (unsigned c = 0; c < CHANNELS; c++)
        if (mask & 1u << c) {
            const struct bb_channel_state *state =
                bb_channels_by_name(f->core.channels, bb_bytes_str(names[c]));
            channel[n++].number = state->number;
        }
    return n;
}

static void
check_walk(struct fixture *f, unsigned mask, uint64_t from)
{
    struct bb_walk_channel channel[CHANNELS];
    struct bb_record record;
    struct bb_walk walk;

    bb_walk_over(&walk, channel, fill(f, mask, channel), from);
    for (uint64_t s = from + 1; s <= MESSAGES; s++)
        if (is_met(s, mask)) {
            assert_int_equal(bb_walk_next(f->core.log, &walk, &record), 0);
            assert_int_equal(record.sequence, s);
            fixture_flush(f); /* another round */
        }
    assert_int_equal(bb_walk_next(f->core.log, &walk, &record), BB_STORE_E_NOT_FOUND);
    bb_walk_over(&walk, channel, fill(f, mask, channel), from);
    for (uint64_t s = from; s-- > 1;)
        if (is_met(s, mask)) {
            assert_int_equal(bb_walk_previous(f->core.log, &walk, &record), 0);
            assert_int_equal(record.sequence, s);
        }
    assert_int_equal(bb_walk_previous(f->core.log, &walk, &record), BB_STORE_E_NOT_FOUND);
    fixture_flush(f);
}

static void
test_all(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 7;

    for (unsigned c = 0; c < CHANNELS; c++)
        snprintf(names[c], sizeof names[c], "indicator/i%u", c);
    write_messages(f, &seed);
    for (unsigned mask = 0; mask < 1u << CHANNELS; mask++)
        for (uint64_t from = 0; from <= MESSAGES + 1; from += from % 7 + 1)
            check_walk(f, mask, from);
}

/* What goes while a walk is under way is passed over. */
static void
test_removed(void **state)
{
    struct fixture *f = *state;
    struct bb_walk_channel channel[1];
    struct bb_record record;
    struct bb_walk walk;

    for (uint32_t i = 1; i <= 5; i++)
        fixture_post(f, "backbone", i, "all", "message");
    channel[0].number = 1;
    bb_walk_over(&walk, channel, 1, 0);
    assert_int_equal(bb_walk_next(f->core.log, &walk, &record), 0);
    assert_int_equal(record.sequence, 1);
    walk.channel[0].next = 2; /* found already */
    assert_int_equal(bb_msglog_at(f->core.log, 2, &record), 0);
    assert_int_equal(bb_msglog_remove(f->core.log, &record), 0);
    assert_int_equal(bb_walk_next(f->core.log, &walk, &record), 0);
    assert_int_equal(record.sequence, 3);
    fixture_flush(f);
}

int
main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {test(test_all), test(test_removed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
