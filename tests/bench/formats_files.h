/* Files of readings for bench-formats, each format's in its own words, and what has to be defined for them.
 */
#ifndef BENCH_FORMATS_FILES_H
#define BENCH_FORMATS_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A reading in texts. */
struct formats_row {
    const char *indicator, *place, *value;
    const char *year, *month; /* four digits, two digits */
};

/* One format. */
struct formats_kind {
    const char *name, *what;
    const char *file;  /* its name: what import tells the format by */
    const char *begin; /* what a file starts with */
    void (*row)(FILE *file, const struct formats_row *row);
    const char *between; /* rows */
    const char *end;
    const char *map; /* for --map; NULL: it needs none */
    bool wanted;     /* its figures are to be met; others are told */
};

extern const struct formats_kind formats_kinds[];
extern const unsigned n_formats_kinds;

/* Readings `first` and on (workload.h); its organizations are places here. */
void formats_write(const char *path, const struct formats_kind *kind, uint64_t first, uint64_t count);

/* Lists for `indicator define` and `place import`. */
void formats_write_indicators(const char *path);
void formats_write_places(const char *path);

#endif
