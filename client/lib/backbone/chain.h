/* Receipts of what was accepted, and the chain that they belong to. */
#ifndef BACKBONE_CHAIN_H
#define BACKBONE_CHAIN_H

#include "client.h"
#include "submission.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Every submission that was accepted is an entry of the service's journal, and each entry carries the hash of
 * the one before: the chain. The chain of entries can be had without their contents, and a receipt says which
 * entry holds what was sent. Whoever has both needs no service to see that they belong together, and that no
 * entry up to that one was changed, removed or put in afterwards: its hash would be another one. */
#define BB_HASH             32 /* bytes of a hash, BLAKE2b-256 */
#define BB_SIGNATURE        96 /* bytes of a signature, with its key */
#define BB_CHAIN_ENTRY_TYPE 20 /* the name of a type, with NUL */

/* An entry in the chain. PROTOCOL.md says how hashes are made. */
struct bb_chain_entry {
    uint64_t sequence;
    int64_t time_us;
    char type[BB_CHAIN_ENTRY_TYPE]; /* "submission", "indicators", "directory" ... */
    uint8_t previous[BB_HASH];      /* hash of the entry before; zeros at the first */
    uint8_t mark[BB_HASH];          /* of a submission; else zeros */
    uint8_t body[BB_HASH];          /* digest of what is in it */
    uint8_t hash[BB_HASH];
};

/* What its sender may keep of an accepted submission. */
struct bb_submission_receipt {
    const uint8_t *batch; /* BB_BATCH_ID bytes */
    uint32_t index;
    uint32_t rows;
    const uint8_t *outcome; /* enum bb_outcome_code of each row, or one for all that are alike */
    size_t n_outcomes;
    const char *organization; /* who sent it */
    const char *member;
    uint64_t sequence; /* of the entry */
    int64_t time_us;
    uint8_t hash[BB_HASH];
    uint8_t content[BB_HASH]; /* of the submission as it was sent */
    const uint8_t *signature; /* BB_SIGNATURE bytes, the signing key first; NULL: it was not signed */
};

/* Nothing was kept, or it was a dry run. */
#define BB_RECEIPT_NONE 1

/* The receipt for an answer, within the callback that is given it; its texts are valid until that returns. A
 * repeat gets the receipt of the first time. 0 | BB_RECEIPT_NONE | -ENOTCONN */
BB_API int bb_submission_receipt(const struct bb_outcomes *outcomes,
                                 struct bb_submission_receipt *ret_receipt);

typedef int bb_chain_fn(void *self, const struct bb_chain_entry *entry);
/* The chain from one sequence to another, both included; 0: the first, the last. What it brings still has to
 * be checked, one by one. */
BB_API int bb_client_chain(struct bb_client *client, uint64_t from, uint64_t to, bb_chain_fn *each,
                           bb_done_fn *done, void *self);

/* What the hash of an entry must be. 0 | -EINVAL: there is no such type */
BB_API int bb_chain_entry_hash(const struct bb_chain_entry *entry, uint8_t ret_hash[BB_HASH]);
/* Does an entry follow from the one before (NULL: not known), and has it the hash that it must have? NULL yes
 * | what is wrong, static, to be read behind "entry 7: " */
BB_API const char *bb_chain_entry_check(const struct bb_chain_entry *before,
                                        const struct bb_chain_entry *entry);
/* What the mark of the entry that the receipt speaks of must be. */
BB_API void bb_submission_receipt_mark(const struct bb_submission_receipt *receipt,
                                       uint8_t ret_mark[BB_HASH]);
/* Has it a signature, and is that one of its content, batch and organization? Whose key it is, which stands
 * at the beginning of the signature, is for the reader to know. */
BB_API bool bb_submission_receipt_is_signed(const struct bb_submission_receipt *receipt);
/* Is this the entry that the receipt speaks of, and is its signature, if it has one, good? NULL yes | what
 * differs, static. */
BB_API const char *bb_submission_receipt_check(const struct bb_submission_receipt *receipt,
                                               const struct bb_chain_entry *entry);

#ifdef __cplusplus
}
#endif

#endif
