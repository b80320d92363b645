/* Groups and who is in them: in memory, and in the store.
 *
 * A group has a number, from 0, which stays for the life of the process; groups are never removed. A
 * membership that has ended stays, with its dates, beside the one that begins when the organization joins
 * again. */
#ifndef BB_GROUP_H
#define BB_GROUP_H

#include "directory.h"

#include "communication.pb-c.h"

struct bb_membership {
    uint32_t organization; /* number in the directory */
    uint32_t ordinal;      /* of its memberships in this group, from 0 */
    uint32_t joined_day;   /* calendar.h */
    uint32_t left_day;     /* 0: it is a member */
    bool chair;
    uint64_t reads_from; /* it reads what is written from this sequence on */
};

struct bb_group {
    uint32_t number;
    struct bb_bytes code;
    char *name, *parent, *strategy; /* parent, strategy: "" when there is none */
    Bb__GroupKind kind;
    struct bb_membership *member; /* by number of the organization, its memberships in order */
    uint32_t n_members, size;
};

struct bb_groups;

/* Reads what is stored. 0 | <0 */
int bb_groups_new(struct bb_msglog *log, const struct bb_directory *directory, struct bb_groups **ret_groups);
void bb_groups_destroy(struct bb_groups **groups);
/* After a round that failed: as they are in the store. Numbers stay. 0 | <0 */
int bb_groups_reload(struct bb_groups *groups);

uint32_t bb_groups_count(const struct bb_groups *groups);
/* Borrowed, valid until the next change. number: below the count. */
const struct bb_group *bb_groups_at(const struct bb_groups *groups, uint32_t number);
/* NULL when there is none, also of one that a failed round had made. */
const struct bb_group *bb_groups_by_code(const struct bb_groups *groups, struct bb_bytes code);

/* The membership of an organization; NULL when it is not a member now. */
const struct bb_membership *bb_group_member(const struct bb_group *group, uint32_t organization);
/* Its last membership, also when it has left. */
const struct bb_membership *bb_group_was_member(const struct bb_group *group, uint32_t organization);

/* Make it, or replace its fields, in memory and in the round. Texts are valid. 0 | <0 */
int bb_groups_put(struct bb_groups *groups, const Bb__Group *group);
int bb_groups_put_member(struct bb_groups *groups, uint32_t number, const struct bb_membership *membership);

#endif
