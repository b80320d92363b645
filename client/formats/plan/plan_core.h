/* A plan inside: what plan.c binds and plan_row.c walks along. */
#ifndef BB_FORMATS_PLAN_CORE_H
#define BB_FORMATS_PLAN_CORE_H

#include "plan.h"

/* A cell as the map wants it. */
struct bb_clean {
    uint64_t stamp; /* of the record it is of */
    struct bb_bytes text;
    const char *label;  /* it stands for no value, by what its field says; NULL: it does not */
    const char *number; /* ... as a number, by what the map says of all */
    const char *reason; /* why it cannot be taken; NULL: it can */
    uint32_t code;
};

struct bb_bound_piece {
    enum { BB_PIECE_TEXT, BB_PIECE_CELL, BB_PIECE_CAPTURE } kind;
    uint8_t digits;
    uint16_t index;       /* of the cell, or of the capture times BB_PATTERN_GROUPS and its group */
    struct bb_bytes text; /* of a piece that is always the same */
};

struct bb_bound {
    bool said;
    struct bb_bytes text; /* the template as written, for who explains */
    struct bb_bound_piece *piece;
    size_t count;
};

struct bb_bound_dimension {
    struct bb_bytes name;
    struct bb_bound text;
};

struct bb_bound_rule {
    struct bb_bound member[BB_COLUMNS];
    struct bb_bound_dimension *dimension;
    size_t n_dimensions;
};

struct bb_bound_condition {
    const struct bb_condition *condition;
    uint16_t *column;
    size_t count;
};

struct bb_bound_conditions {
    struct bb_bound_condition *item;
    size_t count;
};

struct bb_plan {
    const struct bb_map *map;
    const struct bb_explain *explain;
    struct bb_arena arena;                          /* what is bound; begun anew with every binding */
    struct bb_arena kept;                           /* texts of captures that hold for the file */
    struct bb_arena scratch;                        /* of the record */
    struct bb_bytes (*captured)[BB_PATTERN_GROUPS]; /* of each capture */
    uint64_t *captured_at;                          /* stamp; 0: it holds for the file */
    const struct bb_bytes *name;
    size_t n_names;
    bool whole;
    int8_t meaning[BB_CELLS_MAX];
    const struct bb_map_column *column[BB_CELLS_MAX];
    const struct bb_aliases *aliases[BB_CELLS_MAX];
    const struct bb_aliases *meant[BB_COLUMNS]; /* aliases of a member */
    struct bb_clean clean[BB_CELLS_MAX];
    struct bb_bound_rule *rule;
    size_t n_rules;
    struct bb_bound strategy, dry_run;
    struct bb_bound *capture; /* what a capture over cells is taken from */
    struct bb_bound_conditions skip, withdraw, drop[BB_COLUMNS];
    uint16_t *other; /* columns that are dimensions */
    size_t n_others;
    /* of the record at hand */
    const struct bb_cells *cells;
    uint64_t stamp;
    size_t next;
    char number[BB_COLUMNS][BB_NUMBER_BYTES];
    char reason[1024];
};

static inline const struct bb_cell *
bb_plan_cell(const struct bb_plan *plan, size_t index)
{
    static const struct bb_cell absent;

    return index < plan->cells->count ? &plan->cells->cell[index] : &absent;
}

/* Of a cell of the record at hand, once. */
const struct bb_clean *bb_plan_clean(struct bb_plan *plan, size_t index);

void bb_plan_tell(const struct bb_plan *plan, uint32_t reading, struct bb_bytes name, struct bb_bytes found,
                  struct bb_bytes became, const char *why);

struct bb_bytes bb_trimmed(struct bb_bytes text);

#endif
