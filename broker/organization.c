/* What workers are told is made once, when the organization is sealed, since it is sent again to each of
 * them; its digest is that of the message as it is packed. Invitations and revoked keys are nobody else's
 * business: they are in the digest of the file alone. */
#include "organization.h"

#include "partner_file.h"
#include "runtime/buffer.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define REVOKED_MAX 2048u /* keys that are remembered of one organization: the last ones */

struct member_message {
    Bb__Member member;
    char *keys[2];
};

struct bb_organization_message {
    Bb__Organization organization;
    struct member_message *members;
    Bb__Member **pointers;
};

/* Life. */

struct bb_organization *
bb_organization_new(void)
{
    return calloc(1, sizeof(struct bb_organization));
}

static void
release_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

static void
release_invitation(struct bb_invitation *invitation)
{
    free(invitation->member);
    free(invitation->by);
}

static void
release_message(struct bb_organization *o)
{
    if (!o->message)
        return;
    free(o->message->members);
    free(o->message->pointers);
    free(o->message);
    o->message = NULL;
}

void
bb_organization_destroy(struct bb_organization **organization)
{
    struct bb_organization *o = *organization;

    if (!o)
        return;
    release_list(o->alias, o->n_alias);
    release_list(o->indicator, o->n_indicator);
    for (size_t i = 0; i < o->n_member; i++) {
        free(o->member[i].name);
        free(o->member[i].person);
    }
    for (size_t i = 0; i < o->n_invitation; i++)
        release_invitation(&o->invitation[i]);
    free(o->member);
    free(o->invitation);
    free(o->revoked);
    free(o->name);
    free(o->code);
    release_message(o);
    free(o);
    *organization = NULL;
}

static int
copy_members(const struct bb_organization *from, struct bb_organization *o)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < from->n_member; i++) {
        const struct bb_member *old = &from->member[i];
        struct bb_member *member;

        r = bb_organization_add_member(o, old->name, &member);
        if (r == 0)
            r = bb_member_set_person(member, old->person);
        if (r < 0)
            return r;
        member->role = old->role;
        member->old_key_until = old->old_key_until;
        memcpy(member->key, old->key, sizeof member->key);
        memcpy(member->old_key, old->old_key, sizeof member->old_key);
    }
    return r;
}

static int
copy_invitations(const struct bb_organization *from, struct bb_organization *o)
{
    for (size_t i = 0; i < from->n_invitation; i++) {
        const struct bb_invitation *old = &from->invitation[i];
        struct bb_invitation *invitation, filled;
        int r = bb_organization_add_invitation(o, old->member, old->by, &invitation);

        if (r < 0)
            return r;
        filled = *old;
        filled.member = invitation->member;
        filled.by = invitation->by;
        *invitation = filled;
    }
    return 0;
}

static int
copy_lists(const struct bb_organization *from, struct bb_organization *o)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < from->n_alias; i++)
        r = bb_organization_add_alias(o, from->alias[i]);
    for (size_t i = 0; r == 0 && i < from->n_indicator; i++)
        r = bb_organization_add_indicator(o, from->indicator[i]);
    for (size_t i = 0; r == 0 && i < from->n_revoked; i++)
        r = bb_organization_add_revoked(o, from->revoked[i]);
    if (r == 0)
        r = copy_members(from, o);
    return r == 0 ? copy_invitations(from, o) : r;
}

int
bb_organization_copy(const struct bb_organization *from, struct bb_organization **ret_organization)
{
    struct bb_organization *o = bb_organization_new();

    if (!o)
        return -ENOMEM;
    o->role = from->role;
    o->number = from->number;
    o->enabled = from->enabled;
    o->share_own_line = from->share_own_line;
    o->digest = from->digest;
    o->whole = from->whole;
    memcpy(o->joined, from->joined, sizeof o->joined);
    memcpy(o->left, from->left, sizeof o->left);
    o->code = strdup(from->code);
    o->name = strdup(from->name);
    if (!o->code || !o->name || copy_lists(from, o) < 0) {
        bb_organization_destroy(&o);
        return -ENOMEM;
    }
    *ret_organization = o;
    return 0;
}

/* Names, aliases, indicators. */

int
bb_organization_set_name(struct bb_organization *o, const char *name)
{
    char *copy = strdup(name);

    if (!copy)
        return -ENOMEM;
    free(o->name);
    o->name = copy;
    return 0;
}

static int
add_text(char ***list, size_t *n, const char *text)
{
    char **grown;

    for (size_t i = 0; i < *n; i++)
        if (strcmp(text, (*list)[i]) == 0)
            return 0;
    grown = realloc(*list, (*n + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    *list = grown;
    grown[*n] = strdup(text);
    if (!grown[*n])
        return -ENOMEM;
    (*n)++;
    return 0;
}

int
bb_organization_add_alias(struct bb_organization *o, const char *alias)
{
    if (strcmp(alias, o->code) == 0 || (o->name && strcmp(alias, o->name) == 0))
        return 0;
    return add_text(&o->alias, &o->n_alias, alias);
}

int
bb_organization_add_indicator(struct bb_organization *o, const char *code)
{
    return add_text(&o->indicator, &o->n_indicator, code);
}

void
bb_organization_clear_indicators(struct bb_organization *o)
{
    release_list(o->indicator, o->n_indicator);
    o->indicator = NULL;
    o->n_indicator = 0;
}

bool
bb_organization_may_enter(const struct bb_organization *organization, const char *today)
{
    return organization->enabled && (!organization->left[0] || strcmp(today, organization->left) < 0);
}

/* Members. */

struct bb_member *
bb_organization_member(const struct bb_organization *o, const char *name)
{
    for (size_t i = 0; i < o->n_member; i++)
        if (strcmp(o->member[i].name, name) == 0)
            return &o->member[i];
    return NULL;
}

int
bb_organization_add_member(struct bb_organization *o, const char *name, struct bb_member **ret_member)
{
    struct bb_member *grown = realloc(o->member, (o->n_member + 1) * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    o->member = grown;
    grown[o->n_member] = (struct bb_member){.name = strdup(name), .role = o->role};
    if (!grown[o->n_member].name)
        return -ENOMEM;
    *ret_member = &grown[o->n_member++];
    return 0;
}

int
bb_member_set_person(struct bb_member *member, const char *person)
{
    char *copy = person && *person ? strdup(person) : NULL;

    if (person && *person && !copy)
        return -ENOMEM;
    free(member->person);
    member->person = copy;
    return 0;
}

/* Invitations and revoked keys. */

struct bb_invitation *
bb_organization_invitation(const struct bb_organization *o, const uint8_t id[static BB_INVITATION_ID])
{
    for (size_t i = 0; i < o->n_invitation; i++)
        if (memcmp(o->invitation[i].id, id, BB_INVITATION_ID) == 0)
            return &o->invitation[i];
    return NULL;
}

int
bb_organization_add_invitation(struct bb_organization *o, const char *member, const char *by,
                               struct bb_invitation **ret_invitation)
{
    struct bb_invitation *grown = realloc(o->invitation, (o->n_invitation + 1) * sizeof *grown), *added;

    if (!grown)
        return -ENOMEM;
    o->invitation = grown;
    added = &grown[o->n_invitation];
    *added = (struct bb_invitation){.member = strdup(member), .by = strdup(by), .role = o->role};
    if (!added->member || !added->by) {
        release_invitation(added);
        return -ENOMEM;
    }
    o->n_invitation++;
    *ret_invitation = added;
    return 0;
}

void
bb_organization_remove_invitation(struct bb_organization *o, struct bb_invitation *invitation)
{
    size_t behind = (size_t)(o->invitation + o->n_invitation - invitation) - 1;

    release_invitation(invitation);
    memmove(invitation, invitation + 1, behind * sizeof *invitation);
    o->n_invitation--;
}

int
bb_organization_add_revoked(struct bb_organization *o, const char *key)
{
    char(*grown)[BB_KEY_ROOM];

    if (bb_organization_has_revoked(o, key))
        return 0;
    if (o->n_revoked == REVOKED_MAX)
        memmove(o->revoked[0], o->revoked[1], --o->n_revoked * sizeof o->revoked[0]);
    grown = realloc(o->revoked, (o->n_revoked + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    o->revoked = grown;
    memcpy(grown[o->n_revoked++], key, BB_KEY_ROOM);
    return 0;
}

bool
bb_organization_has_revoked(const struct bb_organization *o, const char *key)
{
    for (size_t i = 0; i < o->n_revoked; i++)
        if (strcmp(o->revoked[i], key) == 0)
            return true;
    return false;
}

/* Sealing. */

static void
fill_member(const struct bb_member *member, struct member_message *to)
{
    bb__member__init(&to->member);
    to->member.name = member->name;
    to->member.has_role = true;
    to->member.role = (Bb__Role)member->role;
    to->member.person = member->person;
    to->member.key = to->keys;
    if (member->key[0])
        to->keys[to->member.n_key++] = (char *)member->key;
    if (!member->old_key[0])
        return;
    to->keys[to->member.n_key++] = (char *)member->old_key;
    to->member.has_old_key_until_us = true;
    to->member.old_key_until_us = (uint64_t)member->old_key_until;
}

static void
fill_organization(const struct bb_organization *o, Bb__Organization *to)
{
    bb__organization__init(to);
    to->code = o->code;
    to->name = o->name;
    to->role = (Bb__Role)o->role;
    to->alias = o->alias;
    to->n_alias = o->n_alias;
    to->has_enabled = to->has_share_own_line = true;
    to->enabled = o->enabled;
    to->share_own_line = o->share_own_line;
    to->joined = o->joined[0] ? (char *)o->joined : NULL;
    to->left = o->left[0] ? (char *)o->left : NULL;
    to->indicator = o->indicator;
    to->n_indicator = o->n_indicator;
    to->member = o->message->pointers;
    to->n_member = o->n_member;
}

static int
make_message(struct bb_organization *o)
{
    release_message(o);
    o->message = calloc(1, sizeof *o->message);
    if (!o->message)
        return -ENOMEM;
    o->message->members = calloc(o->n_member + 1, sizeof *o->message->members);
    o->message->pointers = calloc(o->n_member + 1, sizeof(Bb__Member *));
    if (!o->message->members || !o->message->pointers)
        return -ENOMEM;
    for (size_t i = 0; i < o->n_member; i++) {
        fill_member(&o->member[i], &o->message->members[i]);
        o->message->pointers[i] = &o->message->members[i].member;
    }
    fill_organization(o, &o->message->organization);
    return 0;
}

static uint64_t
digest(const uint8_t *data, size_t len)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];

    crypto_generichash(hash, sizeof hash, data, len, NULL, 0);
    return bb_get_u64(hash);
}

int
bb_organization_seal(struct bb_organization *o)
{
    struct bb_buffer file;
    uint8_t *packed;
    int r = make_message(o);

    if (r < 0)
        return r;
    packed = malloc(bb__organization__get_packed_size(&o->message->organization));
    if (!packed)
        return -ENOMEM;
    o->digest = digest(packed, bb__organization__pack(&o->message->organization, packed));
    free(packed);
    bb_buffer_init(&file, BB_PARTNER_FILE_MAX);
    bb_partner_file_render(o, &file);
    r = file.error;
    if (r == 0)
        o->whole = digest(bb_buffer_bytes(&file).data, bb_buffer_bytes(&file).len);
    bb_buffer_release(&file);
    return r;
}

Bb__Organization *
bb_organization_message(const struct bb_organization *o)
{
    return &o->message->organization;
}
