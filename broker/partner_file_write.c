/* A file is replaced whole: a temporary one is on disk before it takes the name of the old one. */
#include "partner_file.h"

#include "proto/methods.h"
#include "runtime/buffer.h"
#include "runtime/clock.h"
#include "runtime/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
put_quoted(struct bb_buffer *out, const char *text)
{
    bb_buffer_byte(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            bb_buffer_byte(out, '\\');
        bb_buffer_byte(out, (uint8_t)*text);
    }
    bb_buffer_byte(out, '\'');
}

static void
put_text(struct bb_buffer *out, const char *name, const char *value)
{
    bb_buffer_printf(out, "%s = ", name);
    put_quoted(out, value);
    bb_buffer_byte(out, '\n');
}

static void
put_list(struct bb_buffer *out, const char *name, char *const *text, size_t n)
{
    bb_buffer_printf(out, "%s = {", name);
    for (size_t i = 0; i < n; i++) {
        bb_buffer_append(out, ", ", i ? 2 : 0);
        put_quoted(out, text[i]);
    }
    bb_buffer_printf(out, "}\n");
}

static void
put_revoked(struct bb_buffer *out, const struct bb_organization *o)
{
    if (o->n_revoked == 0)
        return;
    bb_buffer_printf(out, "revoked = {");
    for (size_t i = 0; i < o->n_revoked; i++) {
        bb_buffer_append(out, ", ", i ? 2 : 0);
        put_quoted(out, o->revoked[i]);
    }
    bb_buffer_printf(out, "}\n");
}

static void
put_inner(struct bb_buffer *out, const char *name, const char *value)
{
    bb_buffer_append(out, "    ", 4);
    put_text(out, name, value);
}

static void
put_time(struct bb_buffer *out, const char *name, bb_utc time)
{
    char text[BB_UTC_TEXT];

    bb_utc_format(time, text);
    put_inner(out, name, text);
}

static void
put_hex(struct bb_buffer *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bb_buffer_printf(out, "%02x", bytes[i]);
}

static void
put_member(struct bb_buffer *out, const struct bb_member *member)
{
    bb_buffer_printf(out, "member %s {\n", member->name);
    put_inner(out, "role", bb_role_word(member->role));
    if (member->person)
        put_inner(out, "person", member->person);
    if (member->key[0])
        put_inner(out, "key", member->key);
    if (member->old_key[0]) {
        put_inner(out, "old-key", member->old_key);
        put_time(out, "old-key-until", member->old_key_until);
    }
    bb_buffer_printf(out, "}\n");
}

static void
put_invitation(struct bb_buffer *out, const struct bb_invitation *invitation)
{
    static const char *const states[] = {
        [BB_INVITATION_OPEN] = "open", [BB_INVITATION_PENDING] = "pending", [BB_INVITATION_USED] = "used"};

    bb_buffer_printf(out, "invitation ");
    put_hex(out, invitation->id, sizeof invitation->id);
    bb_buffer_printf(out, " {\n");
    put_inner(out, "member", invitation->member);
    put_inner(out, "role", bb_role_word(invitation->role));
    bb_buffer_printf(out, "    hash = '");
    put_hex(out, invitation->hash, sizeof invitation->hash);
    bb_buffer_printf(out, "'\n");
    put_time(out, "expires", invitation->expires);
    bb_buffer_printf(out, "    approve = %s\n", invitation->approve ? "true" : "false");
    put_inner(out, "by", invitation->by);
    put_inner(out, "state", states[invitation->state]);
    if (invitation->key[0])
        put_inner(out, "key", invitation->key);
    bb_buffer_printf(out, "}\n");
}

void
bb_partner_file_render(const struct bb_organization *o, struct bb_buffer *out)
{
    put_text(out, "name", o->name);
    put_text(out, "role", bb_class_word(o->role));
    put_list(out, "aliases", o->alias, o->n_alias);
    put_list(out, "indicators", o->indicator, o->n_indicator);
    bb_buffer_printf(out, "enabled = %s\nshare-own-line = %s\n", o->enabled ? "true" : "false",
                     o->share_own_line ? "true" : "false");
    put_text(out, "joined", o->joined);
    put_text(out, "left", o->left);
    for (size_t i = 0; i < o->n_member; i++)
        put_member(out, &o->member[i]);
    for (size_t i = 0; i < o->n_invitation; i++)
        put_invitation(out, &o->invitation[i]);
    put_revoked(out, o);
}

static int
replace(int folder, const char *name, struct bb_bytes content)
{
    static const char temporary[] = ".new";
    int fd, r;

    if (unlinkat(folder, temporary, 0) < 0 && errno != ENOENT)
        return -errno;
    fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    r = bb_file_write(fd, content.data, content.len);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && renameat(folder, temporary, folder, name) < 0)
        r = -errno;
    if (r < 0) {
        unlinkat(folder, temporary, 0);
        return r;
    }
    return fsync(folder) < 0 ? -errno : 0; /* the name may be there all the same: a repeat sets it right */
}

int
bb_partner_file_write(const char *folder, const struct bb_organization *o)
{
    char name[BB_LIMIT_CODE_BYTES + sizeof BB_PARTNER_FILE_SUFFIX];
    struct bb_buffer content;
    int fd, r;

    bb_buffer_init(&content, BB_PARTNER_FILE_MAX);
    bb_partner_file_render(o, &content);
    r = content.error;
    if (r < 0)
        goto out;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        r = -errno;
        goto out;
    }
    snprintf(name, sizeof name, "%s" BB_PARTNER_FILE_SUFFIX, o->code);
    r = replace(fd, name, bb_buffer_bytes(&content));
    close(fd);
out:
    bb_buffer_release(&content);
    return r;
}
