/* Organizations stand in an array in order of code, and two trees (tsearch) find them: one by every text that
 * names them (code, name, aliases), one by key. A tree's entries point into the organization, so a change
 * takes the old one's entries out, puts the new one's in, and only then frees the old one.
 *
 * The version is the sum of the organizations' digests: it does not depend on the order, and a change costs
 * as much as what changed. */
#include "registry.h"

#include "claims.h"
#include "partner_file.h"
#include "proto/errors.h"
#include "proto/methods.h"
#include "runtime/keyfile.h"
#include "runtime/period.h"
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
};

struct bb_registry {
    char *folder;
    struct bb_organization **organizations; /* in order of code */
    size_t count, size;
    void *names;
    void *keys;
    uint64_t digests; /* sum */
    uint32_t next_number;
};

/* Trees. */

static int
compare_entries(const void *a, const void *b)
{
    return bb_bytes_compare(((const struct index_entry *)a)->text, ((const struct index_entry *)b)->text);
}

static const struct bb_organization *
tree_find(void *const *tree, struct bb_bytes text)
{
    struct index_entry probe = {.text = text};
    struct index_entry **found = tfind(&probe, tree, compare_entries);

    return found ? (*found)->organization : NULL;
}

/* An entry that is there already stays: callers have looked for clashes, so it is the organization's own (a
 * name that equals the code). */
static int
tree_add(void **tree, const char *text, struct bb_organization *o)
{
    struct index_entry *entry = malloc(sizeof *entry), **found;

    if (!entry)
        return -ENOMEM;
    *entry = (struct index_entry){.text = bb_bytes_str(text), .organization = o};
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
    if (o->key[0])
        tree_remove(&registry->keys, o->key, o);
}

static int
index_organization(struct bb_registry *registry, struct bb_organization *o)
{
    int r = tree_add(&registry->names, o->code, o);

    if (r == 0)
        r = tree_add(&registry->names, o->name, o);
    for (size_t i = 0; r == 0 && i < o->n_alias; i++)
        r = tree_add(&registry->names, o->alias[i], o);
    if (r == 0 && o->key[0])
        r = tree_add(&registry->keys, o->key, o);
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
    return tree_find(&registry->names, text);
}

const struct bb_organization *
bb_registry_find_key(const struct bb_registry *registry, struct bb_bytes key)
{
    return tree_find(&registry->keys, key);
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
    other = o->key[0] ? bb_registry_find_key(registry, bb_bytes_str(o->key)) : NULL;
    if (!other || strcmp(other->code, o->code) == 0)
        return 0;
    snprintf(message, BB_REGISTRY_MESSAGE, "the key belongs to \"%s\" already", other->code);
    return BB_ERROR_EXISTS;
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
    for (size_t i = 0; i < r->count; i++)
        bb_organization_destroy(&r->organizations[i]);
    free(r->organizations);
    free(r->folder);
    free(r);
    *registry = NULL;
}

/* Changing. */

static int
invalid(char *message, const char *what)
{
    snprintf(message, BB_REGISTRY_MESSAGE, "%s", what);
    return BB_ERROR_INVALID;
}

bool
bb_code_is_reserved(const char *code)
{
    return strcmp(code, BB_CODE_OPERATOR) == 0 || bb_service_by_name(code) >= 0;
}

static bool
is_date(const char *text)
{
    uint32_t day;

    return strlen(text) == sizeof "2026-09-07" - 1 && bb_date_parse(bb_bytes_str(text), &day) == 0;
}

static int
check_put(const Bb__PartnerPut *put, char *message)
{
    if (!bb_text_is_code(bb_bytes_str(put->code)))
        return invalid(message,
                       "code: expected 1 to 128 letters, digits, '_', '.', '-', the first a letter or digit");
    if (bb_code_is_reserved(put->code))
        return invalid(message, "code: this one is reserved: operators or a service act as it");
    if (put->name && !bb_text_is_name(bb_bytes_str(put->name)))
        return invalid(message, "name: expected " BB_TEXT_NAME_EXPECTED);
    if (put->has_role && !bb_role_word(put->role))
        return invalid(message, "role: expected staff, partner or observer");
    if (put->key && !bb_key_is_valid(bb_bytes_str(put->key)))
        return invalid(message,
                       "key: expected the 40 characters of a public key in Z85, as keys new prints it");
    if (put->joined && !is_date(put->joined))
        return invalid(message, "joined: expected a date such as 2026-09-07");
    if (put->left && *put->left && !is_date(put->left))
        return invalid(message, "left: expected a date such as 2026-09-07, or nothing");
    for (size_t i = 0; i < put->n_alias; i++)
        if (!bb_text_is_name(bb_bytes_str(put->alias[i])))
            return invalid(message, "alias: expected " BB_TEXT_NAME_EXPECTED);
    return 0;
}

/* The organization as it will be, from the one that is there (may be NULL). */
static int
start_change(const struct bb_organization *old, const Bb__PartnerPut *put, const char *today, char *message,
             struct bb_organization **ret_organization)
{
    struct bb_organization *o;

    if (old)
        return bb_organization_copy(old, ret_organization);
    if (!put->name || !put->has_role)
        return invalid(message, "a new organization needs a name and a role");
    o = bb_organization_new();
    if (!o)
        return -ENOMEM;
    o->code = strdup(put->code);
    if (!o->code) {
        bb_organization_destroy(&o);
        return -ENOMEM;
    }
    o->enabled = true;
    snprintf(o->joined, sizeof o->joined, "%s", today);
    *ret_organization = o;
    return 0;
}

static int
set_name(struct bb_organization *o, const char *name)
{
    char *copy = strdup(name);

    if (!copy)
        return -ENOMEM;
    free(o->name);
    o->name = copy;
    return 0;
}

static int
apply(struct bb_organization *o, const Bb__PartnerPut *put, char *message)
{
    int r = put->name ? set_name(o, put->name) : 0;

    if (put->has_role)
        o->role = put->role;
    if (put->key)
        snprintf(o->key, sizeof o->key, "%s", put->key);
    if (put->has_enabled)
        o->enabled = put->enabled;
    if (put->has_share_own_line)
        o->share_own_line = put->share_own_line;
    if (put->joined)
        snprintf(o->joined, sizeof o->joined, "%s", put->joined);
    if (put->left)
        snprintf(o->left, sizeof o->left, "%s", put->left);
    for (size_t i = 0; r == 0 && i < put->n_alias; i++)
        r = bb_organization_add_alias(o, put->alias[i]);
    if (r == 0 && o->n_alias > BB_LIMIT_ALIASES)
        return invalid(message, "alias: more than 64 of them");
    if (r == 0 && o->left[0] && strcmp(o->left, o->joined) < 0)
        return invalid(message, "left: expected a date that is not before the one on which it joined");
    return r < 0 ? r : bb_organization_seal(o);
}

static int
check_presence(const struct bb_organization *old, const Bb__PartnerPut *put, char *message)
{
    if (old && put->create && !put->upsert) {
        snprintf(message, BB_REGISTRY_MESSAGE, "there is an organization \"%s\" already", put->code);
        return BB_ERROR_EXISTS;
    }
    if (!old && !put->create) {
        snprintf(message, BB_REGISTRY_MESSAGE, "there is no organization \"%s\"", put->code);
        return BB_ERROR_NOT_FOUND;
    }
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
commit(struct bb_registry *registry, struct bb_organization *o, bool is_new, char *message)
{
    int r = is_new ? check_file_is_free(registry, o->code, message) : 0;

    if (r == 0 && is_new)
        r = reserve(registry);
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

bool
bb_organization_may_enter(const struct bb_organization *organization, const char *today)
{
    return organization->enabled && (!organization->left[0] || strcmp(today, organization->left) < 0);
}

int
bb_registry_put(struct bb_registry *registry, const Bb__PartnerPut *put, const char *today,
                const struct bb_organization **ret_organization, bool *ret_changed, char *message)
{
    struct bb_organization *o = NULL;
    const struct bb_organization *old;
    bool found, changed;
    size_t at = position(registry, bb_bytes_str(put->code), &found);
    int r;

    old = found ? registry->organizations[at] : NULL;
    r = check_put(put, message);
    if (r == 0)
        r = check_presence(old, put, message);
    if (r == 0)
        r = start_change(old, put, today, message, &o);
    if (r == 0)
        r = apply(o, put, message);
    if (r == 0)
        r = find_clash(registry, o, message);
    if (r != 0)
        goto out;
    changed = !old || old->digest != o->digest;
    if (changed) {
        r = commit(registry, o, !old, message);
        if (r != 0)
            goto out;
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
