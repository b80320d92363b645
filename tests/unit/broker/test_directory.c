/* The directory in parts: each fits, together they are the registry. */
#include "broker/directory.h"

#include "tests/unit/folder.h"

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

struct heard {
    unsigned parts;
    size_t organizations;
    uint64_t version;
    bool final;
};

static void
hear(void *self, const Bb__Directory *directory)
{
    struct heard *heard = self;

    assert_true(bb__directory__get_packed_size(directory) <= BB_DIRECTORY_PART_BYTES);
    if (directory->full)
        assert_int_equal(directory->first, heard->parts == 0);
    assert_false(heard->final);
    heard->final = directory->final;
    heard->parts++;
    heard->organizations += directory->n_organization;
    heard->version = directory->version;
}

static void
ignore(void *self, const char *message)
{
    (void)self;
    fail_msg("%s", message);
}

static struct bb_registry *
registry_of(unsigned n)
{
    struct bb_registry *registry = NULL;
    char name[301];

    memset(name, 'n', 290);
    for (unsigned i = 0; i < n; i++) {
        char path[128];
        FILE *file;

        snprintf(path, sizeof path, "%s/o%05u.conf", folder, i);
        file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "name = '%.280s%05u'\nrole = 'partner'\n", name, i);
        assert_int_equal(fclose(file), 0);
    }
    assert_int_equal(bb_registry_load(folder, NULL, ignore, NULL, &registry), 0);
    return registry;
}

static void
whole(void **state)
{
    static const struct {
        unsigned organizations;
        unsigned parts;
    } table[] = {{0, 1}, {1, 1}, {2000, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct bb_registry *registry = registry_of(table[i].organizations);
        struct heard heard = {.parts = 0};

        assert_int_equal(bb_directory_full(registry, hear, &heard), 0);
        assert_int_equal(heard.parts, table[i].parts);
        assert_int_equal(heard.organizations, table[i].organizations);
        assert_int_equal(heard.version, bb_registry_version(registry));
        assert_true(heard.final);
        bb_registry_destroy(&registry);
    }
}

static void
update(void **state)
{
    struct bb_registry *registry = registry_of(3);
    struct heard heard = {.parts = 0};

    (void)state;
    bb_directory_update(registry, bb_registry_at(registry, 1), hear, &heard);
    assert_int_equal(heard.parts, 1);
    assert_int_equal(heard.organizations, 1);
    bb_registry_destroy(&registry);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole, setup, teardown),
        cmocka_unit_test_setup_teardown(update, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
