/* A progress bar on stderr, for work that takes long enough to be looked at, on a terminal; otherwise
 * nothing. */
#ifndef BB_CLI_PROGRESS_H
#define BB_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct bb_progress {
    bool on;
    bool drawn;
    uint64_t total;   /* 0: unknown */
    int64_t begun_ms; /* monotonic */
    int64_t drawn_ms;
};

/* total: what `done` will reach, 0 when nobody knows. */
void bb_progress_init(struct bb_progress *progress, uint64_t total);

/* rows: shown beside the bar. Draws at most ten times a second, and not in the first half second. */
void bb_progress_update(struct bb_progress *progress, uint64_t done, uint64_t rows);

/* Take it off the screen: before anything else is printed, and at the end. */
void bb_progress_clear(struct bb_progress *progress);

/* What is drawn, in fewer than `columns` characters: the bar where there is room for one beside the text, the
 * text as far as it goes. total 0: no bar. Pure. out: at least BB_PROGRESS_LINE bytes. */
#define BB_PROGRESS_LINE 128u
void bb_progress_line(uint64_t done, uint64_t total, uint64_t rows, double a_second, unsigned columns,
                      char *out);

/* The bar as text: "[=====>    ]  52%". Pure. out: at least width + 1 bytes; width at least 8. */
void bb_progress_bar(uint64_t done, uint64_t total, unsigned width, char *out);

#endif
