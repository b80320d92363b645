#include "decimal_fixture.h"

#include "tests/unit/check.h"

#include <string.h>

struct bb_decimal
decimal(const char *text)
{
    struct bb_decimal d = {0};

    check_int(bb_decimal_parse(bb_bytes_str(text), &d), 0, text);
    return d;
}

void
check_sum(const struct bb_sum *sum, const char *expected, const char *what)
{
    char out[BB_DECIMAL_TEXT];

    check_int(bb_sum_format(sum, out), strlen(expected), what);
    check_text(out, expected, what);
}
