/* An organization that says something anew keeps what it does not say: who agrees to a newer version has
 * agreed since the same day as before. Dates and versions are written into the entry, so a replay needs no
 * clock. */
#include "adopt.h"

#include "define_core.h"

#include <errno.h>
#include <stdio.h>

/* One adoption on its way. */
struct judged {
    Bb__Adoption *item;
    Bb__DefineOutcome *outcome;
    struct bb_adoption adoption;
};

static int
refuse(struct bb_arena *arena, struct judged *j, enum bb_row_code code, const char *column, const char *found,
       const char *expected)
{
    struct bb_note note;

    bb_note_found(&note, code, BB_FIELD_NONE, bb_bytes_str(found), "%s", expected);
    return bb_define_refuse(arena, j->outcome, code, column, note.text);
}

static char *
date_text(struct bb_arena *arena, uint32_t day)
{
    char text[BB_PERIOD_TEXT];

    bb_date_format(day, text);
    return bb_define_text(arena, text);
}

static int
resolve_indicator(struct bb_head *head, struct bb_arena *arena, const struct bb_codes *limit,
                  struct judged *j, uint32_t *ret_version)
{
    Bb__Indicator *definition;
    bool canonical;
    int r = bb_define_find(head, BB_OBJECT_INDICATOR, j->item->indicator, &j->adoption.indicator, &canonical);

    if (r < 0)
        return r;
    if (r != 0 || j->adoption.indicator == BB_ID_NONE ||
        !bb_catalogue_takes_part(&head->catalogue, limit, j->adoption.indicator))
        return refuse(arena, j, BB_ROW_CODE_UNKNOWN_INDICATOR, "indicator", j->item->indicator,
                      "the code or name of a defined indicator");
    r = bb_define_details(head, BB_OBJECT_INDICATOR, j->adoption.indicator, arena, &bb__indicator__descriptor,
                          (ProtobufCMessage **)&definition);
    if (r != 0)
        return r < 0 ? r : -EBADMSG;
    j->item->indicator = definition->code;
    *ret_version = definition->version;
    return 0;
}

static int
resolve_organization(struct bb_head *head, struct bb_arena *arena, const struct bb_adopter *adopter,
                     struct judged *j)
{
    const char *text = j->item->organization;
    const struct bb_object *object;
    bool canonical;
    int r;

    if (text && *text)
        r = bb_define_find(head, BB_OBJECT_ORGANIZATION, text, &j->adoption.organization, &canonical);
    else
        r = bb_names_find(head->names, head->txn, BB_OBJECT_ORGANIZATION, adopter->code,
                          &j->adoption.organization, &canonical);
    if (r < 0)
        return r;
    object =
        r == 0 ? bb_catalogue_get(&head->catalogue, BB_OBJECT_ORGANIZATION, j->adoption.organization) : NULL;
    if (!object)
        return refuse(arena, j, BB_ROW_CODE_UNKNOWN_ORGANIZATION, "organization", text ? text : "",
                      "the code, name or alias of a registered organization");
    if (!adopter->for_others && !bb_bytes_equal(bb_bytes_str(object->text), adopter->code))
        return refuse(arena, j, BB_ROW_CODE_NOT_YOURS, "organization", text,
                      "your own organization: a partner speaks for itself only");
    j->item->organization = object->text;
    return 0;
}

static int
resolve_version(struct bb_arena *arena, struct judged *j, uint32_t present)
{
    char found[16], expected[64];

    if (!j->item->has_version) {
        j->item->has_version = true;
        j->item->version = present;
    }
    j->adoption.version = j->item->version;
    if (j->item->version >= 1 && j->item->version <= present)
        return 0;
    snprintf(found, sizeof found, "%u", j->item->version);
    snprintf(expected, sizeof expected, "a version that there is, 1 to %u", present);
    return refuse(arena, j, BB_ROW_CODE_BAD_VALUE, "version", found, expected);
}

/* What is not said is as it was: the day on which it began, unless that has ended. */
static int
resolve_dates(struct bb_arena *arena, uint32_t today, const struct bb_adoption *before, struct judged *j)
{
    struct bb_adoption *adoption = &j->adoption;
    bool goes_on = before && (before->until_day == 0 || before->until_day > today);

    adoption->from_day = goes_on || (before && j->item->until) ? before->from_day : today;
    if (j->item->from && bb_date_parse(bb_bytes_str(j->item->from), &adoption->from_day) != 0)
        return refuse(arena, j, BB_ROW_CODE_BAD_VALUE, "from", j->item->from, "a date such as 2026-09-07");
    if (j->item->until && bb_date_parse(bb_bytes_str(j->item->until), &adoption->until_day) != 0)
        return refuse(arena, j, BB_ROW_CODE_BAD_VALUE, "until", j->item->until, "a date such as 2026-09-07");
    j->item->from = date_text(arena, adoption->from_day);
    if (!j->item->from)
        return -ENOMEM;
    if (j->item->until && adoption->until_day < adoption->from_day)
        return refuse(arena, j, BB_ROW_CODE_BAD_VALUE, "until", j->item->until,
                      "a date that is not before the one from which it holds");
    return 0;
}

static bool
same(const struct bb_adoption *a, const struct bb_adoption *b)
{
    return a->version == b->version && a->from_day == b->from_day && a->until_day == b->until_day;
}

static int
judge(struct bb_head *head, struct bb_arena *arena, const struct bb_adopter *adopter, struct judged *j)
{
    const struct bb_adoption *before;
    uint32_t present = 0;
    int r = resolve_indicator(head, arena, adopter->limit, j, &present);

    if (r == 0 && !j->outcome->has_code)
        r = resolve_organization(head, arena, adopter, j);
    if (r == 0 && !j->outcome->has_code)
        r = resolve_version(arena, j, present);
    if (r != 0 || j->outcome->has_code)
        return r;
    before = bb_adoptions_get(&head->adoptions, j->adoption.indicator, j->adoption.organization);
    r = resolve_dates(arena, adopter->today, before, j);
    if (r != 0 || j->outcome->has_code)
        return r;
    j->outcome->outcome = !before                      ? BB_OUTCOME_CREATED
                          : same(before, &j->adoption) ? BB_OUTCOME_UNCHANGED
                                                       : BB_OUTCOME_UPDATED;
    return 0;
}

static int
apply(struct bb_head *head, const Bb__EntryAdoptions *entry, struct bb_adoption *adoption, uint64_t sequence)
{
    char member[2 * BB_LIMIT_CODE_BYTES + 2];
    uint8_t key[BB_ADOPTION_KEY], record[BB_ADOPTION_PACKED];
    int r;

    snprintf(member, sizeof member, "%s/%s", entry->organization, entry->member);
    adoption->member = bb_bytes_str(member);
    bb_adoption_key(adoption->indicator, adoption->organization, sequence, key);
    r = bb_generation_put(head->filling, BB_VIEW_ADOPTION, bb_bytes(key, sizeof key),
                          bb_bytes(record, bb_adoption_pack(adoption, record)));
    return r == 0 ? bb_adoptions_set(&head->adoptions, adoption) : r;
}

int
bb_adopt(struct bb_head *head, struct bb_arena *arena, const struct bb_adopter *adopter,
         const Bb__Adopt *request, uint64_t sequence, Bb__EntryAdoptions *entry, Bb__DefineReply *reply)
{
    int r = bb_define_outcomes(arena, request->n_adoption, reply);

    entry->adoption = bb_arena_alloc(arena, (request->n_adoption + 1) * sizeof *entry->adoption);
    if (!entry->adoption)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < request->n_adoption; i++) {
        struct judged j = {.item = request->adoption[i], .outcome = reply->item[i]};

        r = judge(head, arena, adopter, &j);
        if (r != 0 || !bb_define_is_kept(j.outcome))
            continue;
        r = apply(head, entry, &j.adoption, sequence);
        entry->adoption[entry->n_adoption++] = j.item;
    }
    return r;
}

int
bb_apply_adoptions(struct bb_head *head, const Bb__EntryAdoptions *entry, uint64_t sequence)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < entry->n_adoption; i++) {
        const Bb__Adoption *item = entry->adoption[i];
        struct bb_adoption adoption;
        bool canonical;

        r = item->organization ? bb_adoption_read(item, &adoption) : -EBADMSG;
        if (r == 0)
            r = bb_define_find(head, BB_OBJECT_INDICATOR, item->indicator, &adoption.indicator, &canonical);
        if (r == 0)
            r = bb_define_find(head, BB_OBJECT_ORGANIZATION, item->organization, &adoption.organization,
                               &canonical);
        if (r == 0)
            r = apply(head, entry, &adoption, sequence);
    }
    return r > 0 ? -EBADMSG : r;
}

/* Retiring */

/* The definition with its new date. */
static int
judge_retirement(struct bb_arena *arena, uint32_t today, const Bb__IndicatorRetire *request,
                 Bb__Indicator *definition, Bb__DefineOutcome *outcome)
{
    struct judged j = {.outcome = outcome};
    uint32_t day = today;
    char *retired = NULL;

    if (request->from && bb_date_parse(bb_bytes_str(request->from), &day) != 0)
        return refuse(arena, &j, BB_ROW_CODE_BAD_VALUE, "from", request->from, "a date such as 2026-09-07");
    if (!request->undo && !(retired = date_text(arena, day)))
        return -ENOMEM;
    if (strcmp(retired ? retired : "", definition->retired ? definition->retired : "") == 0) {
        outcome->outcome = BB_OUTCOME_UNCHANGED;
        return 0;
    }
    outcome->outcome = BB_OUTCOME_UPDATED;
    definition->retired = retired;
    definition->version++;
    return 0;
}

int
bb_retire(struct bb_head *head, struct bb_arena *arena, uint32_t today, const Bb__IndicatorRetire *request,
          uint64_t sequence, Bb__EntryIndicators *entry, Bb__DefineReply *reply)
{
    struct judged j = {0};
    Bb__Indicator *definition = NULL;
    uint32_t id = 0;
    int r = bb_define_outcomes(arena, 1, reply);

    entry->indicator = bb_arena_alloc(arena, sizeof *entry->indicator);
    if (r != 0 || !entry->indicator)
        return -ENOMEM;
    j.outcome = reply->item[0];
    r = bb_define_previous(head, arena, request->code, &id, &definition);
    if (r == 0 && !definition)
        r = refuse(arena, &j, BB_ROW_CODE_UNKNOWN_INDICATOR, "code", request->code,
                   "the code of a defined indicator");
    else if (r == 0)
        r = judge_retirement(arena, today, request, definition, j.outcome);
    if (r != 0 || !bb_define_is_kept(j.outcome))
        return r;
    entry->indicator[entry->n_indicator++] = definition;
    return bb_define_apply_indicator(head, definition, sequence);
}
