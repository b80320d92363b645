/* Rules between indicators through the writer and in rule.check: a random history of readings and rules
 * beside a model that keeps everything and judges in whole numbers. */
#include "fixture.h"

#include "proto/message.h"
#include "proto/methods.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/query/query.h"

#include <stdio.h>
#include <stdlib.h>

/* What is reported, in halves; or nothing; or that there is nothing to report. */
#define NOTHING INT64_MIN
#define STATE   (INT64_MIN + 1)

enum { COUNT_ALL, COUNT_F, RATE, OTHER, SLOTS };
#define ORGANIZATIONS 2
#define PLACES        2
#define PERIODS       2
#define RULES         6
#define CELLS         (ORGANIZATIONS * PLACES * PERIODS)

static const struct {
    const char *left, *relation, *right, *tolerance;
    unsigned left_slots, right_slots; /* added up */
    int64_t right_constant;           /* in halves */
    int64_t absolute, percent;        /* tolerance: in halves, or percent */
} rules[RULES] = {
    {"#{count}", ">=", "#{count.sex=f}", "", 1u << COUNT_ALL, 1u << COUNT_F, 0, 0, 0},
    {"#{count} + #{other}", "<=", "#{rate}", "5", 1u << COUNT_ALL | 1u << OTHER, 1u << RATE, 0, 10, 0},
    {"#{count}", "compulsory_pair", "#{other}", "", 1u << COUNT_ALL, 1u << OTHER, 0, 0, 0},
    {"#{rate}", "exclusive_pair", "#{count.sex=f}", "", 1u << RATE, 1u << COUNT_F, 0, 0, 0},
    {"#{rate}", "<", "60", "", 1u << RATE, 0, 120, 0, 0},
    {"#{other} + #{other} - #{other}", "=", "#{count}", "50%", 1u << OTHER, 1u << COUNT_ALL, 0, 0, 50},
};

struct model {
    int64_t value[CELLS][SLOTS];
    bool active[RULES], defined[RULES];
    uint64_t sequence; /* that it is at */
};

static bool
add_up(const int64_t value[SLOTS], unsigned slots, int64_t *ret_sum)
{
    bool data = slots == 0;

    for (unsigned i = 0; i < SLOTS; i++)
        if (slots >> i & 1 && value[i] > STATE) {
            *ret_sum += value[i];
            data = true;
        }
    return data;
}

static bool
is_broken(const struct model *m, unsigned rule, unsigned cell)
{
    const char *relation = rules[rule].relation;
    int64_t left = 0, right = rules[rule].right_constant, t, difference;
    bool has_left = add_up(m->value[cell], rules[rule].left_slots, &left),
         has_right = add_up(m->value[cell], rules[rule].right_slots, &right);

    if (!m->active[rule])
        return false;
    if (strcmp(relation, "compulsory_pair") == 0)
        return has_left != has_right;
    if (strcmp(relation, "exclusive_pair") == 0)
        return has_left && has_right;
    if (!has_left || !has_right)
        return false;
    t = rules[rule].absolute * 100 + rules[rule].percent * llabs(right);
    difference = (left - right) * 100;
    if (strcmp(relation, ">=") == 0)
        return difference < -t;
    if (strcmp(relation, "<=") == 0)
        return difference > t;
    if (strcmp(relation, "<") == 0)
        return difference >= t;
    return difference > t || difference < -t;
}

/* Rules */

static const char *
said(const struct fixture *f)
{
    static char text[600];
    const Bb__DefineOutcome *item = f->defined->item[0];

    snprintf(text, sizeof text, "%s%s%s%s%s", bb_outcome_name(item->outcome), item->has_code ? " " : "",
             item->has_code ? item->field : "", item->has_code ? ": " : "", item->has_code ? item->text : "");
    return text;
}

static const char *
define(struct fixture *f, const char *code, const char *left, const char *relation, const char *right,
       const char *tolerance, const char *rule_state)
{
    Bb__Rule rule = BB__RULE__INIT, *list[] = {&rule};

    rule.code = (char *)(uintptr_t)code;
    rule.left = (char *)(uintptr_t)left;
    rule.relation = (char *)(uintptr_t)relation;
    rule.right = (char *)(uintptr_t)right;
    rule.tolerance = (char *)(uintptr_t)tolerance;
    rule.state = (char *)(uintptr_t)rule_state;
    fixture_rules(f, list, 1);
    return said(f);
}

static void
define_other(struct fixture *f)
{
    static char code[] = "other", computed[] = "computed", sum[] = "#{count} + #{other}", month[] = "monthly",
                monthly[] = "month";
    Bb__Indicator indicator[3], *list[] = {&indicator[0], &indicator[1], &indicator[2]};

    for (int i = 0; i < 3; i++)
        bb__indicator__init(&indicator[i]);
    indicator[0].code = indicator[0].name = code;
    indicator[1].code = indicator[1].name = computed;
    indicator[1].numerator_expression = sum;
    indicator[2].code = indicator[2].name = monthly;
    indicator[2].frequency = month;
    fixture_define(f, list, 3);
}

static void
test_defining(void **state)
{
    struct fixture *f = *state;

    define_other(f);
    check_text(define(f, "r", "#{count}", "<=", "#{nothing}", NULL, NULL),
               "rejected right: found 'nothing', expected the code of a defined indicator", "unknown");
    check_text(define(f, "r", "#{computed}", "<=", "#{count}", NULL, NULL),
               "rejected left: found 'computed', expected an indicator that is reported: this one is "
               "computed from others",
               "computed");
    check_text(define(f, "r", "#{year} + #{count}", "<=", "#{month}", NULL, NULL),
               "rejected right: found 'month', expected one that is reported by the same frequency as year",
               "frequencies");
    check_text(
        define(f, "r", "#{count} +", "<=", "#{rate}", NULL, NULL),
        "rejected left: at byte 11: found the end, expected a number, an indicator as '#{CODE}', '-' or '('",
        "position");
    check_text(define(f, "r", NULL, NULL, NULL, NULL, "disabled"),
               "rejected code: found 'r', expected the code of a rule (rule ls shows them)", "none");
    check_text(define(f, "r", "#{count}", "<=", "#{rate}", "5 %", NULL), "created", "new");
    check_text(define(f, "r", " #{ count }", "<=", "#{rate}", "5.0%", "active"), "unchanged", "the same");
    check_text(define(f, "r", NULL, NULL, NULL, "6", NULL), "updated", "a part of it");
    check_text(define(f, "r", NULL, ">", NULL, NULL, "disabled"), "updated", "put away");
    check_text(define(f, "r", NULL, NULL, NULL, NULL, "disabled"), "unchanged", "again");
    check_text(define(f, "r", NULL, NULL, NULL, NULL, "removed"), "updated", "removed");
    check_text(define(f, "r", NULL, NULL, NULL, NULL, "removed"),
               "rejected code: found 'r', expected the code of a rule (rule ls shows them)", "gone");
    check_text(define(f, "r", "#{count}", "<", NULL, NULL, NULL),
               "rejected right: found '', expected an expression such as #{a} + #{b}", "all of it");
    check_text(define(f, "r", "#{count}", "<", "#{other}", NULL, NULL), "created", "there again");
    fixture_apply(f);
    fixture_reopen(f);
    check_text(define(f, "r", "#{count}", "<", "#{other}", "", "active"), "unchanged", "after a start");
    assert_int_equal(fixture_verify(f), 0);
}

/* Submissions */

static void
cell_names(unsigned cell, const char **organization, const char **place, int *period)
{
    *organization = cell % 2 ? "b" : "a";
    *place = cell / 2 % 2 ? "P" : "";
    *period = 2020 + (int)(cell / 4);
}

static void
add_row(struct bb_rowset *set, unsigned cell, unsigned slot, int64_t value)
{
    static const char *const codes[SLOTS] = {"count", "count", "rate", "other"};
    const char *organization, *place;
    char row[120], number[40];
    int period;

    cell_names(cell, &organization, &place, &period);
    if (value == NOTHING || value == STATE)
        snprintf(number, sizeof number, "|||%s", value == STATE ? "missing" : "withdrawn");
    else if (slot == RATE)
        snprintf(number, sizeof number, "|%d|8|", (int)(value / 25)); /* 12.5 percent each */
    else
        snprintf(number, sizeof number, "%d.%d|||", (int)(value / 2), value % 2 ? 5 : 0);
    snprintf(row, sizeof row, "%s|%s|%s|%s|%d|%s", codes[slot], organization, place,
             slot == COUNT_F ? "sex=f" : "", period, number);
    fixture_row(set, row);
}

#define ROWS 10

struct part {
    unsigned cell[ROWS], slot[ROWS];
    int64_t value[ROWS];
    unsigned n;
};

/* Each reading once in a batch. */
static struct part
random_part(uint64_t *seed, const struct model *m, bool used[CELLS][SLOTS])
{
    struct part p = {.n = 0};

    for (unsigned i = 1 + (unsigned)(draw(seed) % ROWS); i > 0; i--) {
        unsigned cell = (unsigned)(draw(seed) % CELLS), slot = (unsigned)(draw(seed) % SLOTS);
        int64_t value = slot == RATE ? (int64_t)(draw(seed) % 9) * 25 : (int64_t)(draw(seed) % 200);
        if (used[cell][slot])
            continue;
        if (draw(seed) % 5 == 0)
            value = draw(seed) % 2 && m->value[cell][slot] != NOTHING ? NOTHING : STATE;
        used[cell][slot] = true;
        p.cell[p.n] = cell;
        p.slot[p.n] = slot;
        p.value[p.n++] = value;
    }
    return p;
}

struct expected {
    int row[RULES][CELLS]; /* that is warned; -1 none */
    unsigned n;
};

static bool
speaks_of(unsigned rule, unsigned slot)
{
    return (rules[rule].left_slots | rules[rule].right_slots) >> slot & 1;
}

/* What rows that changed something touched, then judged as it is now. */
static void
expect(const struct fixture *f, const struct model *m, const struct part *p, bool last,
       bool suspects[RULES][CELLS], struct expected *e)
{
    memset(e->row, -1, sizeof e->row);
    e->n = 0;
    for (unsigned i = 0; i < p->n; i++)
        if (fixture_outcome(f, i) == BB_OUTCOME_CREATED || fixture_outcome(f, i) == BB_OUTCOME_UPDATED)
            for (unsigned rule = 0; rule < RULES; rule++)
                if (speaks_of(rule, p->slot[i]))
                    e->row[rule][p->cell[i]] = (int)i;
    for (unsigned rule = 0; rule < RULES; rule++)
        for (unsigned cell = 0; cell < CELLS; cell++) {
            bool broken = is_broken(m, rule, cell);
            if (!last)
                suspects[rule][cell] |= broken && e->row[rule][cell] >= 0;
            else if (suspects[rule][cell] && e->row[rule][cell] < 0)
                e->row[rule][cell] = (int)p->n - 1;
            if (!last || !broken)
                e->row[rule][cell] = -1;
            e->n += e->row[rule][cell] >= 0;
        }
}

static void
check_warnings(const struct fixture *f, const struct expected *e, const struct part *p)
{
    unsigned found[RULES][ROWS] = {{0}}, n = 0;
    uint32_t before = 0;

    for (size_t i = 0; i < f->reply->n_warning; i++) {
        const Bb__RowNote *note = f->reply->warning[i];
        assert_true(note->row >= before); /* in the order of rows */
        before = note->row;
        if (note->code != BB_ROW_CODE_RULE_BROKEN)
            continue;
        assert_memory_equal(note->text, "rule r", 6);
        assert_true(note->row < p->n);
        found[note->text[6] - '0'][note->row]++;
        n++;
    }
    for (unsigned rule = 0; rule < RULES; rule++)
        for (unsigned cell = 0; cell < CELLS; cell++)
            if (e->row[rule][cell] >= 0 && found[rule][e->row[rule][cell]]-- == 0)
                fail_msg("rule %u, cell %u: row %d was not warned", rule, cell, e->row[rule][cell]);
    if (n != e->n)
        fail_msg("%u warnings for %u", n, e->n);
}

/* One part of a batch; with `refused`, one with a bad row, all or none. */
static unsigned
send_part(struct fixture *f, struct model *m, const struct part *p, struct fixture_submission how,
          bool suspects[RULES][CELLS])
{
    struct bb_rowset *set;
    struct expected e;

    assert_int_equal(bb_rowset_new(&set), 0);
    for (unsigned i = 0; i < p->n; i++)
        add_row(set, p->cell[i], p->slot[i], p->value[i]);
    if (how.atomic)
        fixture_row(set, "nothing|a|||2020|5");
    fixture_submit(f, how, set);
    bb_rowset_destroy(&set);
    if (f->failure)
        fail_msg("%s", f->message);
    if (how.atomic) {
        assert_true(f->reply->aborted);
        return 0;
    }
    for (unsigned i = 0; i < p->n; i++)
        m->value[p->cell[i]][p->slot[i]] = p->value[i];
    expect(f, m, p, !how.more, suspects, &e);
    check_warnings(f, &e, p);
    if (f->reply->sequence)
        m->sequence = f->reply->sequence;
    return e.n;
}

static unsigned
send_batch(struct fixture *f, struct model *m, uint64_t *seed, unsigned number)
{
    bool used[CELLS][SLOTS] = {{false}}, suspects[RULES][CELLS] = {{false}};
    struct fixture_submission how = {.batch = (uint8_t)number,
                                     .batch_more = (uint8_t)(number >> 8),
                                     .dry_run = draw(seed) % 4 == 0,
                                     .atomic = draw(seed) % 6 == 0};
    unsigned parts = how.atomic ? 1 : 1 + (unsigned)(draw(seed) % 3), warned = 0;
    struct model kept = *m;

    for (unsigned i = 0; i < parts; i++) {
        struct part p = random_part(seed, m, used);
        while (p.n == 0) /* there is always something left */
            p = random_part(seed, m, used);
        how.index = i;
        how.more = i + 1 < parts;
        warned += send_part(f, m, &p, how, suspects);
        if (!how.dry_run && draw(seed) % 4 == 0)
            fixture_apply(f);
    }
    if (how.dry_run) {
        *m = kept;
        fixture_pass(11); /* it is forgotten, and makes room for another */
        fixture_tick(f);
    }
    return warned;
}

/* rule.check */

static void
check_rules(struct fixture *f, const struct model *m, const char *who, size_t max_bytes)
{
    const struct bb_query_context context = {.views = &f->views, .journal = f->journal};
    Bb__RuleCheck request = BB__RULE_CHECK__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    struct bb_query_failure failure;
    unsigned found = 0, expected = 0;
    struct bb_query *query;
    struct bb_buffer out;
    bool final = false;
    uint8_t body[64];

    as_of.has_sequence = true;
    as_of.sequence = m->sequence;
    request.as_of = &as_of;
    const struct bb_query_call call = {.method = BB_METHOD_RULE_CHECK,
                                       .role = who ? BB__ROLE__ROLE_PARTNER : BB__ROLE__ROLE_STAFF,
                                       .organization = bb_bytes_str(who ? who : "backbone"),
                                       .member = bb_bytes_str("main"),
                                       .body = bb_bytes(body, bb__rule_check__pack(&request, body))};
    bb_buffer_init(&out, SIZE_MAX);
    assert_int_equal(bb_query_new(&context, &call, &query), 0);
    while (!final) {
        Bb__RuleCheckReply *reply;
        assert_int_equal(bb_query_step(query, max_bytes, &out, &final, &failure), 0);
        bb_query_rest(query);
        bb_arena_reset(&f->arena);
        assert_int_equal(bb_unpack(bb__rule_check_reply, bb_buffer_bytes(&out), &f->arena, &reply), 0);
        assert_true(reply->n_broken <= 1 || max_bytes > 1);
        for (size_t i = 0; i < reply->n_broken; i++) {
            const Bb__BrokenRule *b = reply->broken[i];
            unsigned cell = (unsigned)(b->organization[0] - 'a') + (b->place ? 2 : 0) +
                            4 * (unsigned)(atoi(b->period) - 2020);
            assert_true(cell < CELLS);
            if (!is_broken(m, (unsigned)(b->rule[1] - '0'), cell))
                fail_msg("%s is not broken in cell %u at %llu", b->rule, cell,
                         (unsigned long long)m->sequence);
            found++;
        }
    }
    bb_query_destroy(&query);
    bb_buffer_release(&out);
    for (unsigned rule = 0; rule < RULES; rule++)
        for (unsigned cell = 0; cell < CELLS; cell++)
            expected += (!who || cell % 2 == (unsigned)(*who - 'a')) && is_broken(m, rule, cell);
    if (found != expected)
        fail_msg("%u are broken for %u at %llu", found, expected, (unsigned long long)m->sequence);
}

/* A rule is defined, disabled, enabled or removed. */
static void
change_rule(struct fixture *f, struct model *m, uint64_t *seed)
{
    unsigned rule = (unsigned)(draw(seed) % RULES);
    char code[4] = {'r', (char)('0' + rule), '\0'};

    if (!m->defined[rule]) {
        check_text(define(f, code, rules[rule].left, rules[rule].relation, rules[rule].right,
                          rules[rule].tolerance, NULL),
                   "created", code);
        m->defined[rule] = m->active[rule] = true;
    } else if (draw(seed) % 4 == 0) {
        define(f, code, NULL, NULL, NULL, NULL, "removed");
        m->defined[rule] = m->active[rule] = false;
    } else {
        m->active[rule] = draw(seed) % 3 != 0;
        define(f, code, NULL, NULL, NULL, NULL, m->active[rule] ? "active" : "disabled");
    }
    m->sequence = f->defined->sequence;
}

#define STEPS 1500

static void
test_random_history(void **state)
{
    static struct model models[STEPS];
    struct fixture *f = *state;
    struct model m = {.sequence = 0};
    uint64_t seed = 68;
    unsigned warned = 0;

    define_other(f);
    for (unsigned i = 0; i < CELLS * SLOTS; i++)
        m.value[i / SLOTS][i % SLOTS] = NOTHING;
    for (unsigned i = 0; i < RULES; i++)
        change_rule(f, &m, &seed);
    for (unsigned i = 0; i < STEPS; i++) {
        if (draw(&seed) % 8 == 0)
            change_rule(f, &m, &seed);
        else
            warned += send_batch(f, &m, &seed, i + 1);
        if (draw(&seed) % 30 == 0)
            fixture_reopen(f);
        models[i] = m;
        if (draw(&seed) % 4 == 0) {
            fixture_apply(f);
            check_rules(f, &models[draw(&seed) % (i + 1)],
                        draw(&seed) % 2   ? NULL
                        : draw(&seed) % 2 ? "a"
                                          : "b",
                        draw(&seed) % 2 ? 1 : 1000);
        }
    }
    assert_true(warned > 1000);
    assert_int_equal(fixture_verify(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defining, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_random_history, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
