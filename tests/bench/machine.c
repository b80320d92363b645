#include "machine.h"

#include "run.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define SYNCS 200

double
bench_cpu_seconds(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        errx(70, "process %d is gone", (int)pid);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The number behind `field` in a file of /proc; 0 when it is not there. */
static double
proc_number(const char *path, const char *field)
{
    char line[256];
    double number = 0;
    FILE *file = fopen(path, "r");

    if (!file)
        return 0;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, field, strlen(field)) != 0)
            continue;
        number = strtod(line + strlen(field), NULL);
        break;
    }
    fclose(file);
    return number;
}

double
bench_rss_anon_mb(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    return proc_number(path, "RssAnon:") / 1024;
}

static void
cpu_name(char name[static 128])
{
    char line[256], *text;
    FILE *file = fopen("/proc/cpuinfo", "r");

    snprintf(name, 128, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "model name", 10) != 0 || !(text = strchr(line, ':')))
            continue;
        snprintf(name, 128, "%.*s", (int)strcspn(text + 2, "\n"), text + 2);
        break;
    }
    if (file)
        fclose(file);
}

static void
filesystem_name(const char *folder, char name[static 32])
{
    static const struct {
        long type;
        const char *name;
    } known[] = {{0xEF53, "ext4"},      {0x58465342, "xfs"},     {0x9123683E, "btrfs"},
                 {0x01021994, "tmpfs"}, {0x794c7630, "overlay"}, {0x2FC12FC1, "zfs"}};
    struct statfs fs;

    if (statfs(folder, &fs) != 0)
        err(66, "%s", folder);
    snprintf(name, 32, "type %lx", (unsigned long)fs.f_type);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].type == (long)fs.f_type)
            snprintf(name, 32, "%s", known[i].name);
}

static double
fdatasync_us(const char *folder)
{
    char path[512], block[4096] = "";
    double times[SYNCS];
    int fd;

    snprintf(path, sizeof path, "%s/sync", folder);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        err(73, "%s", path);
    for (int i = 0; i < SYNCS; i++) {
        uint64_t start = bench_now_ns();
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) != 0)
            err(74, "%s", path);
        times[i] = (double)(bench_now_ns() - start) / 1e3;
    }
    close(fd);
    unlink(path);
    return bench_median(times, SYNCS);
}

void
bench_machine(const char *folder, struct bench_machine *ret_machine)
{
    struct utsname name;

    uname(&name);
    cpu_name(ret_machine->cpu);
    ret_machine->cores = sysconf(_SC_NPROCESSORS_ONLN);
    ret_machine->memory_gb = proc_number("/proc/meminfo", "MemTotal:") / 1024 / 1024;
    snprintf(ret_machine->kernel, sizeof ret_machine->kernel, "%s %s", name.sysname, name.release);
    filesystem_name(folder, ret_machine->filesystem);
    ret_machine->fdatasync_us = fdatasync_us(folder);
}
