#include "registry_fixture.h"

char registry_folder[FOLDER_BYTES];

int
registry_setup(void **state)
{
    (void)state;
    folder_make(registry_folder);
    return 0;
}

int
registry_teardown(void **state)
{
    (void)state;
    folder_remove(registry_folder);
    return 0;
}

void
registry_write(const char *code, const char *content)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.conf", registry_folder, code);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static void
report(void *self, const char *message)
{
    struct registry_reports *reports = self;

    reports->count++;
    snprintf(reports->last, sizeof reports->last, "%s", message);
}

struct bb_registry *
registry_load(struct registry_reports *reports, const struct bb_registry *previous)
{
    struct bb_registry *registry = NULL;

    *reports = (struct registry_reports){.count = 0};
    assert_int_equal(bb_registry_load(registry_folder, previous, report, reports, &registry), 0);
    return registry;
}

const struct bb_organization *
registry_find(const struct bb_registry *registry, const char *text)
{
    return bb_registry_find(registry, bb_bytes_str(text));
}

const struct bb_organization *
registry_find_key(const struct bb_registry *registry, const char *key)
{
    struct bb_key_holder holder;

    return bb_registry_find_key(registry, bb_bytes_str(key), &holder) ? holder.organization : NULL;
}

const char *
registry_key(const struct bb_organization *organization)
{
    const struct bb_member *member = bb_organization_member(organization, BB_MEMBER_MAIN);

    return member ? member->key : "";
}

struct putting {
    const Bb__PartnerPut *put;
    const char *today;
};

static int
apply_put(void *self, struct bb_organization *organization, bool is_new, char *message)
{
    const struct putting *putting = self;

    return bb_partner_put(organization, is_new, putting->put, putting->today, message);
}

int
registry_put(struct bb_registry *registry, const Bb__PartnerPut *put, const char *today,
             const struct bb_organization **ret_organization, bool *ret_changed, char *message)
{
    struct putting putting = {put, today};
    const struct bb_registry_change change = {.code = put->code, .apply = apply_put, .self = &putting};

    return bb_registry_change(registry, &change, ret_organization, ret_changed, message);
}
