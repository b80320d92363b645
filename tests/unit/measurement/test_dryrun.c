/* The memory of a dry run: what a submission changed is there for the next one, or as if it had never been.
 */
#include "tests/unit/folder.h"
#include "workers/measurement/write/dryrun.h"

#include <dirent.h>
#include <sys/stat.h>

static int
setup(void **state)
{
    char *folder = malloc(FOLDER_BYTES);

    folder_make(folder);
    *state = folder;
    return 0;
}

static int
teardown(void **state)
{
    folder_remove(*state);
    free(*state);
    return 0;
}

static unsigned
entries(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(dir)))
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void
test_kept_and_not_kept(void **state)
{
    struct bb_dryrun *dryrun;
    struct bb_bytes key = bb_bytes_str("key"), record, reply;
    uint32_t id, other;

    assert_int_equal(bb_dryrun_new(*state, &dryrun), 0);
    assert_int_equal(entries(*state), 1);

    assert_int_equal(bb_dryrun_begin(dryrun), 0);
    assert_int_equal(bb_dryrun_reading(dryrun, key, &record), BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_dryrun_put(dryrun, key, bb_bytes_str("one")), 0);
    assert_int_equal(bb_dryrun_name(dryrun, BB_OBJECT_PLACE, bb_bytes_str("Hartford"), &id),
                     BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_dryrun_add_name(dryrun, BB_OBJECT_PLACE, bb_bytes_str("Hartford"), &id), 0);
    assert_true(id >= 0x80000000u); /* no real name's */
    assert_int_equal(bb_dryrun_put_reply(dryrun, 0, bb_bytes_str("reply")), 0);
    assert_int_equal(bb_dryrun_end(dryrun, true), 0);

    assert_int_equal(bb_dryrun_begin(dryrun), 0);
    assert_int_equal(bb_dryrun_reading(dryrun, key, &record), 0);
    assert_true(bb_bytes_equal(record, bb_bytes_str("one")));
    assert_int_equal(bb_dryrun_put(dryrun, key, bb_bytes_str("two")), 0);
    assert_int_equal(bb_dryrun_add_name(dryrun, BB_OBJECT_PLACE, bb_bytes_str("Danbury"), &other), 0);
    assert_int_equal(other, id + 1);
    assert_int_equal(bb_dryrun_end(dryrun, false), 0);

    assert_int_equal(bb_dryrun_begin(dryrun), 0);
    assert_int_equal(bb_dryrun_reading(dryrun, key, &record), 0);
    assert_true(bb_bytes_equal(record, bb_bytes_str("one")));
    assert_int_equal(bb_dryrun_name(dryrun, BB_OBJECT_PLACE, bb_bytes_str("Hartford"), &other), 0);
    assert_int_equal(other, id);
    assert_int_equal(bb_dryrun_name(dryrun, BB_OBJECT_PLACE, bb_bytes_str("Danbury"), &other),
                     BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_dryrun_name(dryrun, BB_OBJECT_DISAGGREGATION, bb_bytes_str("Hartford"), &other),
                     BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_dryrun_add_name(dryrun, BB_OBJECT_PLACE, bb_bytes_str("Norwalk"), &other), 0);
    assert_int_equal(other, id + 1); /* the id was not used up */
    assert_int_equal(bb_dryrun_reply(dryrun, 0, &reply), 0);
    assert_true(bb_bytes_equal(reply, bb_bytes_str("reply")));
    assert_int_equal(bb_dryrun_reply(dryrun, 1, &reply), BB_STORE_E_NOT_FOUND);
    bb_dryrun_destroy(&dryrun); /* in the middle of a submission */
    assert_null(dryrun);
    assert_int_equal(entries(*state), 0);
}

static void
test_dry_runs_do_not_meet(void **state)
{
    struct bb_dryrun *a, *b;
    struct bb_bytes record;

    assert_int_equal(bb_dryrun_new(*state, &a), 0);
    assert_int_equal(bb_dryrun_new(*state, &b), 0);
    assert_int_equal(bb_dryrun_begin(a), 0);
    assert_int_equal(bb_dryrun_put(a, bb_bytes_str("key"), bb_bytes_str("a")), 0);
    assert_int_equal(bb_dryrun_end(a, true), 0);
    assert_int_equal(bb_dryrun_begin(b), 0);
    assert_int_equal(bb_dryrun_reading(b, bb_bytes_str("key"), &record), BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_dryrun_end(b, false), 0);
    bb_dryrun_destroy(&a);
    assert_int_equal(entries(*state), 1);
    bb_dryrun_destroy(&b);
}

/* What was killed left its folder; what is not ours stays. */
static void
test_sweep(void **state)
{
    static const char *const names[] = {"dry-run-Ab12Cd", "dry-run-zzzzzz", "verify-Ab12Cd"};
    char path[128];
    FILE *f;

    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", (char *)*state, names[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        strcat(path, "/data.mdb");
        f = fopen(path, "w");
        assert_non_null(f);
        fclose(f);
    }
    bb_dryrun_sweep(*state);
    assert_int_equal(entries(*state), 1);
    bb_dryrun_sweep("/nonexistent/folder");
}

static void
test_no_folder(void **state)
{
    struct bb_dryrun *dryrun = NULL;

    (void)state;
    assert_true(bb_dryrun_new("/nonexistent/folder", &dryrun) < 0);
    assert_null(dryrun);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_kept_and_not_kept),
        TEST(test_dry_runs_do_not_meet),
        TEST(test_sweep),
        cmocka_unit_test(test_no_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
