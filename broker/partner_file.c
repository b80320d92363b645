/* Values are judged in libconfuse's validation callbacks, where the line is known. Its callbacks carry no
 * pointer of ours, so the place for the message is thread-local while a file is parsed; the first message
 * stays. */
#include "partner_file.h"

#include "proto/methods.h"
#include "registry.h"
#include "runtime/clock.h"
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

static _Thread_local char *complaint; /* BB_PARTNER_FILE_MESSAGE bytes, or NULL outside of a parse */

/* "FILE:LINE: TEXT", where nothing stands yet. The text may be longer than what is kept. */
static void
complain(const cfg_t *cfg, const char *text)
{
    if (complaint && !complaint[0])
        snprintf(complaint, BB_PARTNER_FILE_MESSAGE, "%s:%d: %s", cfg->filename ? cfg->filename : "",
                 cfg->line, text);
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

    if (bb_class_by_word(value))
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
    return refuse(cfg, "%s: expected the 40 characters of a public key in Z85, in single quotes",
                  option->name);
}

static int
check_code(cfg_t *cfg, cfg_opt_t *option)
{
    char quoted[80];
    const char *value = last_value(option);

    if (bb_text_is_code(bb_bytes_str(value)))
        return 0;
    return refuse(cfg, "%s: found \"%s\", expected a code: " BB_TEXT_CODE_EXPECTED, option->name,
                  bb_text_quote(bb_bytes_str(value), quoted, sizeof quoted, 40));
}

static int
check_person(cfg_t *cfg, cfg_opt_t *option)
{
    return *last_value(option) ? check_name(cfg, option) : 0;
}

static int
check_member_role(cfg_t *cfg, cfg_opt_t *option)
{
    char quoted[80];
    const char *value = last_value(option);

    if (!*value || (bb_role_by_word(value) && !bb_class_by_word(value)) || strcmp(value, "observer") == 0)
        return 0;
    return refuse(cfg,
                  "role: found \"%s\", expected manager, data-manager, facilitator (staff), reporter, reader "
                  "(partner) or "
                  "observer",
                  bb_text_quote(bb_bytes_str(value), quoted, sizeof quoted, 40));
}

static int
check_time(cfg_t *cfg, cfg_opt_t *option)
{
    char quoted[80];
    const char *value = last_value(option);
    bb_utc time;

    if (!*value || bb_utc_parse(value, &time) == 0)
        return 0;
    return refuse(cfg, "%s: found \"%s\", expected a time such as 2026-09-07T14:03:00Z", option->name,
                  bb_text_quote(bb_bytes_str(value), quoted, sizeof quoted, 40));
}

/* So many bytes in hexadecimal digits. */
static bool
read_hex(const char *text, uint8_t *bytes, size_t n)
{
    size_t len;

    return strlen(text) == 2 * n && sodium_hex2bin(bytes, n, text, 2 * n, NULL, &len, NULL) == 0 && len == n;
}

static int
check_hash(cfg_t *cfg, cfg_opt_t *option)
{
    uint8_t hash[BB_INVITATION_HASH];

    if (read_hex(last_value(option), hash, sizeof hash))
        return 0;
    return refuse(cfg, "hash: expected 64 hexadecimal digits");
}

static const char *const states[] = {
    [BB_INVITATION_OPEN] = "open", [BB_INVITATION_PENDING] = "pending", [BB_INVITATION_USED] = "used"};

#define STATES (sizeof states / sizeof states[0])

static enum bb_invitation_state
state_of(const char *word)
{
    size_t i = 0;

    while (i < STATES && strcmp(word, states[i]) != 0)
        i++;
    return (enum bb_invitation_state)i;
}

static int
check_state(cfg_t *cfg, cfg_opt_t *option)
{
    char quoted[80];
    const char *value = last_value(option);

    if (state_of(value) < STATES)
        return 0;
    return refuse(cfg, "state: found \"%s\", expected open, pending or used",
                  bb_text_quote(bb_bytes_str(value), quoted, sizeof quoted, 40));
}

static int
check_member(cfg_t *cfg, cfg_opt_t *option)
{
    cfg_t *member = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    const char *title = cfg_title(member);

    if (!title || !bb_text_is_code(bb_bytes_str(title)))
        return refuse(cfg, "member: its name is a code: " BB_TEXT_CODE_EXPECTED);
    if (*cfg_getstr(member, "old-key") && !*cfg_getstr(member, "old-key-until"))
        return refuse(cfg, "old-key-until is missing: until when the old key is let in");
    return 0;
}

static int
check_invitation(cfg_t *cfg, cfg_opt_t *option)
{
    cfg_t *invitation = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    const char *title = cfg_title(invitation);
    uint8_t id[BB_INVITATION_ID];

    if (!title || !read_hex(title, id, sizeof id))
        return refuse(cfg, "invitation: its name is 16 hexadecimal digits");
    if (!cfg_getstr(invitation, "member") || !cfg_getstr(invitation, "role") ||
        !cfg_getstr(invitation, "hash") || !cfg_getstr(invitation, "expires"))
        return refuse(cfg, "invitation: member, role, hash and expires are needed");
    if (state_of(cfg_getstr(invitation, "state")) != BB_INVITATION_OPEN && !*cfg_getstr(invitation, "key"))
        return refuse(cfg, "invitation: the key of who has used it is missing");
    return 0;
}

/* The role of a member: that of the word, or of who may do all of the class. False: it is not of the class.
 */
static bool
role_in_class(uint32_t class, const char *word, uint32_t *ret_role)
{
    *ret_role = *word ? bb_role_by_word(word) : class;
    return bb_role_class(*ret_role) == class;
}

static bb_utc
time_of(const char *text)
{
    bb_utc time = 0;

    return bb_utc_parse(text, &time) == 0 ? time : 0;
}

static int
fill_member(struct bb_organization *o, cfg_t *section)
{
    struct bb_member *member;
    int r = bb_organization_add_member(o, cfg_title(section), &member);

    if (r == 0)
        r = bb_member_set_person(member, cfg_getstr(section, "person"));
    if (r < 0)
        return r;
    if (!role_in_class(o->role, cfg_getstr(section, "role"), &member->role))
        return BB_PARTNER_FILE_E_BROKEN;
    snprintf(member->key, sizeof member->key, "%s", cfg_getstr(section, "key"));
    snprintf(member->old_key, sizeof member->old_key, "%s", cfg_getstr(section, "old-key"));
    member->old_key_until = time_of(cfg_getstr(section, "old-key-until"));
    return 0;
}

static int
fill_invitation(struct bb_organization *o, cfg_t *section)
{
    struct bb_invitation *invitation;
    int r = bb_organization_add_invitation(o, cfg_getstr(section, "member"), cfg_getstr(section, "by"),
                                           &invitation);

    if (r < 0)
        return r;
    if (!role_in_class(o->role, cfg_getstr(section, "role"), &invitation->role))
        return BB_PARTNER_FILE_E_BROKEN;
    read_hex(cfg_title(section), invitation->id, sizeof invitation->id);
    read_hex(cfg_getstr(section, "hash"), invitation->hash, sizeof invitation->hash);
    invitation->expires = time_of(cfg_getstr(section, "expires"));
    invitation->approve = cfg_getbool(section, "approve");
    invitation->state = state_of(cfg_getstr(section, "state"));
    snprintf(invitation->key, sizeof invitation->key, "%s", cfg_getstr(section, "key"));
    return 0;
}

/* A section whose role is of another class. */
static int
wrong_class(const struct bb_organization *o, const char *path, cfg_t *section, char *message)
{
    char quoted[80];

    snprintf(message, BB_PARTNER_FILE_MESSAGE, "%s: %s %s: role: found \"%s\", expected one of %s", path,
             cfg_name(section), cfg_title(section),
             bb_text_quote(bb_bytes_str(cfg_getstr(section, "role")), quoted, sizeof quoted, 40),
             bb_class_word(o->role));
    return BB_PARTNER_FILE_E_BROKEN;
}

static int
fill_sections(struct bb_organization *o, cfg_t *cfg, const char *path, const char *name,
              int (*fill_one)(struct bb_organization *, cfg_t *), char *message)
{
    int r = 0;

    for (unsigned i = 0; r == 0 && i < cfg_size(cfg, name); i++) {
        cfg_t *section = cfg_getnsec(cfg, name, i);

        r = fill_one(o, section);
        if (r > 0)
            return wrong_class(o, path, section, message);
    }
    return r;
}

static int
fill_lists(struct bb_organization *o, cfg_t *cfg)
{
    int r = 0;

    for (unsigned i = 0; r == 0 && i < cfg_size(cfg, "aliases"); i++)
        r = bb_organization_add_alias(o, cfg_getnstr(cfg, "aliases", i));
    for (unsigned i = 0; r == 0 && i < cfg_size(cfg, "indicators"); i++)
        r = bb_organization_add_indicator(o, cfg_getnstr(cfg, "indicators", i));
    for (unsigned i = 0; r == 0 && i < cfg_size(cfg, "revoked"); i++)
        r = *cfg_getnstr(cfg, "revoked", i) ? bb_organization_add_revoked(o, cfg_getnstr(cfg, "revoked", i))
                                            : 0;
    return r;
}

static int
fill(struct bb_organization *o, const char *code, cfg_t *cfg, const char *path, char *message)
{
    int r;

    o->code = strdup(code);
    o->name = strdup(cfg_getstr(cfg, "name"));
    if (!o->code || !o->name)
        return -ENOMEM;
    o->role = bb_class_by_word(cfg_getstr(cfg, "role"));
    o->enabled = cfg_getbool(cfg, "enabled");
    o->share_own_line = cfg_getbool(cfg, "share-own-line");
    if (o->role == BB__ROLE__ROLE_STAFF && cfg_size(cfg, "indicators") > 0) {
        snprintf(message, BB_PARTNER_FILE_MESSAGE, "%s: indicators: staff take part in all of them", path);
        return BB_PARTNER_FILE_E_BROKEN;
    }
    snprintf(o->joined, sizeof o->joined, "%s", cfg_getstr(cfg, "joined"));
    snprintf(o->left, sizeof o->left, "%s", cfg_getstr(cfg, "left"));
    r = fill_lists(o, cfg);
    if (r == 0)
        r = fill_sections(o, cfg, path, "member", fill_member, message);
    if (r == 0)
        r = fill_sections(o, cfg, path, "invitation", fill_invitation, message);
    return r == 0 ? bb_organization_seal(o) : r;
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
    else if (cfg_size(cfg, "indicators") > BB_LIMIT_PARTNER_INDICATORS)
        fault = "more than 256 indicators";
    else if (cfg_size(cfg, "member") > BB_LIMIT_MEMBERS)
        fault = "more than 64 members";
    else if (cfg_size(cfg, "invitation") > BB_LIMIT_INVITATIONS)
        fault = "more than 64 invitations";
    if (!fault)
        return 0;
    snprintf(message, BB_PARTNER_FILE_MESSAGE, "%s: %s", path, fault);
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
    else if (st.st_size > BB_PARTNER_FILE_MAX)
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
    cfg_set_validate_func(cfg, "member|role", check_member_role);
    cfg_set_validate_func(cfg, "member|person", check_person);
    cfg_set_validate_func(cfg, "member|key", check_key);
    cfg_set_validate_func(cfg, "member|old-key", check_key);
    cfg_set_validate_func(cfg, "member|old-key-until", check_time);
    cfg_set_validate_func(cfg, "invitation", check_invitation);
    cfg_set_validate_func(cfg, "invitation|member", check_code);
    cfg_set_validate_func(cfg, "invitation|role", check_member_role);
    cfg_set_validate_func(cfg, "invitation|hash", check_hash);
    cfg_set_validate_func(cfg, "invitation|expires", check_time);
    cfg_set_validate_func(cfg, "invitation|state", check_state);
    cfg_set_validate_func(cfg, "invitation|key", check_key);
    cfg_set_validate_func(cfg, "indicators", check_code);
    cfg_set_validate_func(cfg, "revoked", check_key);
    complaint = message;
    r = cfg_parse(cfg, path);
    complaint = NULL;
    if (r != CFG_SUCCESS) {
        if (!message[0])
            snprintf(message, BB_PARTNER_FILE_MESSAGE, "%s: cannot be read", path);
        return BB_PARTNER_FILE_E_BROKEN;
    }
    r = check_whole(cfg, path, message);
    return r ? r : fill(o, code, cfg, path, message);
}

int
bb_partner_file_read(const char *folder, const char *code, struct bb_organization **ret_organization,
                     char *message)
{
    cfg_opt_t member[] = {
        CFG_STR("role", "", CFGF_NONE),          CFG_STR("person", "", CFGF_NONE),
        CFG_STR("key", "", CFGF_NONE),           CFG_STR("old-key", "", CFGF_NONE),
        CFG_STR("old-key-until", "", CFGF_NONE), CFG_END(),
    };
    cfg_opt_t invitation[] = {
        CFG_STR("member", NULL, CFGF_NONE),
        CFG_STR("role", NULL, CFGF_NONE),
        CFG_STR("hash", NULL, CFGF_NONE),
        CFG_STR("expires", NULL, CFGF_NONE),
        CFG_BOOL("approve", cfg_false, CFGF_NONE),
        CFG_STR("by", "", CFGF_NONE),
        CFG_STR("state", "open", CFGF_NONE),
        CFG_STR("key", "", CFGF_NONE),
        CFG_END(),
    };
    cfg_opt_t options[] = {
        CFG_STR("name", NULL, CFGF_NONE),
        CFG_STR("role", NULL, CFGF_NONE),
        CFG_STR_LIST("aliases", "{}", CFGF_NONE),
        CFG_STR_LIST("indicators", "{}", CFGF_NONE),
        CFG_BOOL("enabled", cfg_true, CFGF_NONE),
        CFG_BOOL("share-own-line", cfg_false, CFGF_NONE),
        CFG_STR("joined", "", CFGF_NONE),
        CFG_STR("left", "", CFGF_NONE),
        CFG_SEC("member", member, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
        CFG_SEC("invitation", invitation, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
        CFG_STR_LIST("revoked", "{}", CFGF_NONE),
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
        snprintf(message, BB_PARTNER_FILE_MESSAGE, "%s: %s", path, fault);
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
