/* Following measurement: updates and restatements, once each, whatever dies in between. A journal of batches
 * is played here; it answers as measurement.follow does, some indicators at a time. */
#include "workers/communication/follow.h"

#include "played.h"

#include "tests/unit/folder.h"

#include "proto/rows.h"
#include "runtime/uuid.h"

#include "measurement.pb-c.h"

#include <errno.h>
#include <stdlib.h>

enum { BATCHES = 40, MOST = 4 };

/* A batch of the played journal: closed by entry 10 * (number + 1). */
struct batch {
    unsigned n;
    struct {
        char code[16];
        bool corrects, everybody, cut, parts;
        const char *given[MOST];
        size_t n_given;
    } indicator[MOST];
};

struct world {
    struct fixture f;
    struct batch batch[BATCHES];
    unsigned n;
    unsigned piece; /* indicators of a reply */
    struct played_call call;
    /* The last call: */
    uint64_t after;
    char within[BB_LIMIT_CODE_BYTES + 1];
};

static void
read_query(void *self, uint64_t id, struct bb_bytes body)
{
    struct world *w = self;
    Bb__FollowQuery *query;
    struct bb_arena arena;

    (void)id;
    bb_arena_init(&arena, 1 << 16);
    assert_int_equal(bb_unpack(bb__follow_query, body, &arena, &query), 0);
    w->after = query->after;
    snprintf(w->within, sizeof w->within, "%s", query->indicator ? query->indicator : "");
    bb_arena_release(&arena);
}

static void
begin_following(struct world *w)
{
    const struct bb_caller caller = played_caller(&w->call);

    assert_int_equal(bb_follow_new(&w->f.core, &caller, &w->f.core.follow), 0);
}

/* What the directory of the fixture does not say: a shares its line. */
static void
share(struct world *w)
{
    Bb__Directory message = BB__DIRECTORY__INIT;
    Bb__Organization a = BB__ORGANIZATION__INIT, *list = &a;
    uint8_t packed[256];

    a.code = (char *)(uintptr_t) "a";
    a.name = (char *)(uintptr_t) "Organization A";
    a.role = BB__ROLE__ROLE_PARTNER;
    a.has_share_own_line = a.share_own_line = true;
    message.version = 2;
    message.n_organization = 1;
    message.organization = &list;
    bb_communication_directory(&w->f.core, bb_bytes(packed, bb__directory__pack(&message, packed)));
}

static int
setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    fixture_open(&w->f);
    w->piece = 100;
    w->call = (struct played_call){
        .f = &w->f, .method = BB_METHOD_MEASUREMENT_FOLLOW, .read = read_query, .self = w};
    begin_following(w);
    share(w);
    assert_int_equal(fixture_flush(&w->f), 0);
    *state = w;
    return 0;
}

static void
stop_following(struct world *w)
{
    bb_follow_destroy(&w->f.core.follow);
    w->call.open = false;
}

static int
teardown(void **state)
{
    struct world *w = *state;

    stop_following(w);
    fixture_close(&w->f);
    free(w);
    return 0;
}

static void
restart(struct world *w)
{
    stop_following(w);
    fixture_reopen(&w->f);
    begin_following(w);
}

/* The played journal */

struct played {
    Bb__FollowReply reply;
    Bb__ClosedBatch batch[BATCHES], *batches[BATCHES];
    Bb__IndicatorChange change[BATCHES][MOST], *changes[BATCHES][MOST];
    Bb__OrganizationChange by[2], *bys[2];
    Bb__OrganizationChange corrected[2], *correcteds[2];
    Bb__Correction correction[3], *corrections[3];
    char *periods[2];
    uint8_t id[BATCHES][16];
};

/* What every batch says of every indicator. */
static void
play_changes(struct played *p)
{
    static const char *const organizations[] = {"a", "b"};
    static const struct {
        const char *organization, *place, *disaggregation, *period, *old, *now;
        uint32_t state;
    } corrections[] = {{"a", "north", "sex=f", "2026-03", "1", "2", BB_STATE_OK},
                       {"b", "", "", "2026-03", "3", NULL, BB_STATE_MISSING},
                       {"b", "", "", "2026-04", "4", "5", BB_STATE_OK}};

    p->periods[0] = (char *)(uintptr_t) "2026-03";
    p->periods[1] = (char *)(uintptr_t) "2026-04";
    for (int i = 0; i < 2; i++) {
        bb__organization_change__init(p->bys[i] = &p->by[i]);
        p->by[i].organization = (char *)(uintptr_t)organizations[i];
        p->by[i].period = p->periods;
        p->by[i].n_period = p->by[i].periods = (uint32_t)i + 1;
        p->by[i].created = 7;
        p->by[i].updated = (uint64_t)i + 1;
        p->corrected[i] = p->by[i];
        p->corrected[i].created = 0;
        p->correcteds[i] = &p->corrected[i];
    }
    for (int i = 0; i < 3; i++) {
        bb__correction__init(p->corrections[i] = &p->correction[i]);
        p->correction[i].organization = (char *)(uintptr_t)corrections[i].organization;
        p->correction[i].place = (char *)(uintptr_t)corrections[i].place;
        p->correction[i].disaggregation = (char *)(uintptr_t)corrections[i].disaggregation;
        p->correction[i].period = (char *)(uintptr_t)corrections[i].period;
        p->correction[i].old_value = (char *)(uintptr_t)corrections[i].old;
        p->correction[i].new_value = (char *)(uintptr_t)corrections[i].now;
        p->correction[i].new_state = corrections[i].state;
    }
}

/* As when there are more corrections than are listed, and more organizations. */
static void
play_more(struct played *p, Bb__IndicatorChange *change)
{
    p->corrected[1].updated = 12160;
    p->corrected[1].periods = 76;
    change->n_correction = 2; /* both of 2026-03 */
    change->corrections = 12170;
    change->corrected_organizations = 7;
}

static void
play_parts(struct played *p, Bb__IndicatorChange *change)
{
    Bb__Correction *rounded = &p->correction[0], *no_value = &p->correction[2];

    rounded->old_value = rounded->new_value = (char *)(uintptr_t) "22.2";
    rounded->old_numerator = (char *)(uintptr_t) "3010";
    rounded->new_numerator = (char *)(uintptr_t) "3011";
    rounded->old_denominator = rounded->new_denominator = (char *)(uintptr_t) "13560";
    no_value->old_value = NULL;
    no_value->old_denominator = (char *)(uintptr_t) "0";
    no_value->new_numerator = (char *)(uintptr_t) "2";
    no_value->new_denominator = (char *)(uintptr_t) "40";
    change->corrected_period = (char *)(uintptr_t) "2026-03"; /* it is said by measurement */
}

static void
play_indicator(struct played *p, const struct batch *batch, unsigned b, unsigned i)
{
    Bb__IndicatorChange *change = &p->change[b][p->batch[b].n_indicator];

    bb__indicator_change__init(change);
    p->changes[b][p->batch[b].n_indicator++] = change;
    change->indicator = (char *)(uintptr_t)batch->indicator[i].code;
    change->name = (char *)(uintptr_t) "The indicator";
    change->organization = p->bys;
    change->n_organization = change->organizations = 2;
    change->has_organizations = change->has_created = change->has_updated = true;
    change->created = 14;
    change->updated = 3;
    if (!batch->indicator[i].corrects)
        return;
    change->correction = p->corrections;
    change->n_correction = 3;
    change->has_corrections = true;
    change->corrections = 3;
    change->corrected = p->correcteds;
    change->n_corrected = 2;
    change->has_corrected_organizations = true;
    change->corrected_organizations = 2;
    if (batch->indicator[i].cut)
        play_more(p, change);
    if (batch->indicator[i].parts)
        play_parts(p, change);
    change->has_everybody = change->everybody = batch->indicator[i].everybody;
    change->given = (char **)(uintptr_t)batch->indicator[i].given;
    change->n_given = batch->indicator[i].n_given;
}

/* As measurement does: what is behind the place, up to so many indicators. */
static void
play(struct world *w, struct played *p)
{
    unsigned room = w->piece;

    *p = (struct played){0};
    bb__follow_reply__init(&p->reply);
    play_changes(p);
    p->reply.batch = p->batches;
    p->reply.sequence = w->after;
    p->reply.head = w->n * 10;
    for (unsigned b = 0; b < w->n; b++) {
        unsigned at = (unsigned)p->reply.n_batch;
        bool first = at == 0;
        if ((b + 1) * 10 <= w->after)
            continue;
        bb__closed_batch__init(p->batches[at] = &p->batch[at]);
        p->batch[at].sequence = (b + 1) * 10;
        p->batch[at].time_us = 1700000000000000u + b;
        memset(p->id[at], (int)b, 16);
        p->batch[at].batch = (ProtobufCBinaryData){16, p->id[at]};
        p->batch[at].organization = (char *)(uintptr_t) "a";
        p->batch[at].member = (char *)(uintptr_t) "main";
        p->batch[at].indicator = p->changes[at];
        p->reply.sequence = (b + 1) * 10 - 1;
        for (unsigned i = 0; i < w->batch[b].n; i++) {
            if (first && strcmp(w->batch[b].indicator[i].code, w->within) <= 0)
                continue;
            if (room-- == 0) {
                p->reply.n_batch += p->batch[at].n_indicator > 0;
                if (p->batch[at].n_indicator > 0)
                    p->reply.indicator = p->changes[at][p->batch[at].n_indicator - 1]->indicator;
                else if (first && *w->within)
                    p->reply.indicator = w->within;
                return;
            }
            play_indicator(p, &w->batch[b], at, i);
        }
        p->reply.n_batch += p->batch[at].n_indicator > 0;
        p->reply.sequence = (b + 1) * 10;
    }
}

static void
answer(struct world *w)
{
    struct played *p = calloc(1, sizeof *p);

    assert_non_null(p);
    play(w, p);
    played_answer(&w->call, &p->reply.base);
    free(p);
}

/* Until all is written. */
static void
catch_up(struct world *w)
{
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(fixture_flush(&w->f), 0);
        if (!w->call.open) {
            fixture_pass(&w->f, 10);
            continue;
        }
        if (w->after == w->n * 10)
            return;
        answer(w);
    }
    fail_msg("it never gets there");
}

static void
add(struct world *w, const char *code, bool corrects, const char *given)
{
    struct batch *batch = &w->batch[w->n++];

    batch->n = 1;
    snprintf(batch->indicator[0].code, sizeof batch->indicator[0].code, "%s", code);
    batch->indicator[0].corrects = corrects;
    batch->indicator[0].n_given = given != NULL;
    batch->indicator[0].given[0] = given;
}

/* What an organization finds in a channel. */
static const Bb__MessageListReply *
messages(struct world *w, const char *organization, const char *channel)
{
    Bb__MessageQuery query = BB__MESSAGE_QUERY__INIT;
    Bb__MessageListReply *reply;

    query.channel = (char *)(uintptr_t)channel;
    assert_int_equal(fixture_call(&w->f, organization, "main", BB_METHOD_MESSAGE_LIST, &query.base), 0);
    fixture_reply(&w->f, bb__message_list_reply, &reply);
    return reply;
}

static void
test_update(void **state)
{
    struct world *w = *state;
    const Bb__MessageListReply *list;
    const Bb__Message *message;
    char text[BB_UUID_TEXT];

    add(w, "count", false, NULL);
    catch_up(w);
    list = messages(w, "c", "indicator/count");
    assert_int_equal(list->n_message, 1);
    message = list->message[0]->message;
    assert_int_equal(message->kind, BB__MESSAGE_KIND__UPDATE);
    assert_string_equal(message->organization, "communication");
    assert_string_equal(message->member, "communication");
    assert_string_equal(message->indicator, "count");
    assert_null(message->period);
    assert_string_equal(message->subject, "The indicator: 14 new, 3 updated");
    assert_string_equal(message->body,
                        "- `a`: 7 new, 1 updated (2026-03)\n- `b`: 7 new, 2 updated (2026-03, 2026-04)\n");
    assert_int_equal(message->n_change, 2);
    assert_string_equal(message->change[1]->organization, "b");
    assert_int_equal(message->change[1]->periods, 2);
    assert_int_equal(message->change[1]->created, 7);
    assert_int_equal(message->change[1]->updated, 2);
    bb_uuid_format(message->id.data, text);
    assert_int_equal(text[14], '8');
    assert_true(strchr("89ab", text[19]));
}

/* Who is told what of a correction. */
static void
test_restatement(void **state)
{
    static const struct {
        const char *organization;
        const char *body;
        size_t changes;
    } table[] = {
        {"backbone",
         "- `a`, north, sex=f, 2026-03: 1 → 2\n- `b`, 2026-03: 3 → missing\n- `b`, 2026-04: 4 → 5\n", 3},
        {"a", "- `b`, 2026-03, 2026-04: 2 corrected\n- `a`, north, sex=f, 2026-03: 1 → 2\n", 2},
        {"b", "- `a`, north, sex=f, 2026-03: 1 → 2\n- `b`, 2026-03: 3 → missing\n- `b`, 2026-04: 4 → 5\n", 3},
        {"o", "- `a`, 2026-03: 1 corrected\n- `b`, 2026-03, 2026-04: 2 corrected\n", 2},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(table); i++) {
        char channel[32];
        const Bb__MessageListReply *list;
        const Bb__Message *message;
        add(w, "count", true, table[i].organization);
        catch_up(w);
        snprintf(channel, sizeof channel, "org/%s", table[i].organization);
        list = messages(w, table[i].organization, channel);
        check_int(list->n_message, 1, table[i].organization);
        message = list->message[0]->message;
        assert_int_equal(message->kind, BB__MESSAGE_KIND__NOTICE);
        assert_string_equal(message->subject, "The indicator: 3 corrected");
        assert_string_equal(message->indicator, "count");
        check_text(message->body, table[i].body, table[i].organization);
        check_int(message->n_change, table[i].changes, table[i].organization);
    }
    assert_int_equal(messages(w, "c", "org/c")->n_message, 0);
}

/* More than are listed: whoever it is learns of all periods, and none is said to be the only one. */
static void
test_restatement_of_many(void **state)
{
    static const struct {
        const char *organization;
        const char *body;
    } table[] = {
        {"backbone", "- `b`, 2026-03, 2026-04 and 74 more: 12160 corrected\n"
                     "- `a`, north, sex=f, 2026-03: 1 → 2\n- `b`, 2026-03: 3 → missing\n"
                     "\nand 12159 more values of these\n\nand 5 more organizations\n"},
        {"a", "- `b`, 2026-03, 2026-04 and 74 more: 12160 corrected\n"
              "- `a`, north, sex=f, 2026-03: 1 → 2\n\nand 5 more organizations\n"},
        {"o", "- `a`, 2026-03: 1 corrected\n- `b`, 2026-03, 2026-04 and 74 more: 12160 corrected\n"
              "\nand 5 more organizations\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(table); i++) {
        char channel[32];
        const Bb__Message *message;
        add(w, "count", true, table[i].organization);
        w->batch[w->n - 1].indicator[0].cut = true;
        catch_up(w);
        snprintf(channel, sizeof channel, "org/%s", table[i].organization);
        message = messages(w, table[i].organization, channel)->message[0]->message;
        check_text(message->body, table[i].body, table[i].organization);
        assert_null(message->period);
        assert_int_equal(message->change[i == 2]->periods, 76);
        assert_int_equal(message->change[i == 2]->updated, 12160);
    }
}

/* A value that is rounded to what it was, one with no value, and one that says it all by itself. */
static void
test_parts(void **state)
{
    struct world *w = *state;
    const Bb__Message *message;

    add(w, "rate", true, "backbone");
    w->batch[0].indicator[0].parts = true;
    catch_up(w);
    message = messages(w, "backbone", "org/backbone")->message[0]->message;
    assert_string_equal(message->body,
                        "- `a`, north, sex=f, 2026-03: 22.2 → 22.2 (3010 / 13560 → 3011 / 13560)\n"
                        "- `b`, 2026-03: 3 → missing\n"
                        "- `b`, 2026-04: no value → 5 (none / 0 → 2 / 40)\n");
    assert_string_equal(message->period, "2026-03");
    assert_string_equal(message->change[0]->old_numerator, "3010");
    assert_string_equal(message->change[0]->new_numerator, "3011");
    assert_string_equal(message->change[0]->old_denominator, "13560");
    assert_string_equal(message->change[0]->new_denominator, "13560");
}

static void
test_everybody(void **state)
{
    static const char *const all[] = {"org/a", "org/b", "org/c", "org/o", "org/backbone"};
    struct world *w = *state;

    add(w, "count", true, "nobody-we-know");
    catch_up(w);
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(messages(w, "backbone", all[i])->n_message, 0);
    add(w, "count", true, NULL);
    w->batch[1].indicator[0].everybody = true;
    catch_up(w);
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(messages(w, "backbone", all[i])->n_message, 1);
}

static bool
c_follows_count(void *self, uint32_t organization, const struct bb_channel *channel)
{
    struct world *w = self;

    return bb_bytes_equal(bb_directory_at(w->f.core.directory, organization)->code, bb_bytes_str("c")) &&
           bb_bytes_equal(channel->code, bb_bytes_str("count"));
}

/* Who follows an indicator is told, once there was an update of it. */
static void
test_followers(void **state)
{
    struct world *w = *state;

    w->f.core.access.follows = c_follows_count;
    w->f.core.access.self = w;
    add(w, "count", true, NULL);
    add(w, "rate", true, NULL);
    catch_up(w);
    assert_int_equal(messages(w, "c", "org/c")->n_message, 0);
    add(w, "count", true, NULL);
    add(w, "rate", true, NULL);
    add(w, "count", false, NULL);
    catch_up(w);
    assert_int_equal(messages(w, "c", "org/c")->n_message, 1);
    assert_int_equal(messages(w, "b", "org/b")->n_message, 0);
}

/* One call at a time, and none that cannot be made or is refused. */
static void
test_asking(void **state)
{
    struct world *w = *state;
    unsigned calls = w->call.calls;

    assert_true(w->call.open);
    assert_int_equal(fixture_flush(&w->f), 0);
    assert_int_equal(w->call.calls, calls);
    played_error(&w->call, BB_ERROR_UNAVAILABLE);
    assert_int_equal(fixture_flush(&w->f), 0);
    assert_false(w->call.open); /* not at once */
    fixture_pass(&w->f, 1);
    w->call.away = true;
    assert_int_equal(fixture_flush(&w->f), 0);
    assert_false(w->call.open);
    w->call.away = false;
    fixture_pass(&w->f, 1);
    assert_int_equal(fixture_flush(&w->f), 0);
    assert_int_equal(w->call.calls, calls + 1);
    played_error(&w->call, BB_ERROR_INVALID);
    fixture_pass(&w->f, 1);
    assert_int_equal(fixture_flush(&w->f), 0);
    assert_false(w->call.open);
    add(w, "count", false, NULL);
    fixture_pass(&w->f, 10);
    catch_up(w);
    assert_int_equal(messages(w, "c", "indicator/count")->n_message, 1);
}

/* Lives */

static unsigned
below(uint64_t *random, unsigned n)
{
    return (unsigned)(draw(random) % n);
}

static void
fill(struct world *w, uint64_t *random)
{
    static const char *const organizations[] = {"a", "b", "c", "o"};

    for (w->n = 0; w->n < BATCHES; w->n++) {
        struct batch *batch = &w->batch[w->n];
        batch->n = 1 + below(random, MOST);
        for (unsigned i = 0; i < batch->n; i++) {
            snprintf(batch->indicator[i].code, sizeof batch->indicator[i].code, "i%u", i);
            batch->indicator[i].corrects = below(random, 2);
            for (unsigned o = 0; o < COUNT(organizations); o++)
                if (below(random, 2))
                    batch->indicator[i].given[batch->indicator[i].n_given++] = organizations[o];
        }
    }
}

/* Each message once: as many as there should be, since none can be there twice under one id. */
static void
expect_all(struct world *w)
{
    uint64_t head = bb_msglog_head(w->f.core.log), expected = 0, updates = 0, notices = 0;
    struct bb_record record;

    for (unsigned b = 0; b < w->n; b++)
        for (unsigned i = 0; i < w->batch[b].n; i++) {
            updates++;
            notices += w->batch[b].indicator[i].corrects ? w->batch[b].indicator[i].n_given : 0;
        }
    expected = updates + notices;
    for (uint64_t at = 1; at <= head; at++) {
        assert_int_equal(bb_msglog_at(w->f.core.log, at, &record), 0);
        updates -= record.kind == BB__MESSAGE_KIND__UPDATE;
        notices -= record.kind == BB__MESSAGE_KIND__NOTICE;
    }
    bb_msglog_abort(w->f.core.log);
    assert_int_equal(updates, 0);
    assert_int_equal(notices, 0);
    assert_int_equal(head, expected);
}

/* Everything that can happen, at random: rounds, answers, errors, starts, with a reply half written, or
 * lost. */
static void
live(uint64_t seed)
{
    uint64_t random = seed;
    void *state;
    struct world *w;
    bool more;

    setup(&state);
    w = state;
    fill(w, &random);
    for (int i = 0; i < 300; i++) {
        w->piece = 1 + below(&random, 12);
        switch (below(&random, 6)) {
        case 0:
            restart(w);
            break;
        case 1:
            fixture_pass(&w->f, 1);
            bb_communication_begin(&w->f.core, w->f.now, w->f.now / 1000);
            assert_int_equal(bb_communication_flush(&w->f.core, &more), 0);
            break;
        case 2:
            if (w->call.open)
                played_error(&w->call, BB_ERROR_UNAVAILABLE);
            break;
        case 3: /* staged, and the round is not kept */
            bb_communication_begin(&w->f.core, w->f.now, w->f.now / 1000);
            assert_int_equal(bb_follow_prepare(w->f.core.follow), 0);
            restart(w);
            break;
        default:
            if (w->call.open)
                answer(w);
        }
    }
    catch_up(w);
    expect_all(w);
    teardown(&state);
}

static void
test_lives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++)
        live(seed * 104729);
}

/* More than a round holds; and a round that fills the map, which grows. */
static void
test_much(void **state)
{
    struct world *w = *state;

    for (w->n = 0; w->n < BATCHES; w->n++) {
        struct batch *batch = &w->batch[w->n];
        batch->n = MOST;
        for (unsigned i = 0; i < MOST; i++) {
            snprintf(batch->indicator[i].code, sizeof batch->indicator[i].code, "i%u", i);
            batch->indicator[i].corrects = batch->indicator[i].everybody = true;
        }
    }
    w->piece = 1000;
    catch_up(w);
    assert_int_equal(bb_msglog_head(w->f.core.log), BATCHES * MOST * 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_update, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restatement, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restatement_of_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_everybody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_followers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_asking, setup, teardown),
        cmocka_unit_test_setup_teardown(test_much, setup, teardown),
        cmocka_unit_test(test_lives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
