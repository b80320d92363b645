#include "progress.h"

#include "runtime/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define QUIET_MS 500
#define EVERY_MS 100
#define WIDTH    36u

#define NARROWEST 12u /* of a bar that still shows something */

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
bb_progress_line(uint64_t done, uint64_t total, uint64_t rows, double a_second, unsigned columns, char *out)
{
    char text[BB_PROGRESS_LINE - WIDTH];
    int len = snprintf(text, sizeof text, "%" PRIu64 " rows, %.0f a second", rows, a_second);
    unsigned room =
        columns > (unsigned)len + 2 ? columns - (unsigned)len - 2 : 0; /* a blank, and one column free */
    unsigned width = room < WIDTH ? room : WIDTH;
    *out = '\0';
    if (total && width >= NARROWEST) {
        bb_progress_bar(done, total, width, out);
        strcat(out, " ");
    }
    size_t most = columns > strlen(out) ? columns - strlen(out) - 1 : 0;
    strncat(out, text, most);
}

/* The width of the terminal now: it may be changed while we draw. 80 when it does not tell. */
static unsigned
terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void
bb_progress_update(struct bb_progress *progress, uint64_t done, uint64_t rows)
{
    char line[BB_PROGRESS_LINE];
    if (!progress->on)
        return;
    int64_t now = bb_clock_mono();
    if (now - progress->begun_ms < QUIET_MS || now - progress->drawn_ms < EVERY_MS)
        return;
    double seconds = (double)(now - progress->begun_ms) / 1000;
    bb_progress_line(done, progress->total, rows, (double)rows / seconds, terminal_columns(), line);
    fprintf(stderr, "\r%s\033[K", line);
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
