#include "progress.h"

#include "runtime/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define QUIET_MS 500
#define EVERY_MS 100
#define WIDTH    36u

void
bb_progress_init(struct bb_progress *progress, uint64_t total)
{
    *progress = (struct bb_progress){
        .on = isatty(STDERR_FILENO) == 1,
        .total = total,
        .begun_ms = bb_clock_mono(),
    };
}

void
bb_progress_bar(uint64_t done, uint64_t total, unsigned width, char *out)
{
    unsigned inner = width - 7; /* brackets and " 100%" */
    if (done > total)
        done = total;
    unsigned percent = total ? (unsigned)((unsigned __int128)done * 100 / total) : 100;
    unsigned filled = total ? (unsigned)((unsigned __int128)done * inner / total) : inner;
    out[0] = '[';
    for (unsigned i = 0; i < inner; i++)
        out[1 + i] = i < filled ? '=' : i == filled ? '>' : ' ';
    snprintf(out + 1 + inner, 7, "] %3u%%", percent);
}

void
bb_progress_update(struct bb_progress *progress, uint64_t done, uint64_t rows)
{
    char bar[WIDTH + 1];
    if (!progress->on)
        return;
    int64_t now = bb_clock_mono();
    if (now - progress->begun_ms < QUIET_MS || now - progress->drawn_ms < EVERY_MS)
        return;
    double seconds = (double)(now - progress->begun_ms) / 1000;
    if (progress->total)
        bb_progress_bar(done, progress->total, WIDTH, bar);
    else
        bar[0] = '\0';
    fprintf(stderr, "\r%s %" PRIu64 " rows, %.0f a second\033[K", bar, rows, (double)rows / seconds);
    fflush(stderr);
    progress->drawn = true;
    progress->drawn_ms = now;
}

void
bb_progress_clear(struct bb_progress *progress)
{
    if (!progress->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->drawn = false;
}
