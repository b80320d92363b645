/* A small store for the tests of queries: journal and views in a temporary folder, filled record by record
 * the way the applier does, without the rules of a writer. Every mistake here is a failed assertion. */
#ifndef BB_TESTS_QUERY_STORE_H
#define BB_TESTS_QUERY_STORE_H

#include "tests/unit/folder.h"
#include "workers/measurement/model/reading.h"
#include "workers/measurement/model/review.h"
#include "workers/measurement/query/known.h"
#include "workers/measurement/query/query.h"
#include "workers/measurement/store/changes.h"
#include "workers/measurement/store/journal.h"
#include "workers/measurement/store/names.h"
#include "workers/measurement/store/views.h"

#include "measurement.pb-c.h"

struct test_store {
    char dir[FOLDER_BYTES];
    struct bb_views views;
    struct bb_journal *journal;
    struct bb_names *names;
    struct bb_generation generation;
    struct bb_changes changes; /* told of all of it */
    struct bb_known *known;
    bb_utc now; /* of the next entry; each takes a second */
};

void test_store_open(struct test_store *store);
void test_store_close(struct test_store *store);

/* Objects, each an entry of its own; they return the id. */
uint32_t test_store_indicator(struct test_store *store, Bb__Indicator *definition);
uint32_t test_store_organization(struct test_store *store, const char *code, bool shares);
uint32_t test_store_place(struct test_store *store, const char *name, const char *alias, bool aggregate);
/* parent: NULL: it lies in none. */
uint32_t test_store_place_in(struct test_store *store, const char *text, const char *alias,
                             const char *parent, bool aggregate);
/* As a row does: no details. "" is 0. */
uint32_t test_store_text(struct test_store *store, enum bb_object_kind kind, const char *text);

struct test_row {
    struct bb_reading_key key;
    struct bb_reading reading; /* revision, sequence and batch are filled in */
};

/* One entry with these rows; returns its sequence. */
uint64_t test_store_put(struct test_store *store, const char *organization, struct test_row *rows, size_t n);

/* Say of a unit that it stands there; returns the sequence. */
uint64_t test_store_review(struct test_store *store, const struct bb_review_unit *unit,
                           enum bb_review_state state);

/* Overwrite a record with a wrong checksum. */
void test_store_damage(struct test_store *store, enum bb_view view, struct bb_bytes key);

/* A number below n, from random(). */
uint32_t roll(uint32_t n);

struct bb_period test_period(const char *text);
struct bb_decimal test_decimal(const char *text);

/* A reading with what is not NULL; state by name. */
struct bb_reading test_reading(const char *value, const char *numerator, const char *denominator,
                               enum bb_state state);

#endif
