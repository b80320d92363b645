/* fan-check: did every subscriber get exactly the messages of its filter, in order, once?
 *
 *     fan-check LEDGER FOLDER SUBSCRIBERS
 *
 * FOLDER/S is the store of subscriber S. Says what is lost, doubled, out of order, or not for it: a line each
 * on stderr, the first few of a subscriber. Prints a summary. Exit status 0, or 1 when something is wrong. */
#include "store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define SHOWN 3

struct tally {
    uint64_t stored, expected, lost, doubled, disordered, alien, marked;
};

static int
by_sequence(const void *a, const void *b)
{
    uint64_t x = ((const struct fan_line *)a)->sequence, y = ((const struct fan_line *)b)->sequence;

    return (x > y) - (x < y);
}

static void
say(unsigned *shown, uint32_t subscriber, const char *what, const struct fan_line *line)
{
    if ((*shown)++ < SHOWN)
        fprintf(stderr, "%s: subscriber %u, %" PRIu64 " %s\n", what, subscriber, line->sequence,
                line->channel);
}

/* What a subscriber marked itself: lines "wrong ...". */
static uint64_t
count_marked(const char *file)
{
    FILE *in = fopen(file, "re");
    char text[256];
    uint64_t n = 0;

    while (in && fgets(text, sizeof text, in))
        n += strncmp(text, "wrong", 5) == 0;
    if (in)
        fclose(in);
    return n;
}

static bool
is_same(const struct fan_line *a, const struct fan_line *b)
{
    return a->sequence == b->sequence && strcmp(a->id, b->id) == 0 && strcmp(a->channel, b->channel) == 0;
}

/* Walk both in order of sequence. */
static void
compare(uint32_t s, const struct fan_lines *ledger, struct fan_lines *got, struct tally *t)
{
    unsigned shown = 0;
    size_t at = 0;

    for (size_t i = 1; i < got->n; i++)
        if (got->line[i].sequence <= got->line[i - 1].sequence) {
            t->disordered++;
            say(&shown, s, "out of order", &got->line[i]);
        }
    qsort(got->line, got->n, sizeof *got->line, by_sequence);
    for (size_t i = 0; i < ledger->n; i++) {
        const struct fan_line *due = &ledger->line[i];

        if (!fan_selects(s, due->channel))
            continue;
        t->expected++;
        for (; at < got->n && got->line[at].sequence < due->sequence; at++) {
            t->alien++;
            say(&shown, s, "not for it", &got->line[at]);
        }
        if (at == got->n || !is_same(&got->line[at], due)) {
            t->lost++;
            say(&shown, s, "lost", due);
            continue;
        }
        for (at++; at < got->n && got->line[at].sequence == due->sequence; at++) {
            t->doubled++;
            say(&shown, s, "twice", due);
        }
    }
    for (; at < got->n; at++) {
        t->alien++;
        say(&shown, s, "not for it", &got->line[at]);
    }
}

int
main(int argc, char **argv)
{
    struct fan_lines ledger, got;
    struct tally t = {.stored = 0};
    uint64_t wrong;
    uint32_t n;

    if (argc != 4)
        return EX_USAGE;
    n = (uint32_t)strtoul(argv[3], NULL, 10);
    fan_lines_read(argv[1], &ledger);
    qsort(ledger.line, ledger.n, sizeof *ledger.line, by_sequence);
    for (uint32_t s = 0; s < n; s++) {
        char file[4096];

        snprintf(file, sizeof file, "%s/%u", argv[2], s);
        fan_lines_read(file, &got);
        t.stored += got.n;
        t.marked += count_marked(file);
        compare(s, &ledger, &got, &t);
        fan_lines_release(&got);
    }
    wrong = t.lost + t.doubled + t.disordered + t.alien + t.marked;
    printf("%zu messages, %u subscribers: %" PRIu64 " deliveries expected, %" PRIu64 " stored; %" PRIu64
           " lost, %" PRIu64 " twice, %" PRIu64 " out of order, %" PRIu64 " not for it, %" PRIu64
           " not marked as redelivered\n",
           ledger.n, n, t.expected, t.stored, t.lost, t.doubled, t.disordered, t.alien, t.marked);
    fan_lines_release(&ledger);
    return wrong || !t.expected ? 1 : 0;
}
