/* Versions of an indicator count from 1 and every one stays (view `definition`), since a query of an earlier
 * moment reads with the definition of that moment. Same as before in all fields: unchanged, no version. */
#include "define_core.h"

#include "workers/measurement/store/dependents.h"
#include "workers/measurement/store/inputs.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

int
bb_define_previous(struct bb_head *head, struct bb_arena *arena, const char *code, uint32_t *ret_id,
                   Bb__Indicator **ret_previous)
{
    int r = bb_names_find_own(head->names, head->txn, BB_OBJECT_INDICATOR, bb_bytes_str(code), ret_id);

    *ret_previous = NULL;
    if (r == 0)
        r = bb_define_details(head, BB_OBJECT_INDICATOR, *ret_id, arena, &bb__indicator__descriptor,
                              (ProtobufCMessage **)ret_previous);
    else
        *ret_id = 0;
    return r > 0 ? 0 : r;
}

static bool
is_given(const char *text)
{
    return text && *text;
}

static bool
is_same_aim(const struct bb_target *a, const struct bb_target *b)
{
    return bb_period_same(a->period, b->period) && bb_bytes_equal(a->organization, b->organization);
}

/* Does a target of `targets` stand there before it, or as that of the columns? */
static bool
is_aim_twice(const Bb__Indicator *definition, enum bb_period_type frequency, const struct bb_target *target,
             unsigned number)
{
    struct bb_targets targets = bb_targets(definition->targets, frequency);
    struct bb_target other = {.organization = {NULL, 0}};

    if (is_given(definition->target_period) &&
        bb_period_parse(bb_bytes_str(definition->target_period), frequency, &other.period) == 0 &&
        is_same_aim(&other, target))
        return true;
    for (unsigned i = 0; i < number && bb_targets_next(&targets, &other) == 0; i++)
        if (is_same_aim(&other, target))
            return true;
    return false;
}

/* A target has a period and a value, and there is one of an organization and period, or of all and a period.
 * This is asked of definitions that come, not of those that are there. */
static int
check_aims(struct bb_arena *arena, const Bb__Indicator *definition, enum bb_period_type frequency,
           Bb__DefineOutcome *outcome)
{
    struct bb_targets targets = bb_targets(definition->targets, frequency);
    struct bb_target target;
    struct bb_note note;

    if (is_given(definition->target_period) != is_given(definition->target_value))
        return bb_define_refuse(arena, outcome, BB_ROW_CODE_BAD_VALUE,
                                is_given(definition->target_value) ? "target_value" : "target_period",
                                is_given(definition->target_value)
                                    ? "found a value without a period, expected both or neither"
                                    : "found a period without a value, expected both or neither");
    for (unsigned i = 0; bb_targets_next(&targets, &target) == 0; i++) {
        if (!is_aim_twice(definition, frequency, &target, i))
            continue;
        bb_note_found(&note, BB_ROW_CODE_BAD_VALUE, BB_FIELD_NONE, bb_bytes_str(definition->targets),
                      "one target for each period, or organization and period: number %u is of the same as "
                      "one before it, or as target_period",
                      i + 1);
        return bb_define_refuse(arena, outcome, BB_ROW_CODE_BAD_VALUE, "targets", note.text);
    }
    return 0;
}

/* Organizations that targets name are there, by their codes. */
static int
check_target_organizations(struct bb_head *head, struct bb_arena *arena, const Bb__Indicator *definition,
                           enum bb_period_type frequency, Bb__DefineOutcome *outcome)
{
    struct bb_targets targets = bb_targets(definition->targets, frequency);
    struct bb_target target;
    struct bb_note note;
    uint32_t id;
    int r;

    while (bb_targets_next(&targets, &target) == 0) {
        if (target.organization.len == 0)
            continue;
        r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION, target.organization, &id);
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        bb_note_found(&note, BB_ROW_CODE_UNKNOWN_ORGANIZATION, BB_FIELD_NONE, target.organization,
                      "the code of a registered organization");
        return bb_define_refuse(arena, outcome, BB_ROW_CODE_UNKNOWN_ORGANIZATION, "targets", note.text);
    }
    return 0;
}

static int
refuse_unknown_input(struct bb_arena *arena, const struct bb_inputs_unknown *unknown,
                     Bb__DefineOutcome *outcome)
{
    struct bb_note note;

    bb_note_found(&note, BB_ROW_CODE_UNKNOWN_INDICATOR, BB_FIELD_NONE, unknown->indicator,
                  "the code of a defined indicator");
    return bb_define_refuse(arena, outcome, BB_ROW_CODE_UNKNOWN_INDICATOR, unknown->column, note.text);
}

/* "a is computed from b, b from c, c from a", as far as it fits. */
static int
refuse_cycle(struct bb_head *head, struct bb_arena *arena, const struct bb_ids *cycle,
             Bb__DefineOutcome *outcome)
{
    char text[1000];
    size_t len = 0;

    for (uint32_t i = 0; i < cycle->count && len < sizeof text; i++) {
        uint32_t next = cycle->id[(i + 1) % cycle->count];
        len += (size_t)snprintf(text + len, sizeof text - len,
                                i ? ", %s from %s" : "found a cycle: %s is computed from %s",
                                bb_catalogue_get(&head->catalogue, BB_OBJECT_INDICATOR, cycle->id[i])->text,
                                bb_catalogue_get(&head->catalogue, BB_OBJECT_INDICATOR, next)->text);
    }
    return bb_define_refuse(arena, outcome, BB_ROW_CODE_BAD_VALUE, "numerator_expression", text);
}

static bool
names_itself(const struct bb_expression *side, const char *code)
{
    const struct bb_expression_input *inputs;
    size_t n = side ? bb_expression_inputs(side, &inputs) : 0;

    for (size_t i = 0; i < n; i++)
        if (bb_bytes_equal(inputs[i].indicator, bb_bytes_str(code)))
            return true;
    return false;
}

/* id: of the definition before; 0: none, and nothing is computed from it yet but itself. */
static int
judge_inputs(struct bb_head *head, struct bb_arena *arena, const Bb__Indicator *definition, uint32_t id,
             const struct bb_sides *sides, Bb__DefineOutcome *outcome)
{
    struct bb_ids inputs = {0}, cycle = {0};
    struct bb_inputs_unknown unknown;
    char text[BB_LIMIT_CODE_BYTES + 100];
    int r;

    if (names_itself(sides->above, definition->code) || names_itself(sides->below, definition->code)) {
        snprintf(text, sizeof text, "found a cycle: %s is computed from itself", definition->code);
        return bb_define_refuse(arena, outcome, BB_ROW_CODE_BAD_VALUE, "numerator_expression", text);
    }
    r = bb_inputs_find(head->names, head->txn, sides, &inputs, &unknown);
    if (r == BB_STORE_E_NOT_FOUND)
        r = refuse_unknown_input(arena, &unknown, outcome);
    else if (r == 0 && id)
        r = bb_dependencies_cycle(head->dependencies, id, inputs.id, inputs.count, &cycle);
    if (r == BB_DEPENDENCIES_E_CYCLE)
        r = refuse_cycle(head, arena, &cycle, outcome);
    bb_ids_release(&inputs);
    bb_ids_release(&cycle);
    return r;
}

/* What it is computed from is there, and not computed from it. */
static int
check_inputs(struct bb_head *head, struct bb_arena *arena, const Bb__Indicator *definition, uint32_t id,
             Bb__DefineOutcome *outcome)
{
    struct bb_sides sides;
    int r = bb_sides_read(definition, &sides);

    if (r != 0)
        return r;
    r = judge_inputs(head, arena, definition, id, &sides, outcome);
    bb_sides_release(&sides);
    return r;
}

/* What protects others is lifted by saying so only: a definition without it keeps it, as it does what
 * indicator.retire has set. */
static void
keep_protection(Bb__Indicator *definition, const Bb__Indicator *previous)
{
    if (!definition->suppress_below || !*definition->suppress_below)
        definition->suppress_below = previous->suppress_below;
    if (!definition->publish || !*definition->publish)
        definition->publish = previous->publish;
}

/* A definition is a whole, so a file with the two columns that changed empties the others: that is said. */
static int
warn_of_dropped(struct bb_arena *arena, const Bb__Indicator *previous, const Bb__Indicator *definition,
                Bb__DefineOutcome *outcome)
{
    const ProtobufCMessageDescriptor *type = definition->base.descriptor;
    const char *first = NULL;
    char names[600] = "", text[sizeof names + 200];
    size_t len = 0;

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *before, *now;

        if (field->type != PROTOBUF_C_TYPE_STRING)
            continue;
        memcpy(&before, (const char *)previous + field->offset, sizeof before);
        memcpy(&now, (const char *)definition + field->offset, sizeof now);
        if (!is_given(before) || is_given(now) || field->offset == offsetof(Bb__Indicator, suppress_below))
            continue; /* that goes only where a definition says so */
        len += (size_t)snprintf(names + len, sizeof names - len, first ? ", %s" : "%s", field->name);
        first = first ? first : field->name;
    }
    if (!first)
        return 0;
    snprintf(text, sizeof text,
             "version %u of %s is without %s: a definition is a whole, and what is not in it is not taken "
             "from version %u",
             definition->version, definition->code, names, previous->version);
    return bb_define_warn(arena, outcome, BB_ROW_CODE_DROPPED, first, text);
}

static int
judge_indicator(struct bb_head *head, struct bb_arena *arena, Bb__Indicator *definition,
                Bb__DefineOutcome *outcome)
{
    struct bb_indicator parsed;
    struct bb_note note;
    const char *column;
    Bb__Indicator *previous;
    uint32_t id;
    int r;

    definition->retired = NULL;
    r = bb_indicator_parse(definition, &parsed, &note, &column);
    if (r == 0)
        r = bb_define_previous(head, arena, definition->code, &id, &previous);
    if (r == 0 && previous) {
        keep_protection(definition, previous);
        r = bb_indicator_parse(definition, &parsed, &note, &column);
    }
    if (r != 0)
        return r < 0 ? r : bb_define_refuse(arena, outcome, note.code, column, note.text);
    if (parsed.suppress_below == 0)
        definition->suppress_below = NULL;
    r = check_aims(arena, definition, parsed.frequency, outcome);
    if (r != 0 || outcome->has_code)
        return r;
    r = check_target_organizations(head, arena, definition, parsed.frequency, outcome);
    if (r == 0 && !outcome->has_code)
        r = check_inputs(head, arena, definition, id, outcome);
    if (r != 0 || outcome->has_code)
        return r;
    outcome->outcome = BB_OUTCOME_CREATED;
    definition->has_version = true;
    definition->version = previous ? previous->version : 1;
    definition->retired = previous ? previous->retired : NULL; /* that is indicator.retire's */
    if (previous && bb_indicator_same(previous, definition)) {
        outcome->outcome = BB_OUTCOME_UNCHANGED;
    } else if (previous) {
        outcome->outcome = BB_OUTCOME_UPDATED;
        definition->version++;
        r = warn_of_dropped(arena, previous, definition, outcome);
    }
    return r;
}

static int
put_definition(struct bb_head *head, uint32_t id, const Bb__Indicator *definition)
{
    uint8_t key[8];
    struct bb_buffer packed;
    int r = bb_define_pack(&definition->base, &packed);

    bb_put_u32(key, id);
    bb_put_u32(key + 4, definition->version);
    if (r == 0)
        r = bb_generation_put(head->filling, BB_VIEW_DEFINITION, bb_bytes(key, sizeof key),
                              bb_buffer_bytes(&packed));
    bb_buffer_release(&packed);
    return r;
}

/* Does another indicator go by this name now? 0 no | 1 yes | <0 */
static int
is_name_of_another(struct bb_head *head, uint32_t other, const char *name)
{
    struct bb_arena arena;
    Bb__Indicator *definition;
    int r;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    r = bb_define_details(head, BB_OBJECT_INDICATOR, other, &arena, &bb__indicator__descriptor,
                          (ProtobufCMessage **)&definition);
    if (r == 0)
        r = strcmp(definition->name, name) == 0;
    else if (r > 0)
        r = 0;
    bb_arena_release(&arena);
    return r;
}

/* The name leads to the indicator, unless it is the code of another (a code wins), or several go by it: then
 * it leads to none. Real catalogues have indicators that share a name. */
static int
name_indicator(struct bb_head *head, const char *name, uint32_t id)
{
    bool canonical = false;
    uint32_t other = id;
    int r = bb_define_find(head, BB_OBJECT_INDICATOR, name, &other, &canonical);

    if (r < 0 || (r == 0 && (other == id || other == BB_ID_NONE || canonical)))
        return r;
    r = r == 0 ? is_name_of_another(head, other, name) : 0;
    if (r < 0)
        return r;
    return bb_names_set(head->names, head->filling, BB_OBJECT_INDICATOR, bb_bytes_str(name),
                        r > 0 ? BB_ID_NONE : id, false);
}

/* The definition as it is from now on. The history has values as the one before made them of numerator and
 * denominator: those are forgotten when another one makes others. */
static int
set_definition(struct bb_head *head, uint32_t id, const Bb__Indicator *definition)
{
    bool known = bb_catalogue_get(&head->catalogue, BB_OBJECT_INDICATOR, id) != NULL;
    struct bb_decimal before = {0};
    int r;

    if (known)
        before = bb_catalogue_indicator(&head->catalogue, id)->factor;
    r = bb_define_object(head, BB_OBJECT_INDICATOR, id, definition->code, &definition->base);
    if (r == 0 && known &&
        bb_decimal_compare(before, bb_catalogue_indicator(&head->catalogue, id)->factor) != 0)
        bb_history_forget(&head->history, id);
    return r;
}

/* What it is computed from, now and as of this entry. */
static int
set_inputs(struct bb_head *head, uint32_t id, const Bb__Indicator *definition, uint64_t sequence)
{
    struct bb_ids before = {0}, now = {0};
    int r = bb_dependencies_inputs(head->dependencies, id, &before);

    if (r == 0)
        r = bb_inputs_set(head->dependencies, head->names, head->txn, id, definition);
    if (r == 0)
        r = bb_dependencies_inputs(head->dependencies, id, &now);
    if (r == 0)
        r = bb_dependents_put(head->filling, id, &before, &now, sequence);
    bb_ids_release(&before);
    bb_ids_release(&now);
    return r;
}

int
bb_define_apply_indicator(struct bb_head *head, Bb__Indicator *definition, uint64_t sequence)
{
    struct bb_bytes code = bb_bytes_str(definition->code);
    uint32_t id;
    int r = bb_names_find_own(head->names, head->txn, BB_OBJECT_INDICATOR, code, &id);

    if (r == BB_STORE_E_NOT_FOUND)
        r = bb_names_add(head->names, head->filling, BB_OBJECT_INDICATOR, code, &id);
    if (r == 0)
        r = name_indicator(head, definition->name, id);
    definition->has_sequence = true;
    definition->sequence = sequence;
    if (r == 0)
        r = put_definition(head, id, definition);
    if (r == 0)
        r = set_definition(head, id, definition);
    if (r == 0)
        r = set_inputs(head, id, definition, sequence);
    return r;
}

int
bb_define_indicators(struct bb_head *head, struct bb_arena *arena, const Bb__IndicatorDefine *request,
                     uint64_t sequence, Bb__EntryIndicators *entry, Bb__DefineReply *reply)
{
    int r = bb_define_outcomes(arena, request->n_indicator, reply);

    entry->indicator = bb_arena_alloc(arena, (request->n_indicator + 1) * sizeof *entry->indicator);
    if (!entry->indicator)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < request->n_indicator; i++) {
        r = judge_indicator(head, arena, request->indicator[i], reply->item[i]);
        if (r != 0 || !bb_define_is_kept(reply->item[i]))
            continue;
        r = bb_define_apply_indicator(head, request->indicator[i], sequence);
        entry->indicator[entry->n_indicator++] = request->indicator[i];
    }
    return r;
}

int
bb_apply_indicators(struct bb_head *head, const Bb__EntryIndicators *entry, uint64_t sequence)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < entry->n_indicator; i++)
        r = bb_define_apply_indicator(head, entry->indicator[i], sequence);
    return r;
}
