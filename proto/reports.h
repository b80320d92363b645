/* Codes of expected reports on the wire: ReportingPart.status. Never reused. */
#ifndef BB_REPORTS_H
#define BB_REPORTS_H

#include <stdint.h>

/* What became of it. */
enum bb_report_state {
    BB_REPORT_SILENT = 0,
    BB_REPORT_REPORTED = 1,    /* a value other than zero */
    BB_REPORT_ZERO = 2,        /* zero */
    BB_REPORT_UNAVAILABLE = 3, /* declared: missing, suppressed or not applicable */
};

/* When, in the bits above. */
#define BB_REPORT_TIME_SHIFT 4
enum bb_report_time {
    BB_REPORT_NO_TIME = 0, /* it has no due day */
    BB_REPORT_ON_TIME = 1,
    BB_REPORT_LATE = 2,
    BB_REPORT_DUE = 3,     /* silent, and there is time */
    BB_REPORT_OVERDUE = 4, /* silent, and late already */
};

/* "silent", "reported", "zero", "unavailable"; "", "on time", "late", "due", "overdue". "" for another
 * number. Static. */
const char *bb_report_state_name(uint32_t status);
const char *bb_report_time_name(uint32_t status);

#endif
