/* Reading and mapping alone: what of an import's time is the client's formats. */
#ifndef BENCH_FORMATS_PARSE_H
#define BENCH_FORMATS_PARSE_H

#include <stdint.h>

/* Seconds of processor time of reading and mapping all rows of a file, of which there have to be so many.
 * map: the file of one, or NULL. */
double formats_parse(const char *path, const char *map_file, uint64_t rows);

#endif
