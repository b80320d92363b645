#include "ledger.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define LINE 256

static int
add(struct chaos_ledger *ledger, const struct chaos_ack *ack)
{
    if (ledger->n_ack == ledger->ack_size) {
        size_t size = ledger->ack_size ? ledger->ack_size * 2 : 1024;
        struct chaos_ack *grown = realloc(ledger->ack, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        ledger->ack = grown;
        ledger->ack_size = size;
    }
    ledger->ack[ledger->n_ack++] = *ack;
    ledger->duplicates += ack->duplicate;
    return 0;
}

static int
read_ack(struct chaos_ledger *ledger, const char *line)
{
    struct chaos_ack ack = {0};
    char outcome[CHAOS_ROWS + 1];
    unsigned duplicate, aborted;

    if (sscanf(line, "acked %" SCNu64 " %" SCNu32 " %" SCNu64 " %u %u %60[0-4]", &ack.number, &ack.index,
               &ack.sequence, &duplicate, &aborted, outcome) != 6)
        return -EBADMSG;
    ack.duplicate = duplicate;
    ack.aborted = aborted;
    ack.rows = (uint32_t)strlen(outcome);
    memcpy(ack.outcome, outcome, ack.rows);
    return add(ledger, &ack);
}

static int
read_line(struct chaos_ledger *ledger, const char *line)
{
    size_t n = strlen(line);
    uint64_t number;

    if (n < 3 || strcmp(line + n - 3, " .\n") != 0)
        return 0; /* torn */
    if (strncmp(line, "wrong ", 6) == 0) {
        fputs(line, stderr);
        ledger->wrong++;
        return 0;
    }
    if (sscanf(line, "begun %" SCNu64, &number) != 1)
        return read_ack(ledger, line);
    if (number >= ledger->batches)
        ledger->batches = number + 1;
    return 0;
}

int
chaos_ledger_read(const char *file, struct chaos_ledger *ret_ledger)
{
    char line[LINE];
    FILE *f = fopen(file, "re");
    int r = 0;

    *ret_ledger = (struct chaos_ledger){0};
    if (!f)
        return errno == ENOENT ? 0 : -errno;
    while (r == 0 && fgets(line, sizeof line, f))
        r = read_line(ret_ledger, line);
    fclose(f);
    return r;
}

void
chaos_ledger_release(struct chaos_ledger *ledger)
{
    free(ledger->ack);
    *ledger = (struct chaos_ledger){0};
}

void
chaos_ledger_steps(const char *file, uint64_t *ret_begun, uint64_t *ret_done)
{
    FILE *f = fopen(file, "re");
    char line[LINE], end[2];
    uint64_t number;

    *ret_begun = *ret_done = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "begun %" SCNu64 " %1[.]", &number, end) == 2)
            *ret_begun = number + 1;
        else if (sscanf(line, "done %" SCNu64 " %1[.]", &number, end) == 2)
            *ret_done = number + 1;
    }
    if (f)
        fclose(f);
}

static void
put(int fd, const char *line, size_t n)
{
    if (write(fd, line, n) != (ssize_t)n)
        err(EX_IOERR, "the ledger");
}

int
chaos_ledger_open(const char *file)
{
    int fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    char last = '\n';

    if (fd < 0 || end < 0)
        return -errno;
    if (end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n')
        put(fd, "\n", 1);
    return fd;
}

void
chaos_ledger_write(int fd, const char *format, ...)
{
    char text[LINE - 4], line[LINE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put(fd, line, (size_t)snprintf(line, sizeof line, "%s .\n", text));
}

void
chaos_ledger_ack(int fd, const struct chaos_ack *ack)
{
    chaos_ledger_write(fd, "acked %" PRIu64 " %" PRIu32 " %" PRIu64 " %u %u %.*s", ack->number, ack->index,
                       ack->sequence, ack->duplicate, ack->aborted, (int)ack->rows, ack->outcome);
}
