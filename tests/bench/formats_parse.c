#include "formats_parse.h"

#include "client/formats/source.h"

#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double
formats_parse(const char *path, const char *map_file, uint64_t rows)
{
    struct bb_source_row row;
    struct bb_source *source;
    struct bb_map map;
    uint64_t sound = 0;
    char error[1000] = "";
    double begin = now();
    int fd = open(path, O_RDONLY | O_CLOEXEC), r;

    if (fd < 0)
        err(66, "%s", path);
    const struct bb_source_options options = {.file = path, .map = &map, .mapped = map_file != NULL};
    if (bb_map_init(&map) < 0)
        err(71, "map");
    if (map_file && bb_map_read(&map, map_file, error, sizeof error) < 0)
        errx(70, "%s: %s", map_file, error);
    if (bb_source_new(bb_feed_fd(&fd), &options, &source, error, sizeof error) != 0)
        errx(65, "%s: %s", path, error);
    while ((r = bb_source_next(source, &row)) == 0)
        sound += row.code == 0;
    if (r != BB_SOURCE_END || sound != rows)
        errx(70, "%s: %llu sound rows, expected %llu", path, (unsigned long long)sound,
             (unsigned long long)rows);
    bb_source_destroy(&source);
    bb_map_release(&map);
    close(fd);
    return now() - begin;
}
