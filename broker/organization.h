/* One organization of the registry: what it is called, who its members are, whom it has invited.
 *
 * A *member* is a person or a system of the organization, with a role within its class (proto/methods.h) and
 * a key; while a key is being replaced, the old one is let in too, until a moment. An *invitation* lets
 * somebody who has its secret bring the key of a member; of the secret only a hash is kept. A key that was
 * *revoked* never comes back.
 *
 * Plain data, owned by whoever has the struct; nothing here reads a file, a clock or the registry. Times are
 * UTC microseconds since 1970. */
#ifndef BB_BROKER_ORGANIZATION_H
#define BB_BROKER_ORGANIZATION_H

#include "proto/bytes.h"
#include "proto/limits.h"
#include "runtime/invitation.h"

#include "worker.pb-c.h"

#define BB_MEMBER_MAIN "main" /* what a member is called when nothing else is said */

#define BB_KEY_ROOM (BB_KEY_TEXT_BYTES + 1)

struct bb_member {
    char *name;
    char *person;              /* for people; NULL: not said */
    uint32_t role;             /* Bb__Role */
    char key[BB_KEY_ROOM];     /* or "" */
    char old_key[BB_KEY_ROOM]; /* or "" */
    int64_t old_key_until;     /* from then on the old key is let in no more */
};

enum bb_invitation_state {
    BB_INVITATION_OPEN,    /* nobody has used it */
    BB_INVITATION_PENDING, /* `key` has, and waits for approval */
    BB_INVITATION_USED,    /* `key` has */
};

struct bb_invitation {
    uint8_t id[BB_INVITATION_ID];
    uint8_t hash[BB_INVITATION_HASH]; /* BLAKE2b-256 of the secret */
    char *member;
    char *by; /* organization/member */
    uint32_t role;
    int64_t expires;
    bool approve; /* who uses it waits for approval */
    enum bb_invitation_state state;
    char key[BB_KEY_ROOM]; /* who has used it, or "" */
};

struct bb_organization {
    char *code;
    char *name;
    char **alias;
    size_t n_alias;
    char **indicator; /* it takes part in these alone; none: in all */
    size_t n_indicator;
    struct bb_member *member;
    size_t n_member;
    struct bb_invitation *invitation;
    size_t n_invitation;
    char (*revoked)[BB_KEY_ROOM]; /* the oldest first */
    size_t n_revoked;
    uint32_t role; /* Bb__Role: its class */
    uint32_t number;
    bool enabled;
    bool share_own_line;
    char joined[11]; /* "2026-09-07" or "" */
    char left[11];
    uint64_t digest;                         /* of what workers are told */
    uint64_t whole;                          /* of everything that its file says */
    struct bb_organization_message *message; /* see bb_organization_message() */
};

struct bb_organization *bb_organization_new(void);
void bb_organization_destroy(struct bb_organization **organization);
/* 0 | -ENOMEM; the number is copied too. */
int bb_organization_copy(const struct bb_organization *from, struct bb_organization **ret_organization);
/* Replace the name. 0 | -ENOMEM */
int bb_organization_set_name(struct bb_organization *organization, const char *name);
/* Add an alias; one that is there already, or equals code or name, is left out. 0 | -ENOMEM */
int bb_organization_add_alias(struct bb_organization *organization, const char *alias);
/* Add a code; one that is there already is left out. 0 | -ENOMEM */
int bb_organization_add_indicator(struct bb_organization *organization, const char *code);
void bb_organization_clear_indicators(struct bb_organization *organization);
/* Work out the digests and the message: the last thing before it is given to others.
 * 0 | -ENOMEM | -EMSGSIZE it is too large for a file */
int bb_organization_seal(struct bb_organization *organization);

/* Of this name, or NULL. */
struct bb_member *bb_organization_member(const struct bb_organization *organization, const char *name);
/* A new one with all rights of the class. 0 | -ENOMEM */
int bb_organization_add_member(struct bb_organization *organization, const char *name,
                               struct bb_member **ret_member);
/* Replace what is said for people; NULL or "": nothing. 0 | -ENOMEM */
int bb_member_set_person(struct bb_member *member, const char *person);

struct bb_invitation *bb_organization_invitation(const struct bb_organization *organization,
                                                 const uint8_t id[static BB_INVITATION_ID]);
/* A new one, open. 0 | -ENOMEM */
int bb_organization_add_invitation(struct bb_organization *organization, const char *member, const char *by,
                                   struct bb_invitation **ret_invitation);
void bb_organization_remove_invitation(struct bb_organization *organization,
                                       struct bb_invitation *invitation);

/* This key never comes back. 0 | -ENOMEM */
int bb_organization_add_revoked(struct bb_organization *organization, const char *key);
bool bb_organization_has_revoked(const struct bb_organization *organization, const char *key);

/* May its members come in: is it enabled, and has it not left by this day ("2026-09-07")? */
bool bb_organization_may_enter(const struct bb_organization *organization, const char *today);

/* The organization as a message, as it was when it was sealed. Borrowed until it is sealed again or
 * destroyed, and not to be changed. */
Bb__Organization *bb_organization_message(const struct bb_organization *organization);

#endif
