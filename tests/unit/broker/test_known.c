/* What the log says of the registry's files, against what they say. */
#include "broker/known.h"

#include "registry_fixture.h"
#include "runtime/auditline.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

static struct {
    char text[1024];
    struct bb_known *known; /* told of what was found */
} found;

static void
differs(void *self, const char *code, const char *action, uint64_t digest)
{
    size_t len = strlen(found.text);

    (void)self;
    snprintf(found.text + len, sizeof found.text - len, "%s%s %s%s", len ? ", " : "", action, code,
             digest ? "" : " (none)");
    assert_int_equal(bb_known_set(found.known, bb_bytes_str(code), digest, true), 0);
}

static const char *
compare(struct bb_known *known, const struct bb_registry *registry)
{
    found.text[0] = '\0';
    found.known = known;
    bb_known_compare(known, registry, differs, NULL);
    return found.text;
}

static struct bb_registry *
registry_now(void)
{
    struct registry_reports reports;
    struct bb_registry *registry = registry_load(&reports, NULL);

    return registry;
}

static void
notices(void **state)
{
    struct bb_known known = {NULL};
    struct bb_registry *registry;

    (void)state;
    registry_write("alpha", "name = 'Alpha'\nrole = 'partner'\n");
    registry_write("beta", "name = 'Beta'\nrole = 'partner'\n");
    registry = registry_now();
    assert_string_equal(compare(&known, registry), "registry.added alpha, registry.added beta");
    assert_string_equal(compare(&known, registry), "");
    bb_registry_destroy(&registry);

    registry_write("alpha", "name = 'Alpha one'\nrole = 'partner'\n# a comment is no change\n");
    registry_write("beta", "# a comment is no change\nname = 'Beta'\nrole = 'partner'\n");
    registry_write("gamma", "name = 'Gamma'\nrole = 'partner'\n");
    registry = registry_now();
    assert_string_equal(compare(&known, registry), "registry.edited alpha, registry.added gamma");
    bb_registry_destroy(&registry);

    registry_write("gamma", "name = 'Gam\n"); /* broken */
    registry_write("alpha", "name = 'Alpha'\nrole = 'partner'\n");
    registry = registry_now();
    assert_string_equal(compare(&known, registry), "registry.edited alpha, registry.removed gamma (none)");
    assert_string_equal(compare(&known, registry), "");
    bb_registry_destroy(&registry);
    bb_known_release(&known);
}

/* A change was recorded and then not made. */
static void
restored(void **state)
{
    struct bb_known known = {NULL};
    struct bb_registry *registry;
    const struct bb_organization *o;

    (void)state;
    registry_write("alpha", "name = 'Alpha'\nrole = 'partner'\n");
    registry = registry_now();
    compare(&known, registry);
    o = registry_find(registry, "alpha");
    assert_int_equal(bb_known_set(&known, bb_bytes_str("alpha/main"), o->whole + 1, false), 0);
    assert_int_equal(bb_known_set(&known, bb_bytes_str("delta"), 7, false), 0);
    assert_string_equal(compare(&known, registry), "registry.restored alpha, registry.restored delta (none)");
    assert_string_equal(compare(&known, registry), "");
    bb_registry_destroy(&registry);
    bb_known_release(&known);
}

/* As lines of the log say it; the others are none of its business. */
static void
reads_lines(void **state)
{
    static const struct bb_audit_entry entries[] = {
        {.action = "partner.put", .object = "alpha", .has_digest = true, .digest = 1},
        {.action = "member.put", .object = "alpha/second", .has_digest = true, .digest = 2},
        {.action = "registry.edited", .object = "beta", .has_digest = true, .digest = 3},
        {.action = "indicator.define", .object = "measurement"},
        {.action = "partner.put", .object = "gamma", .has_digest = true, .digest = 4},
        {.action = "partner.put",
         .object = "gamma",
         .has_digest = true,
         .digest = 0,
         .outcome = BB_AUDIT_FAILED},
    };
    struct bb_audit_link link = {.sequence = 0};
    struct bb_known known = {NULL};
    struct bb_registry *registry;

    (void)state;
    for (size_t i = 0; i < COUNT(entries); i++) {
        char line[BB_AUDIT_LINE_BYTES];
        size_t len;

        assert_int_equal(bb_audit_line(&link, 0, &entries[i], line, &len, &link), 0);
        assert_int_equal(bb_known_read(&known, bb_bytes(line, len - 1)), 0);
    }
    registry = registry_now();
    assert_string_equal(compare(&known, registry),
                        "registry.removed alpha (none), registry.removed beta (none)");
    bb_registry_destroy(&registry);
    bb_known_release(&known);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, registry_setup, registry_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST(notices), TEST(restored), TEST(reads_lines)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
