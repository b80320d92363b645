/* The organizations. */
#ifndef BACKBONE_PARTNER_H
#define BACKBONE_PARTNER_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Somebody of an organization: a person, or a system. */
struct bb_partner_member {
    const char *name;         /* a code within the organization */
    const char *role;         /* "manager", "data-manager", "facilitator", "reporter", "reader", "observer" */
    const char *person;       /* for people; NULL: not said */
    const char *key;          /* public key; NULL: none yet */
    const char *old_key;      /* that it replaces, and that is let in too until then; NULL: none */
    int64_t old_key_until_us; /* UTC */
};

struct bb_partner {
    const char *code;
    const char *name;
    const char *role; /* "staff", "partner", "observer" */
    const char *const *alias;
    size_t n_aliases;
    bool enabled;
    bool share_own_line;
    const char *joined; /* date; NULL: unknown */
    const char *left;
    const char *key;              /* public key of the first member that has one; NULL: none yet */
    const char *const *indicator; /* codes: it takes part in these alone; none: in all */
    size_t n_indicators;
    const struct bb_partner_member *member;
    size_t n_members;
};

typedef int bb_partner_fn(void *self, const struct bb_partner *partner);

/* NULL and BB_KEEP: leave as it is. Aliases are added to those there are. */
struct bb_partner_change {
    const char *code;
    bool create; /* it must not be there yet; otherwise it must */
    bool upsert; /* with create: change it when it is there */
    const char *name;
    const char *role;
    const char *key;
    const char *const *alias;
    size_t n_aliases;
    enum bb_switch enabled;
    enum bb_switch share_own_line;
    const char *joined; /* dates; left "": it has not left */
    const char *left;
    bool set_indicators; /* the list below replaces the one it has; an empty one: it takes part in all */
    const char *const *indicator;
    size_t n_indicators;
};

/* each: the organization as it is now. changed: whether that is new. */
typedef void bb_partner_put_fn(void *self, const struct bb_partner *partner, bool changed);
BB_API int bb_client_partner_put(struct bb_client *client, const struct bb_partner_change *change,
                                 bb_partner_put_fn *each, bb_done_fn *done, void *self);

/* code: code, name or alias of one; NULL: all that the caller may see. */
BB_API int bb_client_partners(struct bb_client *client, const char *code, bb_partner_fn *each,
                              bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
