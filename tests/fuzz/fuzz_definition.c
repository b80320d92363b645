/* What a client defines, as the measurement worker judges it: indicators, rules, adoptions, disaggregations
 * (typed.h). What is taken is sound for all that reads it later; what is not has a note. */
#include "typed.h"

#include "workers/measurement/model/aims.h"
#include "workers/measurement/model/disaggregation.h"
#include "workers/measurement/model/indicator.h"
#include "workers/measurement/model/rule.h"
#include "workers/measurement/store/adoption.h"
#include "workers/measurement/store/inputs.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &bb__indicator__descriptor,
    &bb__rule__descriptor,
    &bb__adoption__descriptor,
    &bb__place__descriptor,
};

static void
check_aims(const Bb__Indicator *definition, const struct bb_indicator *indicator)
{
    static struct bb_aims aims;
    struct bb_targets targets = bb_targets(definition->targets, indicator->frequency);
    struct bb_target target;
    int r;

    while ((r = bb_targets_next(&targets, &target)) == 0)
        require(target.value.scale <= BB_DECIMAL_SCALE);
    require(r == 1);
    bb_aims_read(&aims, definition, indicator);
    require(aims.n <= BB_LIMIT_TARGETS + 1);
    (void)bb_aims_next(&aims, bb_bytes_str("alpha"), 700000);
}

static void
check_indicator(const Bb__Indicator *definition)
{
    struct bb_indicator indicator;
    struct bb_note note = {.text = ""};
    struct bb_sides sides;
    const char *column = NULL;
    int r = bb_indicator_parse(definition, &indicator, &note, &column);

    require(r == 0 || (r == 1 && note.code && note.text[0] && column));
    require(bb_indicator_same(definition, definition));
    if (r)
        return;
    require(bb_sides_read(definition, &sides) == 0);
    bb_sides_release(&sides);
    check_aims(definition, &indicator);
}

/* Inputs amount to something, nothing, or an error of their own. */
static int
ask(void *context, size_t input, struct bb_fraction *ret_value)
{
    (void)context;
    if (input % 3 == 2)
        return BB_EXPRESSION_E_NO_DATA;
    *ret_value = bb_fraction_of((struct bb_decimal){.mantissa = (__int128)input - 3, .scale = 1});
    return 0;
}

static void
check_rule(const Bb__Rule *message)
{
    char tolerance[BB_RULE_TOLERANCE_TEXT], text[300], side[BB_DECIMAL_TEXT];
    struct bb_note note = {.text = ""};
    struct bb_rule_sides sides;
    enum bb_rule_verdict verdict;
    const char *column = NULL;
    struct bb_rule rule;
    int r = bb_rule_read(message, &rule, &note, &column);

    require(r == 0 || (r == BB_RULE_E_REFUSED && note.code && note.text[0] && column));
    if (r)
        return;
    require(bb_rule_relation_name(rule.relation) && bb_rule_state_name(rule.state));
    require(bb_rule_tolerance_format(&rule, tolerance) < sizeof tolerance);
    require(bb_rule_tolerance_parse(bb_bytes_str(tolerance), &rule.tolerance, &rule.percent));
    for (size_t i = 0; i < bb_rule_inputs(&rule); i++)
        require(bb_rule_input(&rule, i).indicator.len > 0);
    require(bb_rule_judge(&rule, ask, NULL, &sides, &verdict) == 0);
    bb_rule_say(&rule, &sides, "here", text, sizeof text);
    (void)bb_rule_side_format(&sides.left, side);
    bb_rule_release(&rule);
}

static void
check_text(const char *text)
{
    struct bb_buffer first, second;
    const char *what = NULL;

    bb_buffer_init(&first, 1u << 16);
    bb_buffer_init(&second, 1u << 16);
    int r = bb_disaggregation_parse(bb_bytes_str(text), &first, &what);
    require(r == 0 || (r == 1 && what));
    if (r == 0) {
        require(bb_disaggregation_parse(bb_buffer_bytes(&first), &second, &what) == 0);
        require(bb_bytes_equal(bb_buffer_bytes(&first), bb_buffer_bytes(&second)));
        bb_disaggregation_dimensions(bb_buffer_bytes(&first), &second);
    }
    bb_buffer_release(&first);
    bb_buffer_release(&second);
}

static void
check(const ProtobufCMessage *message)
{
    struct bb_adoption adoption;

    if (message->descriptor == &bb__indicator__descriptor)
        check_indicator((const Bb__Indicator *)message);
    else if (message->descriptor == &bb__rule__descriptor)
        check_rule((const Bb__Rule *)message);
    else if (message->descriptor == &bb__place__descriptor)
        check_text(((const Bb__Place *)message)->name);
    else
        (void)bb_adoption_read((const Bb__Adoption *)message, &adoption);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct typed typed;
    struct typed_input input;
    ProtobufCMessage *message;
    struct bb_arena arena;

    typed_init(&typed, types, sizeof types / sizeof types[0]);
    if (!typed_take(&typed, bb_bytes(data, size), &input))
        return 0;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    if (bb_message_unpack(input.type, input.packed, &arena, &message) == 0)
        check(message);
    bb_arena_release(&arena);
    typed_release(&input);
    return 0;
}
