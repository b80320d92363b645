#include "directory.h"

#include <errno.h>
#include <stdlib.h>

/* Tag and length of a submessage, and the directory's own fields. */
#define FIELD_BYTES 8u
#define FIXED_BYTES 64u

static void
emit_part(const struct bb_registry *registry, Bb__Organization **organizations, size_t from, size_t to,
          bb_directory_emit emit, void *self)
{
    Bb__Directory directory = BB__DIRECTORY__INIT;

    directory.version = bb_registry_version(registry);
    directory.full = true;
    directory.has_first = directory.has_final = true;
    directory.first = from == 0;
    directory.final = to == bb_registry_count(registry);
    directory.organization = organizations + from;
    directory.n_organization = to - from;
    emit(self, &directory);
}

int
bb_directory_full(const struct bb_registry *registry, bb_directory_emit emit, void *self)
{
    size_t count = bb_registry_count(registry), from = 0, bytes = FIXED_BYTES;
    Bb__Organization **organizations = malloc((count + 1) * sizeof(Bb__Organization *));
    int r = organizations ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < count; i++) {
        size_t size;

        organizations[i] = bb_organization_message(bb_registry_at(registry, i));
        size = bb__organization__get_packed_size(organizations[i]) + FIELD_BYTES;
        if (bytes + size > BB_DIRECTORY_PART_BYTES) {
            emit_part(registry, organizations, from, i, emit, self);
            from = i;
            bytes = FIXED_BYTES;
        }
        bytes += size;
    }
    if (r == 0)
        emit_part(registry, organizations, from, count, emit, self);
    free(organizations);
    return r;
}

void
bb_directory_update(const struct bb_registry *registry, const struct bb_organization *organization,
                    bb_directory_emit emit, void *self)
{
    Bb__Directory directory = BB__DIRECTORY__INIT;
    Bb__Organization *organizations[] = {bb_organization_message(organization)};

    directory.version = bb_registry_version(registry);
    directory.full = false;
    directory.organization = organizations;
    directory.n_organization = 1;
    emit(self, &directory);
}
