/* What of an answer is hidden from its caller: what an indicator's suppress_below protects (suppress.h).
 * Staff see everything. */
#ifndef BB_QUERY_WITHHELD_H
#define BB_QUERY_WITHHELD_H

#include "core.h"
#include "walk.h"

/* Is anything of this indicator hidden from the caller? */
bool bb_query_is_guarded(const struct bb_query *query, const struct bb_indicator *rules);

/* What a point adds up. */
struct bb_query_figure {
    uint32_t indicator;
    const struct bb_indicator *rules;
    struct bb_period period;
    struct bb_wanted place, disaggregation; /* none: as the choice decides */
    uint32_t organization;                  /* BB_SUPPRESS_ALL */
};

/* Is a figure that this point, with values behind it, is worked out from not told the caller: hidden, or the
 * line of another one? Not to be asked of what the caller alone is behind. The
 * snapshot's own cursors of readings and objects are moved. looked: grows by what it cost, in records. 0 | <0
 */
int bb_query_hides(struct bb_query *query, struct bb_query_step *step, const struct bb_query_figure *figure,
                   uint64_t *looked, bool *ret_hidden);

enum bb_row_view {
    BB_ROW_SHOWN = 0,
    BB_ROW_WITHOUT_PARTS,
    BB_ROW_HIDDEN, /* value, parts and comment */
};

/* What is told of a reading to others than the organization whose it is, where small numbers are protected:
 * no value. */
enum bb_row_view bb_query_guarded_view(const struct bb_reading *reading);

/* How the caller may see a reading whose line it may see. 0 | <0 */
int bb_query_row_view(struct bb_query *query, struct bb_query_step *step, const struct bb_reading_key *key,
                      const struct bb_reading *reading, enum bb_row_view *ret_view);

/* Between two steps. */
void bb_query_hidden_rest(struct bb_query *query);

#endif
