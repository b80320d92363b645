/* Dependencies: which indicators are computed from which.
 *
 * An indicator that is computed has inputs, which may be computed themselves, but never from it: what would
 * close a cycle is refused. The index says what changes when an input does, and in which order to compute.
 *
 * In memory, made for 10,000 indicators; it never gives the room of an indicator back. Pure: it knows
 * indicators by their ids only, and answers the same whatever the way to its state was. One thread changes it
 * while no other uses it; asking changes nothing. */
#ifndef BB_DEPENDENCIES_H
#define BB_DEPENDENCIES_H

#include "ids.h"

struct bb_dependencies;

enum { BB_DEPENDENCIES_E_CYCLE = 1 };

/* 0 | -ENOMEM */
int bb_dependencies_new(struct bb_dependencies **ret_dependencies);
void bb_dependencies_destroy(struct bb_dependencies **dependencies);

/* The indicator is computed from these inputs (each counts once), whatever it was computed from before.
 * 0 | BB_DEPENDENCIES_E_CYCLE, as bb_dependencies_cycle() says | -ENOMEM; then nothing has changed. */
int bb_dependencies_set(struct bb_dependencies *dependencies, uint32_t id, const uint32_t *inputs, size_t n,
                        struct bb_ids *cycle);

/* The indicator is computed no more. Others may still be computed from it. */
void bb_dependencies_remove(struct bb_dependencies *dependencies, uint32_t id);

/* Below, what the list held is replaced; it is the caller's to release. */

/* What setting these inputs would do. cycle: a shortest one, from `id` on: each is computed from the next
 * one, and the last from `id`. 0 | BB_DEPENDENCIES_E_CYCLE | -ENOMEM */
int bb_dependencies_cycle(const struct bb_dependencies *dependencies, uint32_t id, const uint32_t *inputs,
                          size_t n, struct bb_ids *cycle);

/* What the indicator is computed from, in ascending order: nothing for one that is not. 0 | -ENOMEM */
int bb_dependencies_inputs(const struct bb_dependencies *dependencies, uint32_t id, struct bb_ids *inputs);

/* What has to be computed again when these indicators change: all that are computed from them, or from what
 * is, each behind all that it is computed from. 0 | -ENOMEM */
int bb_dependencies_dependents(const struct bb_dependencies *dependencies, const uint32_t *ids, size_t n,
                               struct bb_ids *dependents);

/* What computing the indicator takes: all that it is computed from, and what that is, each behind all that it
 * is computed from; and itself as the last. 0 | -ENOMEM */
int bb_dependencies_order(const struct bb_dependencies *dependencies, uint32_t id, struct bb_ids *order);

#endif
