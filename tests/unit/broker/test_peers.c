/* Connections and peers: found by id and by descriptor, and let go of in any order. */
#include "broker/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
id_of(unsigned n, uint8_t id[static BB_ROUTING_ID_BYTES])
{
    memset(id, 0, BB_ROUTING_ID_BYTES);
    id[0] = 1;
    memcpy(id + 5, &n, sizeof n);
}

static void
routing_ids(void **state)
{
    uint8_t id[32] = {1};

    (void)state;
    assert_true(bb_routing_id_is_valid(bb_bytes(id, 17)));
    assert_false(bb_routing_id_is_valid(bb_bytes(id, 16)));
    assert_false(bb_routing_id_is_valid(bb_bytes(id, 18)));
    assert_false(bb_routing_id_is_valid(bb_bytes(id, 5)));
    id[0] = 0; /* libzmq's automatic ids */
    assert_false(bb_routing_id_is_valid(bb_bytes(id, 17)));
    assert_false(bb_routing_id_is_valid(bb_bytes(id, 5)));
    assert_false(bb_routing_id_is_valid(bb_bytes(NULL, 0)));
}

static void
finds_by_door_and_id(void **state)
{
    struct bb_peers peers;
    struct bb_peer *peer;
    uint8_t id[BB_ROUTING_ID_BYTES];

    (void)state;
    bb_peers_init(&peers, 42);
    for (unsigned i = 0; i < 1000; i++) {
        id_of(i, id);
        assert_int_equal(bb_peers_link_opened(&peers, BB_DOOR_PUBLIC, (int)i), 0);
        assert_int_equal(bb_peers_add(&peers, BB_DOOR_PUBLIC, id, "key", (int)i, &peer), 0);
    }
    assert_int_equal(peers.count, 1000);
    assert_int_equal(peers.open[BB_DOOR_PUBLIC], 1000);
    for (unsigned i = 0; i < 1000; i++) {
        id_of(i, id);
        peer = bb_peers_find(&peers, BB_DOOR_PUBLIC, id);
        assert_non_null(peer);
        assert_int_equal(peer->fd, i);
        assert_null(bb_peers_find(&peers, BB_DOOR_ADMIN, id));
        if (i % 2) {
            bb_peers_remove(&peers, peer);
            assert_null(bb_peers_find(&peers, BB_DOOR_PUBLIC, id));
            bb_peer_free(peer);
        }
    }
    assert_int_equal(peers.count, 500);
    bb_peers_release(&peers);
}

static void
a_link_knows_who_spoke_over_it(void **state)
{
    struct bb_peers peers;
    struct bb_peer *peer, *second, *closed = NULL;
    uint8_t id[BB_ROUTING_ID_BYTES];
    uint32_t generation;

    (void)state;
    bb_peers_init(&peers, 42);
    id_of(1, id);
    assert_null(bb_peers_link(&peers, 9));
    assert_int_equal(bb_peers_link_opened(&peers, BB_DOOR_PUBLIC, 9), 0);
    assert_int_equal(peers.open[BB_DOOR_PUBLIC], 1);
    assert_int_equal(bb_peers_add(&peers, BB_DOOR_PUBLIC, id, "key", 9, &peer), 0);
    generation = bb_peers_link(&peers, 9)->generation;
    assert_true(bb_peers_link_closed(&peers, BB_DOOR_PUBLIC, 9, &closed));
    assert_ptr_equal(closed, peer);
    assert_false(bb_peers_link_closed(&peers, BB_DOOR_PUBLIC, 9, &closed));
    assert_int_equal(peers.open[BB_DOOR_PUBLIC], 0);

    /* the descriptor is given out again: the old peer's end does not touch the new one */
    assert_int_equal(bb_peers_link_opened(&peers, BB_DOOR_ADMIN, 9), 0);
    assert_int_not_equal(bb_peers_link(&peers, 9)->generation, generation);
    id_of(2, id);
    assert_int_equal(bb_peers_add(&peers, BB_DOOR_ADMIN, id, "", 9, &second), 0);
    bb_peers_remove(&peers, peer);
    bb_peer_free(peer);
    assert_ptr_equal(bb_peers_link(&peers, 9)->peer, second);
    assert_null(bb_peers_link(&peers, -1));
    assert_null(bb_peers_link(&peers, 1 << 20));
    bb_peers_release(&peers);
}

/* Two doors tell of one descriptor in the wrong order: the late news changes nothing. */
static void
doors_are_not_in_order_with_each_other(void **state)
{
    struct bb_peers peers;
    struct bb_peer *closed = NULL;

    (void)state;
    bb_peers_init(&peers, 42);
    assert_int_equal(bb_peers_link_opened(&peers, BB_DOOR_ADMIN, 9), 0);
    assert_true(bb_peers_link_closed(&peers, BB_DOOR_ADMIN, 9, &closed)); /* by who opens it anew */
    assert_int_equal(bb_peers_link_opened(&peers, BB_DOOR_PUBLIC, 9), 0);
    assert_false(bb_peers_link_closed(&peers, BB_DOOR_ADMIN, 9, &closed)); /* late */
    assert_non_null(bb_peers_link(&peers, 9));
    assert_int_equal(bb_peers_link(&peers, 9)->door, BB_DOOR_PUBLIC);
    assert_int_equal(peers.open[BB_DOOR_PUBLIC], 1);
    assert_int_equal(peers.open[BB_DOOR_ADMIN], 0);
    bb_peers_release(&peers);
}

static void
bytes_on_the_wire(void **state)
{
    (void)state;
    assert_int_equal(bb_peers_wire_bytes(0), 35);
    assert_int_equal(bb_peers_wire_bytes(222), 222 + 33 + 2);
    assert_int_equal(bb_peers_wire_bytes(223), 223 + 33 + 9);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routing_ids),
        cmocka_unit_test(finds_by_door_and_id),
        cmocka_unit_test(a_link_knows_who_spoke_over_it),
        cmocka_unit_test(doors_are_not_in_order_with_each_other),
        cmocka_unit_test(bytes_on_the_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
