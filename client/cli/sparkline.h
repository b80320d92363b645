/* A row of little bars for a row of values: ▁▃▅█. Pure. */
#ifndef BB_CLI_SPARKLINE_H
#define BB_CLI_SPARKLINE_H

#include <stddef.h>

#define BB_SPARKLINE_BARS 60u /* at most */
#define BB_SPARKLINE_TEXT (BB_SPARKLINE_BARS * 3u + 1u)

/* values: decimal texts; NULL, or what is no number, leaves a gap. More than BB_SPARKLINE_BARS of them share
 * bars: each shows the last value of its share. The lowest value has the lowest bar, the highest the highest,
 * in between in proportion, rounded half-even; equal ones are of middle height. Empty when there is no value.
 * Returns out. */
char *bb_sparkline(const char *const *values, size_t n, char out[static BB_SPARKLINE_TEXT]);

#endif
