#include "known.h"

#include "runtime/auditline.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

#define DIGEST_TEXT 16

struct file {
    struct bb_bytes code; /* behind it */
    uint64_t digest;
    uint64_t before; /* what it was before the last entry */
    bool by_hand;    /* that told of what was found */
};

static int
by_code(const void *a, const void *b)
{
    return bb_bytes_compare(((const struct file *)a)->code, ((const struct file *)b)->code);
}

void
bb_known_release(struct bb_known *known)
{
    tdestroy(known->files, free);
    known->files = NULL;
}

/* 0 | -ENOMEM */
static int
file_of(struct bb_known *known, struct bb_bytes code, struct file **ret_file)
{
    struct file wanted = {.code = code}, **found = tfind(&wanted, &known->files, by_code), *file;

    if (found) {
        *ret_file = *found;
        return 0;
    }
    file = calloc(1, sizeof *file + code.len + 1);
    if (!file)
        return -ENOMEM;
    memcpy(file + 1, code.data, code.len);
    file->code = bb_bytes(file + 1, code.len);
    if (!tsearch(file, &known->files, by_code)) {
        free(file);
        return -ENOMEM;
    }
    *ret_file = file;
    return 0;
}

int
bb_known_set(struct bb_known *known, struct bb_bytes object, uint64_t digest, bool by_hand)
{
    const uint8_t *slash = object.len ? memchr(object.data, '/', object.len) : NULL;
    struct file *file;
    int r;

    if (!object.len)
        return 0;
    r = file_of(known, bb_bytes(object.data, slash ? (size_t)(slash - object.data) : object.len), &file);
    if (r < 0)
        return r;
    file->before = file->digest;
    file->digest = digest;
    file->by_hand = by_hand;
    return 0;
}

int
bb_known_read(struct bb_known *known, struct bb_bytes line)
{
    static const char prefix[] = "registry.";
    struct bb_bytes digest = bb_audit_text(line, "digest"), action = bb_audit_text(line, "action");
    char text[DIGEST_TEXT + 1] = "";

    if (digest.len != DIGEST_TEXT)
        return 0;
    memcpy(text, digest.data, DIGEST_TEXT);
    return bb_known_set(known, bb_audit_text(line, "object"), strtoull(text, NULL, 16),
                        action.len > sizeof prefix - 1 &&
                            memcmp(action.data, prefix, sizeof prefix - 1) == 0);
}

/* What has become of the file since the last entry; NULL: nothing. file NULL: there was none. */
static const char *
action_of(const struct file *file, uint64_t digest)
{
    uint64_t before = file ? file->digest : 0;

    if (before == digest)
        return NULL;
    if (file && !file->by_hand && file->before == digest)
        return BB_KNOWN_RESTORED;
    return !digest ? BB_KNOWN_REMOVED : !before ? BB_KNOWN_ADDED : BB_KNOWN_EDITED;
}

struct comparing {
    const struct bb_registry *registry;
    bb_known_differs *differs;
    void *self;
};

static void
find_missing(const void *node, VISIT which, void *self)
{
    const struct comparing *comparing = self;
    const struct file *file = *(const struct file *const *)node;
    const struct bb_organization *o;
    const char *action;

    if (which != postorder && which != leaf)
        return;
    o = bb_registry_find(comparing->registry, file->code);
    if (o && bb_bytes_equal(bb_bytes_str(o->code), file->code))
        return;
    action = action_of(file, 0);
    if (action)
        comparing->differs(comparing->self, (const char *)file->code.data, action, 0);
}

void
bb_known_compare(const struct bb_known *known, const struct bb_registry *registry, bb_known_differs *differs,
                 void *self)
{
    struct comparing comparing = {registry, differs, self};

    for (size_t i = 0; i < bb_registry_count(registry); i++) {
        const struct bb_organization *o = bb_registry_at(registry, i);
        struct file wanted = {.code = bb_bytes_str(o->code)},
                    **found = tfind(&wanted, &known->files, by_code);
        const char *action = action_of(found ? *found : NULL, o->whole);

        if (action)
            differs(self, o->code, action, o->whole);
    }
    twalk_r(known->files, find_missing, &comparing);
}
