/* How often a text stands in the memory of a process, and how often the key that it is in Z85, as bytes:
 *
 *     remembers PID TEXT        prints two numbers
 *
 * For who may look: root, as a rule, since the daemons are not dumpable. */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

static unsigned
count(const uint8_t *in, size_t len, const void *what, size_t n)
{
    const uint8_t *end = in + len, *at = in;
    unsigned found = 0;

    while ((at = memmem(at, (size_t)(end - at), what, n))) {
        found++;
        at += n;
    }
    return found;
}

int
main(int argc, char **argv)
{
    char path[64], line[512];
    uint8_t raw[32];
    unsigned text = 0, bytes = 0;
    FILE *maps;
    int memory;

    if (argc != 3 || strlen(argv[2]) != 40 || !zmq_z85_decode(raw, argv[2]))
        errx(64, "PID and 40 characters of Z85");
    snprintf(path, sizeof path, "/proc/%s/maps", argv[1]);
    maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%s/mem", argv[1]);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    if (!maps || memory < 0)
        err(77, "%s", path);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char mode[8];
        uint8_t *copy;
        ssize_t n;

        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[0] != 'r' || mode[1] != 'w')
            continue;
        copy = malloc(to - from);
        if (!copy)
            err(71, "memory");
        n = pread(memory, copy, to - from, (off_t)from);
        if (n > 0) {
            text += count(copy, (size_t)n, argv[2], 40);
            bytes += count(copy, (size_t)n, raw, sizeof raw);
        }
        free(copy);
    }
    printf("%u %u\n", text, bytes);
    return 0;
}
