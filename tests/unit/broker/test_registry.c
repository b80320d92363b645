/* The registry: files in a folder, read, broken, clashing. */
#include "registry_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static void
reads_a_file(void **state)
{
    struct registry_reports reports;
    struct bb_registry *registry;
    const struct bb_organization *o;

    (void)state;
    registry_write("hsd",
                   "name = 'Hartford \\'s School District'\nrole = \"partner\" # comment\n"
                   "aliases = {'Hartford', 'HSD ${HOME}'}\nshare-own-line = true\njoined = '2024-02-29'\n"
                   "member main {\n    key = '" KEY_A "'\n}\n");
    registry_write("empty", "name = 'E'\nrole = 'observer'\nenabled = false\n");
    registry = registry_load(&reports, NULL);
    assert_int_equal(reports.count, 0);
    assert_int_equal(bb_registry_count(registry), 2);
    o = registry_find(registry, "HSD ${HOME}");
    assert_non_null(o);
    assert_string_equal(o->code, "hsd");
    assert_string_equal(o->name, "Hartford 's School District");
    assert_int_equal(o->role, BB__ROLE__ROLE_PARTNER);
    assert_true(o->enabled && o->share_own_line);
    assert_string_equal(o->joined, "2024-02-29");
    assert_ptr_equal(registry_find(registry, "hsd"), o);
    assert_ptr_equal(registry_find(registry, "Hartford"), o);
    assert_ptr_equal(registry_find(registry, "Hartford 's School District"), o);
    assert_ptr_equal(registry_find_key(registry, KEY_A), o);
    assert_null(registry_find_key(registry, KEY_B));
    assert_null(registry_find(registry, "HSD"));
    assert_null(registry_find(registry, ""));
    o = registry_find(registry, "E");
    assert_false(o->enabled);
    assert_string_equal(registry_key(o), "");
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
        {"member", "name = 'B'\nrole = 'partner'\nmember 'no code' {\n}\n",
         "bad.conf:4: member: its name is a code"},
        {"role of a member", "name = 'B'\nrole = 'partner'\nmember main {\n role = 'boss'\n}\n",
         "bad.conf:4: role: found \"boss\", expected manager"},
        {"role of another class", "name = 'B'\nrole = 'partner'\nmember main {\n role = 'manager'\n}\n",
         "member main: role: found \"manager\", expected one of partner"},
        {"class as a role", "name = 'B'\nrole = 'partner'\nmember main {\n role = 'partner'\n}\n",
         "bad.conf:4: role"},
        {"old key without its end",
         "name = 'B'\nrole = 'partner'\nmember main {\n old-key = '" KEY_A "'\n}\n",
         "old-key-until is missing"},
        {"time", "name = 'B'\nrole = 'partner'\nmember main {\n old-key-until = 'soon'\n}\n",
         "bad.conf:4: old-key-until"},
        {"indicator", "name = 'B'\nrole = 'partner'\nindicators = {'no code'}\n", "bad.conf:3: indicators"},
        {"limited staff", "name = 'B'\nrole = 'staff'\nindicators = {'x'}\n",
         "bad.conf: indicators: staff take part"},
        {"revoked", "name = 'B'\nrole = 'partner'\nrevoked = {'short'}\n", "bad.conf:3: revoked"},
        {"invitation", "name = 'B'\nrole = 'partner'\ninvitation one {\n}\n", "16 hexadecimal digits"},
        {"half an invitation",
         "name = 'B'\nrole = 'partner'\ninvitation 0123456789abcdef {\n member = 'main'\n}\n",
         "member, role, hash and expires are needed"},
        {"bool", "name = 'B'\nrole = 'partner'\nenabled = perhaps\n", "bad.conf:3"},
        {"empty", "", "name is missing"},
        {"binary",
         "\x7f"
         "ELF\x02\x01\x1b[31m\xff\xfe \xE2\x80\xAE = 'x'\n",
         "\\x"},
    };

    (void)state;
    registry_write("good", "name = 'G'\nrole = 'partner'\n");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct registry_reports reports;
        struct bb_registry *registry;

        registry_write("bad", table[i].content);
        registry = registry_load(&reports, NULL);
        if (reports.count != 1 || !strstr(reports.last, table[i].message))
            fail_msg("%s: %u reports, the last one: %s", table[i].what, reports.count, reports.last);
        for (const char *c = reports.last; *c; c++) /* it is for a log */
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7F && (unsigned char)*c < 0xFE);
        assert_int_equal(bb_registry_count(registry), 1);
        assert_non_null(registry_find(registry, "good"));
        bb_registry_destroy(&registry);
    }
}

static void
leaves_out_strange_files(void **state)
{
    struct registry_reports reports;
    struct bb_registry *registry;
    char path[512];

    (void)state;
    registry_write("good", "name = 'G'\nrole = 'partner'\n");
    registry_write(".hidden", "name = 'H'\nrole = 'partner'\n");
    registry_write("not a code", "name = 'N'\nrole = 'partner'\n");
    snprintf(path, sizeof path, "%s/folder.conf", registry_folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/link.conf", registry_folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/readme.txt", registry_folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    registry = registry_load(&reports, NULL);
    assert_int_equal(bb_registry_count(registry), 1);
    assert_int_equal(reports.count, 2);
    bb_registry_destroy(&registry);
    snprintf(path, sizeof path, "%s/link.conf", registry_folder);
    assert_int_equal(unlink(path), 0);
    registry = registry_load(&reports, NULL);
    assert_non_null(strstr(reports.last, "/folder.conf: a folder, expected a file"));
    bb_registry_destroy(&registry);
}

static void
leaves_out_the_code_of_operators(void **state)
{
    struct registry_reports reports;
    struct bb_registry *registry;

    (void)state;
    registry_write("operator", "name = 'O'\nrole = 'staff'\n");
    registry_write("communication", "name = 'C'\nrole = 'partner'\n");
    registry_write("operators", "name = 'P'\nrole = 'staff'\n");
    registry = registry_load(&reports, NULL);
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

    snprintf(path, sizeof path, "%s/%s.conf", registry_folder, code);
    assert_int_equal(unlink(path), 0);
}

static void
a_clash_at_a_start_leaves_both_out(void **state)
{
    (void)state;
    registry_write("m", MU);
    registry_write("good", "name = 'G'\nrole = 'partner'\n");
    for (size_t i = 0; i < 2 * sizeof clashes / sizeof clashes[0]; i++) {
        struct registry_reports reports;
        struct bb_registry *registry;

        registry_write(others[i % 2], clashes[i / 2].content);
        registry = registry_load(&reports, NULL);
        assert_int_equal(reports.count, 2);
        assert_non_null(strstr(reports.last, "both are left out"));
        assert_int_equal(bb_registry_count(registry), 1);
        assert_non_null(registry_find(registry, "good"));
        assert_null(registry_find_key(registry, KEY_A));
        bb_registry_destroy(&registry);
        remove_file(others[i % 2]);
    }
}

static void
a_clash_leaves_what_is_served_in_place(void **state)
{
    struct registry_reports reports;
    struct bb_registry *before, *registry;

    (void)state;
    registry_write("m", MU);
    before = registry_load(&reports, NULL);
    for (size_t i = 0; i < 2 * sizeof clashes / sizeof clashes[0]; i++) {
        char file[16];

        snprintf(file, sizeof file, "/%s.conf: ", others[i % 2]);
        registry_write(others[i % 2], clashes[i / 2].content);
        registry = registry_load(&reports, before);
        if (reports.count != 1 || !strstr(reports.last, file) ||
            !strstr(reports.last, clashes[i / 2].claim) || !strstr(reports.last, "m.conf, which has it now"))
            fail_msg("%u reports, the last one: %s", reports.count, reports.last);
        assert_int_equal(bb_registry_count(registry), 1);
        assert_string_equal(registry_find_key(registry, KEY_A)->code, "m");
        bb_registry_destroy(&registry);
        remove_file(others[i % 2]);
    }
    registry_write("m", "name = 'Mu'\nrole = 'partner'\n"); /* given up: the other one may have it */
    registry_write("b", "name = 'Mu Schools'\nrole = 'partner'\nmember main { key = '" KEY_A "' }\n");
    registry = registry_load(&reports, before);
    assert_int_equal(reports.count, 0);
    assert_string_equal(registry_find_key(registry, KEY_A)->code, "b");
    bb_registry_destroy(&registry);
    bb_registry_destroy(&before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_a_file, registry_setup, registry_teardown),
        cmocka_unit_test_setup_teardown(leaves_out_what_is_broken, registry_setup, registry_teardown),
        cmocka_unit_test_setup_teardown(leaves_out_strange_files, registry_setup, registry_teardown),
        cmocka_unit_test_setup_teardown(leaves_out_the_code_of_operators, registry_setup, registry_teardown),
        cmocka_unit_test_setup_teardown(a_clash_at_a_start_leaves_both_out, registry_setup,
                                        registry_teardown),
        cmocka_unit_test_setup_teardown(a_clash_leaves_what_is_served_in_place, registry_setup,
                                        registry_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
