/* The receipts of an import: import --receipt FILE.
 *
 * One JSON object, a submission a line:
 *
 *     {"batch": "0198...", "organization": "hartford", "member": "main", "receipts": [
 *     {"index": 0, "sequence": 12, "time": "2026-09-07T14:03:00.123456Z", "hash": "6f...", "content":
 * "b2...", "rows": 1000, "outcomes": "1"}
 *     ]}
 *
 * One that was signed has "signature" in front of the outcomes, 192 digits, the key's 64 first.
 *
 * outcomes has a digit a row (0 rejected, 1 created, 2 updated, 3 unchanged, 4 locked), or one for all rows
 * that are alike. What was refused before it was sent is not among the rows. Who kept nothing has no
 * receipts, and nobody's name. verify.h reads it. */
#ifndef BB_CLI_RECEIPTS_H
#define BB_CLI_RECEIPTS_H

#include "client/lib/backbone.h"

#include "runtime/buffer.h"

struct bb_receipts;

/* Begin the file, beside the one that it replaces (target.h). 0 | -errno */
int bb_receipts_new(const char *file, const uint8_t batch[BB_BATCH_ID], struct bb_receipts **ret_receipts);
/* What was not finished has not happened. NULL is fine. */
void bb_receipts_destroy(struct bb_receipts **receipts);

/* Within the callback of an answer: append its receipt, if it has one, as text. 0 | -ENOMEM | -EBADMSG */
int bb_receipts_take(struct bb_receipts *receipts, const struct bb_outcomes *outcomes,
                     struct bb_buffer *text);
/* Write what was taken; in the order of submissions. */
void bb_receipts_put(struct bb_receipts *receipts, struct bb_bytes text);

/* The end of the file: with keep it replaces the earlier one. 0 | -errno: not all was written. NULL is fine.
 */
int bb_receipts_finish(struct bb_receipts *receipts, bool keep);

/* A hash as 64 lower-case hexadecimal digits and NUL, and back, which takes exactly that. 0 | -EINVAL */
#define BB_HASH_TEXT (2 * BB_HASH + 1)
void bb_hash_format(const uint8_t hash[BB_HASH], char ret_text[BB_HASH_TEXT]);
int bb_hash_parse(const char *text, uint8_t ret_hash[BB_HASH]);
/* A signature likewise. */
int bb_signature_parse(const char *text, uint8_t ret_signature[BB_SIGNATURE]);

#endif
