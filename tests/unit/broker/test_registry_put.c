/* The registry is changed: who may be put into it, and what is refused. */
#include "registry_fixture.h"

#include "proto/errors.h"

static int
put(struct bb_registry *registry, Bb__PartnerPut *in, bool *ret_changed, char *message)
{
    const struct bb_organization *o = NULL;
    int r = registry_put(registry, in, "2026-09-07", &o, ret_changed, message);

    if (r == 0)
        assert_string_equal(o->code, in->code);
    return r;
}

static void
who_may_enter(void **state)
{
    static const struct {
        const char *what;
        bool enabled;
        const char *left;
        bool expected;
    } table[] = {
        {"enabled", true, "", true},
        {"disabled", false, "", false},
        {"left long ago", true, "2019-12-31", false},
        {"left yesterday", true, "2026-09-06", false},
        {"left today", true, "2026-09-07", false},
        {"will leave tomorrow", true, "2026-09-08", true},
        {"disabled, and will leave", false, "2026-09-08", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct bb_organization o = {.enabled = table[i].enabled};

        memcpy(o.left, table[i].left, strlen(table[i].left) + 1);
        if (bb_organization_may_enter(&o, "2026-09-07") != table[i].expected)
            fail_msg("%s", table[i].what);
    }
}

static void
puts_and_reads_back(void **state)
{
    Bb__PartnerPut in = BB__PARTNER_PUT__INIT;
    char *aliases[] = {(char *)"It's \\ ${HOME}", (char *)"zweiter Näme", (char *)"hsd",
                       (char *)"zweiter Näme"};
    struct registry_reports reports;
    struct bb_registry *registry, *again;
    char message[BB_REGISTRY_MESSAGE];
    const struct bb_organization *o;
    bool changed;
    uint64_t version, number;

    (void)state;
    registry = registry_load(&reports, NULL);
    assert_int_equal(bb_registry_version(registry), 0);
    in.code = (char *)"hsd";
    in.create = in.has_create = true;
    in.name = (char *)"Hartford # 'quoted' \"and\" {so} on";
    in.has_role = true;
    in.role = BB__ROLE__ROLE_PARTNER;
    in.key = (char *)KEY_A;
    in.alias = aliases;
    in.n_alias = 4;
    assert_int_equal(put(registry, &in, &changed, message), 0);
    assert_true(changed);
    version = bb_registry_version(registry);
    assert_int_not_equal(version, 0);
    number = registry_find(registry, "hsd")->number;
    assert_int_equal(put(registry, &in, &changed, message), BB_ERROR_EXISTS);
    in.upsert = in.has_upsert = true;
    assert_int_equal(put(registry, &in, &changed, message), 0);
    assert_false(changed);
    assert_int_equal(bb_registry_version(registry), version);

    again = registry_load(&reports, registry);
    assert_int_equal(reports.count, 0);
    assert_int_equal(bb_registry_version(again), version);
    o = registry_find(again, "It's \\ ${HOME}");
    assert_non_null(o);
    assert_string_equal(o->name, in.name);
    assert_int_equal(o->n_alias, 2); /* neither the code nor the repeated one */
    assert_string_equal(o->joined, "2026-09-07");
    assert_string_equal(registry_key(o), KEY_A);
    assert_int_equal(o->number, number);
    bb_registry_destroy(&again);

    Bb__PartnerPut change = BB__PARTNER_PUT__INIT;
    change.code = (char *)"hsd";
    change.key = (char *)KEY_B;
    change.has_enabled = true;
    change.enabled = false;
    assert_int_equal(put(registry, &change, &changed, message), 0);
    assert_true(changed);
    assert_null(registry_find_key(registry, KEY_A));
    o = registry_find_key(registry, KEY_B);
    assert_false(o->enabled);
    assert_int_equal(o->number, number);
    assert_int_equal(o->n_alias, 2);
    assert_int_not_equal(bb_registry_version(registry), version);
    change.key = (char *)KEY_A;
    change.enabled = true;
    assert_int_equal(put(registry, &change, &changed, message), 0);
    assert_int_equal(bb_registry_version(registry), version); /* the same content again */
    bb_registry_destroy(&registry);
}

static char *deceptive[] = {(char *)"X\xE2\x81\xA6"};

static void
refuses_puts(void **state)
{
    static const struct {
        const char *what;
        Bb__PartnerPut in;
        int expected;
    } table[] = {
        {"code",
         {.code = (char *)"no code", .create = true, .name = (char *)"X", .has_role = true, .role = 3},
         BB_ERROR_INVALID},
        {"traversal",
         {.code = (char *)"../x", .create = true, .name = (char *)"X", .has_role = true, .role = 3},
         BB_ERROR_INVALID},
        {"no name", {.code = (char *)"x", .create = true, .has_role = true, .role = 3}, BB_ERROR_INVALID},
        {"no role", {.code = (char *)"x", .create = true, .name = (char *)"X"}, BB_ERROR_INVALID},
        {"role",
         {.code = (char *)"x", .create = true, .name = (char *)"X", .has_role = true, .role = 1},
         BB_ERROR_INVALID},
        {"operator",
         {.code = (char *)"operator", .create = true, .name = (char *)"X", .has_role = true, .role = 3},
         BB_ERROR_INVALID},
        {"gateway",
         {.code = (char *)"x", .create = true, .name = (char *)"X", .has_role = true, .role = 5},
         BB_ERROR_INVALID},
        {"direction",
         {.code = (char *)"x", .create = true, .name = (char *)"X\xE2\x80\xAE", .has_role = true, .role = 3},
         BB_ERROR_INVALID},
        {"blank",
         {.code = (char *)"x", .create = true, .name = (char *)"X ", .has_role = true, .role = 3},
         BB_ERROR_INVALID},
        {"control",
         {.code = (char *)"x", .create = true, .name = (char *)"X\x1B", .has_role = true, .role = 3},
         BB_ERROR_INVALID},
        {"alias of direction",
         {.code = (char *)"x",
          .create = true,
          .name = (char *)"X",
          .has_role = true,
          .role = 3,
          .alias = deceptive,
          .n_alias = 1},
         BB_ERROR_INVALID},
        {"key",
         {.code = (char *)"x",
          .create = true,
          .name = (char *)"X",
          .has_role = true,
          .role = 3,
          .key = (char *)"k"},
         BB_ERROR_INVALID},
        {"its key",
         {.code = (char *)"x",
          .create = true,
          .name = (char *)"X",
          .has_role = true,
          .role = 3,
          .key = (char *)KEY_A},
         BB_ERROR_EXISTS},
        {"its name",
         {.code = (char *)"x", .create = true, .name = (char *)"a", .has_role = true, .role = 3},
         BB_ERROR_EXISTS},
        {"its alias as code",
         {.code = (char *)"A1", .create = true, .name = (char *)"X", .has_role = true, .role = 3},
         BB_ERROR_EXISTS},
        {"not there", {.code = (char *)"x", .name = (char *)"X"}, BB_ERROR_NOT_FOUND},
        {"a broken file is not overwritten",
         {.code = (char *)"broken",
          .create = true,
          .upsert = true,
          .name = (char *)"X",
          .has_role = true,
          .role = 3},
         BB_ERROR_EXISTS},
    };
    struct registry_reports reports;
    struct bb_registry *registry;

    (void)state;
    registry_write("a",
                   "name = 'Alpha'\nrole = 'partner'\naliases = {'A1'}\nmember main { key = '" KEY_A "' }\n");
    registry_write("broken", "name = \n");
    registry = registry_load(&reports, NULL);
    assert_int_equal(reports.count, 1);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        Bb__PartnerPut in = table[i].in;
        char message[BB_REGISTRY_MESSAGE] = "";
        uint64_t version = bb_registry_version(registry);
        bool changed;

        in.base.descriptor = &bb__partner_put__descriptor;
        if (put(registry, &in, &changed, message) != table[i].expected || !message[0])
            fail_msg("%s: \"%s\"", table[i].what, message);
        assert_int_equal(bb_registry_version(registry), version);
        assert_int_equal(bb_registry_count(registry), 1);
    }
    bb_registry_destroy(&registry);
}

static void
a_failed_write_changes_nothing(void **state)
{
    Bb__PartnerPut in = BB__PARTNER_PUT__INIT;
    struct registry_reports reports;
    struct bb_registry *registry;
    char message[BB_REGISTRY_MESSAGE];
    bool changed;

    (void)state;
    registry = registry_load(&reports, NULL);
    folder_remove(registry_folder);
    in.code = (char *)"x";
    in.create = true;
    in.name = (char *)"X";
    in.has_role = true;
    in.role = BB__ROLE__ROLE_PARTNER;
    assert_true(put(registry, &in, &changed, message) < 0);
    assert_int_equal(bb_registry_count(registry), 0);
    assert_null(registry_find(registry, "x"));
    bb_registry_destroy(&registry);
    folder_make(registry_folder); /* for teardown */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_enter),
        cmocka_unit_test_setup_teardown(puts_and_reads_back, registry_setup, registry_teardown),
        cmocka_unit_test_setup_teardown(refuses_puts, registry_setup, registry_teardown),
        cmocka_unit_test_setup_teardown(a_failed_write_changes_nothing, registry_setup, registry_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
