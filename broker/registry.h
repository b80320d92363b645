/* The registry of partner organizations: one small text file each, read whole, looked up in memory.
 *
 * <folder>/<code>.conf is libconfuse text that an operator may edit:
 *
 *     name = 'Hartford School District'
 *     role = 'partner'                      # staff, partner, observer
 *     aliases = {'Hartford', 'HSD'}
 *     enabled = true
 *     share-own-line = false
 *     joined = '2026-09-07'
 *     left = ''
 *     member main {
 *         key = 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'
 *     }
 *
 * On the day `left`, in UTC, and from then on its key is not let in, as if it were not enabled.
 *
 * Codes, names and aliases of all organizations are one namespace; a key belongs to one of them. A file that
 * is broken is left out and reported; the others work. Of files that claim the same text or key, the one of
 * who has it when the folder is read again stays; at a start, all of them are left out (claims.h). Single
 * quotes keep libconfuse from reading ${...} in names and keys.
 *
 * The version stands for the content: equal content has the same version, also after a restart. An
 * organization has a number that stays with its code as long as the process lives, dense from 1 (0 is the
 * operator's).
 *
 * Single-threaded; bb_registry_put() waits for the disk. */
#ifndef BB_BROKER_REGISTRY_H
#define BB_BROKER_REGISTRY_H

#include "proto/bytes.h"
#include "proto/limits.h"

#include "partner.pb-c.h"
#include "worker.pb-c.h"

struct bb_registry;

#define BB_MEMBER_MAIN "main"

/* What operators act as, who come over their own socket. */
#define BB_CODE_OPERATOR "operator"

/* Does somebody else act under this code: operators, or a service? No organization has it. */
bool bb_code_is_reserved(const char *code);

struct bb_organization {
    char *code;
    char *name;
    char **alias;
    size_t n_alias;
    uint32_t role; /* Bb__Role */
    uint32_t number;
    bool enabled;
    bool share_own_line;
    char joined[11]; /* "2026-09-07" or "" */
    char left[11];
    char key[BB_KEY_TEXT_BYTES + 1]; /* of the member "main", or "" */
    uint64_t digest;                 /* of the content */
};

/* Told of each file that is left out: one line that names file, line where known, and fault; for a clash a
 * line for each claim that is lost. */
typedef void (*bb_registry_report)(void *self, const char *message);

/* Read the folder. previous: what is served now: numbers and clashing claims stay with who has them; may be
 * NULL. 0 | -errno of the folder, -ENOMEM.
 */
int bb_registry_load(const char *folder, const struct bb_registry *previous, bb_registry_report report,
                     void *self, struct bb_registry **ret_registry);
void bb_registry_destroy(struct bb_registry **registry);

size_t bb_registry_count(const struct bb_registry *registry);
/* In order of code; i below the count. Borrowed until the next put or destroy. */
const struct bb_organization *bb_registry_at(const struct bb_registry *registry, size_t i);
/* May its members come in: is it enabled, and has it not left by this day ("2026-09-07")? */
bool bb_organization_may_enter(const struct bb_organization *organization, const char *today);
/* By code, name or alias. NULL: none. */
const struct bb_organization *bb_registry_find(const struct bb_registry *registry, struct bb_bytes text);
/* By the Z85 text of a key, enabled or not. NULL: none. */
const struct bb_organization *bb_registry_find_key(const struct bb_registry *registry, struct bb_bytes key);
/* The first organization whose code is above this one in byte order; NULL: none. "" gives the first. */
const struct bb_organization *bb_registry_after(const struct bb_registry *registry, struct bb_bytes code);
/* Opaque; 0: empty. */
uint64_t bb_registry_version(const struct bb_registry *registry);

#define BB_REGISTRY_MESSAGE 512

/* Add or change an organization (partner.put), on disk when it returns.
 * today: "2026-09-07", the date a new one joins. message: what was wrong, BB_REGISTRY_MESSAGE bytes.
 * 0 | a positive BB_ERROR_* (EXISTS, NOT_FOUND, INVALID) with a message | -errno, nothing changed. */
int bb_registry_put(struct bb_registry *registry, const Bb__PartnerPut *put, const char *today,
                    const struct bb_organization **ret_organization, bool *ret_changed, char *message);

/* An organization as a message: points into the organization and into itself. */
struct bb_organization_message {
    Bb__Organization organization;
    Bb__Member member;
    Bb__Member *members[1];
};
void bb_organization_message(const struct bb_organization *organization,
                             struct bb_organization_message *ret_message);

#endif
