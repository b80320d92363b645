#include "follow_fixture.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/apply/apply.h"

#include <stdio.h>
#include <stdlib.h>

static void
given_dir(const struct world *w, char out[static 128])
{
    snprintf(out, 128, "%s/given", w->store.dir);
}

static void
open_given(struct world *w)
{
    char dir[128], error[256] = "";

    given_dir(w, dir);
    assert_int_equal(bb_changes_init(&w->changes, bb_writer_views(w->store.writer)), 0);
    check_int(
        bb_given_open(dir, bb_writer_views(w->store.writer), &w->changes, &w->given, error, sizeof error), 0,
        error);
    w->context.views = &w->store.views;
    w->context.journal = w->store.journal;
    w->context.given = w->given;
    w->context.changes = &w->changes;
}

int
world_setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char dir[128], error[256];

    assert_non_null(w);
    fixture_open(&w->store);
    bb_arena_init(&w->arena, BB_LIMIT_DECODE_BYTES);
    given_dir(w, dir); /* as with an empty journal, so that not everybody counts */
    assert_int_equal(bb_given_open(dir, 0, &w->changes, &w->given, error, sizeof error), 0);
    bb_given_close(&w->given);
    open_given(w);
    world_apply(w);
    *state = w;
    return 0;
}

int
world_teardown(void **state)
{
    struct world *w = *state;
    char dir[128];

    bb_given_close(&w->given);
    bb_changes_release(&w->changes);
    given_dir(w, dir);
    folder_remove(dir);
    bb_arena_release(&w->arena);
    fixture_close(&w->store);
    free(w);
    return 0;
}

void
world_restart(struct world *w)
{
    bb_given_close(&w->given);
    bb_changes_release(&w->changes);
    fixture_reopen(&w->store);
    open_given(w);
}

void
world_apply(struct world *w)
{
    const struct bb_generation *generation = bb_writer_take(w->store.writer);

    if (!generation)
        return;
    assert_int_equal(bb_apply(&w->store.views, generation), 0);
    bb_changes_applied(&w->changes, generation);
    bb_writer_applied(w->store.writer);
}

uint64_t
world_head(const struct world *w)
{
    return bb_journal_head(w->store.journal).sequence;
}

uint64_t
world_submit(struct world *w, const char *organization, const char *row)
{
    uint16_t number = w->next_batch++;

    fixture_submit_rows(&w->store,
                        (struct fixture_submission){.organization = organization,
                                                    .batch = (uint8_t)(100 + number / 256),
                                                    .batch_more = (uint8_t)number},
                        &row, 1);
    check_int(w->store.failure, 0, w->store.message);
    world_apply(w);
    return world_head(w);
}

/* Asking */

static ProtobufCMessage *
fill(const struct world_question *question, Bb__ReadingsQuery *list, Bb__HistoryQuery *history,
     Bb__TrendQuery *trend, Bb__AsOf *as_of)
{
    char *indicator = (char *)(uintptr_t)question->indicator, *from = (char *)(uintptr_t)question->from,
         *to = (char *)(uintptr_t)question->to;

    as_of->has_sequence = question->as_of != 0;
    as_of->sequence = question->as_of;
    list->indicator = history->indicator = trend->indicator = indicator;
    list->period_from = trend->period_from = from;
    list->period_to = trend->period_to = to;
    history->period = from;
    history->organization = (char *)(uintptr_t)question->reporter;
    if (question->as_of)
        list->as_of = trend->as_of = as_of;
    switch (question->by) {
    case BY_LIST:
        return &list->base;
    case BY_HISTORY:
        return &history->base;
    case BY_TREND:
        break;
    }
    return &trend->base;
}

struct bb_query *
world_query(struct world *w, const struct world_question *question)
{
    static const uint32_t methods[] = {BB_METHOD_READINGS_LIST, BB_METHOD_READINGS_HISTORY, BB_METHOD_TREND};
    Bb__ReadingsQuery list = BB__READINGS_QUERY__INIT;
    Bb__HistoryQuery history = BB__HISTORY_QUERY__INIT;
    Bb__TrendQuery trend = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    ProtobufCMessage *message = fill(question, &list, &history, &trend, &as_of);
    struct bb_query_call call = {.method = methods[question->by],
                                 .role = BB__ROLE__ROLE_PARTNER,
                                 .organization = bb_bytes_str(question->organization),
                                 .member = bb_bytes_str("main")};
    struct bb_query *query;
    uint8_t body[512];

    if (strcmp(question->organization, "backbone") == 0)
        call.role = BB__ROLE__ROLE_STAFF;
    if (strcmp(question->organization, "observer") == 0)
        call.role = BB__ROLE__ROLE_OBSERVER;
    assert_true(protobuf_c_message_get_packed_size(message) <= sizeof body);
    call.body = bb_bytes(body, protobuf_c_message_pack(message, body));
    assert_int_equal(bb_query_new(&w->context, &call, &query), 0);
    return query;
}

static void
last_row(const Bb__Rows *rows, char value[static 64])
{
    struct bb_rowview view;
    struct bb_rowref ref;
    char text[BB_DECIMAL_TEXT];
    const char *what = "";

    if (rows->count == 0)
        return;
    check_int(bb_rowview_init(&view, rows, &what), 0, what);
    bb_rowview_get(&view, rows->count - 1, &ref);
    if (ref.flags & BB_ROW_VALUE)
        snprintf(value, 64, "%.*s", (int)bb_decimal_format(ref.value, text), text);
    bb_rowview_release(&view);
}

void
world_answer(struct world *w, struct bb_query *query, bool trend, char ret_value[static 64])
{
    struct bb_query_failure failure = {.message = ""};
    Bb__TrendReply *points;
    Bb__ReadingsPart *rows;
    struct bb_buffer out;
    struct bb_arena arena;
    bool final = false;

    (void)w;
    *ret_value = '\0';
    bb_buffer_init(&out, 1 << 20);
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    while (!final) {
        check_int(bb_query_step(query, 1 << 17, &out, &final, &failure), 0, failure.message);
        bb_arena_reset(&arena);
        if (trend) {
            assert_int_equal(bb_unpack(bb__trend_reply, bb_buffer_bytes(&out), &arena, &points), 0);
            if (points->n_point > 0 && points->point[points->n_point - 1]->value)
                snprintf(ret_value, 64, "%s", points->point[points->n_point - 1]->value);
        } else { /* the first fields of a HistoryPart are the same */
            assert_int_equal(bb_unpack(bb__readings_part, bb_buffer_bytes(&out), &arena, &rows), 0);
            last_row(rows->rows, ret_value);
        }
    }
    bb_arena_release(&arena);
    bb_buffer_release(&out);
    bb_query_destroy(&query);
}

void
world_ask(struct world *w, const struct world_question *question, char ret_value[static 64])
{
    world_answer(w, world_query(w, question), question->by == BY_TREND, ret_value);
}

/* Following */

/* By code, each once: whoever follows looks for one by halving. */
static void
check_given(const Bb__FollowReply *reply)
{
    for (size_t b = 0; b < reply->n_batch; b++)
        for (size_t i = 0; i < reply->batch[b]->n_indicator; i++) {
            const Bb__IndicatorChange *change = reply->batch[b]->indicator[i];
            for (size_t g = 1; g < change->n_given; g++)
                check(strcmp(change->given[g - 1], change->given[g]) < 0, change->given[g]);
        }
}

void
world_follow(struct world *w, uint64_t after, const char *indicator)
{
    const struct bb_follow follow = {
        .context = &w->context, .after = after, .indicator = indicator, .reply_bytes = w->reply_bytes};
    struct bb_query_failure failure = {.message = ""};
    struct bb_followed followed;
    struct bb_buffer out;
    char behind[BB_LIMIT_CODE_BYTES + 1] = "";

    if (indicator) { /* it may be the one of the last reply */
        snprintf(behind, sizeof behind, "%s", indicator);
    }
    bb_buffer_init(&out, BB_LIMIT_FRAME_BYTES);
    check_int(bb_follow(&follow, &out, &followed, &failure), 0, failure.message);
    bb_arena_reset(&w->arena);
    assert_int_equal(bb_unpack(bb__follow_reply, bb_buffer_bytes(&out), &w->arena, &w->reply), 0);
    assert_int_equal(w->reply->sequence, followed.sequence);
    assert_int_equal(w->reply->n_batch > 0 ||
                         (w->reply->indicator && strcmp(w->reply->indicator, behind) != 0),
                     followed.found);
    check_given(w->reply);
    bb_buffer_release(&out);
}

bool
world_told(const struct world *w, const char *organization)
{
    for (size_t b = 0; b < w->reply->n_batch; b++)
        for (size_t i = 0; i < w->reply->batch[b]->n_indicator; i++) {
            const Bb__IndicatorChange *change = w->reply->batch[b]->indicator[i];
            if (change->everybody)
                return true;
            for (size_t g = 0; g < change->n_given; g++)
                if (strcmp(change->given[g], organization) == 0)
                    return true;
        }
    return false;
}

static void
print_change(FILE *to, const Bb__IndicatorChange *change)
{
    fprintf(to, " %s \"%s\" organizations=%u created=%llu updated=%llu corrections=%llu\n", change->indicator,
            change->name, change->organizations, (unsigned long long)change->created,
            (unsigned long long)change->updated, (unsigned long long)change->corrections);
    for (size_t i = 0; i < change->n_organization; i++) {
        const Bb__OrganizationChange *by = change->organization[i];
        fprintf(to, "  %s +%llu ~%llu %u:", by->organization, (unsigned long long)by->created,
                (unsigned long long)by->updated, by->periods);
        for (size_t p = 0; p < by->n_period; p++)
            fprintf(to, " %s", by->period[p]);
        fputc('\n', to);
    }
    for (size_t i = 0; i < change->n_correction; i++) {
        const Bb__Correction *c = change->correction[i];
        fprintf(to, "  %s|%s|%s|%s %s(%u)->%s(%u) of %llu\n", c->organization, c->place, c->disaggregation,
                c->period, c->old_value ? c->old_value : "-", c->old_state, c->new_value ? c->new_value : "-",
                c->new_state, (unsigned long long)c->old_sequence);
    }
    if (change->everybody)
        fprintf(to, "  given to everybody\n");
    for (size_t i = 0; i < change->n_given; i++)
        fprintf(to, "  given to %s\n", change->given[i]);
}

static void
print_review(FILE *to, const Bb__ReviewSaid *said)
{
    fprintf(to, " %s %s %s %u:", said->reporter, said->period, said->state, (unsigned)said->indicators);
    for (size_t i = 0; i < said->n_indicator; i++)
        fprintf(to, " %s", said->indicator[i]);
    fprintf(to, "; %s; %s\n", said->comment ? said->comment : "-", said->reason ? said->reason : "-");
}

char *
world_text(const struct world *w)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    for (size_t b = 0; b < w->reply->n_batch; b++) {
        const Bb__ClosedBatch *batch = w->reply->batch[b];
        fprintf(to, "%llu %s/%s\n", (unsigned long long)batch->sequence, batch->organization, batch->member);
        for (size_t i = 0; i < batch->n_indicator; i++)
            print_change(to, batch->indicator[i]);
        if (batch->review)
            print_review(to, batch->review);
    }
    fclose(to);
    return text;
}
