#include "access.h"

#include "runtime/clock.h"
#include "runtime/keyfile.h"
#include "runtime/text.h"

#include <stdarg.h>
#include <stdio.h>

#define INDICATORS_SHOWN 12u

static void say(struct bb_access *access, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
say(struct bb_access *access, const char *format, ...)
{
    va_list arguments;

    if (access->n_reasons == BB_ACCESS_REASONS)
        return;
    va_start(arguments, format);
    vsnprintf(access->reason[access->n_reasons++], BB_ACCESS_REASON, format, arguments);
    va_end(arguments);
}

/* --- may he come in? ------------------------------------------------------------------------------------ */

static bool
explain_organization(const struct bb_access_question *question, struct bb_access *access)
{
    const struct bb_organization *o = question->organization;

    if (!o->enabled)
        say(access, "%s is disabled: none of its keys is let in", o->code);
    else if (!bb_organization_may_enter(o, question->today))
        say(access, "%s has left on %s: from then on none of its keys is let in", o->code, o->left);
    else
        say(access, "%s is an organization of the class %s, and enabled", o->code, bb_class_word(o->role));
    return bb_organization_may_enter(o, question->today);
}

static void
explain_old_key(const struct bb_access_question *question, const struct bb_member *member,
                struct bb_access *access)
{
    const struct bb_key_holder holder = {question->organization, member, true};
    char text[BB_FINGERPRINT_TEXT], until[BB_UTC_TEXT];

    if (!bb_keytext_fingerprint(member->old_key, text))
        return;
    bb_utc_format(member->old_key_until, until);
    if (bb_key_holder_may_enter(&holder, question->today, question->now))
        say(access, "its old key %s is let in too, until %s", text, until);
    else
        say(access, "its old key %s is let in no more, since %s", text, until);
}

static bool
explain_key(const struct bb_access_question *question, const struct bb_member *member,
            struct bb_access *access)
{
    const struct bb_key_holder holder = {question->organization, member, false};
    char text[BB_FINGERPRINT_TEXT];

    explain_old_key(question, member, access);
    if (!bb_keytext_fingerprint(member->key, text)) {
        say(access, "it has no key, so nobody can connect as it: invite it, or give it a key");
        return false;
    }
    if (!bb_key_holder_may_enter(&holder, question->today, question->now)) {
        say(access, "its key %s is not let in", text);
        return false;
    }
    say(access, "its key %s is let in", text);
    return true;
}

/* NULL: it may not come in. */
static const struct bb_member *
explain_member(const struct bb_access_question *question, struct bb_access *access)
{
    const struct bb_organization *o = question->organization;
    const struct bb_member *member = bb_organization_member(o, question->member);
    char shown[BB_LIMIT_CODE_BYTES + 1];

    if (!explain_organization(question, access))
        return NULL;
    if (!member) {
        bb_text_quote(bb_bytes_str(question->member), shown, sizeof shown, BB_LIMIT_CODE_BYTES);
        say(access, "%s has no member \"%s\"", o->code, shown);
        return NULL;
    }
    access->role = member->role;
    say(access, "%s/%s is %s", o->code, member->name, bb_role_word(member->role));
    return explain_key(question, member, access) ? member : NULL;
}

/* --- what may he do? ------------------------------------------------------------------------------------ */

static void
explain_indicators(const struct bb_access_question *question, struct bb_access *access)
{
    const struct bb_organization *o = question->organization;
    char list[BB_ACCESS_REASON - 128] = "";
    size_t len = 0, shown = 0;

    if (!o || o->n_indicator == 0 || bb_method_info(question->method)->service != BB_SERVICE_MEASUREMENT)
        return;
    for (; shown < o->n_indicator && shown < INDICATORS_SHOWN && len + BB_LIMIT_CODE_BYTES + 3 < sizeof list;
         shown++)
        len += (size_t)snprintf(list + len, sizeof list - len, shown ? ", %s" : "%s", o->indicator[shown]);
    if (shown < o->n_indicator)
        say(access, "it takes part in %zu indicators and no others: %s and %zu more", o->n_indicator, list,
            o->n_indicator - shown);
    else
        say(access, "it takes part in these indicators and no others: %s", list);
}

static const char *
scope_in_words(enum bb_scope scope)
{
    static const char *const words[] = {
        [BB_SCOPE_OWN] = "what is its own organization's, and nothing else",
        [BB_SCOPE_SHARED] =
            "what is its own organization's, or of those that share their line, and totals of two "
            "or more organizations",
        [BB_SCOPE_TOTALS] = "totals, and no organization's own line",
        [BB_SCOPE_ALL] = "everything",
    };

    return words[scope];
}

static void
explain_table(const struct bb_access_question *question, struct bb_access *access)
{
    const char *method = bb_method_info(question->method)->name, *role = bb_role_word(access->role);
    char who[BB_POLICY_WHO];

    access->scope = bb_method_scope(question->method, access->role);
    access->allowed = bb_policy_check(question->policy, question->method, access->role) == 0;
    if (access->allowed)
        say(access, "the table says %s for %s as %s: it may touch %s", bb_scope_name(access->scope), method,
            role, scope_in_words(access->scope));
    else if (bb_policy_who(question->policy, question->method, who))
        say(access, "the table says NONE for %s as %s: it is for %s", method, role, who);
    else
        say(access, "the table says NONE for %s as %s: it is for services alone", method, role);
}

void
bb_access_explain(const struct bb_access_question *question, struct bb_access *ret_access)
{
    *ret_access = (struct bb_access){.role = BB__ROLE__ROLE_NONE, .scope = BB_SCOPE_NONE};
    if (!question->organization) {
        ret_access->role = BB__ROLE__ROLE_OPERATOR;
        say(ret_access,
            "operators come over the socket admin.sock, as the user of the broker on its machine, "
            "without a key");
    } else if (!explain_member(question, ret_access)) {
        return;
    }
    explain_indicators(question, ret_access);
    explain_table(question, ret_access);
}
