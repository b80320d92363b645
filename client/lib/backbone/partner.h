/* The organizations. */
#ifndef BACKBONE_PARTNER_H
#define BACKBONE_PARTNER_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

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
    const char *key; /* public key of the main member; NULL: none yet */
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
