/* Following the audit log from its first line to its last: that each follows the one before, that the last
 * one is the one that it should be, and that what somebody has written down of it is still in it. Lines come
 * from the broker or from a file, one by one. */
#ifndef BB_CLI_AUDIT_CHECK_H
#define BB_CLI_AUDIT_CHECK_H

#include "client/lib/backbone.h"

struct bb_audit_check {
    struct bb_audit_head head;   /* of what has come */
    struct bb_audit_head expect; /* sequence 0: nothing was written down */
    bool found;                  /* it is in it */
    char wrong[320];             /* a sentence */
};

enum bb_audit_verdict {
    BB_AUDIT_BAD = 1, /* `wrong` says why */
};

/* name: of where the lines are from. 0 | BB_AUDIT_BAD */
int bb_audit_check_line(struct bb_audit_check *check, const char *name, struct bb_text line);
/* That was the last line. last: what the broker says of it; NULL: nobody does. 0 | BB_AUDIT_BAD */
int bb_audit_check_end(struct bb_audit_check *check, const char *name, const struct bb_audit_head *last);

#endif
