#include "parked.h"

#include "folders.h"

#include "runtime/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
bb_parked_path(const char *context, const char *name, char *out, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n;

    if (state && *state)
        n = snprintf(out, size, "%s/backbone/parked/%s/%s.jsonl", state, context, name);
    else if (home && *home)
        n = snprintf(out, size, "%s/.local/state/backbone/parked/%s/%s.jsonl", home, context, name);
    else
        return -ENOENT;
    return n >= 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

/* Does the file end in the middle of a line? */
static bool
is_cut_off(int fd)
{
    off_t end = lseek(fd, 0, SEEK_END);
    char last = '\n';

    return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

int
bb_parked_append(const char *path, const char *line, size_t len)
{
    char copy[PATH_MAX];
    int fd, r;

    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return -ENAMETOOLONG;
    r = bb_folders_make(copy);
    if (r < 0)
        return r;
    fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = is_cut_off(fd) ? bb_file_write(fd, "\n", 1) : 0;
    if (r == 0)
        r = bb_file_write(fd, line, len);
    if (r == 0 && fsync(fd) != 0)
        r = -errno;
    if (close(fd) != 0 && r == 0)
        r = -errno;
    return r == 0 ? bb_file_sync_name(path) : r;
}
