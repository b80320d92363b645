/* Organizations stand in an array in order of code, and two trees (tsearch) find them: one by every text that
 * names them (code, name, aliases), one by key. A tree's entries point into the organization, so a change
 * takes the old one's entries out, puts the new one's in, and only then frees the old one.
 *
 * The version is the sum of the organizations' digests: it does not depend on the order, and a change costs
 * as much as what changed. */
#include "registry.h"

#include "claims.h"
#include "proto/errors.h"
#include "proto/methods.h"
#include "runtime/text.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct index_entry {
    struct bb_bytes text;
    struct bb_organization *organization;
    const struct bb_member *member; /* of a key */
};

struct bb_registry {
    char *folder;
    struct bb_organization **organizations; /* in order of code */
    size_t count, size;
    void *names;
    void *keys;
    void *revoked;    /* keys that never come back, of whomever */
    uint64_t digests; /* sum */
    uint32_t next_number;
};

/* Trees. */

static int
compare_entries(const void *a, const void *b)
{
    return bb_bytes_compare(((const struct index_entry *)a)->text, ((const struct index_entry *)b)->text);
}

static const struct index_entry *
tree_find(void *const *tree, struct bb_bytes text)
{
    struct index_entry probe = {.text = text};
    struct index_entry **found = tfind(&probe, tree, compare_entries);

    return found ? *found : NULL;
}

/* An entry that is there already stays: callers have looked for clashes, so it is the organization's own (a
 * name that equals the code). */
static int
tree_add(void **tree, const char *text, struct bb_organization *o, const struct bb_member *member)
{
    struct index_entry *entry, **found;

    if (!*text)
        return 0;
    entry = malloc(sizeof *entry);
    if (!entry)
        return -ENOMEM;
    *entry = (struct index_entry){.text = bb_bytes_str(text), .organization = o, .member = member};
    found = tsearch(entry, tree, compare_entries);
    if (!found || *found != entry)
        free(entry);
    return found ? 0 : -ENOMEM;
}

static void
tree_remove(void **tree, const char *text, const struct bb_organization *o)
{
    struct index_entry probe = {.text = bb_bytes_str(text)}, *entry;
    struct index_entry **found = tfind(&probe, tree, compare_entries);

    if (!found || (*found)->organization != o)
        return;
    entry = *found;
    tdelete(&probe, tree, compare_entries);
    free(entry);
}

static void
unindex(struct bb_registry *registry, const struct bb_organization *o)
{
    tree_remove(&registry->names, o->code, o);
    tree_remove(&registry->names, o->name, o);
    for (size_t i = 0; i < o->n_alias; i++)
        tree_remove(&registry->names, o->alias[i], o);
    for (size_t i = 0; i < o->n_member; i++) {
        tree_remove(&registry->keys, o->member[i].key, o);
        tree_remove(&registry->keys, o->member[i].old_key, o);
    }
    for (size_t i = 0; i < o->n_revoked; i++)
        tree_remove(&registry->revoked, o->revoked[i], o);
}

static int
index_organization(struct bb_registry *registry, struct bb_organization *o)
{
    int r = tree_add(&registry->names, o->code, o, NULL);

    if (r == 0)
        r = tree_add(&registry->names, o->name, o, NULL);
    for (size_t i = 0; r == 0 && i < o->n_alias; i++)
        r = tree_add(&registry->names, o->alias[i], o, NULL);
    for (size_t i = 0; r == 0 && i < o->n_member; i++) {
        r = tree_add(&registry->keys, o->member[i].key, o, &o->member[i]);
        if (r == 0)
            r = tree_add(&registry->keys, o->member[i].old_key, o, &o->member[i]);
    }
    for (size_t i = 0; r == 0 && i < o->n_revoked; i++)
        r = tree_add(&registry->revoked, o->revoked[i], o, NULL);
    if (r < 0)
        unindex(registry, o);
    return r;
}

/* The array. */

/* Where the code is, or would be. */
static size_t
position(const struct bb_registry *registry, struct bb_bytes code, bool *ret_found)
{
    size_t low = 0, high = registry->count;

    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = bb_bytes_compare(bb_bytes_str(registry->organizations[middle]->code), code);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
reserve(struct bb_registry *registry)
{
    size_t size = registry->size ? registry->size * 2 : 64;
    struct bb_organization **organizations;

    if (registry->count < registry->size)
        return 0;
    organizations = realloc(registry->organizations, size * sizeof(struct bb_organization *));
    if (!organizations)
        return -ENOMEM;
    registry->organizations = organizations;
    registry->size = size;
    return 0;
}

/* Takes a new organization over. 0 | -ENOMEM, it is still the caller's. */
static int
insert(struct bb_registry *registry, struct bb_organization *o)
{
    bool found;
    size_t at = position(registry, bb_bytes_str(o->code), &found);
    int r = reserve(registry);

    if (r == 0)
        r = index_organization(registry, o);
    if (r < 0)
        return r;
    memmove(registry->organizations + at + 1, registry->organizations + at,
            (registry->count - at) * sizeof(struct bb_organization *));
    registry->organizations[at] = o;
    registry->count++;
    registry->digests += o->digest;
    return 0;
}

/* Puts `o` in the place of the one with its code, which is freed. 0 | -ENOMEM: nothing changed. */
static int
substitute(struct bb_registry *registry, struct bb_organization *o)
{
    bool found;
    size_t at = position(registry, bb_bytes_str(o->code), &found);
    struct bb_organization *old = registry->organizations[at];
    int r;

    unindex(registry, old);
    r = index_organization(registry, o);
    if (r < 0) {
        if (index_organization(registry, old) < 0)
            return -ENOMEM; /* the old one is not found by text until the next load */
        return r;
    }
    registry->organizations[at] = o;
    registry->digests += o->digest - old->digest;
    bb_organization_destroy(&old);
    return 0;
}

/* Looking up. */

size_t
bb_registry_count(const struct bb_registry *registry)
{
    return registry->count;
}

const struct bb_organization *
bb_registry_at(const struct bb_registry *registry, size_t i)
{
    return registry->organizations[i];
}

const struct bb_organization *
bb_registry_find(const struct bb_registry *registry, struct bb_bytes text)
{
    const struct index_entry *entry = tree_find(&registry->names, text);

    return entry ? entry->organization : NULL;
}

bool
bb_registry_find_key(const struct bb_registry *registry, struct bb_bytes key,
                     struct bb_key_holder *ret_holder)
{
    const struct index_entry *entry = tree_find(&registry->keys, key);

    if (!entry)
        return false;
    *ret_holder = (struct bb_key_holder){
        .organization = entry->organization,
        .member = entry->member,
        .old = !bb_bytes_equal(bb_bytes_str(entry->member->key), key),
    };
    return true;
}

bool
bb_key_holder_may_enter(const struct bb_key_holder *holder, const char *today, int64_t now)
{
    return bb_organization_may_enter(holder->organization, today) &&
           (!holder->old || now < holder->member->old_key_until);
}

int64_t
bb_registry_next_expiry(const struct bb_registry *registry, int64_t now)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < registry->count; i++)
        for (size_t m = 0; m < registry->organizations[i]->n_member; m++) {
            const struct bb_member *member = &registry->organizations[i]->member[m];

            if (member->old_key[0] && member->old_key_until > now && member->old_key_until < next)
                next = member->old_key_until;
        }
    return next;
}

const struct bb_organization *
bb_registry_after(const struct bb_registry *registry, struct bb_bytes code)
{
    bool found;
    size_t at = position(registry, code, &found);

    if (found)
        at++;
    return at < registry->count ? registry->organizations[at] : NULL;
}

/* 53 bits, so that it survives being a number in JSON. */
uint64_t
bb_registry_version(const struct bb_registry *registry)
{
    uint64_t version = registry->digests & ((UINT64_C(1) << 53) - 1);

    if (registry->count == 0)
        return 0;
    return version ? version : 1;
}

/* Has a key of `o` another holder, or is it revoked? Members of `o` must not share one either. */
static int
find_key_clash(const struct bb_registry *registry, const struct bb_organization *o, char *message)
{
    struct bb_key_holder holder;

    for (size_t i = 0; i < 2 * o->n_member; i++) {
        const struct bb_member *member = &o->member[i / 2];
        const char *key = i % 2 ? member->old_key : member->key;

        if (!*key)
            continue;
        if (bb_organization_has_revoked(o, key) || tree_find(&registry->revoked, bb_bytes_str(key))) {
            snprintf(message, BB_REGISTRY_MESSAGE,
                     "the key was revoked, and never comes back: make another one");
            return BB_ERROR_EXISTS;
        }
        for (size_t j = 0; j < i; j++)
            if (strcmp(key, j % 2 ? o->member[j / 2].old_key : o->member[j / 2].key) == 0) {
                snprintf(message, BB_REGISTRY_MESSAGE, "the key belongs to member \"%s\" already",
                         o->member[j / 2].name);
                return BB_ERROR_EXISTS;
            }
        if (bb_registry_find_key(registry, bb_bytes_str(key), &holder) &&
            strcmp(holder.organization->code, o->code) != 0) {
            snprintf(message, BB_REGISTRY_MESSAGE, "the key belongs to \"%s\" already",
                     holder.organization->code);
            return BB_ERROR_EXISTS;
        }
    }
    return 0;
}

/* What of `o` another organization has already. 0 | BB_ERROR_EXISTS and a message. */
static int
find_clash(const struct bb_registry *registry, const struct bb_organization *o, char *message)
{
    size_t n = 2 + o->n_alias;
    const struct bb_organization *other;
    char quoted[80];

    for (size_t i = 0; i < n; i++) {
        const char *text = i == 0 ? o->code : i == 1 ? o->name : o->alias[i - 2];
        other = bb_registry_find(registry, bb_bytes_str(text));
        if (!other || strcmp(other->code, o->code) == 0)
            continue;
        snprintf(message, BB_REGISTRY_MESSAGE, "\"%s\" is already a code, name or alias of \"%s\"",
                 bb_text_quote(bb_bytes_str(text), quoted, sizeof quoted, 60), other->code);
        return BB_ERROR_EXISTS;
    }
    return find_key_clash(registry, o, message);
}

/* Loading. */

static bool
code_of_file(const char *name, char code[static BB_LIMIT_CODE_BYTES + 1])
{
    size_t len = strlen(name), suffix = strlen(BB_PARTNER_FILE_SUFFIX);

    if (len <= suffix || len - suffix > BB_LIMIT_CODE_BYTES)
        return false;
    if (strcmp(name + len - suffix, BB_PARTNER_FILE_SUFFIX) != 0)
        return false;
    memcpy(code, name, len - suffix);
    code[len - suffix] = '\0';
    return bb_text_is_code(bb_bytes_str(code));
}

static uint32_t
number_of(struct bb_registry *registry, const struct bb_registry *previous, const char *code)
{
    bool found = false;
    size_t at = previous ? position(previous, bb_bytes_str(code), &found) : 0;

    return found ? previous->organizations[at]->number : registry->next_number++;
}

/* What is read from the folder, before it is settled who may have what. */
struct loading {
    struct bb_organization **organizations;
    size_t n;
    const char *folder;
    bb_registry_report report;
    void *self;
};

static int
load_file(struct loading *loading, const char *code)
{
    char message[BB_REGISTRY_MESSAGE];
    int r = bb_partner_file_read(loading->folder, code, &loading->organizations[loading->n], message);

    if (r == 0)
        loading->n++;
    if (r == BB_PARTNER_FILE_E_BROKEN)
        loading->report(loading->self, message);
    return r < 0 ? r : 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int
load_folder(struct loading *loading)
{
    struct dirent **files = NULL;
    int n = scandir(loading->folder, &files, NULL, by_bytes), r = 0;

    if (n < 0)
        return -errno;
    loading->organizations = calloc((size_t)n + 1, sizeof(struct bb_organization *));
    if (!loading->organizations)
        r = -ENOMEM;
    for (int i = 0; i < n; i++) {
        char code[BB_LIMIT_CODE_BYTES + 1];

        if (r == 0 && code_of_file(files[i]->d_name, code))
            r = load_file(loading, code);
        free(files[i]);
    }
    free(files);
    return r;
}

static void
report_clash(void *self, size_t loser, const char *message)
{
    const struct loading *loading = self;
    char line[BB_REGISTRY_MESSAGE + 512];

    snprintf(line, sizeof line, "%s/%s" BB_PARTNER_FILE_SUFFIX ": %s", loading->folder,
             loading->organizations[loser]->code, message);
    loading->report(loading->self, line);
}

/* Takes over those whose claims hold. */
static int
admit(struct bb_registry *registry, const struct bb_registry *previous, struct loading *loading)
{
    bool *out = calloc(loading->n + 1, sizeof *out);
    int r = out ? bb_claims_settle(loading->organizations, loading->n, previous, report_clash, loading, out)
                : -ENOMEM;

    for (size_t i = 0; r == 0 && i < loading->n; i++) {
        struct bb_organization *o = loading->organizations[i];

        if (out[i])
            continue;
        o->number = number_of(registry, previous, o->code);
        r = insert(registry, o);
        if (r == 0)
            loading->organizations[i] = NULL;
    }
    free(out);
    return r;
}

int
bb_registry_load(const char *folder, const struct bb_registry *previous, bb_registry_report report,
                 void *self, struct bb_registry **ret_registry)
{
    struct loading loading = {.folder = folder, .report = report, .self = self};
    struct bb_registry *registry = calloc(1, sizeof *registry);
    int r = -ENOMEM;

    if (!registry)
        return -ENOMEM;
    registry->next_number = previous ? previous->next_number : 1;
    registry->folder = strdup(folder);
    if (registry->folder)
        r = load_folder(&loading);
    if (r == 0)
        r = admit(registry, previous, &loading);
    for (size_t i = 0; i < loading.n; i++)
        bb_organization_destroy(&loading.organizations[i]);
    free(loading.organizations);
    if (r < 0) {
        bb_registry_destroy(&registry);
        return r;
    }
    *ret_registry = registry;
    return 0;
}

void
bb_registry_destroy(struct bb_registry **registry)
{
    struct bb_registry *r = *registry;

    if (!r)
        return;
    tdestroy(r->names, free);
    tdestroy(r->keys, free);
    tdestroy(r->revoked, free);
    for (size_t i = 0; i < r->count; i++)
        bb_organization_destroy(&r->organizations[i]);
    free(r->organizations);
    free(r->folder);
    free(r);
    *registry = NULL;
}

/* Changing. */

bool
bb_code_is_reserved(const char *code)
{
    return strcmp(code, BB_CODE_OPERATOR) == 0 || bb_service_by_name(code) >= 0;
}

/* The organization as it is, to be changed, or one that has a code and nothing else. */
static int
start_change(const struct bb_organization *old, const char *code, struct bb_organization **ret_organization)
{
    struct bb_organization *o;

    if (old)
        return bb_organization_copy(old, ret_organization);
    o = bb_organization_new();
    if (o)
        o->code = strdup(code);
    if (!o || !o->code) {
        bb_organization_destroy(&o);
        return -ENOMEM;
    }
    o->enabled = true;
    *ret_organization = o;
    return 0;
}

/* A file that is there but was left out is an operator's work in progress: it is not overwritten. */
static int
check_file_is_free(const struct bb_registry *registry, const char *code, char *message)
{
    char *path;
    bool there;

    if (asprintf(&path, "%s/%s" BB_PARTNER_FILE_SUFFIX, registry->folder, code) < 0)
        return -ENOMEM;
    there = access(path, F_OK) == 0;
    free(path);
    if (!there)
        return 0;
    snprintf(message, BB_REGISTRY_MESSAGE,
             "the registry has a file of \"%s\" that was left out as broken: repair it first", code);
    return BB_ERROR_EXISTS;
}

/* Write and take over. Consumes o on success. */
static int
commit(struct bb_registry *registry, struct bb_organization *o, bool is_new)
{
    int r = is_new ? reserve(registry) : 0;

    if (r == 0)
        r = bb_partner_file_write(registry->folder, o);
    if (r != 0)
        return r;
    if (!is_new)
        return substitute(registry, o);
    o->number = registry->next_number;
    r = insert(registry, o);
    if (r == 0)
        registry->next_number++;
    return r;
}

/* Everything before it is written. */
static int
prepare(const struct bb_registry *registry, const struct bb_registry_change *change, bool is_new,
        struct bb_organization *o, char *message)
{
    int r = change->apply(change->self, o, is_new, message);

    if (r == 0)
        r = bb_organization_seal(o);
    if (r == 0)
        r = find_clash(registry, o, message);
    return r == 0 && is_new ? check_file_is_free(registry, o->code, message) : r;
}

int
bb_registry_change(struct bb_registry *registry, const struct bb_registry_change *change,
                   const struct bb_organization **ret_organization, bool *ret_changed, char *message)
{
    struct bb_organization *o = NULL;
    const struct bb_organization *old;
    bool found, changed;
    size_t at = position(registry, bb_bytes_str(change->code), &found);
    int r;

    old = found ? registry->organizations[at] : NULL;
    r = start_change(old, change->code, &o);
    if (r == 0)
        r = prepare(registry, change, !old, o, message);
    if (r != 0)
        goto out;
    changed = !old || old->whole != o->whole;
    if (changed) {
        r = change->record ? change->record(change->self, o) : 0;
        if (r != 0)
            goto out;
        r = commit(registry, o, !old);
        if (r != 0) {
            if (change->failed)
                change->failed(change->self, o);
            goto out;
        }
        *ret_organization = o;
        o = NULL;
    } else {
        *ret_organization = old;
    }
    *ret_changed = changed;
out:
    bb_organization_destroy(&o);
    return r;
}
