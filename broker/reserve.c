#include "reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void
bb_reserve_open(struct bb_reserve *reserve, const char *beside)
{
    *reserve = (struct bb_reserve){.is_there = false};
    snprintf(reserve->file, sizeof reserve->file, "%s.reserve", beside);
}

int
bb_reserve_make(struct bb_reserve *reserve)
{
    int fd, r;

    if (reserve->is_there)
        return 0;
    fd = open(reserve->file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = -posix_fallocate(fd, 0, BB_RESERVE_BYTES);
    close(fd);
    if (r < 0)
        unlink(reserve->file); /* what it has of the last room is others' */
    reserve->is_there = r == 0;
    return r;
}

bool
bb_reserve_give_up(struct bb_reserve *reserve)
{
    bool was_there = reserve->is_there;

    reserve->is_there = false;
    return unlink(reserve->file) == 0 && was_there;
}
