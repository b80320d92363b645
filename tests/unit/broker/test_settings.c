/* What the broker's settings may say. (What they point at: tests/process/check-config.sh.) */
#include "broker/settings.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *listen;
    bool good;
} addresses[] = {
    {"tcp://127.0.0.1:7600", true},
    {"tcp://127.0.0.1:*", true},
    {"tcp://127.0.0.1:0", true},
    {"tcp://*:65535", true},
    {"tcp://eth0:7600", true},
    {"tcp://localhost:7600", true},
    {"tcp://[::1]:7600", true},
    {"tcp://[::]:*", true},
    {"", false},
    {"127.0.0.1:7600", false},
    {"ipc:///run/x", false},
    {"tcp://", false},
    {"tcp://:7600", false},
    {"tcp://127.0.0.1", false},
    {"tcp://127.0.0.1:", false},
    {"tcp://127.0.0.1:65536", false},
    {"tcp://127.0.0.1:123456", false},
    {"tcp://127.0.0.1:-1", false},
    {"tcp://127.0.0.1:76oo", false},
    {"tcp://127.0.0.1:**", false},
    {"tcp://127.0.0.1:7600/", false},
    {"tcp://127.0.0.1:7600 ", false},
    {"tcp://127.0.0.1;127.0.0.1:7600", false},
    {"tcp://::1:7600", false},
    {"tcp://[::1:7600", false},
    {"tcp://::1]:7600", false},
    {"TCP://127.0.0.1:7600", false},
};

static void
where_to_listen(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct bb_settings settings = {.listen = (char *)addresses[i].listen, .runtime = (char *)"/run/x"};
        char error[256] = "";

        check_int(bb_settings_check(&settings, error, sizeof error), addresses[i].good ? 0 : -EINVAL,
                  addresses[i].listen);
        check((strstr(error, "expected tcp://ADDRESS:PORT") == NULL) == addresses[i].good,
              addresses[i].listen);
    }
}

static void
a_path_that_fits_a_socket(void **state)
{
    char path[101] = "/";
    struct bb_settings settings = {.listen = (char *)"tcp://*:1", .runtime = path};
    char error[256];

    (void)state;
    memset(path + 1, 'x', 94); /* with /worker.sock 107 bytes, the most there may be */
    assert_int_equal(bb_settings_check(&settings, error, sizeof error), 0);
    path[95] = 'x';
    assert_int_equal(bb_settings_check(&settings, error, sizeof error), -EINVAL);
    assert_non_null(strstr(error, "too long"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_to_listen),
        cmocka_unit_test(a_path_that_fits_a_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
