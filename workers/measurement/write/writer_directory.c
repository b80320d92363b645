/* The directory of organizations that the broker sends.
 *
 * What the broker said last is kept until a commit has it: the broker says it once. */
#include "writer_core.h"

#include "define.h"

#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/log.h"

#include "journal.pb-c.h"
#include "wire.pb-c.h"

#include <errno.h>
#include <stdlib.h>

#define LEAVERS_PER_ENTRY 500u

const struct bb_codes *
bb_writer_limit(const struct bb_writer *writer, const struct bb_work *work, uint32_t organization)
{
    const struct bb_object *object =
        bb_catalogue_get(&writer->head.catalogue, BB_OBJECT_ORGANIZATION, organization);

    return object && bb_role_class(work->role) != BB__ROLE__ROLE_STAFF ? object->limit : NULL;
}

static int
see_organization(struct bb_writer *writer, uint32_t id)
{
    if (id >= writer->seen_size) {
        uint32_t size = writer->seen_size ? writer->seen_size : 256;
        uint8_t *seen;
        while (size <= id)
            size *= 2;
        seen = realloc(writer->seen, size);
        if (!seen)
            return -ENOMEM;
        memset(seen + writer->seen_size, 0, size - writer->seen_size);
        writer->seen = seen;
        writer->seen_size = size;
    }
    writer->seen[id] = 1;
    return 0;
}

/* Bring an organization into the head if it is new or other than known, and into the entry. */
static int
take_organization(struct bb_writer *writer, Bb__Organization *organization, Bb__EntryDirectory *entry)
{
    struct bb_bytes code = bb_bytes_str(organization->code);
    Bb__EntryDirectory one = BB__ENTRY_DIRECTORY__INIT;
    struct bb_head *head = &writer->head;
    uint32_t id;
    int r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION, code, &id);

    if (r < 0)
        return r;
    if (r != 0 || !bb_directory_same(head, organization, id)) {
        one.organization = &organization;
        one.n_organization = 1;
        r = bb_apply_directory(head, &one);
        entry->organization[entry->n_organization++] = organization;
    }
    if (r == 0)
        r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION, code, &id);
    return r == 0 ? see_organization(writer, id) : r;
}

static int
stage_directory(struct bb_writer *writer, Bb__EntryDirectory *entry)
{
    int r = entry->n_organization ? bb_writer_stage(writer, BB_ENTRY_DIRECTORY, &entry->base, 0, NULL) : 0;

    entry->n_organization = 0;
    return r;
}

/* What a full directory does not name has left: it stays known, because its readings stay, but is not
 * enabled. */
static int
take_leavers(struct bb_writer *writer, Bb__EntryDirectory *entry)
{
    uint32_t n = writer->head.catalogue.size[0];
    int r = 0;

    for (uint32_t id = 1; r == 0 && id < n; id++) {
        const struct bb_object *object =
            bb_catalogue_get(&writer->head.catalogue, BB_OBJECT_ORGANIZATION, id);
        Bb__Organization *organization;
        if (!object || (id < writer->seen_size && writer->seen[id]))
            continue;
        r = bb_unpack(bb__organization, bb_bytes(object->details, object->details_len), &writer->arena,
                      &organization);
        if (r != 0 || (organization->has_enabled && !organization->enabled))
            continue;
        organization->has_enabled = true;
        organization->enabled = false;
        r = take_organization(writer, organization, entry);
        if (r == 0 && entry->n_organization == LEAVERS_PER_ENTRY)
            r = stage_directory(writer, entry);
    }
    return r;
}

static int
take_directory(struct bb_writer *writer, const Bb__Directory *directory)
{
    size_t size =
        directory->n_organization > LEAVERS_PER_ENTRY ? directory->n_organization : LEAVERS_PER_ENTRY;
    Bb__EntryDirectory entry = BB__ENTRY_DIRECTORY__INIT;
    int r = 0;

    entry.organization = bb_arena_alloc(&writer->arena, (size + 1) * sizeof *entry.organization);
    if (!entry.organization)
        return -ENOMEM;
    if (directory->full && directory->first && writer->seen)
        memset(writer->seen, 0, writer->seen_size);
    for (size_t i = 0; r == 0 && i < directory->n_organization; i++)
        r = take_organization(writer, directory->organization[i], &entry);
    if (r == 0)
        r = stage_directory(writer, &entry);
    if (r == 0 && directory->full && directory->final)
        r = take_leavers(writer, &entry);
    return r == 0 ? stage_directory(writer, &entry) : r;
}

static void
take(struct bb_writer *writer, struct bb_bytes packed)
{
    Bb__Directory *directory;
    int r;

    bb_arena_reset(&writer->arena);
    r = bb_unpack(bb__directory, packed, &writer->arena, &directory);
    if (r == 0)
        r = take_directory(writer, directory);
    if (r != 0) {
        bb_error("the directory of the broker cannot be taken in: %s", strerror(-r));
        writer->rebuild = true;
    }
}

int
bb_writer_directory(struct bb_writer *writer, struct bb_bytes packed)
{
    uint8_t length[4];
    int r;

    bb_put_u32(length, (uint32_t)packed.len);
    bb_buffer_append(&writer->directories, length, sizeof length);
    bb_buffer_append(&writer->directories, packed.data, packed.len);
    if (writer->directories.error)
        return writer->directories.error;
    if (writer->rebuild)
        return 0;
    r = bb_writer_begin(writer);
    if (r == 0)
        take(writer, packed);
    return r;
}

int
bb_writer_take_directories_again(struct bb_writer *writer)
{
    struct bb_bytes all = bb_buffer_bytes(&writer->directories);
    int r = all.len ? bb_writer_begin(writer) : 0;

    for (size_t at = 0; r == 0 && at < all.len;) {
        uint32_t len = bb_get_u32(all.data + at);
        take(writer, bb_bytes(all.data + at + 4, len));
        at += 4 + len;
    }
    return r;
}
