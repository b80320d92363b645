/* How an organization is printed. In a table a member is a line of words; in data it is an object. */
#include "partner.h"

#include "runtime/clock.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE, NAME, ROLE, ALIAS, ENABLED, SHARES, JOINED, LEFT, KEY, INDICATORS, MEMBER, MEMBERS };

_Static_assert(MEMBERS + 1 == BB_PARTNER_SHOWN, "partner.h knows how many");

const struct bb_output_column bb_partner_shown[BB_PARTNER_SHOWN] = {
    [CODE] = {"code", "CODE", 0},
    [NAME] = {"name", "NAME", BB_OUTPUT_WRAP},
    [ROLE] = {"role", "ROLE", 0},
    [ALIAS] = {"alias", "ALIASES", BB_OUTPUT_LIST | BB_OUTPUT_WRAP},
    [ENABLED] = {"enabled", "ENABLED", 0},
    [SHARES] = {"share_own_line", "SHARES", 0},
    [JOINED] = {"joined", "JOINED", 0},
    [LEFT] = {"left", "LEFT", BB_OUTPUT_DATA_ONLY},
    [KEY] = {"key", "KEY", BB_OUTPUT_DATA_ONLY},
    [INDICATORS] = {"indicators", "INDICATORS", BB_OUTPUT_LIST | BB_OUTPUT_WRAP},
    [MEMBER] = {"members", NULL, BB_OUTPUT_DATA_ONLY},
    [MEMBERS] = {"members_text", "MEMBERS", BB_OUTPUT_TABLE_ONLY | BB_OUTPUT_WRAP},
};

/* "sis: reporter, Anna Weber, 7Q2MK-0GD4S-XW1PN-93ZRT" */
static void
write_member(FILE *to, const struct bb_partner_member *member)
{
    char fingerprint[BB_FINGERPRINT_TEXT], until[BB_UTC_TEXT];

    fprintf(to, "%s: %s%s%s, ", member->name, member->role, member->person ? ", " : "",
            member->person ? member->person : "");
    fputs(member->key && bb_key_fingerprint(member->key, fingerprint) == 0 ? fingerprint : "no key", to);
    if (!member->old_key || bb_key_fingerprint(member->old_key, fingerprint) != 0)
        return;
    bb_utc_format(member->old_key_until_us, until);
    fprintf(to, " (until %.16sZ also %s)", until, fingerprint);
}

static void
print_words(struct bb_output *output, const struct bb_partner *partner)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    if (!to)
        return;
    for (size_t i = 0; i < partner->n_members; i++) {
        fputs(i ? "; " : "", to);
        write_member(to, &partner->member[i]);
    }
    if (fclose(to) == 0)
        bb_output_text(output, MEMBERS, text);
    free(text);
}

static json_t *
fingerprint_of(const char *key)
{
    char text[BB_FINGERPRINT_TEXT];

    return key && bb_key_fingerprint(key, text) == 0 ? json_string(text) : json_null();
}

static json_t *
member_json(const struct bb_partner_member *member)
{
    char until[BB_UTC_TEXT];

    if (member->old_key)
        bb_utc_format(member->old_key_until_us, until);
    return json_pack("{ss ss ss? ss? so ss? so ss?}", "name", member->name, "role", member->role, "person",
                     member->person, "key", member->key, "fingerprint", fingerprint_of(member->key),
                     "old_key", member->old_key, "old_fingerprint", fingerprint_of(member->old_key),
                     "old_key_until", member->old_key ? until : NULL);
}

static void
print_members(struct bb_output *output, const struct bb_partner *partner)
{
    json_t *list = json_array();
    char *text;

    print_words(output, partner);
    for (size_t i = 0; i < partner->n_members; i++)
        json_array_append_new(list, member_json(&partner->member[i]));
    text = json_dumps(list, JSON_COMPACT | JSON_PRESERVE_ORDER);
    bb_output_json(output, MEMBER, text ? text : "[]");
    free(text);
    json_decref(list);
}

int
bb_partner_print(void *self, const struct bb_partner *partner)
{
    struct bb_output *output = self;

    bb_output_text(output, CODE, partner->code);
    bb_output_text(output, NAME, partner->name);
    bb_output_text(output, ROLE, partner->role);
    bb_output_list(output, ALIAS);
    for (size_t i = 0; i < partner->n_aliases; i++)
        bb_output_item(output, ALIAS, partner->alias[i]);
    bb_output_bool(output, ENABLED, partner->enabled);
    bb_output_bool(output, SHARES, partner->share_own_line);
    bb_output_text(output, JOINED, partner->joined);
    bb_output_text(output, LEFT, partner->left);
    bb_output_text(output, KEY, partner->key);
    bb_output_list(output, INDICATORS);
    for (size_t i = 0; i < partner->n_indicators; i++)
        bb_output_item(output, INDICATORS, partner->indicator[i]);
    print_members(output, partner);
    bb_output_mark(output, ENABLED, partner->enabled ? BB_MARK_NONE : BB_MARK_BAD);
    bb_output_row(output);
    return 0;
}

void
bb_partner_print_changed(void *self, const struct bb_partner *partner, bool changed)
{
    if (!changed)
        bb_cli_say("%s: nothing to change", partner->code);
    bb_partner_print(self, partner);
}
