#include "query_ask.h"

#include "proto/message.h"
#include "runtime/rowset.h"
#include "runtime/table.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

const struct test_caller test_staff = {
    .organization = "staff", .role = BB__ROLE__ROLE_STAFF, .max_bytes = 128 << 10};

size_t test_query_bytes;
uint32_t test_query_kept_cells, test_query_step_records;
struct bb_resting *test_query_resting;
struct bb_hidden *test_query_hidden;
struct bb_coverage *test_query_coverage;
bb_utc (*test_query_utc)(void);

void
test_check_times(const int64_t *sequence, size_t n_sequence, const int64_t *time_us, size_t n_time_us)
{
    int64_t entry = 0, time = 0;

    assert_int_equal(n_sequence, n_time_us);
    for (size_t i = 0; i < n_sequence; i++) {
        entry += sequence[i];
        time += time_us[i];
        assert_int_equal(time, entry * 1000000);
    }
}

void
test_read_points(Bb__TrendReply *reply, struct bb_arena *arena)
{
    ProtobufCMessage **rows;

    if (!reply->points)
        return;
    assert_int_equal(reply->n_point, 0);
    assert_int_equal(bb_table_rows(reply->points, &bb__trend_point__descriptor, arena, &rows), 0);
    reply->point = (Bb__TrendPoint **)rows;
    reply->n_point = reply->points->count;
}

static void
unpack_part(const ProtobufCMessageDescriptor *reply, const struct bb_buffer *out, struct test_answer *answer)
{
    assert_true(answer->n_parts < TEST_PARTS);
    assert_int_equal(
        bb_message_unpack(reply, bb_buffer_bytes(out), &answer->arena, &answer->part[answer->n_parts]), 0);
    if (reply == &bb__trend_reply__descriptor)
        test_read_points((Bb__TrendReply *)(void *)answer->part[answer->n_parts], &answer->arena);
    answer->n_parts++;
}

void
test_ask(struct test_store *store, const struct test_caller *caller, uint32_t method,
         const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply, struct test_answer *answer)
{
    const struct bb_query_context context = {.views = &store->views,
                                             .journal = store->journal,
                                             .changes = &store->changes,
                                             .known = store->known,
                                             .bytes = test_query_bytes,
                                             .kept_cells = test_query_kept_cells,
                                             .step_records = test_query_step_records,
                                             .resting = test_query_resting,
                                             .hidden = test_query_hidden,
                                             .coverage = test_query_coverage,
                                             .utc = test_query_utc};
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *body = malloc(len + 1);
    struct bb_query_call call = {.method = method,
                                 .role = caller->role,
                                 .organization = bb_bytes_str(caller->organization),
                                 .member = bb_bytes_str("main"),
                                 .body = bb_bytes(body, len)};
    struct bb_query *query;
    struct bb_buffer out;
    bool final = false;

    assert_non_null(body);
    protobuf_c_message_pack(request, body);
    memset(answer, 0, sizeof *answer);
    bb_arena_init(&answer->arena, (size_t)1 << 30);
    bb_buffer_init(&out, 1 << 20);
    assert_int_equal(bb_query_new(&context, &call, &query), 0);
    memset(body, 0xFF, len); /* the query has copied it */
    free(body);
    while (!final) {
        answer->r = bb_query_step(query, caller->max_bytes, &out, &final, &answer->failure);
        if (answer->r != 0)
            break;
        if (reply)
            unpack_part(reply, &out, answer);
        if (answer->n_parts % 2)
            bb_query_rest(query); /* no difference */
        if (caller->between)
            caller->between(caller->self);
    }
    bb_query_destroy(&query);
    bb_buffer_release(&out);
}

void
test_answer_release(struct test_answer *answer)
{
    bb_arena_release(&answer->arena);
}

static void
print_text(FILE *to, const struct bb_rowview *view, uint32_t index)
{
    fprintf(to, "%.*s|", (int)view->text[index].len, (const char *)view->text[index].data);
}

static void
print_number(FILE *to, bool present, struct bb_decimal d)
{
    char text[BB_DECIMAL_TEXT];

    fprintf(to, "%.*s|", present ? (int)bb_decimal_format(d, text) : 0, text);
}

static void
print_rows(FILE *to, const Bb__Rows *rows)
{
    struct bb_rowview view;
    const char *what = "";

    check_int(bb_rowview_init(&view, rows, &what), 0, what);
    for (uint32_t i = 0; i < rows->count; i++) {
        struct bb_rowref ref;
        bb_rowview_get(&view, i, &ref);
        print_text(to, &view, ref.indicator);
        print_text(to, &view, ref.organization);
        print_text(to, &view, ref.place);
        print_text(to, &view, ref.disaggregation);
        print_text(to, &view, ref.period);
        fprintf(to, "%02x|", ref.flags);
        print_number(to, ref.flags & BB_ROW_VALUE, ref.value);
        print_number(to, ref.flags & BB_ROW_NUMERATOR, ref.numerator);
        print_number(to, ref.flags & BB_ROW_DENOMINATOR, ref.denominator);
        print_text(to, &view, ref.comment);
        fputc('\n', to);
    }
    bb_rowview_release(&view);
}

char *
test_rows_text(const struct test_answer *answer, bool readings)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    for (size_t i = 0; i < answer->n_parts; i++) {
        if (readings)
            print_rows(to, ((const Bb__ReadingsPart *)(const void *)answer->part[i])->rows);
        else
            print_rows(to, ((const Bb__HistoryPart *)(const void *)answer->part[i])->rows);
    }
    fclose(to);
    return text;
}

static void
print_point(FILE *to, const Bb__TrendPoint *point)
{
    const char *const texts[] = {point->period, point->group, point->value, point->numerator,
                                 point->denominator};

    for (size_t i = 0; i < COUNT(texts); i++)
        fprintf(to, "%s|", texts[i] ? texts[i] : "-");
    fprintf(to, "%u|%u|%u%s\n", point->organizations, point->readings, point->without_parts,
            point->withheld ? "|withheld" : "");
}

char *
test_points_text(const struct test_answer *answer)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer->part[i];
        for (size_t p = 0; p < reply->n_point; p++)
            print_point(to, reply->point[p]);
    }
    fclose(to);
    return text;
}
