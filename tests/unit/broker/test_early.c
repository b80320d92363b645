/* Messages that come before their connection is known: they wait for it in order, and not for ever. */
#include "broker/early.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct bb_early early;
    struct bb_peers peers;
};

static int
setup(void **state)
{
    static struct world w;

    w = (struct world){.early = {.n = 0}};
    bb_peers_init(&w.peers, 1);
    *state = &w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;

    bb_early_release(&w->early);
    assert_int_equal(w->early.bytes, 0);
    bb_peers_release(&w->peers);
    return 0;
}

static void
hold(struct world *w, bb_mono now, enum bb_door door, int fd, size_t bytes, char mark)
{
    struct bb_incoming incoming = {.door = door, .fd = fd, .frames = 1};

    zmq_msg_init_size(&incoming.id, 17);
    zmq_msg_init_size(&incoming.body, bytes);
    memset(zmq_msg_data(&incoming.body), mark, bytes);
    bb_early_hold(&w->early, now, &incoming);
    zmq_msg_close(&incoming.id);
    zmq_msg_close(&incoming.body);
}

/* The mark of the next one; '-': there is none. */
static char
take(struct world *w, bb_mono now)
{
    struct bb_incoming incoming;
    char mark;

    if (!bb_early_take(&w->early, now, &w->peers, &incoming))
        return '-';
    assert_int_equal(incoming.frames, 1);
    assert_int_equal(zmq_msg_size(&incoming.id), 17);
    mark = *(const char *)zmq_msg_data(&incoming.body);
    zmq_msg_close(&incoming.id);
    zmq_msg_close(&incoming.body);
    return mark;
}

static void
wait_for_their_connection(void **state)
{
    struct world *w = *state;

    hold(w, 0, BB_DOOR_PUBLIC, 7, 100, 'a');
    hold(w, 0, BB_DOOR_PUBLIC, 8, 100, 'b');
    hold(w, 0, BB_DOOR_PUBLIC, 7, 100, 'c');
    assert_int_equal(take(w, 0), '-');
    assert_int_equal(bb_peers_link_opened(&w->peers, BB_DOOR_PUBLIC, 7), 0);
    assert_int_equal(take(w, 1), 'a');
    assert_int_equal(take(w, 1), 'c');
    assert_int_equal(take(w, 1), '-');
    assert_int_equal(bb_peers_link_opened(&w->peers, BB_DOOR_ADMIN, 8), 0);
    assert_int_equal(take(w, 1), '-'); /* of another socket */
    assert_int_equal(w->early.n, 1);
}

static void
go_after_a_moment(void **state)
{
    struct world *w = *state;

    hold(w, 0, BB_DOOR_PUBLIC, 7, 100, 'a');
    hold(w, 10, BB_DOOR_PUBLIC, 7, 100, 'b');
    assert_int_equal(take(w, BB_EARLY_MS - 1), '-');
    assert_int_equal(w->early.n, 2);
    assert_int_equal(take(w, BB_EARLY_MS), '-');
    assert_int_equal(w->early.n, 1);
    assert_int_equal(bb_peers_link_opened(&w->peers, BB_DOOR_PUBLIC, 7), 0);
    assert_int_equal(take(w, BB_EARLY_MS), 'b');
    assert_int_equal(w->early.bytes, 0);
}

static void
are_bounded(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < BB_EARLY_MOST + 1; i++)
        hold(w, 0, BB_DOOR_PUBLIC, 7, 1, 'a');
    assert_int_equal(w->early.n, BB_EARLY_MOST);
    bb_early_release(&w->early);
    for (unsigned i = 0; i < 5; i++)
        hold(w, 0, BB_DOOR_PUBLIC, 7, BB_EARLY_BYTES / 4, 'a');
    assert_int_equal(w->early.n, 4);
    assert_int_equal(w->early.bytes, BB_EARLY_BYTES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wait_for_their_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(go_after_a_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(are_bounded, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
