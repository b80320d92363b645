/* The registry of partner organizations: one small text file each (partner_file.h), read whole, looked up in
 * memory.
 *
 * A file that is broken is left out and reported; the others work. Codes, names and aliases of all
 * organizations are one namespace; a key belongs to one member of one of them. Of files that claim the same
 * text or key, the one of who has it when the folder is read again stays; at a start, all of them are left
 * out (claims.h).
 *
 * The version stands for the content: equal content has the same version, also after a restart. An
 * organization has a number that stays with its code as long as the process lives, dense from 1 (0 is the
 * operator's).
 *
 * Single-threaded; a change waits for the disk. */
#ifndef BB_BROKER_REGISTRY_H
#define BB_BROKER_REGISTRY_H

#include "organization.h"
#include "partner_file.h"

struct bb_registry;

/* What operators act as, who come over their own socket. */
#define BB_CODE_OPERATOR "operator"

/* Does somebody else act under this code: operators, or a service? No organization has it. */
bool bb_code_is_reserved(const char *code);

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
/* By code, name or alias. NULL: none. */
const struct bb_organization *bb_registry_find(const struct bb_registry *registry, struct bb_bytes text);

/* Whose a key is. */
struct bb_key_holder {
    const struct bb_organization *organization;
    const struct bb_member *member;
    bool old; /* it is the one that is being replaced */
};

/* By the Z85 text of a key, enabled or not. False: nobody's. Borrowed as the organization is. */
bool bb_registry_find_key(const struct bb_registry *registry, struct bb_bytes key,
                          struct bb_key_holder *ret_holder);
/* May who has this key come in now? now: UTC microseconds, today: the day of it. */
bool bb_key_holder_may_enter(const struct bb_key_holder *holder, const char *today, int64_t now);
/* The first moment behind `now` from which an old key is let in no more; INT64_MAX: there is none. */
int64_t bb_registry_next_expiry(const struct bb_registry *registry, int64_t now);
/* The first organization whose code is above this one in byte order; NULL: none. "" gives the first. */
const struct bb_organization *bb_registry_after(const struct bb_registry *registry, struct bb_bytes code);
/* Opaque; 0: empty. */
uint64_t bb_registry_version(const struct bb_registry *registry);

#define BB_REGISTRY_MESSAGE BB_PARTNER_FILE_MESSAGE

/* A change of one organization: its parts are called in this order, with a copy that takes the place of the
 * organization when it is on disk. message: what was wrong, BB_REGISTRY_MESSAGE bytes. */
struct bb_registry_change {
    const char *code;
    /* The organization as it will be. is_new: it is not there yet, and has a code and nothing else.
     * 0 | a positive BB_ERROR_* with a message | -errno */
    int (*apply)(void *self, struct bb_organization *organization, bool is_new, char *message);
    /* It is about to be written, and is not what it was. NULL, or as above. */
    int (*record)(void *self, const struct bb_organization *organization);
    /* It could not be written. NULL: nobody wants to know. */
    void (*failed)(void *self, const struct bb_organization *organization);
    void *self;
};

/* 0 | what apply() or record() gave, BB_ERROR_EXISTS for a clash with others | -errno: nothing has changed.
 * ret_changed: it was written. */
int bb_registry_change(struct bb_registry *registry, const struct bb_registry_change *change,
                       const struct bb_organization **ret_organization, bool *ret_changed, char *message);

#endif
