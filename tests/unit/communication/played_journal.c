#include "played_journal.h"

#include "proto/rows.h"
#include "workers/communication/follow.h"

#include "measurement.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int
journal_setup(void **state)
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

int
journal_teardown(void **state)
{
    struct world *w = *state;

    stop_following(w);
    fixture_close(&w->f);
    free(w);
    return 0;
}

void
journal_restart(void *world)
{
    struct world *w = world;

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
        p->batch[at].review = (Bb__ReviewSaid *)(uintptr_t)w->batch[b].review;
        p->reply.n_batch += p->batch[at].n_indicator > 0 || p->batch[at].review;
        p->reply.sequence = (b + 1) * 10;
    }
}

void
journal_answer(void *world)
{
    struct world *w = world;
    struct played *p = calloc(1, sizeof *p);

    assert_non_null(p);
    play(w, p);
    played_answer(&w->call, &p->reply.base);
    free(p);
}

void
journal_catch_up(struct world *w)
{
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(fixture_flush(&w->f), 0);
        if (!w->call.open) {
            fixture_pass(&w->f, 10);
            continue;
        }
        if (w->after == w->n * 10)
            return;
        journal_answer(w);
    }
    fail_msg("it never gets there");
}

void
journal_add(struct world *w, const char *code, bool corrects, const char *given)
{
    struct batch *batch = &w->batch[w->n++];

    batch->n = 1;
    snprintf(batch->indicator[0].code, sizeof batch->indicator[0].code, "%s", code);
    batch->indicator[0].corrects = corrects;
    batch->indicator[0].n_given = given != NULL;
    batch->indicator[0].given[0] = given;
}

void
journal_review(struct world *w, const Bb__ReviewSaid *said)
{
    w->batch[w->n++].review = said;
}
