/* peak: runs a command to its end, and writes how much memory it had at most.
 *
 *     peak FILE COMMAND [ARGUMENT...]
 *
 * FILE gets the largest resident set in KiB, as getrusage(2) tells it. Ends as the command does. */
#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    struct rusage usage;
    int status;
    pid_t pid;
    FILE *to;

    if (argc < 3)
        errx(EX_USAGE, "expected FILE COMMAND [ARGUMENT...]");
    pid = fork();
    if (pid < 0)
        err(EX_OSERR, "fork");
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        err(EX_UNAVAILABLE, "%s", argv[2]);
    }
    if (wait4(pid, &status, 0, &usage) != pid)
        err(EX_OSERR, "wait4");
    to = fopen(argv[1], "w");
    if (!to || fprintf(to, "%ld\n", usage.ru_maxrss) < 0 || fclose(to) != 0)
        err(EX_CANTCREAT, "%s", argv[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
