/* The chain over the measurement journal: how the hash of an entry is made, so that whoever has no contents
 * can follow it.
 *
 * An entry is a link: what is said of it in public (sequence, time, type), the hash of the entry before, a
 * digest of its body, and a mark. The hash covers these and nothing else. The mark of a submission is made of
 * what its sender knows: what it sent, as whom, and what became of each row; so a receipt can be checked
 * against a link by somebody who has neither the rows nor the body. Entries of other types have no mark (all
 * zeros). The first entry has no entry before it (zeros).
 *
 * Every hash is BLAKE2b-256 (RFC 7693); numbers are big-endian. Pure. */
#ifndef BB_CHAIN_H
#define BB_CHAIN_H

#include "clock.h"

#include "proto/bytes.h"

#define BB_CHAIN_HASH 32

struct bb_chain_link {
    uint64_t sequence;
    bb_utc time;
    uint8_t type; /* enum bb_entry_type of the journal */
    uint8_t previous[BB_CHAIN_HASH], mark[BB_CHAIN_HASH], body[BB_CHAIN_HASH];
};

/* What the mark of a submission is made of. */
struct bb_chain_subject {
    struct bb_bytes batch;
    uint32_t index, rows;
    struct bb_bytes content;  /* the hash of the submission as it was sent */
    struct bb_bytes outcomes; /* as they travel: one byte a row, or one for all that are alike */
    struct bb_bytes organization, member;
    struct bb_bytes signature; /* key and signature, 96 bytes; none: it was not signed */
};

/* Of a submission as it was sent, and of the body of an entry. */
void bb_chain_digest(struct bb_bytes bytes, uint8_t ret_hash[static BB_CHAIN_HASH]);
void bb_chain_mark(const struct bb_chain_subject *subject, uint8_t ret_mark[static BB_CHAIN_HASH]);
void bb_chain_hash(const struct bb_chain_link *link, uint8_t ret_hash[static BB_CHAIN_HASH]);

/* "submission", "directory" ...; "type-N" for one that has no name here. */
#define BB_CHAIN_TYPE_TEXT 20
void bb_chain_type_format(uint8_t type, char ret_text[static BB_CHAIN_TYPE_TEXT]);
/* Exactly what the function above gives. 0 | -EINVAL */
int bb_chain_type_parse(const char *text, uint8_t *ret_type);

#define BB_CHAIN_SUBMISSION 1 /* the type of what receipts are given for */

#endif
