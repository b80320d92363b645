/* Members: the cells that make up a group, one after the other.
 *
 * Mostly the choice has kept them. Of a group of very many it has not (bb_group.again): they are walked once
 * more in the store, which costs time instead of memory. */
#ifndef BB_QUERY_MEMBERS_H
#define BB_QUERY_MEMBERS_H

#include "cells.h"
#include "choice.h"
#include "core.h"

struct bb_members {
    /* Given by the caller */
    struct bb_query *query;
    const struct bb_cells *like; /* what was chosen from: indicator, wanted places and disaggregations */
    /* Given by bb_members_next() */
    struct bb_chosen_cell cell;
    /* What is gone through */
    const struct bb_choice *choice;
    const struct bb_group *group;
    struct bb_period period;
    uint32_t next;         /* number of the next one that was kept */
    struct bb_cells cells; /* the second walk */
    bool walking;
};

/* From the first one on. choice and group are borrowed until the end. Call bb_members_end() before the
 * snapshot ends, however far it went. */
void bb_members_begin(struct bb_members *members, struct bb_period period, const struct bb_choice *choice,
                      const struct bb_group *group);
void bb_members_end(struct bb_members *members);

/* 0 | BB_STORE_E_NOT_FOUND no more | <0 */
int bb_members_next(struct bb_members *members, struct bb_snapshot *snapshot);

#endif
