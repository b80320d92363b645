#include "client/cli/duration.h"

#include "tests/unit/check.h"

#include <errno.h>

static void
test_durations(void **state)
{
    static const struct {
        const char *text;
        uint64_t most_ms, ms; /* UINT64_MAX: it is none */
    } cases[] = {
        {"30m", 7776000000, 1800000},
        {"12h", 7776000000, 43200000},
        {"7d", 7776000000, 604800000},
        {"90d", 7776000000, 7776000000},
        {"0s", 7776000000, 0},
        {"007d", 7776000000, 604800000},
        {"91d", 7776000000, UINT64_MAX},
        {"999999999d", UINT64_MAX, 86399999913600000},
        {"9999999999d", UINT64_MAX, UINT64_MAX},
        {"999999999d", 7776000000, UINT64_MAX},
        {"", 7776000000, UINT64_MAX},
        {"7", 7776000000, UINT64_MAX},
        {"d", 7776000000, UINT64_MAX},
        {"-7d", 7776000000, UINT64_MAX},
        {"7 d", 7776000000, UINT64_MAX},
        {"7D", 7776000000, UINT64_MAX},
        {"7dd", 7776000000, UINT64_MAX},
        {"7w", 7776000000, UINT64_MAX},
        {"1.5d", 7776000000, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t ms = UINT64_MAX;
        int r = bb_cli_duration_parse(cases[i].text, cases[i].most_ms, &ms);

        check_int(r, cases[i].ms == UINT64_MAX ? -EINVAL : 0, cases[i].text);
        check_int(ms, cases[i].ms, cases[i].text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_durations)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
