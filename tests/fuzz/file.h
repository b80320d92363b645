/* For targets whose subject reads a file by its path: a file in memory that is written anew for each input.
 */
#ifndef BB_TESTS_FUZZ_FILE_H
#define BB_TESTS_FUZZ_FILE_H

#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder in memory, where there is such a place; removed at exit, with the files made here. */
static char file_folder[64];
static char file_paths[4][128];
static size_t file_count;

static void
file_clean(void)
{
    for (size_t i = 0; i < file_count; i++)
        unlink(file_paths[i]);
    rmdir(file_folder);
}

/* An open descriptor of a new file of this name. */
static int
file_new(const char *name)
{
    char *path = file_paths[file_count++];
    int fd;

    require(file_count <= 4);
    if (!file_folder[0]) {
        snprintf(file_folder, sizeof file_folder, "%s/bb-fuzz.XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        require(mkdtemp(file_folder));
        atexit(file_clean);
    }
    snprintf(path, sizeof file_paths[0], "%s/%s", file_folder, name);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    require(fd >= 0);
    return fd;
}

static void
file_fill(int fd, struct bb_bytes content)
{
    require(ftruncate(fd, 0) == 0);
    require(content.len == 0 || pwrite(fd, content.data, content.len, 0) == (ssize_t)content.len);
}

#endif
