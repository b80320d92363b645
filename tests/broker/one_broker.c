#include "one_broker.h"

#include "runtime/clock.h"

struct broker broker;

int
one_broker_setup(void **state)
{
    broker_start(&broker, *state);
    return 0;
}

int
one_broker_teardown(void **state)
{
    (void)state;
    broker_abandon(&broker);
    return 0;
}

int
refused(const struct bb_keypair *keys, const char *server_key, int *ret_value)
{
    struct raw raw;
    bb_mono start = bb_clock_mono();
    int event;

    raw_open(&broker, &raw, keys, server_key, broker.endpoint);
    event = raw_await_end(&raw, ret_value);
    assert_true(bb_clock_mono() - start < 500 + 1000);
    raw_close(&raw);
    return event;
}
