#include "reports.h"

const char *
bb_report_state_name(uint32_t status)
{
    static const char *const names[] = {"silent", "reported", "zero", "unavailable"};
    uint32_t state = status & ((1u << BB_REPORT_TIME_SHIFT) - 1);

    return state < sizeof names / sizeof *names ? names[state] : "";
}

const char *
bb_report_time_name(uint32_t status)
{
    static const char *const names[] = {"", "on time", "late", "due", "overdue"};
    uint32_t when = status >> BB_REPORT_TIME_SHIFT;

    return when < sizeof names / sizeof *names ? names[when] : "";
}
