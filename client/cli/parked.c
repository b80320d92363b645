#include "parked.h"

#include "folders.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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

static int
write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* Does the file end in the middle of a line? */
static bool
is_cut_off(int fd)
{
    off_t end = lseek(fd, 0, SEEK_END);
    char last = '\n';

    return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

static int
sync_folder(const char *path)
{
    char copy[PATH_MAX];
    int fd, r;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return r;
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
    r = is_cut_off(fd) ? write_all(fd, "\n", 1) : 0;
    if (r == 0)
        r = write_all(fd, line, len);
    if (r == 0 && fsync(fd) != 0)
        r = -errno;
    if (close(fd) != 0 && r == 0)
        r = -errno;
    return r == 0 ? sync_folder(path) : r;
}
