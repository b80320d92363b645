/* Damaged records under a query: it ends, and says which record of which view. */
#include "query_catalogue.h"

#include "runtime/store/varint.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>

static void
check_damage(const char *what, enum bb_view view, uint32_t method, const ProtobufCMessage *request,
             size_t (*key)(const struct test_ids *, uint8_t *))
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    struct test_answer answer;
    uint8_t data[BB_NAME_KEY];
    char expected[2 * BB_NAME_KEY + 1] = "";
    size_t len = key(&ids, data);

    test_put(&store, ids.count, ids.alpha, 0, 0, "2026", test_value("1"));
    test_put(&store, ids.count, ids.alpha, 0, 0, "2026", test_value("2"));
    test_put(&store, ids.count, ids.beta, 0, 0, "2026", test_value("3"));
    test_ask(&store, &test_staff, method, request, NULL, &answer);
    check_int(answer.r, 0, what);
    test_answer_release(&answer);
    test_store_damage(&store, view, bb_bytes(data, len));
    test_ask(&store, &test_staff, method, request, NULL, &answer);
    check_int(answer.r, -EBADMSG, what);
    for (size_t i = 0; i < len; i++)
        snprintf(expected + 2 * i, 3, "%02x", data[i]);
    if (!strstr(answer.failure.message, bb_view_name(view)) || !strstr(answer.failure.message, expected))
        fail_msg("%s: \"%s\" does not name %s and %s", what, answer.failure.message, bb_view_name(view),
                 expected);
    test_answer_release(&answer);
    test_store_close(&store);
}

static struct bb_reading_key
damaged_reading(const struct test_ids *ids)
{
    return (struct bb_reading_key){
        .period = test_period("2026"), .indicator = ids->count, .organization = ids->alpha};
}

static size_t
reading_key(const struct test_ids *ids, uint8_t *out)
{
    struct bb_reading_key key = damaged_reading(ids);

    return bb_reading_key_pack(&key, out, NULL);
}

static size_t
cell_key(const struct test_ids *ids, uint8_t *out)
{
    struct bb_reading_key key = damaged_reading(ids);

    return bb_cell_key_pack(&key, out);
}

static size_t
index_key(const struct test_ids *ids, uint8_t *out)
{
    struct bb_reading_key key = damaged_reading(ids);

    return bb_organization_key_pack(&key, out);
}

static size_t
revision_key(const struct test_ids *ids, uint8_t *out)
{
    size_t len = reading_key(ids, out);

    return len + bb_varint_put(out + len, 9); /* eight entries made the catalogue */
}

static size_t
name_key(const struct test_ids *ids, uint8_t *out)
{
    (void)ids;
    return bb_name_key(BB_OBJECT_INDICATOR, bb_bytes_str("count"), out);
}

static size_t
object_key(const struct test_ids *ids, uint8_t *out)
{
    return bb_object_key(BB_OBJECT_ORGANIZATION, ids->alpha, out);
}

static size_t
definition_key(const struct test_ids *ids, uint8_t *out)
{
    bb_put_u32(out, ids->count);
    bb_put_u32(out + 4, 1);
    return 8;
}

static void
test_damage(void **state)
{
    Bb__TrendQuery trend = BB__TREND_QUERY__INIT, past = BB__TREND_QUERY__INIT, by = BB__TREND_QUERY__INIT;
    Bb__ReadingsQuery readings = BB__READINGS_QUERY__INIT, own = BB__READINGS_QUERY__INIT;
    Bb__HistoryQuery history = BB__HISTORY_QUERY__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;

    (void)state;
    as_of.has_sequence = true;
    as_of.sequence = 9;
    trend.indicator = past.indicator = by.indicator = history.indicator = test_text("count");
    past.as_of = &as_of;
    by.by = test_text("organization");
    own.organization = history.organization = test_text("alpha");
    history.period = test_text("2026");
    check_damage("name", BB_VIEW_NAME, BB_METHOD_TREND, &trend.base, name_key);
    check_damage("definition", BB_VIEW_DEFINITION, BB_METHOD_TREND, &trend.base, definition_key);
    check_damage("rollup", BB_VIEW_ROLLUP, BB_METHOD_TREND, &trend.base, cell_key);
    check_damage("revision", BB_VIEW_REVISION, BB_METHOD_TREND, &past.base, revision_key);
    check_damage("reading, by organization", BB_VIEW_READING, BB_METHOD_TREND, &by.base, reading_key);
    check_damage("reading", BB_VIEW_READING, BB_METHOD_READINGS_LIST, &readings.base, reading_key);
    check_damage("object", BB_VIEW_OBJECT, BB_METHOD_READINGS_LIST, &readings.base, object_key);
    check_damage("index", BB_VIEW_BY_ORGANIZATION, BB_METHOD_READINGS_LIST, &own.base, index_key);
    check_damage("revision of history", BB_VIEW_REVISION, BB_METHOD_READINGS_HISTORY, &history.base,
                 revision_key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
