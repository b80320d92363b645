/* --verify, of signatures: is every entry signed as it had to be when it was made?
 *
 * The pins are those of the replay, which no caller but the journal has made. Signatures are looked at by the
 * same rules as when they came, and those of keys by what the entry itself says; what the configuration named
 * then is not known, so a key that it pinned is taken for what it is. */
#ifndef BB_VERIFY_SIGNING_H
#define BB_VERIFY_SIGNING_H

#include "workers/measurement/write/signing.h"

/* Of a submission, as of its entry. *ret_signed: it has a signature. 0 | 1 the failure says what is wrong |
 * <0 */
int bb_verify_submission(struct bb_head *head, const Bb__EntrySubmission *entry, bool *ret_signed,
                         struct bb_failure *failure);

/* Of what was said of a key, when it has been applied. ret_signed: how many signatures it has. The same. */
int bb_verify_signing_key(struct bb_head *head, const Bb__EntrySigning *entry, unsigned *ret_signed,
                          struct bb_failure *failure);

/* Who signs, a line each. */
void bb_verify_print_pins(const struct bb_head *head);

#endif
