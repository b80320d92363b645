/* A small table of readings, what partners may ask of it, and who could solve what: found the plain way, from
 * the rules in suppress.h and PROTOCOL.md, not from the code that it checks. */
#ifndef BB_TESTS_SUPPRESS_MODEL_H
#define BB_TESTS_SUPPRESS_MODEL_H

#include "workers/measurement/model/suppress.h"

#include <stdbool.h>

#define MODEL_ORGANIZATIONS   4
#define MODEL_PLACES          7  /* 0 is the empty one */
#define MODEL_DISAGGREGATIONS 10 /* 0 is the total */
#define MODEL_READINGS        (MODEL_ORGANIZATIONS * MODEL_PLACES * MODEL_DISAGGREGATIONS)
#define MODEL_FIGURES         ((MODEL_ORGANIZATIONS + 1) * (MODEL_PLACES + 1) * (MODEL_DISAGGREGATIONS + 1))
#define MODEL_OUTSIDER        0 /* organizations are 1 to 4 */

/* Of dimensions a and b, and of both. Their codes by number of the disaggregation: 0 for none. */
extern const struct bb_suppress_disaggregation model_disaggregations[MODEL_DISAGGREGATIONS];
extern const int model_code_a[MODEL_DISAGGREGATIONS], model_code_b[MODEL_DISAGGREGATIONS];
/* 1 by a, 2 by b, 3 by both. */
int model_dimensions(uint32_t disaggregation);

/* Which places are aggregates, and what they lie in: 0 in the empty place alone. */
struct model_tree {
    bool aggregate[MODEL_PLACES];
    uint32_t above[MODEL_PLACES];
};
#define MODEL_TREES 5
extern const struct model_tree model_trees[MODEL_TREES];

struct model_figure {
    struct bb_suppress_figure key;
    bool part[MODEL_READINGS];
    bool alone;     /* of one organization */
    uint32_t whose; /* that one */
};

struct model {
    /* Given */
    struct bb_suppress_reading reading[MODEL_READINGS]; /* counts are whole numbers */
    size_t n;
    int64_t threshold;
    unsigned n_counts;
    const struct model_tree *tree;
    /* Found */
    struct model_figure figure[MODEL_FIGURES];
    size_t n_figures;
};

int64_t model_count(const struct model *model, size_t reading, unsigned count);
int64_t model_sum(const struct model *model, const struct model_figure *figure, unsigned count);

/* All figures that may be asked for. */
void model_find_figures(struct model *model);

/* Is it hidden for itself? */
bool model_is_small(const struct model *model, const struct model_figure *figure);

/* What the code says. To be released. without_places: it is not told which place lies in which. */
struct bb_suppressed model_suppress(const struct model *model, bool without_places);

/* Is it shown to an organization, when these are hidden (by number of the figure)? */
bool model_is_shown(const struct model *model, const bool *hidden, size_t figure, uint32_t organization);

/* Has this organization a reason to ask: is something of it, not zero, somebody else's? */
bool model_concerns(const struct model *model, size_t figure, unsigned count, uint32_t organization);

/* For one organization and count: which figures follow exactly, by linear algebra over the rationals, from
 * all that is shown, its own rows, and what is known besides. */
void model_solve(const struct model *model, const bool *hidden, unsigned count, uint32_t organization,
                 bool *ret_solved);

/* The same from rows that were told: of each reading 1 where it is part of what the row adds up. */
void model_solve_told(const struct model *model, const bool (*told)[MODEL_READINGS], size_t n, unsigned count,
                      uint32_t organization, bool *ret_solved);

/* The same of one that is told nothing: what it knows by itself cannot be hidden from it. */
void model_know(const struct model *model, unsigned count, uint32_t organization, bool *ret_known);

/* The same by trying, for the hidden ones: has the figure the same value in all tables of whole numbers, none
 * negative or above `most`, that look the same? Zeros and additions are known, and that what is hidden is not
 * zero. For few cells. */
void model_try(const struct model *model, const bool *hidden, unsigned count, uint32_t organization,
               int64_t most, bool *ret_pinned);

#endif
