/* Computed: the points of an indicator that is computed from others, from theirs.
 *
 * The series of all the indicators that it is computed from in the end are gone through beside each other, so
 * for each of their periods, and for each place, organization or disaggregation that is asked for, both sides
 * are evaluated from what those amount to there: exactly, as of the moment asked for. What is computed
 * between is computed along with it.
 *
 * One that is reported may be asked for as well, to have its periods put together (span.h); then of the
 * inputs of a computed one it is theirs that are, each by its own rules.
 *
 *   value         factor * numerator / denominator, which is 1 where there is no expression for it; rounded
 *   no data       a side has a value only if one of its inputs has data; then those without count 0
 *   no value      an input that has data but no value, a division by zero, what does not fit: none either
 *   withheld      where one of the inputs is withheld from the caller
 *   #{a.sex=f}    is that disaggregation whatever is asked for: then to ask for another one is refused */
#ifndef BB_QUERY_COMPUTED_H
#define BB_QUERY_COMPUTED_H

#include "series.h"

struct bb_computed;

#define BB_COMPUTED_NODES  1000u /* indicators, or disaggregations of them, that one is computed from */
#define BB_COMPUTED_SERIES 256u  /* of these, reported ones */

/* scope: borrowed, and what it borrows. 0 | 1 refused | <0 */
int bb_computed_new(struct bb_query *query, struct bb_query_step *step, uint32_t indicator,
                    const struct bb_series_scope *scope, struct bb_computed **ret_computed);
void bb_computed_destroy(struct bb_computed **computed);
/* Between two steps: take no memory, but for what is half done of a longer period, as far as there is room.
 */
void bb_computed_rest(struct bb_computed *computed);

/* Indicators that its points are made from: those that are reported. */
void bb_computed_inputs(const struct bb_computed *computed, const uint32_t **ret_ids, size_t *ret_n);

/* The next part of the points, as far as it reaches; sets step->final. 0 | 1 refused | <0 */
int bb_computed_gather(struct bb_computed *computed, struct bb_query_step *step);
struct bb_points *bb_computed_points(struct bb_computed *computed);
/* Records, for the part that was gathered last. */
uint64_t bb_computed_looked(const struct bb_computed *computed);

#endif
