/* A closed standard input or output is replaced by /dev/null opened for the other direction, where reading or
 * writing fails with EBADF: what a program would see that has nothing open there. */
#include "streams.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool said;

/* Of standard output: more than any help has, so that it is written, and fails, when it is flushed here; of a
 * failure in between the stream keeps no reason. */
static char buffer[32 << 10];

int
bb_streams_flush(int error)
{
    errno = 0;
    if (!error && fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    if (!error)
        error = errno ? -errno : -EIO;
    if (!said)
        bb_cli_error("standard output: %s", error == -EBADF ? "it is closed" : strerror(-error));
    said = true;
    return EX_IOERR;
}

static void
check_at_exit(void)
{
    if (!said && bb_streams_flush(0) != 0)
        _exit(EX_IOERR);
}

static void
replace(int fd, int flags)
{
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
        return;
    int opened = open("/dev/null", flags); /* the lowest number that is free */
    if (opened >= 0 && opened != fd) {
        dup2(opened, fd);
        close(opened);
    }
}

void
bb_streams_begin(void)
{
    replace(STDIN_FILENO, O_WRONLY);
    replace(STDOUT_FILENO, O_RDONLY);
    replace(STDERR_FILENO, O_WRONLY);
    if (!isatty(STDOUT_FILENO))
        setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    atexit(check_at_exit);
}
