/* Checking receipts against a chain, both as files, without any service.
 *
 * Receipts are what `import --receipt` wrote, the chain what `chain export` prints: one JSON object a line
 * with sequence, time, type, previous, mark, body and hash. Each must be exactly as these write it, so that
 * no byte may change that says something. */
#ifndef BB_CLI_VERIFY_H
#define BB_CLI_VERIFY_H

#include "client/lib/backbone.h"

#include <stdio.h>

struct bb_receipt_list;

/* What was found good. */
struct bb_verified {
    const char *organization, *member; /* the list's */
    char batch[BB_BATCH_TEXT];
    uint64_t receipts, rows, accepted;           /* rows that were sent, and of them those that were taken */
    uint64_t first, last;                        /* entries of the chain */
    uint8_t hash[BB_HASH];                       /* of its last one */
    uint64_t is_signed;                          /* receipts that have a signature, which is good */
    char signers[8 * (BB_FINGERPRINT_TEXT + 1)]; /* fingerprints of their keys, "" none */
};

enum bb_verify {
    BB_VERIFY_BAD = 1, /* `error` says what differs */
};

/* name: for messages. 0 | BB_VERIFY_BAD | -errno it cannot be read */
int bb_receipt_list_read(FILE *from, const char *name, struct bb_receipt_list **ret_list, char *error,
                         size_t size);
void bb_receipt_list_destroy(struct bb_receipt_list **list);

/* Walk the chain from its first line to its last, and find every receipt in it.
 * 0 | BB_VERIFY_BAD | -errno it cannot be read */
int bb_receipt_list_verify(const struct bb_receipt_list *list, FILE *chain, const char *name,
                           struct bb_verified *ret_verified, char *error, size_t size);

#endif
