/* Inputs: the indicators that the expressions of a definition name, as ids.
 *
 * Expressions name their inputs by code; a code leads to its indicator for ever, so ids say the same. */
#ifndef BB_INPUTS_H
#define BB_INPUTS_H

#include "catalogue.h"

#include "workers/measurement/model/dependencies.h"
#include "workers/measurement/model/expression.h"

/* The sides of a computed indicator; NULL: there is none, and the side below is 1. */
struct bb_sides {
    struct bb_expression *above, *below;
};

/* The expressions of a definition that was checked (indicator.h). 0 | -ENOMEM | -EBADMSG they do not read */
int bb_sides_read(const Bb__Indicator *definition, struct bb_sides *ret_sides);
void bb_sides_release(struct bb_sides *sides);

/* An input that is not a defined indicator. */
struct bb_inputs_unknown {
    const char *column;        /* static */
    struct bb_bytes indicator; /* as long as the sides are there */
};

/* The ids of the inputs of both sides, each once. 0 | BB_STORE_E_NOT_FOUND as ret_unknown says | <0 */
int bb_inputs_find(struct bb_names *names, MDB_txn *txn, const struct bb_sides *sides, struct bb_ids *ids,
                   struct bb_inputs_unknown *ret_unknown);

/* The definition is what it is now: what is computed from what. 0 | -ENOMEM | -EBADMSG it closes a cycle, or
 * has an input that is not there */
int bb_inputs_set(struct bb_dependencies *dependencies, struct bb_names *names, MDB_txn *txn, uint32_t id,
                  const Bb__Indicator *definition);
/* All of the catalogue. */
int bb_inputs_load(struct bb_dependencies *dependencies, struct bb_names *names, MDB_txn *txn,
                   const struct bb_catalogue *catalogue);

#endif
