/* What the broker says of organizations. */
#include "define_core.h"

#include <errno.h>

bool
bb_directory_same(const struct bb_head *head, const Bb__Organization *organization, uint32_t id)
{
    const struct bb_object *known = bb_catalogue_get(&head->catalogue, BB_OBJECT_ORGANIZATION, id);
    struct bb_buffer packed;
    bool same = false;

    if (bb_define_pack(&organization->base, &packed) == 0)
        same =
            known && bb_bytes_equal(bb_bytes(known->details, known->details_len), bb_buffer_bytes(&packed));
    bb_buffer_release(&packed);
    return same;
}

static bool
organization_goes_by(const Bb__Organization *organization, const char *text)
{
    if (strcmp(organization->code, text) == 0 || strcmp(organization->name, text) == 0)
        return true;
    for (size_t i = 0; i < organization->n_alias; i++)
        if (strcmp(organization->alias[i], text) == 0)
            return true;
    return false;
}

/* A name that the organization does not go by any more leads to nobody, until somebody else takes it: a file
 * with the old name is refused rather than taken for another's. */
static int
give_up_name(struct bb_head *head, uint32_t id, const char *text)
{
    bool canonical;
    uint32_t owner;
    int r = bb_define_find(head, BB_OBJECT_ORGANIZATION, text, &owner, &canonical);

    if (r != 0 || owner != id || canonical)
        return r < 0 ? r : 0;
    return bb_names_set(head->names, head->filling, BB_OBJECT_ORGANIZATION, bb_bytes_str(text), BB_ID_NONE,
                        false);
}

static int
give_up_names(struct bb_head *head, uint32_t id, const Bb__Organization *next)
{
    struct bb_arena arena;
    Bb__Organization *before;
    int r;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    r = bb_define_details(head, BB_OBJECT_ORGANIZATION, id, &arena, &bb__organization__descriptor,
                          (ProtobufCMessage **)&before);
    if (r == 0 && !organization_goes_by(next, before->name))
        r = give_up_name(head, id, before->name);
    for (size_t i = 0; r == 0 && i < before->n_alias; i++)
        if (!organization_goes_by(next, before->alias[i]))
            r = give_up_name(head, id, before->alias[i]);
    bb_arena_release(&arena);
    return r > 0 ? 0 : r;
}

/* A name or alias; not where it is the code of another organization, which leads to that one for ever: who
 * gives out names must not be able to put one in the place of another. */
static int
take_name(struct bb_head *head, uint32_t id, const char *text)
{
    struct bb_bytes name = bb_bytes_str(text);
    uint32_t owner;
    int r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION, name, &owner);

    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    return bb_names_set(head->names, head->filling, BB_OBJECT_ORGANIZATION, name, id, false);
}

static int
apply_organization(struct bb_head *head, const Bb__Organization *organization)
{
    struct bb_bytes code = bb_bytes_str(organization->code);
    uint32_t id;
    int r = bb_names_find_own(head->names, head->txn, BB_OBJECT_ORGANIZATION, code, &id);

    if (r == BB_STORE_E_NOT_FOUND)
        r = bb_names_add(head->names, head->filling, BB_OBJECT_ORGANIZATION, code, &id);
    else if (r == 0)
        r = give_up_names(head, id, organization);
    if (r == 0)
        r = take_name(head, id, organization->name);
    for (size_t i = 0; r == 0 && i < organization->n_alias; i++)
        r = take_name(head, id, organization->alias[i]);
    return r == 0
               ? bb_define_object(head, BB_OBJECT_ORGANIZATION, id, organization->code, &organization->base)
               : r;
}

int
bb_apply_directory(struct bb_head *head, const Bb__EntryDirectory *entry)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < entry->n_organization; i++)
        r = apply_organization(head, entry->organization[i]);
    return r;
}
