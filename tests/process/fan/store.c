#include "store.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static struct fan_line *
add_line(struct fan_lines *lines)
{
    if (lines->n == lines->size) {
        lines->size = lines->size ? lines->size * 2 : 1024;
        lines->line = realloc(lines->line, lines->size * sizeof *lines->line);
        if (!lines->line)
            err(EX_OSERR, "realloc");
    }
    return &lines->line[lines->n];
}

void
fan_lines_read(const char *file, struct fan_lines *ret_lines)
{
    FILE *in = fopen(file, "re");
    char text[256];

    *ret_lines = (struct fan_lines){.n = 0};
    if (!in && errno != ENOENT)
        err(EX_NOINPUT, "%s", file);
    while (in && fgets(text, sizeof text, in)) {
        struct fan_line *line = add_line(ret_lines);
        char point = 0;

        if (sscanf(text, "%" SCNu64 " %36s %63s %c", &line->sequence, line->id, line->channel, &point) == 4 &&
            point == '.')
            ret_lines->n++;
    }
    if (in)
        fclose(in);
}

void
fan_lines_release(struct fan_lines *lines)
{
    free(lines->line);
    *lines = (struct fan_lines){.n = 0};
}

int
fan_store_open(const char *file)
{
    int fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char last = '\n';

    if (fd < 0)
        err(EX_CANTCREAT, "%s", file);
    if (lseek(fd, -1, SEEK_END) >= 0 && read(fd, &last, 1) == 1 && last != '\n' && write(fd, "\n", 1) != 1)
        err(EX_IOERR, "%s", file);
    return fd;
}

void
fan_store_add(int fd, uint64_t sequence, const char *id, const char *channel)
{
    char line[256];
    int len = snprintf(line, sizeof line, "%" PRIu64 " %s %s .\n", sequence, id, channel);

    if (write(fd, line, (size_t)len) != len)
        err(EX_IOERR, "write");
}
