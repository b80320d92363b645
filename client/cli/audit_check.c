#include "audit_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static int bad(struct bb_audit_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
bad(struct bb_audit_check *check, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(check->wrong, sizeof check->wrong, format, arguments);
    va_end(arguments);
    return BB_AUDIT_BAD;
}

int
bb_audit_check_line(struct bb_audit_check *check, const char *name, struct bb_text line)
{
    const struct bb_audit_head *expect = &check->expect;
    uint64_t number = check->head.sequence + 1;
    const char *wrong = bb_audit_line_check(&check->head, line);

    if (wrong)
        return bad(check, "%s: line %" PRIu64 ": %s", name, number, wrong);
    if (check->head.sequence != expect->sequence)
        return 0;
    if (memcmp(check->head.hash, expect->hash, BB_HASH) != 0)
        return bad(check,
                   "%s: entry %" PRIu64 " has another hash than the one that was written down: the log was "
                   "altered before it, or there, and its hashes made anew",
                   name, number);
    check->found = true;
    return 0;
}

int
bb_audit_check_end(struct bb_audit_check *check, const char *name, const struct bb_audit_head *last)
{
    const struct bb_audit_head *head = &check->head;

    if (check->expect.sequence && !check->found)
        return bad(check,
                   "%s: the log ends with entry %" PRIu64 ", and entry %" PRIu64
                   " was written down: entries are missing at its end",
                   name, head->sequence, check->expect.sequence);
    if (last && (last->sequence != head->sequence || memcmp(last->hash, head->hash, BB_HASH) != 0))
        return bad(check,
                   "%s: the log ends with entry %" PRIu64 " by what was sent, with entry %" PRIu64
                   " by what is said of it, or that has another hash",
                   name, head->sequence, last->sequence);
    return 0;
}
