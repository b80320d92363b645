/* Who did what administrative thing when; and who may do what, and why. */
#ifndef BACKBONE_AUDIT_H
#define BACKBONE_AUDIT_H

#include "chain.h"
#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The broker keeps a log, to which entries are added and nothing else: JSON objects, one a line, each of
 * which carries the hash of the line before and its own. Whoever has written down a head (the sequence and
 * the hash of an entry) sees from the lines that all up to it are as they were. PROTOCOL.md says how hashes
 * are made.
 */
struct bb_audit_head {
    uint64_t sequence; /* 0: before the first entry */
    int64_t time_us;   /* 0: not known */
    uint8_t hash[BB_HASH];
};

#define BB_HEAD_TEXT 86 /* "7:" and the hash in 64 digits, with NUL */

struct bb_audit_query {
    uint64_t after;   /* entries behind this sequence */
    uint32_t limit;   /* the last so many; 0: all */
    int64_t since_us; /* none that are older */
};

/* line: without its line feed; valid until the callback returns. Other than 0: no more. */
typedef int bb_audit_fn(void *self, struct bb_text line);
/* The last entry of the log as the broker has it when it sends a part of the answer; its time is not said. */
typedef void bb_audit_head_fn(void *self, const struct bb_audit_head *head);
/* The lines of the log, as they are in it. What this brings still has to be checked: bb_audit_line_check().
 * head: may be NULL; told before the lines of its part. */
BB_API int bb_client_audit(struct bb_client *client, const struct bb_audit_query *query, bb_audit_fn *each,
                           bb_audit_head_fn *head, bb_done_fn *done, void *self);

/* Is this the line behind `head`? Then head is moved to it. NULL: it is | what is wrong, static, to be read
 * behind "line 7: ". */
BB_API const char *bb_audit_line_check(struct bb_audit_head *head, struct bb_text line);

BB_API void bb_audit_head_text(const struct bb_audit_head *head, char ret_text[BB_HEAD_TEXT]);
/* 0 | -EINVAL */
BB_API int bb_audit_head_of_text(const char *text, struct bb_audit_head *ret_head);

struct bb_access_answer {
    bool allowed;
    const char *const *reason; /* sentences, one behind the other; the last one decides */
    size_t n_reasons;
    const char *scope; /* of the table: "ALL", "OWN", "SHARED", "TOTALS", "NONE" */
    const char *role;  /* "reporter"; NULL: there is no such member */
};

/* May this member call this method? organization: code, name or alias, or "operator"; member: NULL: main. The
 * answer is valid until the callback returns. */
typedef void bb_access_fn(void *self, const struct bb_access_answer *answer);
BB_API int bb_client_access(struct bb_client *client, const char *organization, const char *member,
                            const char *method, bb_access_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
