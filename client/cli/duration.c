#include "duration.h"

#include <errno.h>
#include <string.h>

static uint64_t
unit_ms(const char *unit)
{
    static const struct {
        char letter;
        uint64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (unit[0] == units[i].letter && unit[1] == '\0')
            return units[i].ms;
    return 0;
}

int
bb_cli_duration_parse(const char *text, uint64_t most_ms, uint64_t *ret_ms)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t number = 0, unit = unit_ms(text + digits);

    if (digits == 0 || digits > 9 || unit == 0)
        return -EINVAL;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (uint64_t)(text[i] - '0');
    if (number > most_ms / unit)
        return -EINVAL;
    *ret_ms = number * unit;
    return 0;
}

uint64_t
bb_cli_duration(const struct argp_state *state, const char *option, const char *text, uint64_t most_ms,
                const char *most)
{
    uint64_t ms = 0;

    if (bb_cli_duration_parse(text, most_ms, &ms) != 0)
        argp_error(state, "%s: found '%s', expected a duration such as 30m, 12h or 7d, at most %s", option,
                   text, most);
    return ms;
}
