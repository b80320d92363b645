#include "fixture.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "tests/unit/folder.h"
#include "workers/measurement/apply/apply.h"
#include "workers/measurement/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
on_reply(void *self, uint64_t tag, struct bb_bytes body)
{
    struct fixture *f = self;

    (void)tag;
    f->answers++;
    f->failure = 0;
    bb_buffer_reset(&f->body);
    bb_buffer_append(&f->body, body.data, body.len);
}

static void
on_fail(void *self, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms)
{
    struct fixture *f = self;

    (void)tag;
    (void)retry_after_ms;
    f->answers++;
    f->failure = code;
    snprintf(f->message, sizeof f->message, "%s", message);
}

static bb_utc passed_us;

static bb_utc
now(void)
{
    return bb_clock_utc() + passed_us;
}

void
fixture_pass(int64_t seconds)
{
    passed_us += seconds * 1000000;
}

static void
path(const struct fixture *f, const char *name, char out[static 128])
{
    snprintf(out, 128, "%s/%s", f->dir, name);
}

static void
open_store(struct fixture *f)
{
    struct bb_writer_config config = {.views = &f->views,
                                      .temporary = f->dir,
                                      .batch_idle_ms = 600000,
                                      .dry_runs = 2,
                                      .utc = now,
                                      .signatures_required = f->signatures_required,
                                      .staff_signing_keys = f->staff_signing_keys,
                                      .sink = {.reply = on_reply, .fail = on_fail, .self = f}};
    char error[512] = "", dir[128];
    int r;

    path(f, "journal", dir);
    r = bb_journal_open(dir, &f->journal, error, sizeof error);
    if (r != 0)
        fail_msg("%s", error);
    config.journal = f->journal;
    path(f, "views", dir);
    r = bb_views_open(&f->views, dir, (size_t)1 << 30, error, sizeof error);
    if (r != 0)
        fail_msg("%s", error);
    r = bb_writer_new(&config, &f->writer, error, sizeof error);
    if (r != 0)
        fail_msg("%s", error);
}

static void
close_store(struct fixture *f)
{
    bb_writer_destroy(&f->writer);
    bb_views_close(&f->views);
    bb_journal_close(&f->journal);
}

static void
define_basics(struct fixture *f)
{
    Bb__Organization organization[4];
    Bb__Organization *organizations[4];
    static const char *const codes[] = {"a", "b", "c", "backbone"};
    static const char *const names[] = {"Organization A", "Organization B", "Organization C", "The backbone"};
    Bb__Indicator indicator[3];
    Bb__Indicator *indicators[3];
    static const char *const indicator_codes[] = {"count", "rate", "year"};

    for (int i = 0; i < 4; i++) {
        bb__organization__init(&organization[i]);
        organization[i].code = (char *)(uintptr_t)codes[i];
        organization[i].name = (char *)(uintptr_t)names[i];
        organization[i].role = i < 3 ? BB__ROLE__ROLE_PARTNER : BB__ROLE__ROLE_STAFF;
        organization[i].has_share_own_line = organization[i].share_own_line = i == 0;
        organizations[i] = &organization[i];
    }
    fixture_directory(f, organizations, 4, true);
    for (int i = 0; i < 3; i++) {
        bb__indicator__init(&indicator[i]);
        indicator[i].code = (char *)(uintptr_t)indicator_codes[i];
        indicator[i].name = (char *)(uintptr_t)indicator_codes[i];
        indicators[i] = &indicator[i];
    }
    indicator[1].unit = (char *)(uintptr_t) "percent";
    indicator[1].denominator = (char *)(uintptr_t) "people";
    indicator[1].decimals = (char *)(uintptr_t) "1";
    indicator[1].minimum = (char *)(uintptr_t) "0";
    indicator[1].maximum = (char *)(uintptr_t) "100";
    indicator[2].frequency = (char *)(uintptr_t) "school_year";
    fixture_define(f, indicators, 3);
}

void
fixture_open(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    folder_make_in_memory(f->dir);
    bb_arena_init(&f->arena, BB_LIMIT_DECODE_BYTES);
    bb_buffer_init(&f->body, SIZE_MAX);
    open_store(f);
    define_basics(f);
}

void
fixture_close(struct fixture *f)
{
    char part[128];

    close_store(f);
    bb_arena_release(&f->arena);
    bb_buffer_release(&f->body);
    path(f, "journal", part);
    folder_remove(part);
    path(f, "views", part);
    folder_remove(part);
    path(f, "lock", part);
    unlink(part);
    folder_remove_empty(f->dir); /* nothing temporary was left */
}

int
fixture_setup(void **state)
{
    struct fixture *f = malloc(sizeof *f);

    fixture_open(f);
    *state = f;
    return 0;
}

int
fixture_teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

void
fixture_reopen(struct fixture *f)
{
    close_store(f);
    open_store(f);
}

void
fixture_apply(struct fixture *f)
{
    const struct bb_generation *generation = bb_writer_take(f->writer);

    if (!generation)
        return;
    assert_int_equal(bb_apply(&f->views, generation), 0);
    bb_writer_applied(f->writer);
}

void
fixture_tick(struct fixture *f)
{
    bb_writer_tick(f->writer, 0);
    assert_int_equal(bb_writer_commit(f->writer), 0);
}

static struct bb_bytes
next_field(const char **text)
{
    const char *start = *text, *end = start + strcspn(start, "|");

    *text = *end ? end + 1 : end;
    return bb_bytes(start, (size_t)(end - start));
}

static bool
number(struct bb_bytes text, struct bb_decimal *ret_number)
{
    if (text.len == 0)
        return false;
    assert_int_equal(bb_decimal_parse(text, ret_number), 0);
    return true;
}

void
fixture_row(struct bb_rowset *set, const char *text)
{
    struct bb_row row = {0};
    struct bb_bytes status;
    char name[32];

    row.indicator = next_field(&text);
    row.organization = next_field(&text);
    row.place = next_field(&text);
    row.disaggregation = next_field(&text);
    row.period = next_field(&text);
    if (number(next_field(&text), &row.value))
        row.flags |= BB_ROW_VALUE;
    if (number(next_field(&text), &row.numerator))
        row.flags |= BB_ROW_NUMERATOR;
    if (number(next_field(&text), &row.denominator))
        row.flags |= BB_ROW_DENOMINATOR;
    status = next_field(&text);
    snprintf(name, sizeof name, "%.*s", (int)status.len, (const char *)status.data);
    row.flags |= strcmp(name, "withdrawn") == 0 ? BB_ROW_WITHDRAWN
                                                : (uint32_t)bb_state_by_name(name) << BB_ROW_STATE_SHIFT;
    row.comment = next_field(&text);
    if (row.comment.len)
        row.flags |= BB_ROW_COMMENT;
    row.expect_revision = strcmp(text, "any") == 0    ? BB_REVISION_ANY
                          : strcmp(text, "none") == 0 ? BB_REVISION_NONE
                                                      : (uint32_t)strtoul(text, NULL, 10);
    assert_int_equal(bb_rowset_add(set, &row), 0);
}

static void
send_body(struct fixture *f, uint32_t method, const char *organization, uint32_t role, struct bb_bytes body)
{
    struct bb_work work = {.tag = 1,
                           .method = method,
                           .role = role,
                           .organization = bb_bytes_str(organization),
                           .member = bb_bytes_str("main"),
                           .body = body};

    f->failure = UINT32_MAX;
    assert_int_equal(bb_writer_command(f->writer, &work), 0);
}

static void
command(struct fixture *f, uint32_t method, const char *organization, const ProtobufCMessage *message)
{
    bool staff = !organization || strcmp(organization, "backbone") == 0;
    struct bb_buffer packed;

    bb_buffer_init(&packed, SIZE_MAX);
    protobuf_c_message_pack(message, bb_buffer_extend(&packed, protobuf_c_message_get_packed_size(message)));
    send_body(f, method, staff ? "backbone" : organization,
              staff ? BB__ROLE__ROLE_STAFF : BB__ROLE__ROLE_PARTNER, bb_buffer_bytes(&packed));
    bb_buffer_release(&packed);
}

void
fixture_stage(struct fixture *f, struct fixture_submission how, struct bb_rowset *rows)
{
    uint8_t batch[BB_BATCH_BYTES];
    Bb__Submission message = BB__SUBMISSION__INIT;
    Bb__Rows columns;

    memset(batch, how.batch, sizeof batch);
    batch[0] = (uint8_t)(how.batch ^ how.batch_more);
    bb_rowset_message(rows, &columns);
    message.batch = (ProtobufCBinaryData){.data = batch, .len = sizeof batch};
    message.index = how.index;
    message.has_last = message.last = !how.more;
    message.has_atomic = message.atomic = how.atomic;
    message.has_dry_run = message.dry_run = how.dry_run;
    message.has_known_places = message.known_places = how.known_places;
    message.has_reason = how.reason != BB_REASON_NONE;
    message.reason = how.reason;
    message.rows = &columns;
    command(f, BB_METHOD_SUBMIT, how.organization, &message.base);
}

/* End the round. What was decoded before is gone; ret_reply gets the reply, or f->failure says why not. */
static void
answer(struct fixture *f, const ProtobufCMessageDescriptor *type, void *ret_reply)
{
    assert_int_equal(bb_writer_commit(f->writer), 0);
    bb_arena_reset(&f->arena);
    f->reply = NULL;
    f->defined = NULL;
    f->reviewed = NULL;
    assert_int_not_equal(f->failure, UINT32_MAX);
    if (f->failure == 0)
        assert_int_equal(bb_message_unpack(type, bb_buffer_bytes(&f->body), &f->arena, ret_reply), 0);
}

/* A command that is a round of its own; who sends: NULL for the backbone. */
static void
call(struct fixture *f, uint32_t method, const char *organization, const ProtobufCMessage *request,
     const ProtobufCMessageDescriptor *type, void *ret_reply)
{
    command(f, method, organization, request);
    answer(f, type, ret_reply);
}

void
fixture_send(struct fixture *f, uint32_t method, const char *organization, uint32_t role,
             struct bb_bytes body, const ProtobufCMessageDescriptor *type, void *ret_reply)
{
    send_body(f, method, organization, role, body);
    answer(f, type, ret_reply);
}

void
fixture_submit(struct fixture *f, struct fixture_submission how, struct bb_rowset *rows)
{
    fixture_stage(f, how, rows);
    answer(f, &bb__submission_reply__descriptor, &f->reply);
}

void
fixture_submit_rows(struct fixture *f, struct fixture_submission how, const char *const *rows, size_t n)
{
    struct bb_rowset *set;

    assert_int_equal(bb_rowset_new(&set), 0);
    for (size_t i = 0; i < n; i++)
        fixture_row(set, rows[i]);
    fixture_submit(f, how, set);
    bb_rowset_destroy(&set);
}

void
fixture_submit_one(struct fixture *f, uint8_t batch, const char *row)
{
    fixture_submit_rows(f, (struct fixture_submission){.batch = batch}, &row, 1);
}

void
fixture_undo(struct fixture *f, const char *organization, const Bb__BatchUndo *request)
{
    call(f, BB_METHOD_BATCH_UNDO, organization, &request->base, &bb__submission_reply__descriptor, &f->reply);
}

void
fixture_define(struct fixture *f, Bb__Indicator **indicators, size_t n)
{
    Bb__IndicatorDefine message = BB__INDICATOR_DEFINE__INIT;

    message.indicator = indicators;
    message.n_indicator = n;
    call(f, BB_METHOD_INDICATOR_DEFINE, NULL, &message.base, &bb__define_reply__descriptor, &f->defined);
}

void
fixture_review(struct fixture *f, const char *organization, const Bb__Review *request)
{
    call(f, BB_METHOD_REVIEW, organization, &request->base, &bb__review_reply__descriptor, &f->reviewed);
}

void
fixture_adopt(struct fixture *f, const char *organization, Bb__Adoption **adoptions, size_t n)
{
    Bb__Adopt message = BB__ADOPT__INIT;

    message.adoption = adoptions;
    message.n_adoption = n;
    call(f, BB_METHOD_ADOPT, organization, &message.base, &bb__define_reply__descriptor, &f->defined);
}

void
fixture_rules(struct fixture *f, Bb__Rule **rules, size_t n)
{
    Bb__RuleDefine message = BB__RULE_DEFINE__INIT;

    message.rule = rules;
    message.n_rule = n;
    call(f, BB_METHOD_RULE_DEFINE, NULL, &message.base, &bb__define_reply__descriptor, &f->defined);
}

void
fixture_retire(struct fixture *f, const Bb__IndicatorRetire *request)
{
    call(f, BB_METHOD_RETIRE, NULL, &request->base, &bb__define_reply__descriptor, &f->defined);
}

void
fixture_places(struct fixture *f, Bb__Place **places, size_t n)
{
    Bb__PlaceDefine message = BB__PLACE_DEFINE__INIT;

    message.place = places;
    message.n_place = n;
    call(f, BB_METHOD_PLACE_DEFINE, NULL, &message.base, &bb__define_reply__descriptor, &f->defined);
}

void
fixture_directory(struct fixture *f, Bb__Organization **organizations, size_t n, bool full)
{
    Bb__Directory message = BB__DIRECTORY__INIT;
    struct bb_buffer packed;

    message.version = 1;
    message.full = full;
    message.organization = organizations;
    message.n_organization = n;
    bb_buffer_init(&packed, SIZE_MAX);
    bb__directory__pack(&message, bb_buffer_extend(&packed, bb__directory__get_packed_size(&message)));
    assert_int_equal(bb_writer_directory(f->writer, bb_buffer_bytes(&packed)), 0);
    assert_int_equal(bb_writer_commit(f->writer), 0);
    bb_buffer_release(&packed);
}

uint8_t
fixture_outcome(const struct fixture *f, uint32_t row)
{
    assert_non_null(f->reply);
    return f->reply->outcomes.data[f->reply->outcomes.len == 1 ? 0 : row];
}

static uint32_t
note_of(Bb__RowNote **notes, size_t n, uint32_t row)
{
    for (size_t i = 0; i < n; i++)
        if (notes[i]->row == row)
            return notes[i]->code;
    return 0;
}

uint32_t
fixture_rejected(const struct fixture *f, uint32_t row)
{
    return note_of(f->reply->rejected, f->reply->n_rejected, row);
}

uint32_t
fixture_warned(const struct fixture *f, uint32_t row)
{
    return note_of(f->reply->warning, f->reply->n_warning, row);
}

/* The log is written again as a whole, with other checksums. */
void
fixture_forge(struct fixture *f, uint64_t sequence,
              void (*change)(const struct bb_buffer *record, struct bb_buffer *forged))
{
    char dir[128], copy_dir[128], error[256];
    struct bb_appendlog_config config = {.dir = dir}, copy_config = {.dir = copy_dir};
    struct bb_appendlog *log, *copy;
    struct bb_appendlog_reader reader;
    struct bb_buffer record, forged;
    struct bb_bytes stored;

    close_store(f);
    path(f, "journal", dir);
    path(f, "forged", copy_dir);
    assert_int_equal(bb_appendlog_open(&config, &log, error, sizeof error), 0);
    assert_int_equal(bb_appendlog_open(&copy_config, &copy, error, sizeof error), 0);
    reader = bb_appendlog_reader(log);
    for (uint64_t at = 1; bb_appendlog_read(&reader, at, &stored) == 0; at++) {
        bb_buffer_init(&record, SIZE_MAX);
        bb_buffer_init(&forged, SIZE_MAX);
        bb_buffer_append(&record, stored.data, stored.len);
        if (at == sequence)
            change(&record, &forged);
        else
            bb_buffer_append(&forged, stored.data, stored.len);
        memcpy(bb_appendlog_add(copy, forged.len), forged.data, forged.len);
        assert_int_equal(bb_appendlog_commit(copy), 0);
        bb_buffer_release(&record);
        bb_buffer_release(&forged);
    }
    bb_appendlog_close(&log);
    bb_appendlog_close(&copy);
    folder_remove(dir);
    assert_int_equal(rename(copy_dir, dir), 0);
    open_store(f);
}

int
fixture_verify(struct fixture *f)
{
    struct bb_measurement_config config = {.state = f->dir, .map_bytes = 1L << 30};
    int code;

    close_store(f);
    code = bb_verify_run(&config);
    open_store(f);
    return code;
}
