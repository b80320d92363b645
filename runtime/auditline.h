/* A line of the audit log: one JSON object, which carries the hash of the line before it and its own.
 *
 *     {"sequence":7,"time":"2026-09-07T14:03:00.123456Z","organization":"office","member":"main",
 *      "role":"manager","key":"7Q2MK-0GD4S-XW1PN-93ZRT","action":"partner.invite","object":"hartford/main",
 *      "facts":{"role":"reporter"},"digest":"0123456789abcdef","previous":"...","hash":"..."}
 *
 * on one line, without blanks. `hash` is BLAKE2b-256 (RFC 7693) of the line without its member `hash` and its
 * line feed; `previous` is that of the line before, zeros in the first. Texts are written as jq writes them,
 * so that who has `jq -cj 'del(.hash)'` and b2sum can check a log; PROTOCOL.md, "Audit log", is normative.
 *
 * Pure: whoever has lines, the broker or somebody far away, follows the chain by the same function. */
#ifndef BB_AUDITLINE_H
#define BB_AUDITLINE_H

#include "clock.h"

#include "proto/bytes.h"

#define BB_AUDIT_HASH       32
#define BB_AUDIT_LINE_BYTES 8192u /* most that a line has, its line feed included */

/* Something that is part of what happened, for those who look later. Never a secret, and no payload. */
struct bb_fact {
    const char *name;
    const char *value; /* NULL: left out */
};

enum bb_audit_outcome {
    BB_AUDIT_DONE,
    BB_AUDIT_FAILED,  /* what stands in an entry before could not be done */
    BB_AUDIT_REFUSED, /* somebody tried who may not */
};

/* What an entry says. Texts are UTF-8; NULL: left out. */
struct bb_audit_entry {
    const char *organization, *member, *role; /* who */
    const char *key;                          /* whose fingerprint */
    const char *action, *object;
    const struct bb_fact *fact;
    size_t n_facts;
    bool has_digest;
    uint64_t digest; /* of the file of the organization that is the object, as it is then; 0: there is none */
    enum bb_audit_outcome outcome;
};

/* An entry in the chain. All zeros: before the first one. */
struct bb_audit_link {
    uint64_t sequence;
    bb_utc time;
    uint8_t hash[BB_AUDIT_HASH];
};

/* The line behind `last`, its line feed included. It is not older than the one before, whatever the clock
 * says. line: BB_AUDIT_LINE_BYTES. 0 | -EMSGSIZE: it would be longer */
int bb_audit_line(const struct bb_audit_link *last, bb_utc now, const struct bb_audit_entry *entry,
                  char line[static BB_AUDIT_LINE_BYTES], size_t *ret_len, struct bb_audit_link *ret_link);

/* Is this (without its line feed) the line that follows `last`? NULL: it is | a sentence that says what is
 * wrong, static */
const char *bb_audit_follow(const struct bb_audit_link *last, struct bb_bytes line,
                            struct bb_audit_link *ret_link);

/* The value of a member of a line that follows, as it stands there, quotes and all; no data: it has none. */
struct bb_bytes bb_audit_member(struct bb_bytes line, const char *name);
/* The same of a text in which nothing is escaped, without its quotes. */
struct bb_bytes bb_audit_text(struct bb_bytes line, const char *name);

/* A head, as people write it down: "7:" and the hash, 64 digits. */
#define BB_AUDIT_HEAD_TEXT (20 + 1 + 2 * BB_AUDIT_HASH + 1)
void bb_audit_head_format(const struct bb_audit_link *link, char ret_text[static BB_AUDIT_HEAD_TEXT]);
/* The time is not in it. 0 | -EINVAL */
int bb_audit_head_parse(const char *text, struct bb_audit_link *ret_link);

#endif
