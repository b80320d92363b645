/* Everything is checked before anything is changed, as far as it does not depend on the change. */
#include "partner_put.h"

#include "proto/errors.h"
#include "proto/methods.h"
#include "runtime/keyfile.h"
#include "runtime/period.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
bb_put_invalid(char *message, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, BB_REGISTRY_MESSAGE, format, arguments);
    va_end(arguments);
    return BB_ERROR_INVALID;
}

/* Checks. */

static bool
is_date(const char *text)
{
    uint32_t day;

    return strlen(text) == sizeof "2026-09-07" - 1 && bb_date_parse(bb_bytes_str(text), &day) == 0;
}

int
bb_partner_check_code(const char *code, char *message)
{
    if (!bb_text_is_code(bb_bytes_str(code)))
        return bb_put_invalid(message, "code: expected " BB_TEXT_CODE_EXPECTED);
    if (bb_code_is_reserved(code))
        return bb_put_invalid(message, "code: this one is reserved: operators or a service act as it");
    return 0;
}

static int
check_key(const char *key, char *message)
{
    if (!key || bb_key_is_valid(bb_bytes_str(key)))
        return 0;
    return bb_put_invalid(message,
                          "key: expected the 40 characters of a public key in Z85, as keys new prints it");
}

static int
check_put(const Bb__PartnerPut *put, char *message)
{
    if (put->name && !bb_text_is_name(bb_bytes_str(put->name)))
        return bb_put_invalid(message, "name: expected " BB_TEXT_NAME_EXPECTED);
    if (put->has_role && !bb_class_word(put->role))
        return bb_put_invalid(message, "role: expected staff, partner or observer");
    if (put->joined && !is_date(put->joined))
        return bb_put_invalid(message, "joined: expected a date such as 2026-09-07");
    if (put->left && *put->left && !is_date(put->left))
        return bb_put_invalid(message, "left: expected a date such as 2026-09-07, or nothing");
    for (size_t i = 0; i < put->n_alias; i++)
        if (!bb_text_is_name(bb_bytes_str(put->alias[i])))
            return bb_put_invalid(message, "alias: expected " BB_TEXT_NAME_EXPECTED);
    for (size_t i = 0; i < put->n_indicator; i++)
        if (!bb_text_is_code(bb_bytes_str(put->indicator[i])))
            return bb_put_invalid(message, "indicator: expected " BB_TEXT_CODE_EXPECTED);
    return check_key(put->key, message);
}

static int
check_presence(const char *what, const char *name, bool is_there, bool create, bool upsert, char *message)
{
    if (is_there && create && !upsert) {
        snprintf(message, BB_REGISTRY_MESSAGE, "there is %s \"%s\" already", what, name);
        return BB_ERROR_EXISTS;
    }
    if (!is_there && !create) {
        snprintf(message, BB_REGISTRY_MESSAGE, "there is no %s \"%s\"", strchr(what, ' ') + 1, name);
        return BB_ERROR_NOT_FOUND;
    }
    return 0;
}

/* Organizations. */

int
bb_partner_start(struct bb_organization *o, const char *name, uint32_t class, const char *today,
                 char *message)
{
    if (!name || !bb_class_word(class))
        return bb_put_invalid(message, "a new organization needs a name and a role");
    if (!bb_text_is_name(bb_bytes_str(name)))
        return bb_put_invalid(message, "name: expected " BB_TEXT_NAME_EXPECTED);
    o->role = class;
    snprintf(o->joined, sizeof o->joined, "%s", today);
    return bb_organization_set_name(o, name);
}

/* Another class: the roles of its members are not of it any more. They get all of the new one, but a lesser
 * role never becomes a greater one in silence. */
static int
set_class(struct bb_organization *o, uint32_t class, char *message)
{
    if (o->role == class)
        return 0;
    for (size_t i = 0; i < o->n_member; i++) {
        if (o->member[i].role != o->role)
            return bb_put_invalid(message,
                                  "role: member \"%s\" is a %s: give it a role that the new one has too",
                                  o->member[i].name, bb_role_word(o->member[i].role));
        o->member[i].role = class;
    }
    for (size_t i = 0; i < o->n_invitation; i++)
        if (o->invitation[i].state != BB_INVITATION_USED)
            return bb_put_invalid(message, "role: an invitation is open: revoke it first");
    o->role = class;
    return 0;
}

/* The key of the member "main", which replaces all that it has. */
static int
set_key(struct bb_organization *o, const char *key, char *message)
{
    struct bb_member *member;
    int r = bb_member_take(o, BB_MEMBER_MAIN, &member, message);

    if (r != 0 || strcmp(member->key, key) == 0)
        return r;
    snprintf(member->key, sizeof member->key, "%s", key);
    member->old_key[0] = '\0';
    member->old_key_until = 0;
    return 0;
}

static int
set_indicators(struct bb_organization *o, const Bb__PartnerPut *put, char *message)
{
    int r = 0;

    if (put->n_indicator > BB_LIMIT_PARTNER_INDICATORS)
        return bb_put_invalid(message, "indicator: more than %u of them", BB_LIMIT_PARTNER_INDICATORS);
    bb_organization_clear_indicators(o);
    for (size_t i = 0; r == 0 && i < put->n_indicator; i++)
        r = bb_organization_add_indicator(o, put->indicator[i]);
    return r;
}

static int
apply(struct bb_organization *o, const Bb__PartnerPut *put, char *message)
{
    int r = put->name ? bb_organization_set_name(o, put->name) : 0;

    if (r == 0 && put->has_role)
        r = set_class(o, put->role, message);
    if (r == 0 && put->key)
        r = set_key(o, put->key, message);
    if (r == 0 && put->set_indicators)
        r = set_indicators(o, put, message);
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
        return bb_put_invalid(message, "alias: more than %u of them", BB_LIMIT_ALIASES);
    if (r == 0 && o->n_indicator && o->role == BB__ROLE__ROLE_STAFF)
        return bb_put_invalid(message, "indicator: staff take part in all of them");
    if (r == 0 && o->left[0] && strcmp(o->left, o->joined) < 0)
        return bb_put_invalid(message, "left: expected a date that is not before the one on which it joined");
    return r;
}

int
bb_partner_put(struct bb_organization *o, bool is_new, const Bb__PartnerPut *put, const char *today,
               char *message)
{
    int r = bb_partner_check_code(put->code, message);

    if (r == 0)
        r = check_put(put, message);
    if (r == 0)
        r = check_presence("an organization", put->code, !is_new, put->create, put->upsert, message);
    if (r == 0 && is_new)
        r = bb_partner_start(o, put->name, put->has_role ? put->role : 0, today, message);
    return r == 0 ? apply(o, put, message) : r;
}

/* Members. */

int
bb_member_role(const struct bb_organization *o, uint32_t asked, uint32_t *ret_role, char *message)
{
    uint32_t role = asked ? asked : o->role;

    if (!bb_role_word(role) || bb_role_class(role) != o->role)
        return bb_put_invalid(message, "role: found %s, expected a role of %s: %s",
                              bb_role_word(role) ? bb_role_word(role) : "another one", bb_class_word(o->role),
                              o->role == BB__ROLE__ROLE_STAFF     ? "manager, data-manager, facilitator"
                              : o->role == BB__ROLE__ROLE_PARTNER ? "reporter, reader"
                                                                  : "observer");
    *ret_role = role;
    return 0;
}

int
bb_member_take(struct bb_organization *o, const char *name, struct bb_member **ret_member, char *message)
{
    struct bb_member *member = bb_organization_member(o, name);

    if (member) {
        *ret_member = member;
        return 0;
    }
    if (!bb_text_is_code(bb_bytes_str(name)))
        return bb_put_invalid(message, "member: expected " BB_TEXT_CODE_EXPECTED);
    if (o->n_member >= BB_LIMIT_MEMBERS)
        return bb_put_invalid(message, "member: %s has %u already, the most that is allowed", o->code,
                              BB_LIMIT_MEMBERS);
    return bb_organization_add_member(o, name, ret_member);
}

int
bb_member_put(struct bb_organization *o, bool is_new, const Bb__MemberPut *put, char *message)
{
    struct bb_member *member;
    uint32_t role;
    int r;

    if (is_new)
        return check_presence("an organization", put->organization, false, false, false, message);
    r = check_presence("a member", put->name, bb_organization_member(o, put->name) != NULL, put->create,
                       false, message);
    if (r == 0)
        r = check_key(put->key, message);
    if (r == 0 && put->person && *put->person && !bb_text_is_name(bb_bytes_str(put->person)))
        r = bb_put_invalid(message, "person: expected " BB_TEXT_NAME_EXPECTED);
    if (r == 0)
        r = bb_member_take(o, put->name, &member, message);
    if (r == 0)
        r = bb_member_role(o, put->has_role ? put->role : member->role, &role, message);
    if (r == 0 && put->person)
        r = bb_member_set_person(member, put->person);
    if (r != 0)
        return r;
    member->role = role;
    if (!put->key || strcmp(member->key, put->key) == 0)
        return 0;
    snprintf(member->key, sizeof member->key, "%s", put->key);
    member->old_key[0] = '\0';
    member->old_key_until = 0;
    return 0;
}
