/* rule.check: where rules between indicators are broken.
 *
 * The index by organization is walked, of the indicators that rules speak of. A unit (a rule, an
 * organization, a place and a period) is judged at the first of its readings that the walk meets: at the one
 * to which no other operand of the rule comes before in the order of the index. So each is judged once,
 * nothing is kept of it, and what it costs are looks at its operands. */
#include "rules.h"
#include "walk.h"

#include "proto/limits.h"
#include "workers/measurement/model/rules.h"

#include <errno.h>
#include <stdlib.h>

enum { ORGANIZATION, INDICATOR, PLACE, DISAGGREGATION };

#define TEXT_BYTES 600u /* of what is said of a unit */

struct state {
    struct bb_rule_set set;
    bool *wanted;             /* by number of the rule */
    struct bb_ids indicators; /* that wanted rules speak of, ascending */
    uint32_t organization;
    struct bb_walk walk;
    uint32_t use; /* of the record at hand: those before this one were judged */
    struct bb_arena texts;
    Bb__RuleCheckReply reply;
    size_t size;
};

/* The request */

static int
want(struct bb_query *query, struct bb_query_step *step, const char *code)
{
    struct state *state = query->state;
    const struct bb_ruled *ruled = bb_rule_set_get(&state->set, bb_bytes_str(code));
    struct bb_quoted quoted;
    bool sees = false;
    int r = ruled ? bb_query_sees_rule(query, step, &ruled->rule, &sees) : 0;

    if (r != 0)
        return r;
    if (!sees || ruled->rule.state == BB_RULE_REMOVED)
        return bb_query_refuse(step, BB_ERROR_NOT_FOUND, "unknown rule \"%s\": expected the code of one",
                               bb_quote(&quoted, bb_bytes_str(code)));
    if (ruled->rule.state != BB_RULE_ACTIVE)
        return bb_query_refuse(step, BB_ERROR_INVALID, "rule \"%s\" is disabled: expected an active one",
                               bb_quote(&quoted, bb_bytes_str(code)));
    state->wanted[ruled - state->set.item] = true;
    return 0;
}

static int
choose_rules(struct bb_query *query, struct bb_query_step *step, const Bb__RuleCheck *request)
{
    struct state *state = query->state;
    int r = bb_query_load_rules(step, &state->set);

    if (r != 0)
        return r;
    state->wanted = calloc(state->set.n + 1, sizeof *state->wanted);
    if (!state->wanted)
        return -ENOMEM;
    for (uint32_t i = 0; r == 0 && request->n_rule == 0 && i < state->set.n; i++)
        if (state->set.item[i].rule.state == BB_RULE_ACTIVE)
            r = bb_query_sees_rule(query, step, &state->set.item[i].rule, &state->wanted[i]);
    for (size_t i = 0; r == 0 && i < request->n_rule; i++)
        r = want(query, step, request->rule[i]);
    for (uint32_t i = 0; r == 0 && i < state->set.n_uses; i++)
        if (state->wanted[state->set.use[i].rule])
            r = bb_ids_add(&state->indicators, state->set.use[i].indicator, NULL);
    if (r == 0)
        bb_ids_sort(&state->indicators);
    return r;
}

/* What "2011-12" means depends on the indicator. */
static int
frequency(struct bb_query *query, struct bb_query_step *step, enum bb_period_type *ret_hint)
{
    struct state *state = query->state;
    struct bb_term *term;
    int r;

    *ret_hint = 0;
    if (state->indicators.count == 0)
        return 0;
    r = bb_terms_indicator(&query->terms, &step->snapshot, state->indicators.id[0], &term);
    if (r == 0)
        *ret_hint = term->rules->frequency;
    return r;
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    static const uint32_t none;
    const Bb__RuleCheck *request = (const Bb__RuleCheck *)(const void *)query->request;
    struct state *state = query->state;
    struct bb_walk *walk = &state->walk;
    enum bb_period_type hint = 0;
    int r;

    bb_arena_init(&state->texts, query->context.bytes / BB_QUERY_SHARES);
    bb_walk_init(walk, BB_VIEW_BY_ORGANIZATION);
    walk->limit = query->context.step_records;
    r = choose_rules(query, step, request);
    if (r == 0)
        r = bb_query_find_reporter(query, step, request->organization, &state->organization);
    if (r == 0)
        r = frequency(query, step, &hint);
    if (r == 0)
        r = bb_query_range(step, request->period_from, request->period_to, hint, &walk->first_day,
                           &walk->end_day);
    if (r == 0 && state->organization)
        walk->wanted[ORGANIZATION] = (struct bb_wanted){&state->organization, 1};
    if (r == 0)
        walk->wanted[INDICATOR] = (struct bb_wanted){state->indicators.count ? state->indicators.id : &none,
                                                     state->indicators.count};
    return r;
}

/* Units */

/* A rule at the reading that the walk stands on. */
struct unit {
    struct bb_query *query;
    struct bb_query_step *step;
    struct bb_ruled *ruled;
    struct bb_reading_key key;
};

/* 0 | BB_STORE_E_NOT_FOUND | <0 */
static int
look(const struct unit *unit, const struct bb_rule_operand *operand, struct bb_reading *ret_reading)
{
    struct state *state = unit->query->state;
    struct bb_snapshot *snapshot = &unit->step->snapshot;
    struct bb_reading_key key = unit->key;
    uint8_t data[BB_READING_KEY];
    struct bb_bytes own, record;
    int r;

    if (operand->disaggregation == BB_RULE_NO_ID)
        return BB_STORE_E_NOT_FOUND;
    key.indicator = operand->indicator;
    key.disaggregation = operand->disaggregation;
    own = bb_bytes(data, bb_reading_key_pack(&key, data, NULL));
    state->walk.looked++;
    r = bb_snapshot_get(snapshot, BB_VIEW_READING, own, &record);
    return r == 0 ? bb_snapshot_reading(snapshot, own, record, ret_reading) : r;
}

static int
ask(void *context, size_t input, struct bb_fraction *ret_value)
{
    const struct unit *unit = context;
    const struct bb_rule_operand *operand = &unit->ruled->operand[input];
    struct bb_snapshot *snapshot = &unit->step->snapshot;
    struct bb_reading reading;
    struct bb_term *term;
    int r = look(unit, operand, &reading);

    if (r != 0)
        return r > 0 ? BB_EXPRESSION_E_NO_DATA : r;
    r = bb_terms_indicator(&unit->query->terms, snapshot, operand->indicator, &term);
    return r == 0 ? bb_reading_fraction(term->rules, &reading, ret_value) : r;
}

static int
compare(const struct bb_rule_operand *a, const struct bb_rule_operand *b)
{
    if (a->indicator != b->indicator)
        return a->indicator < b->indicator ? -1 : 1;
    return a->disaggregation < b->disaggregation ? -1 : a->disaggregation > b->disaggregation;
}

/* Is the unit to be judged at this operand: is it there, and is none there that comes before it? */
static int
is_first(const struct unit *unit, uint32_t number, bool *ret_first)
{
    const struct bb_rule_operand *own = &unit->ruled->operand[number];
    struct bb_reading reading;
    int r = 0;

    *ret_first = false;
    for (uint32_t i = 0; i < number; i++)
        if (compare(&unit->ruled->operand[i], own) == 0)
            return 0; /* named twice: it was its turn then */
    for (uint32_t i = 0; i < unit->ruled->n_operands; i++) {
        if (compare(&unit->ruled->operand[i], own) >= 0)
            continue;
        r = look(unit, &unit->ruled->operand[i], &reading);
        if (r != BB_STORE_E_NOT_FOUND)
            return r;
    }
    r = look(unit, own, &reading);
    *ret_first = r == 0;
    return r > 0 ? 0 : r;
}

/* Telling */

static int
name_place(const struct unit *unit, Bb__BrokenRule *broken)
{
    struct state *state = unit->query->state;
    struct bb_term *place;
    int r;

    if (unit->key.place == 0)
        return 0;
    r = bb_terms_get(&unit->query->terms, &unit->step->snapshot, BB_OBJECT_PLACE, unit->key.place, &place);
    if (r != 0)
        return r;
    broken->place = bb_arena_text(&state->texts, place->text);
    return broken->place ? 0 : bb_no_room(&state->texts, place->text.len);
}

static int
name_sides(const struct unit *unit, const struct bb_rule_sides *sides, Bb__BrokenRule *broken)
{
    struct state *state = unit->query->state;
    char left[BB_DECIMAL_TEXT], right[BB_DECIMAL_TEXT], text[TEXT_BYTES];
    bool has_left = bb_rule_side_format(&sides->left, left),
         has_right = bb_rule_side_format(&sides->right, right);

    bb_rule_say(&unit->ruled->rule, sides, "", text, sizeof text);
    broken->text = bb_arena_text(&state->texts, bb_bytes_str(text));
    broken->left = has_left ? bb_arena_text(&state->texts, bb_bytes_str(left)) : NULL;
    broken->right = has_right ? bb_arena_text(&state->texts, bb_bytes_str(right)) : NULL;
    if (!broken->text || (has_left && !broken->left) || (has_right && !broken->right))
        return bb_no_room(&state->texts, sizeof text);
    return 0;
}

static int
name_unit(const struct unit *unit, Bb__BrokenRule *broken)
{
    struct state *state = unit->query->state;
    struct bb_term *organization;
    char period[BB_PERIOD_TEXT];
    int r = bb_terms_get(&unit->query->terms, &unit->step->snapshot, BB_OBJECT_ORGANIZATION,
                         unit->key.organization, &organization);

    if (r != 0)
        return r;
    broken->rule = unit->ruled->rule.code;
    broken->organization = bb_arena_text(&state->texts, organization->text);
    broken->period =
        bb_arena_text(&state->texts, bb_bytes(period, bb_period_format(unit->key.period, period)));
    if (!broken->organization || !broken->period)
        return bb_no_room(&state->texts, organization->text.len + BB_PERIOD_TEXT);
    return name_place(unit, broken);
}

static int
tell(const struct unit *unit, const struct bb_rule_sides *sides)
{
    struct state *state = unit->query->state;
    Bb__BrokenRule *broken = bb_arena_alloc(&state->texts, sizeof *broken);
    int r;

    if (!broken)
        return bb_no_room(&state->texts, sizeof *broken);
    bb__broken_rule__init(broken);
    r = name_unit(unit, broken);
    if (r == 0)
        r = name_sides(unit, sides, broken);
    if (r == 0 && state->reply.n_broken == state->size) {
        size_t size = state->size ? state->size * 2 : 256;
        Bb__BrokenRule **grown = realloc(state->reply.broken, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        state->reply.broken = grown;
        state->size = size;
    }
    if (r == 0)
        state->reply.broken[state->reply.n_broken++] = broken;
    return r;
}

static int
judge(struct unit *unit, uint32_t operand)
{
    struct bb_rule_sides sides;
    enum bb_rule_verdict verdict;
    bool first;
    int r = is_first(unit, operand, &first);

    if (r != 0 || !first)
        return r;
    r = bb_rule_judge(&unit->ruled->rule, ask, unit, &sides, &verdict);
    return r == 0 && verdict == BB_RULE_BROKEN ? tell(unit, &sides) : r;
}

static bool
is_full(const struct state *state, const struct bb_query_step *step)
{
    return state->reply.n_broken > 0 && state->texts.used >= step->max_bytes;
}

/* The rules that speak of the reading that the walk stands on, as far as the part has room. */
static int
judge_record(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const struct bb_walk *walk = &state->walk;
    struct unit unit = {
        .query = query,
        .step = step,
        .key = {.period = walk->period, .organization = walk->id[ORGANIZATION], .place = walk->id[PLACE]}};
    const struct bb_rule_use *use;
    uint32_t n = bb_rule_set_uses(&state->set, walk->id[INDICATOR], &use);
    int r = 0;

    for (; r == 0 && state->use < n && !is_full(state, step); state->use++) {
        const struct bb_rule_use *u = &use[state->use];
        unit.ruled = &state->set.item[u->rule];
        if (state->wanted[u->rule] &&
            unit.ruled->operand[u->operand].disaggregation == walk->id[DISAGGREGATION])
            r = judge(&unit, u->operand);
    }
    if (r == 0 && state->use < n)
        bb_walk_hold(&state->walk);
    else
        state->use = 0;
    return r;
}

static int
gather(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    int r;

    while ((r = bb_walk_next(&state->walk, &step->snapshot)) == 0) {
        r = judge_record(query, step);
        if (r != 0 || is_full(state, step))
            return r;
    }
    step->final = r == BB_STORE_E_NOT_FOUND;
    return r > 0 ? 0 : r;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__BrokenRule **broken = state->reply.broken;
    int r;

    bb_arena_reset(&state->texts);
    bb__rule_check_reply__init(&state->reply);
    state->reply.broken = broken;
    state->reply.sequence = query->sequence;
    if (state->indicators.count == 0) {
        step->final = true;
        return bb_query_pack(step, &state->reply.base);
    }
    r = bb_query_walk(query, step, &state->walk, gather);
    return r == 0 ? bb_query_pack(step, &state->reply.base) : r;
}

/* To its caller they are figures that readings of anybody may be behind, or its own. */
static void
gives(const struct bb_query *query, struct bb_query_gift *gift)
{
    static const uint32_t none;
    const struct state *state = query->state;

    gift->indicators = state->indicators.count ? state->indicators.id : &none;
    gift->n_indicators = state->indicators.count;
    gift->first_day = state->walk.first_day;
    gift->end_day = state->walk.end_day;
    gift->lines = query->scope != BB_SCOPE_ALL;
    gift->organization = &query->own;
    gift->n_organizations = 1;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_rule_set_release(&state->set);
    bb_ids_release(&state->indicators);
    bb_arena_release(&state->texts);
    free(state->wanted);
    free(state->reply.broken);
}

const struct bb_query_kind bb_query_rule_check = {
    .method = BB_METHOD_RULE_CHECK,
    .request = &bb__rule_check__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
    .gives = gives,
};
