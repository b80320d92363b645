/* The first rows of a file as rows and cells in memory, to be looked at: what suggest.h stands on.
 *
 * Rows are counted as a spreadsheet counts them, empty ones too. It is for a sample, not for reading: what is
 * behind BB_GRID_CELLS cells is left out, and a row that the sample cuts off too. */
#ifndef BB_FORMATS_GRID_H
#define BB_FORMATS_GRID_H

#include "proto/arena.h"

#define BB_GRID_CELLS (256u << 10)
#define BB_GRID_WIDTH 512u /* cells of a row; more are left out */

struct bb_grid_row {
    struct bb_bytes *cell; /* without quotes and the blanks around them */
    uint32_t count;
    uint32_t line; /* of the text, from 1 */
};

struct bb_grid {
    struct bb_grid_row *row;
    uint32_t count;
    struct bb_arena arena; /* what does not stand in the text */
    struct bb_bytes *cell; /* of all rows, one after the other */
    size_t cells;
};

/* text: borrowed for as long as the grid is. whole: it is all of the file. 0 | -ENOMEM */
int bb_grid_delimited(struct bb_grid *grid, struct bb_bytes text, bool whole, char delimiter);

/* Fixed width: where columns begin and end, in characters from 0, the end not included. */
struct bb_grid_column {
    uint32_t from, to;
};

/* Where blanks stand in every line of the same make, which are most lines. Returns how many columns there
 * are; 0: it is no table of fixed width. */
uint32_t bb_grid_columns(struct bb_bytes text, struct bb_grid_column column[static BB_GRID_WIDTH]);

/* The line of this number, from 0; empty: there is none. */
struct bb_bytes bb_grid_line(struct bb_bytes text, uint32_t number);

/* The words above a column, line below line: each word belongs to the column that has most of its characters.
 * first, end: rows, from 0. Returns its length; the name is cut where it does not fit. */
size_t bb_grid_stacked(struct bb_bytes text, uint32_t first, uint32_t end,
                       const struct bb_grid_column *column, uint32_t count, uint32_t which, char *name,
                       size_t size);

/* 0 | -ENOMEM */
int bb_grid_fixed(struct bb_grid *grid, struct bb_bytes text, bool whole, const struct bb_grid_column *column,
                  uint32_t count);

void bb_grid_release(struct bb_grid *grid);

/* Empty where the row is shorter. */
struct bb_bytes bb_grid_at(const struct bb_grid *grid, uint32_t row, uint32_t column);

/* Cells that are not empty. */
uint32_t bb_grid_filled(const struct bb_grid_row *row);

#endif
