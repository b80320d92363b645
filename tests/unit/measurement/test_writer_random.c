/* A journal with entries of every kind, at random: whatever was applied when, and however often the writer
 * was started again in between, --verify finds the views to be what the journal says; what is sent once more
 * gets its first answer and receipt; what is undone is as it was. */
#include "fixture.h"
#include "query_ask.h"

#include "tests/unit/check.h"
#include "workers/measurement/store/journal.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 6, KEPT = 64, OPEN = 8 };

/* A submission as it was sent, and its answer. */
struct sent {
    struct fixture_submission how;
    char row[ROWS][192];
    uint32_t rows;
    uint64_t sequence;
    uint8_t outcome[ROWS];
    uint8_t receipt[BB_HASH_BYTES]; /* the hash of its entry */
};

/* A batch that may go on. */
struct open {
    uint32_t batch, next;
    const char *organization;
};

struct world {
    struct fixture f;
    uint32_t batches;
    struct sent sent[KEPT]; /* a ring */
    uint32_t n_sent;
    struct open open[OPEN];
    uint32_t n_open, changed;
};

#define ANY(list) (list[roll(COUNT(list))])

static char *
text(const char *t)
{
    return (char *)(uintptr_t)t;
}

static uint64_t
head(const struct world *w)
{
    return bb_journal_head(w->f.journal).sequence;
}

/* Submissions */

static void
make_row(char out[static 192])
{
    static const char *const of[] = {"count", "count", "rate", "year", "extra", "computed", "unknown"};
    static const char *const whose[] = {"", "a", "b", "Organization A", "c", "nobody"};
    static const char *const places[] = {"", "", "North", "N-1", "Somewhere", "South"};
    static const char *const dimensions[] = {"", "", "sex=f", "age=old;sex=f"};
    static const char *const periods[] = {"2025-01", "202502", "2018-19", "2018/2019",
                                          "2025Q3",  "2025",   "2025-W07"};
    static const char *const values[] = {"0", "1", "2.50", "99", "-3", "101"};
    static const char *const parts[] = {"1|4", "3|7", "0|2"};
    static const char *const comments[] = {"", "", "why", "else"};
    uint32_t dice = roll(12);
    const char *what = dice < 3 ? ANY(parts) : "|", *value = dice < 5 && dice != 2 ? "" : ANY(values);

    snprintf(out, 192, "%s|%s|%s|%s|%s|%s|%s|%s|%s", ANY(of), ANY(whose), ANY(places), ANY(dimensions),
             ANY(periods), value, what,
             dice == 3   ? "missing"
             : dice == 4 ? "withdrawn"
                         : "",
             dice == 4 ? "" : ANY(comments));
}

static void
send_one(struct world *w, const struct sent *sent)
{
    const char *row[ROWS];

    for (uint32_t i = 0; i < sent->rows; i++)
        row[i] = sent->row[i];
    fixture_submit_rows(&w->f, sent->how, row, sent->rows);
}

/* The batch of a new submission: another one, or one that goes on. */
static void
choose_batch(struct world *w, struct fixture_submission *how)
{
    static const char *const who[] = {NULL, NULL, "a", "b", "c"};
    struct open *open = w->n_open && roll(2) ? &w->open[roll(w->n_open)] : NULL;
    uint32_t batch;

    if (!open) {
        batch = ++w->batches;
        how->organization = ANY(who);
        how->more = w->n_open < OPEN && roll(4) == 0;
        if (how->more)
            w->open[w->n_open++] = (struct open){batch, 1, how->organization};
    } else {
        batch = open->batch;
        how->organization = open->organization;
        how->index = open->next++;
        how->more = roll(3) != 0;
        if (!how->more)
            *open = w->open[--w->n_open];
    }
    how->batch = (uint8_t)batch;
    how->batch_more = (uint8_t)(batch >> 8);
    how->atomic = !open && !how->more && roll(6) == 0;
    how->reason = roll(2) ? BB_REASON_RECOUNT : BB_REASON_NONE;
}

/* The hash in the receipt that the last answer has. */
static const uint8_t *
receipt_of(const struct world *w)
{
    const Bb__EntryReceipt *receipt = w->f.reply->receipt;

    assert_non_null(receipt);
    assert_int_equal(receipt->hash.len, BB_HASH_BYTES);
    return receipt->hash.data;
}

static const struct sent *
submit(struct world *w)
{
    struct sent sent = {.rows = 1 + roll(ROWS)};
    uint64_t before = head(w);

    for (uint32_t i = 0; i < sent.rows; i++)
        make_row(sent.row[i]);
    choose_batch(w, &sent.how);
    if (sent.how.index == 0 && !sent.how.more && roll(6) == 0) {
        sent.how.dry_run = true;
        send_one(w, &sent);
        assert_int_equal(head(w), before);
        sent.how.dry_run = false;
    }
    send_one(w, &sent);
    if (!w->f.reply || w->f.reply->sequence == 0)
        return NULL;
    sent.sequence = w->f.reply->sequence;
    for (uint32_t i = 0; i < sent.rows; i++)
        sent.outcome[i] = fixture_outcome(&w->f, i);
    memcpy(sent.receipt, receipt_of(w), sizeof sent.receipt);
    w->sent[w->n_sent % KEPT] = sent;
    return &w->sent[w->n_sent++ % KEPT];
}

/* Once more: the same answer, and nothing new. */
static void
repeat(struct world *w)
{
    uint32_t n = w->n_sent < KEPT ? w->n_sent : KEPT;
    const struct sent *sent = &w->sent[roll(n ? n : 1)];
    uint64_t before = head(w);

    if (n == 0)
        return;
    send_one(w, sent);
    assert_non_null(w->f.reply);
    assert_true(w->f.reply->duplicate);
    assert_int_equal(w->f.reply->sequence, sent->sequence);
    assert_memory_equal(receipt_of(w), sent->receipt, sizeof sent->receipt);
    for (uint32_t i = 0; i < sent->rows; i++)
        assert_int_equal(fixture_outcome(&w->f, i), sent->outcome[i]);
    assert_int_equal(head(w), before);
}

/* Undoing */

static void
id_of(const struct fixture_submission *how, uint8_t out[static BB_BATCH_BYTES])
{
    memset(out, how->batch, BB_BATCH_BYTES);
    out[0] = (uint8_t)(how->batch ^ how->batch_more);
}

/* What stands, to staff. */
static char *
readings(struct world *w)
{
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    struct test_store store = {.views = w->f.views, .journal = w->f.journal};
    struct test_answer answer;
    char *out;

    fixture_apply(&w->f);
    test_ask(&store, &test_staff, BB_METHOD_READINGS_LIST, &request.base, &bb__readings_part__descriptor,
             &answer);
    check_int(answer.r, 0, answer.failure.message);
    out = test_rows_text(&answer, true);
    test_answer_release(&answer);
    return out;
}

/* All of a batch, as staff, for a reason. nothing_newer: so every reading goes back. */
static void
undo(struct world *w, const struct fixture_submission *how, bool nothing_newer)
{
    const struct fixture_submission own = {.batch = (uint8_t)++w->batches,
                                           .batch_more = (uint8_t)(w->batches >> 8)};
    uint8_t id[BB_BATCH_BYTES], undoes[BB_BATCH_BYTES];
    Bb__BatchUndo request = BB__BATCH_UNDO__INIT;
    bool more = true;

    id_of(&own, id);
    id_of(how, undoes);
    request.batch = (ProtobufCBinaryData){sizeof id, id};
    request.undoes = (ProtobufCBinaryData){sizeof undoes, undoes};
    request.has_reason = true;
    request.reason = BB_REASON_OTHER;
    for (; more; request.index++) {
        fixture_undo(&w->f, NULL, &request);
        assert_non_null(w->f.reply);
        for (size_t i = 0; nothing_newer && i < w->f.reply->n_rejected; i++)
            check_int(w->f.reply->rejected[i]->code, 0, w->f.reply->rejected[i]->text);
        more = w->f.reply->has_next_submission;
        request.has_submission = request.has_row = more;
        request.submission = w->f.reply->next_submission;
        request.row = w->f.reply->next_row;
    }
}

/* What was just sent goes back at once: everything is as it was. */
static void
submit_and_undo(struct world *w)
{
    char *before = readings(w), *after;
    const struct sent *sent = submit(w);

    if (sent && sent->how.index == 0 && !sent->how.more) {
        undo(w, &sent->how, true);
        after = readings(w);
        check_text(after, before, "undone at once");
        free(after);
        undo(w, &sent->how, true); /* there is nothing left to do */
        after = readings(w);
        check_text(after, before, "undone twice");
        free(after);
    }
    free(before);
}

/* Something of before; some of it is newer. */
static void
undo_any(struct world *w)
{
    uint32_t n = w->n_sent < KEPT ? w->n_sent : KEPT;

    if (n > 0)
        undo(w, &w->sent[roll(n)].how, false);
}

/* The catalogue */

static void
define(struct world *w)
{
    static const char *const codes[] = {"count", "extra", "year", "computed"};
    static const char *const units[] = {NULL, "people", "percent"};
    static const char *const targets[] = {NULL, "2025=3", "a@2025-01=4; 2026=5"};
    Bb__Indicator d = BB__INDICATOR__INIT, *list = &d;
    char name[32];

    snprintf(name, sizeof name, "Name %u", roll(5));
    d.code = text(ANY(codes));
    d.name = roll(3) ? d.code : name;
    d.unit = text(ANY(units));
    d.frequency = text(strcmp(d.code, "year") == 0 ? "school_year" : roll(2) ? "monthly" : NULL);
    d.publish = text(roll(3) ? NULL : "approved");
    d.targets = text(ANY(targets));
    if (strcmp(d.code, "computed") == 0) {
        d.numerator_expression = text(roll(2) ? "#{count} + #{rate}" : "#{count.sex=f}");
        d.denominator_expression = text(roll(2) ? NULL : "#{year}");
    }
    fixture_define(&w->f, &list, 1);
}

static void
retire(struct world *w)
{
    static const char *const codes[] = {"extra", "year", "count", "computed", "unknown"};
    static const char *const days[] = {"2025-01-01", "2025-03-01", "2030-01-01", NULL, "never"};
    Bb__IndicatorRetire request = BB__INDICATOR_RETIRE__INIT;

    request.code = text(ANY(codes));
    request.has_undo = request.undo = roll(2) == 0;
    request.from = text(request.undo ? NULL : ANY(days));
    fixture_retire(&w->f, &request);
}

static void
place(struct world *w)
{
    static const char *const names[] = {"North", "South", "Somewhere", "East"};
    static const char *const aliases[] = {"N-1", "N-2", "S-1"};
    Bb__Place p = BB__PLACE__INIT, *list = &p;
    char *alias = text(ANY(aliases));

    p.name = text(ANY(names));
    p.parent = text(roll(2) ? NULL : "East");
    p.alias = &alias;
    p.n_alias = roll(2);
    p.has_aggregate = roll(2) == 0;
    p.aggregate = roll(2) == 0;
    fixture_places(&w->f, &list, 1);
}

static void
directory(struct world *w)
{
    static const char *const codes[] = {"a", "b", "c", "d", "backbone"};
    static const char *const names[] = {"Organization A", "Organization B", "Organization C",
                                        "Organization D", "The backbone"};
    Bb__Organization o = BB__ORGANIZATION__INIT, *list = &o;
    uint32_t which = roll(COUNT(codes));
    char alias[16], *aliases = alias;

    snprintf(alias, sizeof alias, "%s-%u", codes[which], roll(3));
    o.code = text(codes[which]);
    o.name = text(names[which]);
    o.role = which == 4 ? BB__ROLE__ROLE_STAFF : BB__ROLE__ROLE_PARTNER;
    o.alias = &aliases;
    o.n_alias = roll(2);
    o.has_share_own_line = o.share_own_line = roll(2) == 0;
    o.joined = text(roll(2) ? NULL : "2024-05-01");
    o.left = text(roll(3) ? NULL : "2025-05-01");
    fixture_directory(&w->f, &list, 1, false);
}

static void
adopt(struct world *w)
{
    static const char *const codes[] = {"extra", "year", "count", "rate", "computed", "unknown"};
    static const char *const who[] = {NULL, "a", "b"};
    Bb__Adoption adoption = BB__ADOPTION__INIT, *list = &adoption;
    const char *organization = ANY(who);

    adoption.indicator = text(ANY(codes));
    adoption.organization = text(organization ? NULL : "c");
    adoption.from = text(roll(2) ? NULL : "2024-01-01");
    adoption.until = text(roll(3) ? NULL : "2400-01-01");
    fixture_adopt(&w->f, organization, &list, 1);
}

static void
review(struct world *w)
{
    static const char *const actions[] = {"submit", "approve", "lock",   "unlock",
                                          "return", "submit",  "approve"};
    static const char *const periods[] = {"2025-01", "2025-02", "2018/2019", "2025-Q3", "2025"};
    static const char *const of[] = {"a", "b", "c"};
    char *codes[] = {text("count"), text("rate")};
    Bb__Review request = BB__REVIEW__INIT;

    request.action = text(ANY(actions));
    request.organization = text(ANY(of));
    request.period = text(ANY(periods));
    request.indicator = codes;
    request.n_indicator = roll(3);
    request.comment = text(roll(2) || strcmp(request.action, "return") == 0 ? "seen" : NULL);
    request.reason = text(strcmp(request.action, "unlock") == 0 ? "wrong" : NULL);
    fixture_review(&w->f, roll(4) ? NULL : request.organization, &request);
}

static void
rule(struct world *w)
{
    static const char *const codes[] = {"r", "s", "t"};
    static const char *const sides[] = {"#{count}", "#{rate}*2", "#{extra.sex=f}", "#{year}", "7", "#{count"};
    static const char *const relations[] = {"<=", "=", "compulsory_pair", "exclusive_pair"};
    static const char *const states[] = {"disabled", "removed", "active"};
    Bb__Rule rule = BB__RULE__INIT, *list = &rule;

    rule.code = text(ANY(codes));
    rule.left = text(roll(4) ? ANY(sides) : NULL);
    rule.relation = text(roll(4) ? ANY(relations) : NULL);
    rule.right = text(roll(4) ? ANY(sides) : NULL);
    rule.state = text(roll(3) ? NULL : ANY(states));
    fixture_rules(&w->f, &list, 1);
}

/* Open batches are closed for being idle, and forgotten here. */
static void
idle(struct world *w)
{
    fixture_pass(700);
    fixture_tick(&w->f);
    w->n_open = 0;
}

static void
happen(struct world *w)
{
    uint32_t dice = roll(40);

    if (dice < 18)
        submit(w);
    else if (dice < 21)
        repeat(w);
    else if (dice < 23)
        submit_and_undo(w);
    else if (dice < 25)
        undo_any(w);
    else if (dice < 27)
        define(w);
    else if (dice < 28)
        retire(w);
    else if (dice < 29)
        place(w);
    else if (dice < 30)
        directory(w);
    else if (dice < 32)
        adopt(w);
    else if (dice < 35)
        review(w);
    else if (dice < 36)
        rule(w);
    else if (dice < 37)
        idle(w);
    else if (dice < 39)
        fixture_apply(&w->f);
    else
        fixture_reopen(&w->f);
}

/* Of which kinds the entries are, as bits. */
static uint32_t
kinds(const struct world *w)
{
    struct bb_journal_reader reader = bb_journal_reader(w->f.journal);
    struct bb_entry entry;
    uint32_t found = 0;

    for (uint64_t at = 1; bb_journal_read(&reader, at, &entry) == 0; at++)
        found |= 1u << entry.type;
    return found;
}

/* Every receipt that is remembered is that of the entry in the journal. */
static void
check_receipts(const struct world *w)
{
    struct bb_journal_reader reader = bb_journal_reader(w->f.journal);
    uint8_t hash[BB_HASH_BYTES];
    struct bb_entry entry;

    for (uint32_t i = 0; i < w->n_sent && i < KEPT; i++) {
        assert_int_equal(bb_journal_read(&reader, w->sent[i].sequence, &entry), 0);
        bb_entry_hash(&entry, hash);
        assert_memory_equal(hash, w->sent[i].receipt, sizeof hash);
    }
}

static void
test_random(void **state)
{
    const uint32_t all = 1u << BB_ENTRY_SUBMISSION | 1u << BB_ENTRY_BATCH_CLOSE | 1u << BB_ENTRY_INDICATORS |
                         1u << BB_ENTRY_PLACES | 1u << BB_ENTRY_DIRECTORY | 1u << BB_ENTRY_ADOPTIONS |
                         1u << BB_ENTRY_REVIEW | 1u << BB_ENTRY_RULES;
    const char *given = getenv("BB_SEED");
    unsigned first = given ? (unsigned)atoi(given) : 1;
    uint32_t found = 0;

    (void)state;
    for (unsigned seed = first; seed < first + 8; seed++) {
        struct world *w = calloc(1, sizeof *w);

        assert_non_null(w);
        srandom(seed);
        fixture_open(&w->f);
        for (int i = 0; i < 4; i++)
            define(w);
        for (unsigned part = 0; part < 3; part++) {
            for (unsigned i = 0; i < 100; i++)
                happen(w);
            check_int(fixture_verify(&w->f), 0, given ? given : "replay");
        }
        check_receipts(w);
        found |= kinds(w);
        fixture_close(&w->f);
        free(w);
    }
    assert_int_equal(found & all, all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
