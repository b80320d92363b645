/* What a request does not say of a rule that is there stays as it was; so to disable one takes its code
 * alone. A rule that was removed is not there: to add it again everything has to be said, and its versions go
 * on. */
#include "rule_command.h"

#include "define_core.h"

#include <errno.h>
#include <stdio.h>

static int
find_in_head(void *context, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id)
{
    struct bb_head *head = context;

    return bb_names_find_own(head->names, head->txn, kind, text, ret_id);
}

int
bb_head_load_rules(struct bb_head *head)
{
    MDB_cursor *cursor;
    int r = bb_store_begin(head->views->store, false, &head->txn);

    if (r != 0)
        return r;
    r = bb_cursor_open(head->txn, head->views->dbi[BB_VIEW_RULE], &cursor);
    if (r == 0) {
        r = bb_rule_set_load(&head->rules, cursor, UINT64_MAX, find_in_head, head);
        mdb_cursor_close(cursor);
    }
    bb_store_abort(head->views->store, &head->txn);
    return r;
}

/* One rule on its way. */
struct judged {
    struct bb_head *head;
    struct bb_arena *arena;
    Bb__Rule *item;
    Bb__DefineOutcome *outcome;
    const Bb__Rule *before; /* NULL: there is none */
    bool gone;              /* ... or it was removed */
};

static int
find_before(struct judged *j)
{
    const struct bb_ruled *ruled = bb_rule_set_get(&j->head->rules, bb_bytes_str(j->item->code));
    Bb__Rule *message;
    int r;

    if (!ruled)
        return 0;
    r = bb_unpack(bb__rule, bb_bytes(ruled->packed, ruled->packed_len), j->arena, &message);
    j->before = message;
    j->gone = ruled->rule.state == BB_RULE_REMOVED;
    return r > 0 ? -EBADMSG : r;
}

static void
keep(char **text, char *before)
{
    if (!*text)
        *text = before;
}

/* What is not said is as it was. */
static void
fill(struct judged *j)
{
    const Bb__Rule *before = j->before;

    if (!before || j->gone)
        return;
    keep(&j->item->name, before->name);
    keep(&j->item->left, before->left);
    keep(&j->item->relation, before->relation);
    keep(&j->item->right, before->right);
    keep(&j->item->tolerance, before->tolerance);
    keep(&j->item->state, before->state);
}

static int
refuse(struct judged *j, enum bb_row_code code, const char *column, struct bb_bytes found,
       const char *expected)
{
    struct bb_note note;

    bb_note_found(&note, code, BB_FIELD_NONE, found, "%s", expected);
    return bb_define_refuse(j->arena, j->outcome, code, column, note.text);
}

/* Who says nothing of the sides speaks of a rule that is there. */
static int
check_known(struct judged *j)
{
    if ((j->before && !j->gone) || j->item->left || j->item->relation || j->item->right || !j->item->state)
        return 0;
    return refuse(j, BB_ROW_CODE_BAD_VALUE, "code", bb_bytes_str(j->item->code),
                  "the code of a rule (rule ls shows them)");
}

/* Indicators that are there and are reported, and by the same frequency: the sides are of one period. */
static int
check_input(struct judged *j, const struct bb_rule *rule, size_t number, struct bb_bytes *first,
            enum bb_period_type *frequency)
{
    struct bb_expression_input input = bb_rule_input(rule, number);
    const char *column = bb_rule_is_left(rule, number) ? "left" : "right";
    const struct bb_indicator *indicator;
    char expected[BB_LIMIT_CODE_BYTES + 100];
    uint32_t id;
    int r = find_in_head(j->head, BB_OBJECT_INDICATOR, input.indicator, &id);

    if (r < 0)
        return r;
    if (r != 0)
        return refuse(j, BB_ROW_CODE_UNKNOWN_INDICATOR, column, input.indicator,
                      "the code of a defined indicator");
    indicator = bb_catalogue_indicator(&j->head->catalogue, id);
    if (indicator->computed)
        return refuse(j, BB_ROW_CODE_COMPUTED, column, input.indicator,
                      "an indicator that is reported: this one is computed from others");
    if (indicator->frequency && !*frequency) {
        *frequency = indicator->frequency;
        *first = input.indicator;
    } else if (indicator->frequency && indicator->frequency != *frequency) {
        snprintf(expected, sizeof expected, "one that is reported by the same frequency as %.*s",
                 (int)first->len, (const char *)first->data);
        return refuse(j, BB_ROW_CODE_BAD_VALUE, column, input.indicator, expected);
    }
    return 0;
}

static int
check_inputs(struct judged *j, const struct bb_rule *rule)
{
    enum bb_period_type frequency = 0;
    struct bb_bytes first = {0};
    size_t n = bb_rule_inputs(rule);
    int r = 0;

    for (size_t i = 0; r == 0 && !j->outcome->has_code && i < n; i++)
        r = check_input(j, rule, i, &first, &frequency);
    return r;
}

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool
same(const Bb__Rule *a, const Bb__Rule *b)
{
    return same_text(a->name, b->name) && same_text(a->left, b->left) &&
           same_text(a->relation, b->relation) && same_text(a->right, b->right) &&
           same_text(a->tolerance, b->tolerance) && same_text(a->state, b->state);
}

/* Texts as everybody will see them. */
static int
make_canonical(struct judged *j, const struct bb_rule *rule)
{
    struct bb_bytes left = bb_expression_text(rule->left), right = bb_expression_text(rule->right);
    char tolerance[BB_RULE_TOLERANCE_TEXT];

    bb_rule_tolerance_format(rule, tolerance);
    j->item->left = bb_arena_alloc(j->arena, left.len + 1);
    j->item->right = bb_arena_alloc(j->arena, right.len + 1);
    j->item->tolerance = *tolerance ? bb_define_text(j->arena, tolerance) : NULL;
    if (!j->item->left || !j->item->right || (*tolerance && !j->item->tolerance))
        return -ENOMEM;
    *(char *)mempcpy(j->item->left, left.data, left.len) = '\0';
    *(char *)mempcpy(j->item->right, right.data, right.len) = '\0';
    j->item->state = (char *)(uintptr_t)bb_rule_state_name(rule->state);
    if (j->item->name && !*j->item->name)
        j->item->name = NULL;
    return 0;
}

static int
judge_read(struct judged *j, const struct bb_rule *rule)
{
    int r = rule->state == BB_RULE_ACTIVE ? check_inputs(j, rule) : 0;

    if (r == 0 && !j->outcome->has_code && !j->before && j->head->rules.n >= BB_LIMIT_RULES)
        r = refuse(j, BB_ROW_CODE_BAD_VALUE, "code", bb_bytes_str(j->item->code),
                   "no more rules: there are 1,000, removed ones included");
    if (r == 0 && !j->outcome->has_code)
        r = make_canonical(j, rule);
    if (r != 0 || j->outcome->has_code)
        return r;
    j->item->has_version = true;
    j->item->version = j->before ? j->before->version + 1 : 1;
    j->outcome->outcome = !j->before || j->gone      ? BB_OUTCOME_CREATED
                          : same(j->before, j->item) ? BB_OUTCOME_UNCHANGED
                                                     : BB_OUTCOME_UPDATED;
    return 0;
}

static int
judge(struct judged *j)
{
    struct bb_note note;
    struct bb_rule rule;
    const char *column;
    int r = find_before(j);

    if (r == 0)
        r = check_known(j);
    if (r != 0 || j->outcome->has_code)
        return r;
    fill(j);
    r = bb_rule_read(j->item, &rule, &note, &column);
    if (r != 0)
        return r < 0 ? r : bb_define_refuse(j->arena, j->outcome, note.code, column, note.text);
    r = judge_read(j, &rule);
    bb_rule_release(&rule);
    return r;
}

/* What is applied is in the index once all of the request are. */
static int
apply(struct bb_head *head, Bb__Rule *rule, uint64_t sequence)
{
    uint8_t key[BB_RULE_KEY];
    struct bb_buffer packed;
    int r;

    rule->has_sequence = true;
    rule->sequence = sequence;
    r = bb_define_pack(&rule->base, &packed);
    if (r == 0)
        r = bb_rule_set_put(&head->rules, bb_buffer_bytes(&packed), find_in_head, head);
    if (r == 0)
        r = bb_generation_put(head->filling, BB_VIEW_RULE,
                              bb_bytes(key, bb_rule_key(rule->code, sequence, key)),
                              bb_buffer_bytes(&packed));
    bb_buffer_release(&packed);
    return r;
}

int
bb_define_rules(struct bb_head *head, struct bb_arena *arena, const Bb__RuleDefine *request,
                uint64_t sequence, Bb__EntryRules *entry, Bb__DefineReply *reply)
{
    int r = bb_define_outcomes(arena, request->n_rule, reply);

    entry->rule = bb_arena_alloc(arena, (request->n_rule + 1) * sizeof *entry->rule);
    if (!entry->rule)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < request->n_rule; i++) {
        struct judged j = {.head = head, .arena = arena, .item = request->rule[i], .outcome = reply->item[i]};

        r = judge(&j);
        if (r != 0 || !bb_define_is_kept(j.outcome))
            continue;
        r = apply(head, j.item, sequence);
        entry->rule[entry->n_rule++] = j.item;
    }
    return r == 0 ? bb_rule_set_index(&head->rules) : r;
}

int
bb_apply_rules(struct bb_head *head, const Bb__EntryRules *entry, uint64_t sequence)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < entry->n_rule; i++)
        r = apply(head, entry->rule[i], sequence);
    return r == 0 ? bb_rule_set_index(&head->rules) : r;
}
