/* Configuration of a daemon: a table of options, read with libconfuse.
 *
 * An unknown key, a value of the wrong type or outside its range is an error with file and line. The daemon
 * declares one table; --check-config and --print-config come from it. */
#ifndef BB_CONFIG_H
#define BB_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

enum bb_config_type { BB_CONFIG_TEXT, BB_CONFIG_INT, BB_CONFIG_BOOL, BB_CONFIG_BYTES, BB_CONFIG_MS };

/* One option. A table ends with a NULL name, after at most 64 options. Values are stored at offset in the
 * daemon's own struct: char * (owned), long, bool, long (bytes; the file may say 64M), long (milliseconds;
 * the file says 10s or 5min: without its unit only 0 is taken, for who writes 5 seldom means so few). */
struct bb_config_option {
    const char *name;
    enum bb_config_type type;
    size_t offset;
    const char *fallback; /* the default, as written in a file; NULL: required (text only) */
    long min, max;        /* numbers, in bytes and milliseconds; both 0: anything from 0 on */
    const char *help;     /* printed above the option by --print-config */
};

/* Fill `into` (whatever was there before) from the defaults, then from the file. NULL: the defaults only,
 * required texts stay NULL. A key that is given twice is an error. On failure nothing in `into` is owned. 0 |
 * -EINVAL and a message with file and line at `error` (at most `size` bytes) | -errno of the file, with a
 * message too. */
int bb_config_load(const struct bb_config_option *table, const char *file, void *into, char *error,
                   size_t size);

/* The configuration as a file that reads back the same. */
void bb_config_print(const struct bb_config_option *table, const void *from, FILE *to);

void bb_config_release(const struct bb_config_option *table, void *from);

#endif
