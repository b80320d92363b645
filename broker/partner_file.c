/* Values are judged in libconfuse's validation callbacks, where the line is known. Its callbacks carry no
 * pointer of ours, so the place for the message is thread-local while a file is parsed; the first message
 * stays. */
#include "partner_file.h"

#include "runtime/buffer.h"
#include "runtime/file.h"
#include "runtime/keyfile.h"
#include "runtime/period.h"
#include "runtime/text.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (64 << 10)

/* Organizations. */

struct bb_organization *
bb_organization_new(void)
{
    return calloc(1, sizeof(struct bb_organization));
}

void
bb_organization_destroy(struct bb_organization **organization)
{
    struct bb_organization *o = *organization;

    if (!o)
        return;
    for (size_t i = 0; i < o->n_alias; i++)
        free(o->alias[i]);
    free(o->alias);
    free(o->name);
    free(o->code);
    free(o);
    *organization = NULL;
}

int
bb_organization_add_alias(struct bb_organization *o, const char *alias)
{
    char **list;

    if (strcmp(alias, o->code) == 0 || (o->name && strcmp(alias, o->name) == 0))
        return 0;
    for (size_t i = 0; i < o->n_alias; i++)
        if (strcmp(alias, o->alias[i]) == 0)
            return 0;
    list = realloc(o->alias, (o->n_alias + 1) * sizeof *list);
    if (!list)
        return -ENOMEM;
    o->alias = list;
    list[o->n_alias] = strdup(alias);
    if (!list[o->n_alias])
        return -ENOMEM;
    o->n_alias++;
    return 0;
}

int
bb_organization_copy(const struct bb_organization *from, struct bb_organization **ret_organization)
{
    struct bb_organization *o = bb_organization_new();

    if (!o)
        return -ENOMEM;
    *o = *from;
    o->alias = NULL;
    o->n_alias = 0;
    o->code = strdup(from->code);
    o->name = strdup(from->name);
    if (!o->code || !o->name)
        goto no_memory;
    for (size_t i = 0; i < from->n_alias; i++)
        if (bb_organization_add_alias(o, from->alias[i]) < 0)
            goto no_memory;
    *ret_organization = o;
    return 0;
no_memory:
    bb_organization_destroy(&o);
    return -ENOMEM;
}

int
bb_organization_seal(struct bb_organization *o)
{
    struct bb_organization_message message;
    uint8_t hash[crypto_generichash_BYTES_MIN];
    uint8_t *packed;
    size_t len;

    bb_organization_message(o, &message);
    packed = malloc(bb__organization__get_packed_size(&message.organization));
    if (!packed)
        return -ENOMEM;
    len = bb__organization__pack(&message.organization, packed);
    crypto_generichash(hash, sizeof hash, packed, len, NULL, 0);
    free(packed);
    o->digest = bb_get_u64(hash);
    return 0;
}

void
bb_organization_message(const struct bb_organization *o, struct bb_organization_message *m)
{
    bb__organization__init(&m->organization);
    bb__member__init(&m->member);
    m->member.name = (char *)BB_MEMBER_MAIN;
    m->member.key = o->key[0] ? (char *)o->key : NULL;
    m->members[0] = &m->member;
    m->organization.code = o->code;
    m->organization.name = o->name;
    m->organization.role = (Bb__Role)o->role;
    m->organization.alias = o->alias;
    m->organization.n_alias = o->n_alias;
    m->organization.has_enabled = true;
    m->organization.enabled = o->enabled;
    m->organization.has_share_own_line = true;
    m->organization.share_own_line = o->share_own_line;
    m->organization.joined = o->joined[0] ? (char *)o->joined : NULL;
    m->organization.left = o->left[0] ? (char *)o->left : NULL;
    m->organization.member = m->members;
    m->organization.n_member = 1;
}

static const char *const role_words[] = {
    [BB__ROLE__ROLE_STAFF] = "staff",
    [BB__ROLE__ROLE_PARTNER] = "partner",
    [BB__ROLE__ROLE_OBSERVER] = "observer",
};

#define ROLE_WORDS (sizeof role_words / sizeof role_words[0])

const char *
bb_role_word(uint32_t role)
{
    return role < ROLE_WORDS ? role_words[role] : NULL;
}

/* Reading. */

static _Thread_local char *complaint; /* BB_REGISTRY_MESSAGE bytes, or NULL outside of a parse */

/* "FILE:LINE: TEXT", where nothing stands yet. The text may be longer than what is kept. */
static void
complain(const cfg_t *cfg, const char *text)
{
    if (complaint && !complaint[0])
        snprintf(complaint, BB_REGISTRY_MESSAGE, "%s:%d: %s", cfg->filename ? cfg->filename : "", cfg->line,
                 text);
}

/* What libconfuse says has pieces of the file in it. */
static void
on_error(cfg_t *cfg, const char *format, va_list arguments)
{
    char text[400], quoted[400];

    vsnprintf(text, sizeof text, format, arguments);
    complain(cfg, bb_text_quote(bb_bytes_str(text), quoted, sizeof quoted, 200));
}

/* What a validator says: pieces of the file in it are quoted already. Returns -1. */
static int __attribute__((format(printf, 2, 3))) refuse(const cfg_t *cfg, const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    complain(cfg, text);
    return -1;
}

static const char *
last_value(cfg_opt_t *option)
{
    return cfg_opt_getnstr(option, cfg_opt_size(option) - 1);
}

static int
check_name(cfg_t *cfg, cfg_opt_t *option)
{
    char quoted[80];
    const char *value = last_value(option);

    if (bb_text_is_name(bb_bytes_str(value)))
        return 0;
    return refuse(cfg, "%s: found \"%s\", expected " BB_TEXT_NAME_EXPECTED, option->name,
                  bb_text_quote(bb_bytes_str(value), quoted, sizeof quoted, 40));
}

static int
check_role(cfg_t *cfg, cfg_opt_t *option)
{
    char quoted[80];
    const char *value = last_value(option);

    for (size_t i = 0; i < ROLE_WORDS; i++)
        if (role_words[i] && strcmp(value, role_words[i]) == 0)
            return 0;
    return refuse(cfg, "role: found \"%s\", expected staff, partner or observer",
                  bb_text_quote(bb_bytes_str(value), quoted, sizeof quoted, 40));
}

static int
check_date(cfg_t *cfg, cfg_opt_t *option)
{
    char quoted[80];
    const char *value = last_value(option);
    uint32_t day;

    if (!*value || (strlen(value) == 10 && bb_date_parse(bb_bytes_str(value), &day) == 0))
        return 0;
    return refuse(cfg, "%s: found \"%s\", expected a date such as 2026-09-07", option->name,
                  bb_text_quote(bb_bytes_str(value), quoted, sizeof quoted, 40));
}

static int
check_key(cfg_t *cfg, cfg_opt_t *option)
{
    const char *value = last_value(option);

    if (!*value || bb_key_is_valid(bb_bytes_str(value)))
        return 0;
    return refuse(cfg, "key: expected the 40 characters of a public key in Z85, in single quotes");
}

static int
check_member(cfg_t *cfg, cfg_opt_t *option)
{
    cfg_t *member = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    const char *title = cfg_title(member);

    if (title && strcmp(title, BB_MEMBER_MAIN) == 0)
        return 0;
    return refuse(cfg, "member: the only one is \"%s\"", BB_MEMBER_MAIN);
}

static uint32_t
role_of(const char *word)
{
    for (uint32_t i = 0; i < ROLE_WORDS; i++)
        if (role_words[i] && strcmp(word, role_words[i]) == 0)
            return i;
    return BB__ROLE__ROLE_NONE;
}

static int
fill(struct bb_organization *o, const char *code, cfg_t *cfg)
{
    cfg_t *member = cfg_getnsec(cfg, "member", 0);

    o->code = strdup(code);
    o->name = strdup(cfg_getstr(cfg, "name"));
    if (!o->code || !o->name)
        return -ENOMEM;
    o->role = role_of(cfg_getstr(cfg, "role"));
    o->enabled = cfg_getbool(cfg, "enabled");
    o->share_own_line = cfg_getbool(cfg, "share-own-line");
    snprintf(o->joined, sizeof o->joined, "%s", cfg_getstr(cfg, "joined"));
    snprintf(o->left, sizeof o->left, "%s", cfg_getstr(cfg, "left"));
    if (member)
        snprintf(o->key, sizeof o->key, "%s", cfg_getstr(member, "key"));
    for (unsigned i = 0; i < cfg_size(cfg, "aliases"); i++)
        if (bb_organization_add_alias(o, cfg_getnstr(cfg, "aliases", i)) < 0)
            return -ENOMEM;
    return bb_organization_seal(o);
}

/* What must be there in every file. 0 | BB_PARTNER_FILE_E_BROKEN */
static int
check_whole(cfg_t *cfg, const char *path, char *message)
{
    const char *fault = NULL;

    if (!cfg_getstr(cfg, "name"))
        fault = "name is missing";
    else if (!cfg_getstr(cfg, "role"))
        fault = "role is missing: staff, partner or observer";
    else if (cfg_size(cfg, "aliases") > BB_LIMIT_ALIASES)
        fault = "more than 64 aliases";
    if (!fault)
        return 0;
    snprintf(message, BB_REGISTRY_MESSAGE, "%s: %s", path, fault);
    return BB_PARTNER_FILE_E_BROKEN;
}

/* libconfuse reads a directory as an empty file and knows no limit: look first. NULL, or what is wrong. */
static const char *
check_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const char *fault = NULL;
    struct stat st;

    if (fd < 0)
        return strerror(errno);
    if (fstat(fd, &st) < 0)
        fault = strerror(errno);
    else if (S_ISDIR(st.st_mode))
        fault = "a folder, expected a file";
    else if (!S_ISREG(st.st_mode))
        fault = "a device, pipe or socket, expected a file";
    else if (st.st_size > FILE_MAX)
        fault = strerror(EFBIG);
    close(fd);
    return fault;
}

static int
parse(cfg_t *cfg, const char *path, const char *code, struct bb_organization *o, char *message)
{
    int r;

    cfg_set_error_function(cfg, on_error);
    cfg_set_validate_func(cfg, "name", check_name);
    cfg_set_validate_func(cfg, "role", check_role);
    cfg_set_validate_func(cfg, "aliases", check_name);
    cfg_set_validate_func(cfg, "joined", check_date);
    cfg_set_validate_func(cfg, "left", check_date);
    cfg_set_validate_func(cfg, "member", check_member);
    cfg_set_validate_func(cfg, "member|key", check_key);
    complaint = message;
    r = cfg_parse(cfg, path);
    complaint = NULL;
    if (r != CFG_SUCCESS) {
        if (!message[0])
            snprintf(message, BB_REGISTRY_MESSAGE, "%s: cannot be read", path);
        return BB_PARTNER_FILE_E_BROKEN;
    }
    r = check_whole(cfg, path, message);
    return r ? r : fill(o, code, cfg);
}

int
bb_partner_file_read(const char *folder, const char *code, struct bb_organization **ret_organization,
                     char *message)
{
    cfg_opt_t member[] = {CFG_STR("key", "", CFGF_NONE), CFG_END()};
    cfg_opt_t options[] = {
        CFG_STR("name", NULL, CFGF_NONE),
        CFG_STR("role", NULL, CFGF_NONE),
        CFG_STR_LIST("aliases", "{}", CFGF_NONE),
        CFG_BOOL("enabled", cfg_true, CFGF_NONE),
        CFG_BOOL("share-own-line", cfg_false, CFGF_NONE),
        CFG_STR("joined", "", CFGF_NONE),
        CFG_STR("left", "", CFGF_NONE),
        CFG_SEC("member", member, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
        CFG_END(),
    };
    struct bb_organization *o = NULL;
    char *path = NULL;
    const char *fault;
    cfg_t *cfg = NULL;
    int r;

    message[0] = '\0';
    if (asprintf(&path, "%s/%s" BB_PARTNER_FILE_SUFFIX, folder, code) < 0)
        return -ENOMEM;
    fault = bb_code_is_reserved(code) ? "this code is reserved: operators or a service act as it"
                                      : check_file(path);
    if (fault) {
        snprintf(message, BB_REGISTRY_MESSAGE, "%s: %s", path, fault);
        r = BB_PARTNER_FILE_E_BROKEN;
        goto out;
    }
    cfg = cfg_init(options, CFGF_NONE);
    o = bb_organization_new();
    r = cfg && o ? parse(cfg, path, code, o, message) : -ENOMEM;
    if (r == 0) {
        *ret_organization = o;
        o = NULL;
    }
out:
    bb_organization_destroy(&o);
    if (cfg)
        cfg_free(cfg);
    free(path);
    return r;
}

/* Writing. */

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
render(struct bb_buffer *out, const struct bb_organization *o)
{
    put_text(out, "name", o->name);
    put_text(out, "role", bb_role_word(o->role));
    bb_buffer_printf(out, "aliases = {");
    for (size_t i = 0; i < o->n_alias; i++) {
        bb_buffer_append(out, ", ", i ? 2 : 0);
        put_quoted(out, o->alias[i]);
    }
    bb_buffer_printf(out, "}\nenabled = %s\nshare-own-line = %s\n", o->enabled ? "true" : "false",
                     o->share_own_line ? "true" : "false");
    put_text(out, "joined", o->joined);
    put_text(out, "left", o->left);
    if (o->key[0]) {
        bb_buffer_printf(out, "member " BB_MEMBER_MAIN " {\n    ");
        put_text(out, "key", o->key);
        bb_buffer_printf(out, "}\n");
    }
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

    bb_buffer_init(&content, FILE_MAX);
    render(&content, o);
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
