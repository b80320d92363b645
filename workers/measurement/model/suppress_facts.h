/* Facts: what is told of a table of readings, as sums of its cells (suppress.h).
 *
 * A cell is a reading that is not zero. Figures with the same cells are the same fact: they are hidden
 * together. A cell that is known to be the sum of others (suppress_relations.h) is replaced by them
 * everywhere. Relations are what is known besides: sums of cells that are zero. All of it lives in an arena.
 */
#ifndef BB_SUPPRESS_FACTS_H
#define BB_SUPPRESS_FACTS_H

#include "suppress.h"
#include "suppress_effort.h"

#include "proto/arena.h"

#define BB_NO_FACT UINT32_MAX

/* A run of members in an array: first, and how many. */
struct bb_run {
    uint32_t first, n;
};

struct bb_cell_of_facts {
    uint32_t owner;                       /* number of the organization, ascending with the cells */
    bool counts[BB_SUPPRESS_COUNTS];      /* this count of it is not zero, nor the sum of other cells */
    uint8_t capacity[BB_SUPPRESS_COUNTS]; /* by how many it may fall and be no zero, BB_CAPACITY at most */
    bool may_vanish[BB_SUPPRESS_COUNTS];  /* it may fall by one: a zero here would not be seen as one */
};
#define BB_CAPACITY 15

enum {
    BB_SHAPE_PLACE = 1,
    BB_SHAPE_DISAGGREGATION = 2,
    BB_SHAPE_ALL = 4, /* of all organizations */
    BB_SHAPES = 8,
};

struct bb_fact {
    struct bb_run cells;
    struct bb_sum sum[BB_SUPPRESS_COUNTS];
    bool published; /* told to all, unless hidden */
    bool of_all;    /* a figure of all organizations */
    uint8_t shape;  /* what is left open in its first figure: BB_SHAPE_... */
    bool hidden;
};

struct bb_facts {
    struct bb_effort *effort;
    unsigned n_counts;
    uint32_t n_organizations;
    struct bb_cell_of_facts *cell;
    uint32_t n_cells;
    struct bb_run
        *parts;     /* by cell: what it is the sum of in all counts, in its place or others; mostly none */
    uint32_t *part; /* cells, which may have parts as well */
    struct bb_fact *fact; /* in the order of the first figure of each */
    uint32_t n_facts;
    uint32_t *member; /* of the facts: cells, ascending */
    /* By count: members are a cell times two, plus one where it is taken away. */
    struct bb_run *relation[BB_SUPPRESS_COUNTS];
    uint32_t n_relations[BB_SUPPRESS_COUNTS];
    uint32_t *related[BB_SUPPRESS_COUNTS];
    /* Figures and their facts; BB_NO_FACT: of zeros */
    struct bb_suppress_figure *figure;
    uint32_t *fact_of;
    uint32_t *alone; /* the only organization behind the figure, or BB_SUPPRESS_ALL */
    size_t n_figures;
};

/* The facts of a table; the small ones are hidden. scratch: is reset. 0 | as bb_suppress() */
int bb_facts_make(const struct bb_suppress_table *table, struct bb_effort *effort, struct bb_arena *arena,
                  struct bb_arena *scratch, struct bb_facts *ret_facts);

/* The cells that a cell comes down to; itself, when it has no parts. out: may be NULL. Returns how many. */
uint32_t bb_cell_bases(const struct bb_facts *facts, uint32_t cell, uint32_t *out);

/* -1, 0, 1 */
int bb_sum_compare(const struct bb_sum *a, const struct bb_sum *b);

#endif
