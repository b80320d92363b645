#include "query_store.h"

#include "runtime/store/varint.h"
#include "tests/unit/check.h"
#include "workers/measurement/model/rollup.h"

#include "journal.pb-c.h"
#include "worker.pb-c.h"

#include <stdio.h>
#include <stdlib.h>

#define MAP ((size_t)256 << 20)

void
test_store_open(struct test_store *store)
{
    char error[256] = "", dir[96];

    *store = (struct test_store){.now = 1000000};
    folder_make_in_memory(store->dir); /* nothing here has to survive */
    snprintf(dir, sizeof dir, "%s/views", store->dir);
    check_int(bb_views_open(&store->views, dir, MAP, error, sizeof error), 0, error);
    snprintf(dir, sizeof dir, "%s/journal", store->dir);
    check_int(bb_journal_open(dir, &store->journal, error, sizeof error), 0, error);
    assert_int_equal(bb_names_new(&store->views, &store->names), 0);
    assert_int_equal(bb_changes_init(&store->changes, 0), 0);
    assert_int_equal(bb_known_new(&store->known), 0);
}

void
test_store_close(struct test_store *store)
{
    bb_generation_release(&store->generation);
    bb_known_destroy(&store->known);
    bb_changes_release(&store->changes);
    bb_names_destroy(&store->names);
    bb_journal_close(&store->journal);
    bb_views_close(&store->views);
    folder_remove(store->dir);
}

/* Entries */

static uint8_t *
pack(const ProtobufCMessage *message, size_t *ret_len)
{
    uint8_t *data = malloc(protobuf_c_message_get_packed_size(message) + 1);

    assert_non_null(data);
    *ret_len = protobuf_c_message_pack(message, data);
    return data;
}

static struct bb_position
append(struct test_store *store, enum bb_entry_type type, const ProtobufCMessage *message)
{
    struct bb_position position;
    size_t len;
    uint8_t *body = pack(message, &len);
    const struct bb_draft draft = {.type = type, .body = bb_bytes(body, len)};

    assert_int_equal(bb_journal_append(store->journal, bb_journal_head(store->journal).sequence, store->now,
                                       &draft, 1, &position),
                     0);
    store->now += 1000000;
    free(body);
    return position;
}

static MDB_txn *
begin(struct test_store *store)
{
    MDB_txn *txn;

    assert_int_equal(bb_store_begin(store->views.store, true, &txn), 0);
    return txn;
}

/* Put what the names have put into the generation, and commit. */
static void
commit(struct test_store *store, MDB_txn *txn, const struct bb_position *position)
{
    for (uint32_t i = 0; i < store->generation.n_put; i++) {
        const struct bb_put *put = &store->generation.put[i];
        assert_int_equal(bb_store_put(txn, store->views.dbi[put->view], put->key, put->payload, 0), 0);
    }
    assert_int_equal(bb_views_set_position(&store->views, txn, position), 0);
    assert_int_equal(bb_store_commit(store->views.store, &txn), 0);
    store->generation.last = *position;
    store->generation.entries = 1;
    bb_changes_applied(&store->changes, &store->generation);
    bb_generation_release(&store->generation);
    bb_names_seal(store->names);
    bb_names_applied(store->names);
}

/* The id of a text, new or not, in the transaction's eyes. */
static uint32_t
name(struct test_store *store, MDB_txn *txn, enum bb_object_kind kind, const char *text)
{
    bool canonical;
    uint32_t id;
    int r = bb_names_find(store->names, txn, kind, bb_bytes_str(text), &id, &canonical);

    if (r == BB_STORE_E_NOT_FOUND)
        r = bb_names_add(store->names, &store->generation, kind, bb_bytes_str(text), &id);
    assert_int_equal(r, 0);
    return id;
}

static void
describe(struct test_store *store, enum bb_object_kind kind, uint32_t id, const char *text,
         const ProtobufCMessage *details)
{
    size_t len;
    uint8_t *packed = pack(details, &len);

    assert_int_equal(bb_names_describe(store->names, &store->generation, kind, id, bb_bytes_str(text),
                                       bb_bytes(packed, len)),
                     0);
    free(packed);
}

uint32_t
test_store_indicator(struct test_store *store, Bb__Indicator *definition)
{
    Bb__EntryIndicators entry = BB__ENTRY_INDICATORS__INIT;
    MDB_txn *txn = begin(store);
    struct bb_position position;
    struct bb_bytes old;
    uint8_t key[8], *packed;
    uint32_t id;
    size_t len;

    entry.organization = entry.member = (char *)(uintptr_t) "staff";
    entry.n_indicator = 1;
    entry.indicator = &definition;
    position = append(store, BB_ENTRY_INDICATORS, &entry.base);
    id = name(store, txn, BB_OBJECT_INDICATOR, definition->code);
    assert_int_equal(bb_names_set(store->names, &store->generation, BB_OBJECT_INDICATOR,
                                  bb_bytes_str(definition->name), id, false),
                     0);
    bb_put_u32(key, id);
    definition->has_version = definition->has_sequence = true;
    definition->version = 0;
    definition->sequence = position.sequence;
    do
        bb_put_u32(key + 4, ++definition->version);
    while (bb_store_get(txn, store->views.dbi[BB_VIEW_DEFINITION], bb_bytes(key, 8), &old) == 0);
    packed = pack(&definition->base, &len);
    assert_int_equal(
        bb_store_put(txn, store->views.dbi[BB_VIEW_DEFINITION], bb_bytes(key, 8), bb_bytes(packed, len), 0),
        0);
    free(packed);
    describe(store, BB_OBJECT_INDICATOR, id, definition->code, &definition->base);
    commit(store, txn, &position);
    return id;
}

uint32_t
test_store_organization(struct test_store *store, const char *code, bool shares)
{
    Bb__Organization organization = BB__ORGANIZATION__INIT;
    Bb__EntryDirectory entry = BB__ENTRY_DIRECTORY__INIT;
    Bb__Organization *list = &organization;
    MDB_txn *txn = begin(store);
    struct bb_position position;
    uint32_t id;

    organization.code = organization.name = (char *)(uintptr_t)code;
    organization.role = BB__ROLE__ROLE_PARTNER;
    organization.has_share_own_line = true;
    organization.share_own_line = shares;
    entry.n_organization = 1;
    entry.organization = &list;
    position = append(store, BB_ENTRY_DIRECTORY, &entry.base);
    id = name(store, txn, BB_OBJECT_ORGANIZATION, code);
    describe(store, BB_OBJECT_ORGANIZATION, id, code, &organization.base);
    commit(store, txn, &position);
    return id;
}

uint32_t
test_store_place(struct test_store *store, const char *text, const char *alias, bool aggregate)
{
    return test_store_place_in(store, text, alias, NULL, aggregate);
}

uint32_t
test_store_place_in(struct test_store *store, const char *text, const char *alias, const char *parent,
                    bool aggregate)
{
    Bb__Place place = BB__PLACE__INIT;
    Bb__EntryPlaces entry = BB__ENTRY_PLACES__INIT;
    Bb__Place *list = &place;
    MDB_txn *txn = begin(store);
    struct bb_position position;
    uint32_t id;

    place.name = (char *)(uintptr_t)text;
    place.parent = (char *)(uintptr_t)parent;
    place.has_aggregate = true;
    place.aggregate = aggregate;
    entry.organization = entry.member = (char *)(uintptr_t) "staff";
    entry.n_place = 1;
    entry.place = &list;
    position = append(store, BB_ENTRY_PLACES, &entry.base);
    id = name(store, txn, BB_OBJECT_PLACE, text);
    if (alias)
        assert_int_equal(
            bb_names_set(store->names, &store->generation, BB_OBJECT_PLACE, bb_bytes_str(alias), id, false),
            0);
    describe(store, BB_OBJECT_PLACE, id, text, &place.base);
    commit(store, txn, &position);
    return id;
}

uint32_t
test_store_text(struct test_store *store, enum bb_object_kind kind, const char *text)
{
    MDB_txn *txn;
    struct bb_position position;
    uint32_t id;

    if (!*text)
        return 0;
    txn = begin(store);
    assert_int_equal(bb_views_position(&store->views, txn, &position), 0);
    id = name(store, txn, kind, text);
    commit(store, txn, &position);
    return id;
}

/* Readings */

static void
update_rollup(struct test_store *store, MDB_txn *txn, struct bb_bytes cell, uint32_t organization,
              const struct bb_reading *old, const struct bb_reading *next)
{
    MDB_dbi dbi = store->views.dbi[BB_VIEW_ROLLUP];
    uint8_t packed[BB_ROLLUP_PACKED];
    struct bb_rollup rollup = {0};
    struct bb_bytes payload;
    int r = bb_store_get(txn, dbi, cell, &payload);

    if (r == 0)
        assert_int_equal(bb_rollup_unpack(payload, &rollup), 0);
    if (old)
        assert_int_equal(bb_rollup_remove(&rollup, old, organization), 0);
    assert_int_equal(bb_rollup_add(&rollup, next, organization), 0);
    assert_int_equal(bb_store_put(txn, dbi, cell, bb_bytes(packed, bb_rollup_pack(&rollup, packed)), 0), 0);
}

static void
supersede(struct test_store *store, MDB_txn *txn, struct bb_bytes key, const struct bb_reading *old)
{
    uint8_t data[BB_REVISION_KEY], packed[BB_READING_PACKED];
    size_t len = key.len;

    memcpy(data, key.data, len);
    len += bb_varint_put(data + len, old->sequence);
    assert_int_equal(bb_store_put(txn, store->views.dbi[BB_VIEW_REVISION], bb_bytes(data, len),
                                  bb_bytes(packed, bb_reading_pack(old, packed)), 0),
                     0);
}

static void
put_row(struct test_store *store, MDB_txn *txn, uint64_t sequence, struct test_row *row)
{
    uint8_t data[BB_READING_KEY], cell[BB_READING_KEY], packed[BB_READING_PACKED], before[BB_READING_PACKED];
    struct bb_bytes key = bb_bytes(data, bb_reading_key_pack(&row->key, data, NULL)), payload, record;
    MDB_dbi dbi = store->views.dbi[BB_VIEW_READING];
    struct bb_reading old;
    bool updates = bb_store_get(txn, dbi, key, &payload) == 0;

    if (updates) {
        memcpy(before, payload.data, payload.len); /* the next write takes the page from under it */
        assert_int_equal(bb_reading_unpack(bb_bytes(before, payload.len), &old), 0);
        supersede(store, txn, key, &old);
    }
    row->reading.sequence = row->reading.batch = sequence;
    row->reading.revision = updates ? old.revision + 1 : 1;
    row->reading.first = updates ? old.first : sequence;
    record = bb_bytes(packed, bb_reading_pack(&row->reading, packed));
    assert_int_equal(bb_generation_change(&store->generation, updates ? BB_CHANGE_UPDATED : BB_CHANGE_CREATED,
                                          key, key.len, record),
                     0);
    assert_int_equal(bb_store_put(txn, dbi, key, record, 0), 0);
    key = bb_bytes(data, bb_organization_key_pack(&row->key, data));
    assert_int_equal(bb_store_put(txn, store->views.dbi[BB_VIEW_BY_ORGANIZATION], key, record, 0), 0);
    update_rollup(store, txn, bb_bytes(cell, bb_cell_key_pack(&row->key, cell)), row->key.organization,
                  updates ? &old : NULL, &row->reading);
}

uint64_t
test_store_put(struct test_store *store, const char *organization, struct test_row *rows, size_t n)
{
    Bb__EntrySubmission entry = BB__ENTRY_SUBMISSION__INIT;
    Bb__Rows none = BB__ROWS__INIT;
    uint8_t batch[16] = {0};
    struct bb_position position;
    MDB_txn *txn = begin(store);

    bb_put_u64(batch, (uint64_t)store->now);
    entry.batch = (ProtobufCBinaryData){sizeof batch, batch};
    entry.content = entry.batch;
    entry.organization = (char *)(uintptr_t)organization;
    entry.member = (char *)(uintptr_t) "main";
    entry.row_count = (uint32_t)n;
    entry.rows = &none;
    position = append(store, BB_ENTRY_SUBMISSION, &entry.base);
    for (size_t i = 0; i < n; i++)
        put_row(store, txn, position.sequence, &rows[i]);
    commit(store, txn, &position);
    return position.sequence;
}

uint64_t
test_store_review(struct test_store *store, const struct bb_review_unit *unit, enum bb_review_state state)
{
    Bb__EntryReview entry = BB__ENTRY_REVIEW__INIT;
    const struct bb_review review = {.state = state, .member = bb_bytes_str("staff/main")};
    uint8_t key[BB_REVIEW_KEY], record[BB_REVIEW_PACKED];
    struct bb_position position;
    MDB_txn *txn = begin(store);

    entry.organization = entry.reporter = (char *)(uintptr_t) "staff";
    entry.member = (char *)(uintptr_t) "main";
    entry.period = (char *)(uintptr_t) "2026";
    entry.state = state;
    position = append(store, BB_ENTRY_REVIEW, &entry.base);
    assert_int_equal(bb_generation_put(&store->generation, BB_VIEW_REVIEW,
                                       bb_bytes(key, bb_review_key_pack(unit, position.sequence, key)),
                                       bb_bytes(record, bb_review_pack(&review, record))),
                     0);
    commit(store, txn, &position);
    return position.sequence;
}

void
test_store_damage(struct test_store *store, enum bb_view view, struct bb_bytes key)
{
    MDB_val k = {.mv_size = key.len, .mv_data = (void *)(uintptr_t)key.data}, v;
    MDB_txn *txn = begin(store);
    uint8_t *copy;

    assert_int_equal(mdb_get(txn, store->views.dbi[view], &k, &v), 0);
    copy = malloc(v.mv_size);
    assert_non_null(copy);
    memcpy(copy, v.mv_data, v.mv_size);
    copy[v.mv_size - 1] ^= 1;
    v.mv_data = copy;
    assert_int_equal(mdb_put(txn, store->views.dbi[view], &k, &v, 0), 0);
    free(copy);
    assert_int_equal(bb_store_commit(store->views.store, &txn), 0);
}

uint32_t
roll(uint32_t n)
{
    return (uint32_t)random() % n;
}

struct bb_period
test_period(const char *text)
{
    struct bb_period period;

    check_int(bb_period_parse(bb_bytes_str(text), 0, &period), 0, text);
    return period;
}

struct bb_decimal
test_decimal(const char *text)
{
    struct bb_decimal decimal;

    check_int(bb_decimal_parse(bb_bytes_str(text), &decimal), 0, text);
    return decimal;
}

struct bb_reading
test_reading(const char *value, const char *numerator, const char *denominator, enum bb_state state)
{
    struct bb_reading reading = {.flags = (uint32_t)state << BB_ROW_STATE_SHIFT};

    if (value) {
        reading.flags |= BB_ROW_VALUE;
        reading.value = test_decimal(value);
    }
    if (numerator) {
        reading.flags |= BB_ROW_NUMERATOR;
        reading.numerator = test_decimal(numerator);
    }
    if (denominator) {
        reading.flags |= BB_ROW_DENOMINATOR;
        reading.denominator = test_decimal(denominator);
    }
    return reading;
}
