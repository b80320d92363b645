/* What was worked out is looked for in the memo that all queries share; in a worker without one, in one of
 * the query's own. The table that was asked last is at hand for as long as a step: rows and points of one
 * period come one after the other. */
#include "withheld.h"

#include "hidden.h"

#include "runtime/log.h"

#define OWN_BYTES(query) ((query)->context.bytes / BB_QUERY_SHARES)

bool
bb_query_is_guarded(const struct bb_query *query, const struct bb_indicator *rules)
{
    return rules->suppress_below > 0 && query->scope != BB_SCOPE_ALL;
}

void
bb_query_hidden_rest(struct bb_query *query)
{
    bb_hidden_table_drop(&query->guard.table);
}

/* Who watches over the worker can tell staff. Any thread; at most some in a second, and mostly each once. */
static int
log_whole(struct bb_query *query, struct bb_query_step *step, const struct bb_hidden_of *of, const char *why)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct bb_log_limit limit = BB_LOG_LIMIT(5);
    char period[BB_PERIOD_TEXT];
    struct bb_term *indicator;
    int r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, of->indicator, &indicator);

    if (r != 0)
        return r;
    bb_period_format(of->period, period);
    pthread_mutex_lock(&lock);
    if (bb_log_allow(&limit))
        bb_warning("indicator \"%.*s\", %s: all of it is withheld from who may not see small numbers: %s",
                   (int)indicator->text.len, (const char *)indicator->text.data, period, why);
    pthread_mutex_unlock(&lock);
    return 0;
}

static int
make(struct bb_query *query, struct bb_query_step *step, const struct bb_hidden_of *of, uint64_t *looked)
{
    struct bb_query_guard *guard = &query->guard;
    struct bb_snapshot *snapshot = &step->snapshot;
    struct bb_hidden *memo = query->context.hidden;
    int r = 0;

    if (!memo && !guard->own)
        r = bb_hidden_new(query->context.changes, OWN_BYTES(query), &guard->own);
    if (r == 0)
        r = bb_hidden_table_make(snapshot, of->indicator, of->rules, of->period, looked, &guard->table);
    if (r == 0 && bb_hidden_table_why(guard->table))
        r = log_whole(query, step, of, bb_hidden_table_why(guard->table));
    if (r == 0)
        bb_hidden_keep(memo ? memo : guard->own, snapshot, of, guard->table);
    return r;
}

/* guard->table is that of this indicator and period. */
static int
find_table(struct bb_query *query, struct bb_query_step *step, const struct bb_hidden_of *of,
           uint64_t *looked)
{
    struct bb_query_guard *guard = &query->guard;

    if (guard->table && guard->indicator == of->indicator && bb_period_same(guard->period, of->period))
        return 0;
    bb_hidden_table_drop(&guard->table);
    guard->indicator = of->indicator;
    guard->period = of->period;
    if (query->context.hidden)
        guard->table = bb_hidden_find(query->context.hidden, &step->snapshot, of);
    if (!guard->table && guard->own)
        guard->table = bb_hidden_find(guard->own, &step->snapshot, of);
    ++*looked;
    return guard->table ? 0 : make(query, step, of, looked);
}

/* Is this figure told the caller? What it alone is behind is its own, and what another one is, that one's. */
static bool
is_told(const struct bb_query *query, const struct bb_suppressed *figures, size_t number)
{
    const uint32_t alone = figures->alone[number];

    if (query->own != 0 && alone == query->own)
        return true;
    return alone == BB_SUPPRESS_ALL && !figures->hidden[number];
}

/* Of the places that are named those count in which there is something. */
static bool
is_hidden(const struct bb_query *query, const struct bb_suppressed *figures, const struct bb_query_figure *of)
{
    struct bb_suppress_figure figure = {.organization = of->organization};
    bool any = false, told = true;
    size_t number;

    figure.disaggregation = of->disaggregation.id ? of->disaggregation.id[0] : BB_SUPPRESS_OPEN;
    for (size_t i = 0; told && i < (of->place.id ? of->place.n : 1); i++) {
        figure.place = of->place.id ? of->place.id[i] : BB_SUPPRESS_OPEN;
        if (!bb_suppressed_find(figures, figure, &number))
            continue;
        any = true;
        told = is_told(query, figures, number);
    }
    return !any || !told;
}

/* What would be another table is not told: periods of another type than the indicator has, which may contain
 * those, or be parts of them; and periods as of before something changed in them, or the indicator was
 * defined to be counted as it is now, which could be taken away. */
int
bb_query_hides(struct bb_query *query, struct bb_query_step *step, const struct bb_query_figure *figure,
               uint64_t *looked, bool *ret_hidden)
{
    const struct bb_hidden_of of = {figure->indicator, figure->rules, figure->period};
    const struct bb_suppressed *figures;
    int r;

    *ret_hidden = false;
    if (!bb_query_is_guarded(query, figure->rules))
        return 0;
    *ret_hidden = true;
    if (figure->period.type != figure->rules->frequency || figure->rules->counted_otherwise)
        return 0;
    r = find_table(query, step, &of, looked);
    if (r != 0 || bb_hidden_table_changed(query->guard.table) > step->snapshot.sequence)
        return r;
    figures = bb_hidden_table_figures(query->guard.table);
    *ret_hidden = !figures || is_hidden(query, figures, figure);
    return 0;
}

/* Parts beside a state are counted nowhere. */
enum bb_row_view
bb_query_guarded_view(const struct bb_reading *reading)
{
    if (BB_ROW_STATE(reading->flags) == BB_STATE_OK && !bb_reading_withdrawn(reading))
        return BB_ROW_HIDDEN;
    return reading->flags & (BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR) ? BB_ROW_WITHOUT_PARTS : BB_ROW_SHOWN;
}

int
bb_query_row_view(struct bb_query *query, struct bb_query_step *step, const struct bb_reading_key *key,
                  const struct bb_reading *reading, enum bb_row_view *ret_view)
{
    struct bb_term *indicator;
    int r;

    *ret_view = BB_ROW_SHOWN;
    if (query->scope == BB_SCOPE_ALL || key->organization == query->own)
        return 0;
    r = bb_terms_indicator(&query->terms, &step->snapshot, key->indicator, &indicator);
    if (r == 0 && bb_query_is_guarded(query, indicator->rules))
        *ret_view = bb_query_guarded_view(reading);
    return r;
}
