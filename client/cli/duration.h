/* Durations as arguments have them: a whole number and its unit, 30m, 12h, 7d. */
#ifndef BB_CLI_DURATION_H
#define BB_CLI_DURATION_H

#include <argp.h>
#include <stdint.h>

/* 0 | -EINVAL it is none, or is more than most_ms */
int bb_cli_duration_parse(const char *text, uint64_t most_ms, uint64_t *ret_ms);

/* The same of an option, "--expires"; most: in words. Leaves with EX_USAGE when it is none. */
uint64_t bb_cli_duration(const struct argp_state *state, const char *option, const char *text,
                         uint64_t most_ms, const char *most);

#endif
