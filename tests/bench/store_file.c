#include "store_file.h"

#include "workload.h"

#include "proto/methods.h"
#include "runtime/rowset.h"
#include "workers/measurement/apply/apply.h"

#include "worker.pb-c.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#define MAP ((size_t)64 << 30)

static void
must(int r, const char *what)
{
    if (r != 0)
        errx(74, "%s: %s", what, r < 0 ? strerror(-r) : "refused");
}

static void
on_reply(void *self, uint64_t tag, struct bb_bytes body)
{
    (void)self;
    (void)tag;
    (void)body;
}

static void
on_fail(void *self, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms)
{
    (void)self;
    (void)tag;
    (void)retry_after_ms;
    errx(76, "the writer answered %u: %s", code, message);
}

void
bench_store_open(struct bench_store *store, const char *folder)
{
    struct bb_writer_config config = {.views = &store->views,
                                      .temporary = store->temporary,
                                      .batch_idle_ms = 600000,
                                      .dry_runs = 1,
                                      .sink = {.reply = on_reply, .fail = on_fail, .self = store}};
    char error[512] = "";

    *store = (struct bench_store){0};
    bench_path(store->journal_dir, "%s/journal", folder);
    bench_path(store->views_dir, "%s/views", folder);
    bench_path(store->temporary, "%s", folder);
    bb_buffer_init(&store->packed, SIZE_MAX);
    must(bb_rowset_new(&store->rows), "rows");
    must(bb_journal_open(store->journal_dir, &store->journal, error, sizeof error), error);
    must(bb_views_open(&store->views, store->views_dir, MAP, error, sizeof error), error);
    config.journal = store->journal;
    must(bb_writer_new(&config, &store->writer, error, sizeof error), error);
}

void
bench_store_close(struct bench_store *store)
{
    bb_writer_destroy(&store->writer);
    bb_views_close(&store->views);
    bb_journal_close(&store->journal);
    bb_rowset_destroy(&store->rows);
    bb_buffer_release(&store->packed);
}

static void
pack(struct bench_store *store, const ProtobufCMessage *message)
{
    uint8_t *to;

    bb_buffer_reset(&store->packed);
    to = bb_buffer_extend(&store->packed, protobuf_c_message_get_packed_size(message));
    if (!to)
        errx(71, "out of memory");
    protobuf_c_message_pack(message, to);
}

static void
command(struct bench_store *store, uint32_t method, const ProtobufCMessage *message)
{
    struct bb_work work = {.tag = 1,
                           .method = method,
                           .role = BB__ROLE__ROLE_STAFF,
                           .organization = bb_bytes_str("backbone"),
                           .member = bb_bytes_str("main")};

    pack(store, message);
    work.body = bb_buffer_bytes(&store->packed);
    must(bb_writer_command(store->writer, &work), "command");
}

static char *
text(const struct bench_text *from)
{
    return (char *)(uintptr_t)from->data;
}

static void
define_organizations(struct bench_store *store)
{
    Bb__Organization organization[BENCH_ORGANIZATIONS + 1], *list[BENCH_ORGANIZATIONS + 1];
    Bb__Directory directory = BB__DIRECTORY__INIT;

    for (uint32_t i = 0; i <= BENCH_ORGANIZATIONS; i++) {
        bool staff = i == BENCH_ORGANIZATIONS;
        bb__organization__init(&organization[i]);
        organization[i].code = organization[i].name =
            staff ? (char *)(uintptr_t) "backbone" : text(bench_organization(i));
        organization[i].role = staff ? BB__ROLE__ROLE_STAFF : BB__ROLE__ROLE_PARTNER;
        list[i] = &organization[i];
    }
    directory.version = 1;
    directory.full = true;
    directory.organization = list;
    directory.n_organization = BENCH_ORGANIZATIONS + 1;
    pack(store, &directory.base);
    must(bb_writer_directory(store->writer, bb_buffer_bytes(&store->packed)), "directory");
}

static void
define_indicators(struct bench_store *store)
{
    Bb__Indicator indicator[BENCH_INDICATORS], *list[BENCH_INDICATORS];
    Bb__IndicatorDefine define = BB__INDICATOR_DEFINE__INIT;

    for (uint32_t i = 0; i < BENCH_INDICATORS; i++) {
        bb__indicator__init(&indicator[i]);
        indicator[i].code = indicator[i].name = text(bench_indicator(i));
        list[i] = &indicator[i];
    }
    define.indicator = list;
    define.n_indicator = BENCH_INDICATORS;
    command(store, BB_METHOD_INDICATOR_DEFINE, &define.base);
}

void
bench_store_define(struct bench_store *store)
{
    define_organizations(store);
    define_indicators(store);
    bench_store_commit(store);
    bench_store_apply(store);
}

static struct bb_bytes
bytes(const struct bench_text *from)
{
    return bb_bytes(from->data, from->len);
}

static void
add_reading(struct bench_store *store, struct bench_reading *reading, uint64_t number)
{
    struct bb_row row = {.flags = BB_ROW_VALUE};

    bench_reading(number, reading);
    row.indicator = bytes(reading->indicator_text);
    row.organization = bytes(reading->organization_text);
    row.period = bytes(&reading->period_text);
    must(bb_decimal_parse(bytes(&reading->value_text), &row.value), "value");
    must(bb_rowset_add(store->rows, &row), "row");
}

void
bench_store_submit(struct bench_store *store, uint64_t first, unsigned count)
{
    Bb__Submission message = BB__SUBMISSION__INIT;
    struct bench_reading reading = {0};
    uint8_t batch[16] = {0};
    Bb__Rows rows;

    bb_rowset_reset(store->rows);
    for (unsigned i = 0; i < count; i++)
        add_reading(store, &reading, first + i);
    bb_rowset_message(store->rows, &rows);
    bb_put_u64(batch + 8, ++store->batches);
    message.batch = (ProtobufCBinaryData){.data = batch, .len = sizeof batch};
    message.has_last = message.last = true;
    message.rows = &rows;
    command(store, BB_METHOD_SUBMIT, &message.base);
}

void
bench_store_commit(struct bench_store *store)
{
    must(bb_writer_commit(store->writer), "commit");
}

void
bench_store_apply(struct bench_store *store)
{
    const struct bb_generation *generation = bb_writer_take(store->writer);

    if (!generation)
        return;
    must(bb_apply(&store->views, generation), "apply");
    bb_writer_applied(store->writer);
}
