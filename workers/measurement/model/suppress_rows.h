/* Rows: what everybody knows of the cells, as a sparse system of equations, for one count.
 *
 * A row is a published fact that is not hidden, or a relation; numbers of facts come first. Cells that stand
 * in the same rows with the same sign cannot be told apart by anybody but their owners: they are one class,
 * and a class is a column of the system. */
#ifndef BB_SUPPRESS_ROWS_H
#define BB_SUPPRESS_ROWS_H

#include "suppress_facts.h"

#define BB_NO_CLASS UINT32_MAX /* a cell that is zero in this count */
#define BB_NO_OWNER UINT32_MAX

/* For the whole length of a table: of each cell the rows, hidden or not. */
struct bb_rows_of_cells {
    const struct bb_facts *facts;
    unsigned count;
    struct bb_run *rows;
    uint32_t *row; /* times two, plus one where the cell is taken away; ascending */
    uint32_t n;    /* of them */
};

struct bb_class {
    struct bb_run cells; /* ascending, so by owner */
    struct bb_run rows;  /* times two, plus one where it is taken away */
    uint32_t owner;      /* of all of them, or BB_NO_OWNER */
    uint32_t capacity;   /* by how many it may fall */
};

/* Until a fact is hidden. */
struct bb_rows {
    const struct bb_facts *facts;
    const struct bb_rows_of_cells *of_cells;
    unsigned count;
    struct bb_class *class;
    uint32_t n_classes;
    uint32_t *class_of;     /* by cell */
    uint32_t *cell, *row;   /* of the classes */
    struct bb_run *classes; /* by row; none for what is no row now */
    uint32_t *member;       /* of the rows: classes times two, plus one where taken away */
    uint32_t n_rows;
};

/* 0 | -EDQUOT */
int bb_rows_of_cells_make(const struct bb_facts *facts, unsigned count, struct bb_arena *arena,
                          struct bb_rows_of_cells *ret_rows);
int bb_rows_make(const struct bb_rows_of_cells *of_cells, struct bb_arena *arena, struct bb_rows *ret_rows);

/* The cells of a row, for reading: a run in *ret_member, each shifted left by *ret_shift. */
struct bb_run bb_row_cells(const struct bb_facts *facts, unsigned count, uint32_t row,
                           const uint32_t **ret_member, unsigned *ret_shift);

#endif
