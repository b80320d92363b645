/* The registry: files in a temporary folder, read, broken, clashing, changed. */
#include "broker/registry.h"

#include "proto/errors.h"
#include "tests/unit/folder.h"

#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

struct reports {
    unsigned count;
    char last[2048];
};

static char folder[FOLDER_BYTES];

static int
setup(void **state)
{
    (void)state;
    folder_make(folder);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static void
write_file(const char *code, const char *content)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.conf", folder, code);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static void
report(void *self, const char *message)
{
    struct reports *reports = self;

    reports->count++;
    snprintf(reports->last, sizeof reports->last, "%s", message);
}

static struct bb_registry *
load(struct reports *reports, const struct bb_registry *previous)
{
    struct bb_registry *registry = NULL;

    *reports = (struct reports){.count = 0};
    assert_int_equal(bb_registry_load(folder, previous, report, reports, &registry), 0);
    return registry;
}

static const struct bb_organization *
find(const struct bb_registry *registry, const char *text)
{
    return bb_registry_find(registry, bb_bytes_str(text));
}

static void
reads_a_file(void **state)
{
    struct reports reports;
    struct bb_registry *registry;
    const struct bb_organization *o;

    (void)state;
    write_file("hsd", "name = 'Hartford \\'s School District'\nrole = \"partner\" # comment\n"
                      "aliases = {'Hartford', 'HSD ${HOME}'}\nshare-own-line = true\njoined = '2024-02-29'\n"
                      "member main {\n    key = '" KEY_A "'\n}\n");
    write_file("empty", "name = 'E'\nrole = 'observer'\nenabled = false\n");
    registry = load(&reports, NULL);
    assert_int_equal(reports.count, 0);
    assert_int_equal(bb_registry_count(registry), 2);
    o = find(registry, "HSD ${HOME}");
    assert_non_null(o);
    assert_string_equal(o->code, "hsd");
    assert_string_equal(o->name, "Hartford 's School District");
    assert_int_equal(o->role, BB__ROLE__ROLE_PARTNER);
    assert_true(o->enabled && o->share_own_line);
    assert_string_equal(o->joined, "2024-02-29");
    assert_ptr_equal(find(registry, "hsd"), o);
    assert_ptr_equal(find(registry, "Hartford"), o);
    assert_ptr_equal(find(registry, "Hartford 's School District"), o);
    assert_ptr_equal(bb_registry_find_key(registry, bb_bytes_str(KEY_A)), o);
    assert_null(bb_registry_find_key(registry, bb_bytes_str(KEY_B)));
    assert_null(find(registry, "HSD"));
    assert_null(find(registry, ""));
    o = find(registry, "E");
    assert_false(o->enabled);
    assert_string_equal(o->key, "");
    assert_ptr_equal(bb_registry_at(registry, 0), o); /* in order of code */
    assert_ptr_equal(bb_registry_after(registry, bb_bytes_str("")), o);
    assert_string_equal(bb_registry_after(registry, bb_bytes_str("empty"))->code, "hsd");
    assert_null(bb_registry_after(registry, bb_bytes_str("hsd")));
    bb_registry_destroy(&registry);
}

static void
leaves_out_what_is_broken(void **state)
{
    static const struct {
        const char *what;
        const char *content;
        const char *message; /* a part of it */
    } table[] = {
        {"unknown key", "name = 'B'\nrole = 'partner'\nnonsense = 'x'\n", "bad.conf:3"},
        {"syntax", "name = 'B'\nrole = \n= 'partner'\n", "bad.conf:"},
        {"role", "name = 'B'\nrole = 'king'\n", "bad.conf:2: role: found \"king\""},
        {"operator is no role of an organization", "name = 'B'\nrole = 'operator'\n", "bad.conf:2"},
        {"no name", "role = 'partner'\n", "name is missing"},
        {"no role", "name = 'B'\n", "role is missing"},
        {"empty name", "name = ''\nrole = 'partner'\n", "bad.conf:1: name"},
        {"control character", "name = 'a\tb'\nrole = 'partner'\n", "bad.conf:1: name"},
        {"invalid UTF-8", "name = 'a\xff'\nrole = 'partner'\n", "bad.conf:1: name"},
        {"alias", "name = 'B'\nrole = 'partner'\naliases = {'fine', ' not'}\n", "bad.conf:3: aliases"},
        {"mark of direction", "name = 'a\xE2\x80\xAE'\nrole = 'partner'\n",
         "bad.conf:1: name: found \"a\\u202E"},
        {"white space", "name = 'a\xC2\xA0'\nrole = 'partner'\n", "bad.conf:1: name"},
        {"date", "name = 'B'\nrole = 'partner'\njoined = '2023-02-29'\n", "bad.conf:3: joined"},
        {"month", "name = 'B'\nrole = 'partner'\nleft = '2023-02'\n", "bad.conf:3: left"},
        {"key", "name = 'B'\nrole = 'partner'\nmember main {\n key = 'short'\n}\n", "bad.conf:4: key"},
        {"member", "name = 'B'\nrole = 'partner'\nmember other {\n}\n", "member: the only one"},
        {"bool", "name = 'B'\nrole = 'partner'\nenabled = perhaps\n", "bad.conf:3"},
        {"empty", "", "name is missing"},
        {"binary",
         "\x7f"
         "ELF\x02\x01\x1b[31m\xff\xfe \xE2\x80\xAE = 'x'\n",
         "\\x"},
    };

    (void)state;
    write_file("good", "name = 'G'\nrole = 'partner'\n");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct reports reports;
        struct bb_registry *registry;

        write_file("bad", table[i].content);
        registry = load(&reports, NULL);
        if (reports.count != 1 || !strstr(reports.last, table[i].message))
            fail_msg("%s: %u reports, the last one: %s", table[i].what, reports.count, reports.last);
        for (const char *c = reports.last; *c; c++) /* it is for a log */
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7F && (unsigned char)*c < 0xFE);
        assert_int_equal(bb_registry_count(registry), 1);
        assert_non_null(find(registry, "good"));
        bb_registry_destroy(&registry);
    }
}

static void
leaves_out_strange_files(void **state)
{
    struct reports reports;
    struct bb_registry *registry;
    char path[512];

    (void)state;
    write_file("good", "name = 'G'\nrole = 'partner'\n");
    write_file(".hidden", "name = 'H'\nrole = 'partner'\n");
    write_file("not a code", "name = 'N'\nrole = 'partner'\n");
    snprintf(path, sizeof path, "%s/folder.conf", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/link.conf", folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/readme.txt", folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    registry = load(&reports, NULL);
    assert_int_equal(bb_registry_count(registry), 1);
    assert_int_equal(reports.count, 2);
    bb_registry_destroy(&registry);
    snprintf(path, sizeof path, "%s/link.conf", folder);
    assert_int_equal(unlink(path), 0);
    registry = load(&reports, NULL);
    assert_non_null(strstr(reports.last, "/folder.conf: a folder, expected a file"));
    bb_registry_destroy(&registry);
}

static void
leaves_out_the_code_of_operators(void **state)
{
    struct reports reports;
    struct bb_registry *registry;

    (void)state;
    write_file("operator", "name = 'O'\nrole = 'staff'\n");
    write_file("communication", "name = 'C'\nrole = 'partner'\n");
    write_file("operators", "name = 'P'\nrole = 'staff'\n");
    registry = load(&reports, NULL);
    assert_int_equal(bb_registry_count(registry), 1);
    assert_int_equal(reports.count, 2);
    assert_non_null(strstr(reports.last, ".conf: this code is reserved"));
    bb_registry_destroy(&registry);
}

/* What a second file takes that the first one has, as file and as claim. */
static const struct {
    const char *content;
    const char *claim;
} clashes[] = {
    {"name = 'Mu Schools'\nrole = 'partner'\n", "name \"Mu Schools\" is also the name in "},
    {"name = 'm'\nrole = 'partner'\n", "name \"m\" is also the code in "},
    {"name = 'B'\nrole = 'partner'\naliases = {'M1'}\n", "alias \"M1\" is also the alias in "},
    {"name = 'B'\nrole = 'partner'\naliases = {'x', 'Mu Schools'}\n",
     "alias \"Mu Schools\" is also the name in "},
    {"name = 'B'\nrole = 'partner'\nmember main { key = '" KEY_A "' }\n", "the key is also that of "},
};

/* Before and behind the first one in the alphabet: that must not matter. */
static const char *const others[] = {"b", "z"};

#define MU "name = 'Mu Schools'\nrole = 'partner'\naliases = {'M1'}\nmember main { key = '" KEY_A "' }\n"

static void
remove_file(const char *code)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s.conf", folder, code);
    assert_int_equal(unlink(path), 0);
}

static void
a_clash_at_a_start_leaves_both_out(void **state)
{
    (void)state;
    write_file("m", MU);
    write_file("good", "name = 'G'\nrole = 'partner'\n");
    for (size_t i = 0; i < 2 * sizeof clashes / sizeof clashes[0]; i++) {
        struct reports reports;
        struct bb_registry *registry;

        write_file(others[i % 2], clashes[i / 2].content);
        registry = load(&reports, NULL);
        assert_int_equal(reports.count, 2);
        assert_non_null(strstr(reports.last, "both are left out"));
        assert_int_equal(bb_registry_count(registry), 1);
        assert_non_null(find(registry, "good"));
        assert_null(bb_registry_find_key(registry, bb_bytes_str(KEY_A)));
        bb_registry_destroy(&registry);
        remove_file(others[i % 2]);
    }
}

static void
a_clash_leaves_what_is_served_in_place(void **state)
{
    struct reports reports;
    struct bb_registry *before, *registry;

    (void)state;
    write_file("m", MU);
    before = load(&reports, NULL);
    for (size_t i = 0; i < 2 * sizeof clashes / sizeof clashes[0]; i++) {
        char file[16];

        snprintf(file, sizeof file, "/%s.conf: ", others[i % 2]);
        write_file(others[i % 2], clashes[i / 2].content);
        registry = load(&reports, before);
        if (reports.count != 1 || !strstr(reports.last, file) ||
            !strstr(reports.last, clashes[i / 2].claim) || !strstr(reports.last, "m.conf, which has it now"))
            fail_msg("%u reports, the last one: %s", reports.count, reports.last);
        assert_int_equal(bb_registry_count(registry), 1);
        assert_string_equal(bb_registry_find_key(registry, bb_bytes_str(KEY_A))->code, "m");
        bb_registry_destroy(&registry);
        remove_file(others[i % 2]);
    }
    write_file("m", "name = 'Mu'\nrole = 'partner'\n"); /* given up: the other one may have it */
    write_file("b", "name = 'Mu Schools'\nrole = 'partner'\nmember main { key = '" KEY_A "' }\n");
    registry = load(&reports, before);
    assert_int_equal(reports.count, 0);
    assert_string_equal(bb_registry_find_key(registry, bb_bytes_str(KEY_A))->code, "b");
    bb_registry_destroy(&registry);
    bb_registry_destroy(&before);
}

static int
put(struct bb_registry *registry, Bb__PartnerPut *in, bool *ret_changed, char *message)
{
    const struct bb_organization *o = NULL;
    int r = bb_registry_put(registry, in, "2026-09-07", &o, ret_changed, message);

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
    struct reports reports;
    struct bb_registry *registry, *again;
    char message[BB_REGISTRY_MESSAGE];
    const struct bb_organization *o;
    bool changed;
    uint64_t version, number;

    (void)state;
    registry = load(&reports, NULL);
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
    number = find(registry, "hsd")->number;
    assert_int_equal(put(registry, &in, &changed, message), BB_ERROR_EXISTS);
    in.upsert = in.has_upsert = true;
    assert_int_equal(put(registry, &in, &changed, message), 0);
    assert_false(changed);
    assert_int_equal(bb_registry_version(registry), version);

    again = load(&reports, registry);
    assert_int_equal(reports.count, 0);
    assert_int_equal(bb_registry_version(again), version);
    o = find(again, "It's \\ ${HOME}");
    assert_non_null(o);
    assert_string_equal(o->name, in.name);
    assert_int_equal(o->n_alias, 2); /* neither the code nor the repeated one */
    assert_string_equal(o->joined, "2026-09-07");
    assert_string_equal(o->key, KEY_A);
    assert_int_equal(o->number, number);
    bb_registry_destroy(&again);

    Bb__PartnerPut change = BB__PARTNER_PUT__INIT;
    change.code = (char *)"hsd";
    change.key = (char *)KEY_B;
    change.has_enabled = true;
    change.enabled = false;
    assert_int_equal(put(registry, &change, &changed, message), 0);
    assert_true(changed);
    assert_null(bb_registry_find_key(registry, bb_bytes_str(KEY_A)));
    o = bb_registry_find_key(registry, bb_bytes_str(KEY_B));
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
    struct reports reports;
    struct bb_registry *registry;

    (void)state;
    write_file("a",
               "name = 'Alpha'\nrole = 'partner'\naliases = {'A1'}\nmember main { key = '" KEY_A "' }\n");
    write_file("broken", "name = \n");
    registry = load(&reports, NULL);
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
    struct reports reports;
    struct bb_registry *registry;
    char message[BB_REGISTRY_MESSAGE];
    bool changed;

    (void)state;
    registry = load(&reports, NULL);
    folder_remove(folder);
    in.code = (char *)"x";
    in.create = true;
    in.name = (char *)"X";
    in.has_role = true;
    in.role = BB__ROLE__ROLE_PARTNER;
    assert_true(put(registry, &in, &changed, message) < 0);
    assert_int_equal(bb_registry_count(registry), 0);
    assert_null(find(registry, "x"));
    bb_registry_destroy(&registry);
    folder_make(folder); /* for teardown */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_out_what_is_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_out_strange_files, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_out_the_code_of_operators, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clash_at_a_start_leaves_both_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clash_leaves_what_is_served_in_place, setup, teardown),
        cmocka_unit_test_setup_teardown(puts_and_reads_back, setup, teardown),
        cmocka_unit_test(who_may_enter),
        cmocka_unit_test_setup_teardown(refuses_puts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_write_changes_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
