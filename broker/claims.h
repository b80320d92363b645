/* Which organizations claim what another one claims too: a text that names them (code, name, alias) or a key.
 *
 * One decision over all files at once, so their order does not matter. A text or key that two or more claim
 * stays with the one that has it now, if one of them has; the others are out. If none has it, as at a start,
 * all of them are out: nobody gets in with a key, and no reading goes to an organization, because of the
 * alphabet.
 *
 * It reads no file and changes nothing. */
#ifndef BB_BROKER_CLAIMS_H
#define BB_BROKER_CLAIMS_H

#include "registry.h"

/* Told for each claim that is lost: the index of who loses, and the claim and the other file in words. */
typedef void (*bb_claims_report)(void *self, size_t loser, const char *message);

/* now: what is served now, or NULL at a start. ret_out: [n], true for who is left out. 0 | -ENOMEM */
int bb_claims_settle(struct bb_organization *const *organizations, size_t n, const struct bb_registry *now,
                     bb_claims_report report, void *self, bool *ret_out);

#endif
