/* Values: of the cells of a group, the readings that count, one after the other.
 *
 * Each organization has a line of its own (model/line.h), which decides. The readings come in the order of
 * their keys. */
#ifndef BB_QUERY_VALUES_H
#define BB_QUERY_VALUES_H

#include "cells.h"
#include "choice.h"
#include "members.h"

#include "workers/measurement/model/ids.h"
#include "workers/measurement/model/line.h"

struct bb_values {
    /* Organizations seen: those whose values count, and with `states` those that reported a state only */
    struct bb_ids organizations;
    uint64_t looked; /* readings, for the caller to set back */
    /* Given by bb_values_next() */
    uint32_t organization;
    uint32_t number; /* of the organization */
    struct bb_reading reading;
    uint32_t place; /* when ambiguous: where, beside `organization` */
    /* What is gone through */
    const struct bb_choice *choice;
    struct bb_period period;
    struct bb_members members; /* its first fields are the caller's to fill */
    bool states;
    bool in_cell;
    struct bb_cell_readings readings;
    struct bb_line *line; /* by number of the organization */
    uint32_t n_lines;
};

enum { BB_VALUES_E_AMBIGUOUS = 16 };

/* From the beginning of a group. states: read also what has no value, for `organizations`. choice and group
 * are borrowed until bb_values_end(). */
void bb_values_begin(struct bb_values *values, struct bb_period period, const struct bb_choice *choice,
                     const struct bb_group *group, bool states);
/* Before the snapshot ends, however far it went. */
void bb_values_end(struct bb_values *values);
/* It may be used again. */
void bb_values_release(struct bb_values *values);

/* 0 | BB_STORE_E_NOT_FOUND no more | BB_VALUES_E_AMBIGUOUS this organization has no total at this place, but
 * values by several dimensions | -ENOMEM | -EBADMSG */
int bb_values_next(struct bb_values *values, struct bb_snapshot *snapshot);

#endif
