/* Working groups and the steering committee, and who is in them. */
#ifndef BACKBONE_GROUPS_H
#define BACKBONE_GROUPS_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bb_group_membership {
    const char *organization; /* code */
    const char *joined;       /* dates */
    const char *left;         /* NULL: it is a member */
    bool chair;
    uint64_t reads_from; /* sequence from which on it reads the group's messages; 0: not told */
};

struct bb_group_info {
    const char *code;
    const char *name;
    const char *kind;   /* "steering", "working", "subgroup" */
    const char *parent; /* code; NULL: none */
    const char *strategy;
    const struct bb_group_membership *member;
    size_t n_members;
};

/* NULL: leave as it is. */
struct bb_group_change {
    const char *code;
    bool create; /* it must not be there yet; otherwise it must */
    const char *name;
    const char *kind;
    const char *parent; /* "": none */
    const char *strategy;
};

struct bb_group_member_change {
    const char *group;
    const char *organization; /* code, name or alias */
    bool join;                /* false: it leaves */
    enum bb_switch chair;
    bool from_start; /* joining: it may read what was written before as well */
};

/* each: the group as it is now; of its members only the one that joined or left. changed: whether that is
 * new. */
typedef void bb_group_put_fn(void *self, const struct bb_group_info *group, bool changed);
/* -EINVAL: the kind is none */
BB_API int bb_client_group_put(struct bb_client *client, const struct bb_group_change *change,
                               bb_group_put_fn *each, bb_done_fn *done, void *self);
BB_API int bb_client_group_member(struct bb_client *client, const struct bb_group_member_change *change,
                                  bb_group_put_fn *each, bb_done_fn *done, void *self);

typedef int bb_group_fn(void *self, const struct bb_group_info *group);
/* code NULL: all that you may see. A group with many members comes in several pieces of the same code, one
 * behind the other. */
BB_API int bb_client_groups(struct bb_client *client, const char *code, bb_group_fn *each, bb_done_fn *done,
                            void *self);

#ifdef __cplusplus
}
#endif

#endif
