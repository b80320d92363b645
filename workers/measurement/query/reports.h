/* The rows of one part of `reporting`: columns whose cells are indexes of texts that stand in the part once.
 *
 * Owned by the query. What they give to a part is borrowed from them until the next change. */
#ifndef BB_QUERY_REPORTS_H
#define BB_QUERY_REPORTS_H

#include "core.h"

#include "runtime/period.h"

#define BB_REPORT_COLUMNS 5

/* Zeroed memory may be released. */
struct bb_report_rows {
    uint32_t *column[BB_REPORT_COLUMNS]; /* but for the status: indexes of texts */
    size_t n, size;
    struct bb_arena texts;
    char **text;
    size_t n_text, text_size;
    size_t bytes;        /* of the part, about */
    uint32_t dictionary; /* number of the part, for bb_term.dictionary */
    struct bb_period period;
    uint32_t period_index; /* 0: it has none yet */
    uint32_t due_day, due_index;
};

struct bb_report_row {
    uint32_t indicator, organization;
    struct bb_period period;
    uint32_t late_day; /* the first one on which it is late; 0: there is none */
    uint32_t status;   /* proto/reports.h */
};

/* bytes: memory for the texts of a part */
void bb_report_rows_init(struct bb_report_rows *rows, size_t bytes);
void bb_report_rows_release(struct bb_report_rows *rows);
/* A new part: no rows, no texts. */
void bb_report_rows_begin(struct bb_report_rows *rows);
/* 0 | <0 */
int bb_report_rows_add(struct bb_report_rows *rows, struct bb_query *query, struct bb_query_step *step,
                       const struct bb_report_row *row);
void bb_report_rows_give(const struct bb_report_rows *rows, Bb__ReportingPart *part);

#endif
