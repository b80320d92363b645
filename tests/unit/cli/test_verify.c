/* Receipts against a chain: what fits is good, and whatever is changed in either is found: every bit of every
 * byte, every line that is missing, doubled or in another place. */
#include "client/cli/verify.h"

#include "client/cli/receipts.h"
#include "runtime/buffer.h"
#include "runtime/chain.h"
#include "runtime/clock.h"
#include "tests/unit/check.h"

#include <inttypes.h>
#include <stdlib.h>

#define ENTRIES 6u

static const uint8_t batch[BB_BATCH_ID] = {1, 2, 3};
static struct bb_chain_entry chain[ENTRIES];
static struct bb_submission_receipt receipts[2];
static char receipts_text[2048], chain_text[ENTRIES][512], error[1024];

/* --- what is good --------------------------------------------------------------------------------------- */

static void
make_receipt(struct bb_submission_receipt *receipt, uint32_t index, uint64_t sequence)
{
    static const uint8_t alike[] = {BB_CREATED}, each[] = {BB_REJECTED, BB_UPDATED, BB_UNCHANGED};

    *receipt = (struct bb_submission_receipt){
        .batch = batch,
        .index = index,
        .rows = index ? 3 : 7,
        .outcome = index ? each : alike,
        .n_outcomes = index ? 3 : 1,
        .organization = "hartford",
        .member = "main",
        .sequence = sequence,
    };
    memset(receipt->content, (int)index + 1, BB_HASH);
}

static void
make_chain(void)
{
    make_receipt(&receipts[0], 0, 3);
    make_receipt(&receipts[1], 1, 5);
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct bb_chain_entry *entry = &chain[i];
        *entry = (struct bb_chain_entry){.sequence = i + 1, .time_us = INT64_C(1700000000000000) + i / 2};
        strcpy(entry->type, i == 2 || i == 4 ? "submission" : i == 3 ? "type-77" : "indicators");
        memset(entry->body, (int)i, BB_HASH);
        if (i == 2 || i == 4)
            bb_submission_receipt_mark(&receipts[i / 4], entry->mark);
        if (i > 0)
            memcpy(entry->previous, chain[i - 1].hash, BB_HASH);
        assert_int_equal(bb_chain_entry_hash(entry, entry->hash), 0);
        if (i == 2 || i == 4) {
            receipts[i / 4].time_us = entry->time_us;
            memcpy(receipts[i / 4].hash, entry->hash, BB_HASH);
        }
    }
}

static void
write_entry(const struct bb_chain_entry *entry, char *to)
{
    char time[BB_UTC_TEXT], previous[BB_HASH_TEXT], marked[BB_HASH_TEXT], body[BB_HASH_TEXT],
        hash[BB_HASH_TEXT];

    bb_utc_format(entry->time_us, time);
    bb_hash_format(entry->previous, previous);
    bb_hash_format(entry->mark, marked);
    bb_hash_format(entry->body, body);
    bb_hash_format(entry->hash, hash);
    snprintf(to, sizeof chain_text[0],
             "{\"sequence\":%" PRIu64 ",\"time\":\"%s\",\"type\":\"%s\",\"previous\":\"%s\",\"mark\":\"%s\","
             "\"body\":\"%s\",\"hash\":\"%s\"}\n",
             entry->sequence, time, entry->type, previous, marked, body, hash);
}

static void
write_receipts(void)
{
    char id[BB_BATCH_TEXT], time[BB_UTC_TEXT], hash[BB_HASH_TEXT], content[BB_HASH_TEXT];
    int n;

    bb_batch_format(batch, id);
    n = sprintf(receipts_text,
                "{\"batch\":\"%s\",\"organization\":\"hartford\",\"member\":\"main\","
                "\"receipts\":[",
                id);
    for (int i = 0; i < 2; i++) {
        bb_utc_format(receipts[i].time_us, time);
        bb_hash_format(receipts[i].hash, hash);
        bb_hash_format(receipts[i].content, content);
        n += sprintf(receipts_text + n,
                     "%s{\"index\":%u,\"sequence\":%u,\"time\":\"%s\",\"hash\":\"%s\",\"content\":\"%s\","
                     "\"rows\":%u,\"outcomes\":\"%s\"}",
                     i ? "," : "", receipts[i].index, (unsigned)receipts[i].sequence, time, hash, content,
                     receipts[i].rows, i ? "023" : "1");
    }
    strcpy(receipts_text + n, "]}");
}

static int
setup(void **state)
{
    (void)state;
    make_chain();
    for (unsigned i = 0; i < ENTRIES; i++)
        write_entry(&chain[i], chain_text[i]);
    write_receipts();
    return 0;
}

/* --- checking ------------------------------------------------------------------------------------------- */

static int
verify(const char *list_text, size_t list_len, const char *text, size_t len, struct bb_verified *ret_verified)
{
    FILE *from = fmemopen((void *)(uintptr_t)list_text, list_len, "r"), *to;
    struct bb_receipt_list *list;
    int r;

    *error = '\0';
    assert_non_null(from);
    r = bb_receipt_list_read(from, "receipts", &list, error, sizeof error);
    fclose(from);
    if (r != 0)
        return r;
    to = fmemopen((void *)(uintptr_t)text, len ? len : 1, "r");
    assert_non_null(to);
    if (len == 0)
        fgetc(to);
    r = bb_receipt_list_verify(list, to, "chain", ret_verified, error, sizeof error);
    if (r == 0)
        ret_verified->organization = ret_verified->member = NULL; /* they go with the list */
    fclose(to);
    bb_receipt_list_destroy(&list);
    return r;
}

/* The lines of the chain in this order ("123456"), against the receipts. */
static int
verify_lines(const char *order, struct bb_verified *ret_verified)
{
    struct bb_buffer text;
    int r;

    bb_buffer_init(&text, SIZE_MAX);
    for (; *order; order++)
        bb_buffer_append(&text, chain_text[*order - '1'], strlen(chain_text[*order - '1']));
    r = verify(receipts_text, strlen(receipts_text), (const char *)text.data, text.len, ret_verified);
    bb_buffer_release(&text);
    return r;
}

static void
test_good(void **state)
{
    static const char *const orders[] = {"123456", "23456", "345", "3456", "12345"};
    struct bb_verified verified;

    (void)state;
    for (size_t i = 0; i < COUNT(orders); i++) {
        const char *order = orders[i];
        check_int(verify_lines(order, &verified), 0, order);
        check_int((int)verified.first, order[0] - '0', order);
        check_int((int)verified.last, order[strlen(order) - 1] - '0', order);
        assert_true(verified.receipts == 2 && verified.rows == 10 && verified.accepted == 9);
        assert_memory_equal(verified.hash, chain[verified.last - 1].hash, BB_HASH);
    }
}

/* Every sequence of one to six lines of the six: good is what goes up by one and holds 3 and 5. */
static void
test_every_order(void **state)
{
    struct bb_verified verified;

    (void)state;
    for (unsigned n = 1; n <= ENTRIES; n++) {
        unsigned total = 1;
        for (unsigned i = 0; i < n; i++)
            total *= ENTRIES;
        for (unsigned word = 0; word < total; word++) {
            char order[ENTRIES + 1] = "";
            bool good = true;
            for (unsigned i = 0, rest = word; i < n; i++, rest /= ENTRIES) {
                order[i] = (char)('1' + rest % ENTRIES);
                good = good && (i == 0 || order[i] == order[i - 1] + 1);
            }
            good = good && strchr(order, '3') && strchr(order, '5');
            check_int(verify_lines(order, &verified), good ? 0 : BB_VERIFY_BAD, order);
            check((*error == '\0') == good, order);
            if (n > 4 && word % 7 == 0)
                word += 40; /* a sample is enough of these */
        }
    }
}

/* One bit of any byte. */
static void
test_every_bit(void **state)
{
    char whole[sizeof chain_text], list[sizeof receipts_text];
    struct bb_verified verified;
    size_t len = 0, list_len = strlen(receipts_text);

    (void)state;
    for (unsigned i = 0; i < ENTRIES; i++) {
        strcpy(whole + len, chain_text[i]);
        len += strlen(chain_text[i]);
    }
    memcpy(list, receipts_text, list_len);
    assert_int_equal(verify(list, list_len, whole, len, &verified), 0);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        whole[bit / 8] = (char)(whole[bit / 8] ^ 1 << bit % 8);
        if (verify(list, list_len, whole, len, &verified) != BB_VERIFY_BAD || !*error)
            fail_msg("bit %zu of byte %zu of the chain: not found", bit % 8, bit / 8);
        whole[bit / 8] = (char)(whole[bit / 8] ^ 1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * list_len; bit++) {
        list[bit / 8] = (char)(list[bit / 8] ^ 1 << bit % 8);
        if (verify(list, list_len, whole, len, &verified) != BB_VERIFY_BAD || !*error)
            fail_msg("bit %zu of byte %zu of the receipts: not found", bit % 8, bit / 8);
        list[bit / 8] = (char)(list[bit / 8] ^ 1 << bit % 8);
    }
}

/* Cut anywhere, by bytes. The end of the last line may be missing, and entry 6 as a whole. */
static void
test_every_end(void **state)
{
    struct bb_verified verified;
    char whole[sizeof chain_text];
    size_t len = 0, five = 0;

    (void)state;
    for (unsigned i = 0; i < ENTRIES; i++) {
        strcpy(whole + len, chain_text[i]);
        five = i == ENTRIES - 1 ? len : five;
        len += strlen(chain_text[i]);
    }
    for (size_t n = 0; n <= len; n++) {
        bool good = n == five || n == five - 1 || n >= len - 1;
        if (verify(receipts_text, strlen(receipts_text), whole, n, &verified) != (good ? 0 : BB_VERIFY_BAD))
            fail_msg("%zu bytes of the chain: %s", n, good ? error : "not found");
    }
    for (size_t n = 1; n < strlen(receipts_text); n++)
        assert_int_equal(verify(receipts_text, n, whole, len, &verified), BB_VERIFY_BAD);
}

/* --- entries in themselves ------------------------------------------------------------------------------ */

static void
sign(struct bb_chain_entry *entry)
{
    assert_int_equal(bb_chain_entry_hash(entry, entry->hash), 0);
}

/* What has the right hash and is wrong all the same. */
static void
test_entries(void **state)
{
    struct bb_chain_entry entry = chain[0];

    (void)state;
    assert_null(bb_chain_entry_check(NULL, &chain[0]));
    assert_null(bb_chain_entry_check(NULL, &chain[3]));
    assert_null(bb_chain_entry_check(&chain[2], &chain[3]));
    entry.previous[5] = 1;
    sign(&entry);
    check_text(bb_chain_entry_check(NULL, &entry), "it is the first entry, and names one before it", "first");
    entry = chain[0];
    entry.sequence = 0;
    sign(&entry);
    check_text(bb_chain_entry_check(NULL, &entry), "entries are counted from 1", "zero");
    entry = chain[3];
    entry.time_us = chain[2].time_us - 1;
    sign(&entry);
    check_text(bb_chain_entry_check(&chain[2], &entry), "it is older than the entry before it", "time");
    entry = chain[3];
    entry.previous[0] ^= 1;
    sign(&entry);
    check_text(bb_chain_entry_check(&chain[2], &entry),
               "the hash that it names is not that of the entry before it", "previous");
    entry = chain[3];
    strcpy(entry.type, "type-1"); /* that one has a name */
    check_text(bb_chain_entry_check(&chain[2], &entry), "its type is none", "type");
}

/* The format is for others to check as well: these hashes were computed by another program (Python's
 * hashlib.blake2b). */
static void
test_known(void **state)
{
    struct bb_chain_entry entry = {.sequence = 258, .time_us = 1700000000123456, .type = "places"};
    struct bb_submission_receipt receipt;
    char text[BB_HASH_TEXT];
    uint8_t hash[BB_HASH];

    (void)state;
    for (uint8_t i = 0; i < BB_HASH; i++) {
        entry.previous[i] = i;
        entry.mark[i] = (uint8_t)(64 + i);
        entry.body[i] = (uint8_t)(128 + i);
    }
    assert_int_equal(bb_chain_entry_hash(&entry, hash), 0);
    bb_hash_format(hash, text);
    check_text(text, "69121f536c27f1cf7908f5e3a7a35ee656a28449db4ad238eedb35f2c03b90aa", "entry");
    make_receipt(&receipt, 1, 5);
    bb_submission_receipt_mark(&receipt, hash);
    bb_hash_format(hash, text);
    check_text(text, "6fa54f267d2cfecc9c71b39880772fa84c2073ba9130a9acaf4ad711a4d41397", "mark");
}

static void
test_types(void **state)
{
    char text[BB_CHAIN_TYPE_TEXT];
    uint8_t type;

    (void)state;
    for (unsigned i = 0; i <= UINT8_MAX; i++) {
        bb_chain_type_format((uint8_t)i, text);
        assert_int_equal(bb_chain_type_parse(text, &type), 0);
        assert_int_equal(type, i);
    }
    assert_true(bb_chain_type_parse("", &type) != 0 && bb_chain_type_parse("type-01", &type) != 0 &&
                bb_chain_type_parse("type-256", &type) != 0 && bb_chain_type_parse("Places", &type) != 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),      cmocka_unit_test(test_every_order),
        cmocka_unit_test(test_every_bit), cmocka_unit_test(test_every_end),
        cmocka_unit_test(test_entries),   cmocka_unit_test(test_known),
        cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
