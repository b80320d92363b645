#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 8

/* The folder and the last part of a name, joined anew once the links of the folder are followed. */
static char *
resolve_folder(const char *name)
{
    char *for_folder = strdup(name), *for_last = strdup(name), *joined = NULL;
    char *folder = for_folder && for_last ? realpath(dirname(for_folder), NULL) : NULL;
    if (folder && asprintf(&joined, "%s/%s", folder, basename(for_last)) < 0)
        joined = NULL;
    int error = folder ? ENOMEM : errno;
    free(for_folder);
    free(for_last);
    free(folder);
    errno = error;
    return joined;
}

/* Where a link that leads to no file says that one would be; NULL: it is none. */
static char *
follow(const char *path)
{
    char to[PATH_MAX], *joined = NULL;
    ssize_t n = readlink(path, to, sizeof to - 1);
    if (n <= 0)
        return NULL;
    to[n] = '\0';
    int folder = to[0] == '/' ? 0 : (int)(strrchr(path, '/') + 1 - path);
    return asprintf(&joined, "%.*s%s", folder, path, to) < 0 ? NULL : joined;
}

/* The file that a name leads to, there or to come; NULL and errno. */
static char *
resolve(const char *name)
{
    char *path = realpath(name, NULL);
    if (path || errno != ENOENT)
        return path;
    path = resolve_folder(name);
    for (int links = 0; path && links < LINKS_MAX; links++) {
        char *next = follow(path);
        if (!next)
            break;
        free(path);
        path = resolve_folder(next);
        free(next);
    }
    return path;
}

bool
bb_target_is_same(const char *a, const char *b)
{
    struct stat at_a, at_b;
    bool is_a = stat(a, &at_a) == 0, is_b = stat(b, &at_b) == 0;
    if (is_a && is_b)
        return S_ISREG(at_a.st_mode) && at_a.st_dev == at_b.st_dev && at_a.st_ino == at_b.st_ino;
    if (is_a || is_b)
        return false;
    char *path_a = resolve(a), *path_b = resolve(b);
    bool same = path_a && path_b && strcmp(path_a, path_b) == 0;
    free(path_a);
    free(path_b);
    return same;
}

/* Standard output or error when they lead to this file: both go on from where the other is. Else -1. */
static int
standard_stream(const struct stat *file)
{
    struct stat open;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &open) == 0 && open.st_dev == file->st_dev && open.st_ino == file->st_ino &&
            (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
            return fd;
    return -1;
}

static bool
is_descriptor(const char *name)
{
    return strncmp(name, "/dev/fd/", 8) == 0 || strncmp(name, "/proc/", 6) == 0;
}

static int
open_directly(const char *name, int stream, struct bb_target *target)
{
    int fd = stream < 0 ? open(name, O_WRONLY | O_TRUNC | O_CLOEXEC) : fcntl(stream, F_DUPFD_CLOEXEC, 3);
    target->to = fd < 0 ? NULL : fdopen(fd, "w");
    if (target->to)
        return 0;
    int r = -errno;
    if (fd >= 0)
        close(fd);
    return r;
}

/* With the mode of the file that it replaces, or of a new one. */
static mode_t
mode_of(const struct stat *replaced)
{
    if (replaced)
        return replaced->st_mode & 07777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int
open_beside(const char *name, const struct stat *replaced, struct bb_target *target)
{
    target->path = resolve(name);
    if (!target->path)
        return -errno;
    if (replaced && access(target->path, W_OK) != 0)
        return -errno;
    const char *last = strrchr(target->path, '/') + 1;
    if (asprintf(&target->temporary, "%.*s.%.200s.XXXXXX", (int)(last - target->path), target->path, last) <
        0) {
        target->temporary = NULL;
        return -ENOMEM;
    }
    int fd = mkostemp(target->temporary, O_CLOEXEC);
    if (fd < 0) {
        int r = -errno;
        free(target->temporary);
        target->temporary = NULL;
        return r;
    }
    target->to = fdopen(fd, "w");
    if (target->to && fchmod(fd, mode_of(replaced)) == 0)
        return 0;
    int r = -errno;
    if (!target->to)
        close(fd);
    return r;
}

int
bb_target_open(const char *name, struct bb_target *ret_target)
{
    struct bb_target target = {0};
    struct stat there;
    bool exists = stat(name, &there) == 0;
    int stream = exists ? standard_stream(&there) : -1;
    int r;
    if (exists && (!S_ISREG(there.st_mode) || stream >= 0 || is_descriptor(name)))
        r = open_directly(name, stream, &target);
    else
        r = open_beside(name, exists ? &there : NULL, &target);
    if (r < 0)
        bb_target_close(&target, false);
    else
        *ret_target = target;
    return r;
}

int
bb_target_close(struct bb_target *target, bool keep)
{
    int r = 0;
    errno = 0;
    if (target->to && (ferror(target->to) | fclose(target->to)))
        r = -(errno ? errno : EIO);
    if (target->temporary && r == 0 && keep && rename(target->temporary, target->path) != 0)
        r = -errno;
    if (target->temporary && (r != 0 || !keep))
        unlink(target->temporary);
    free(target->temporary);
    free(target->path);
    *target = (struct bb_target){0};
    return r;
}
