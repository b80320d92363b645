/* A source inside: what source_open.c begins and source.c goes on with. */
#ifndef BB_FORMATS_SOURCE_CORE_H
#define BB_FORMATS_SOURCE_CORE_H

#include "source.h"

#include "client/formats/plan/plan.h"
#include "client/formats/read/table.h"
#include "client/formats/text/peek.h"

struct bb_source {
    struct bb_source_options options;
    const struct bb_map *map;
    struct bb_map builtin;
    bool has_builtin;
    enum bb_format format;
    struct bb_decode *decode;
    struct bb_peek peek;
    struct bb_reader reader;
    struct bb_table_head head;
    bool is_table;
    struct bb_plan *plan;
    size_t bound; /* names that the plan is bound to */
    struct bb_cells cells;
    size_t left; /* readings of the record at hand */
    char *not_there;
    char reason[1024];
};

/* Bind the plan to the names that the reader has met by now. 0 | -EINVAL and what is wrong at error | -ENOMEM
 */
int bb_source_bind(struct bb_source *source, char *error, size_t size);

#endif
