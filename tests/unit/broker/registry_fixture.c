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
