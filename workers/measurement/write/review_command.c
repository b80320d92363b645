/* First what the request says as a whole: who says it, of whom, of which period, with which words. Then unit
 * by unit: each becomes what the action makes of it, or is refused by itself. Where no indicators are named,
 * those that have come further already are left as they are. */
#include "review_command.h"

#include "define_core.h"

#include "runtime/text.h"
#include "workers/measurement/model/note.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* One request on its way. */
struct judging {
    struct bb_head *head;
    struct bb_arena *arena;
    const Bb__Review *request;
    uint64_t sequence;
    enum bb_review_action action;
    const struct bb_codes *limit;
    struct bb_review_unit unit; /* the indicator is filled in for each */
    struct bb_review said;
    struct bb_ids reported; /* indicators that have readings */
    Bb__EntryReview *entry;
    Bb__ReviewReply *reply;
    struct bb_failure *failure;
};

static int __attribute__((format(printf, 3, 4)))
fail(struct judging *j, enum bb_error code, const char *format, ...)
{
    va_list args;

    j->failure->code = code;
    va_start(args, format);
    vsnprintf(j->failure->message, sizeof j->failure->message, format, args);
    va_end(args);
    return 1;
}

static const char *
quote(const char *text, char out[static 128])
{
    return bb_text_quote(bb_bytes_str(text), out, 128, 127);
}

static bool
given(const char *text)
{
    return text && *text;
}

/* The request */

static int
read_action(struct judging *j, const struct bb_reviewer *reviewer)
{
    int action = bb_review_action_by_name(j->request->action);
    char quoted[128];

    if (action < 0)
        return fail(j, BB_ERROR_INVALID, "action \"%s\": expected submit, return, approve, lock or unlock",
                    quote(j->request->action, quoted));
    j->action = (enum bb_review_action)action;
    if (j->action != BB_REVIEW_SUBMIT && !reviewer->staff)
        return fail(j, BB_ERROR_NOT_ALLOWED,
                    "only staff returns, approves, locks and unlocks what was submitted");
    return 0;
}

static int
read_words(struct judging *j)
{
    const char *comment = given(j->request->comment) ? j->request->comment : "",
               *reason = given(j->request->reason) ? j->request->reason : "";

    if (strlen(comment) > BB_LIMIT_COMMENT_BYTES || strlen(reason) > BB_LIMIT_COMMENT_BYTES)
        return fail(j, BB_ERROR_INVALID, "a comment and a reason have at most %u bytes each",
                    BB_LIMIT_COMMENT_BYTES);
    if (j->action == BB_REVIEW_RETURN && !*comment)
        return fail(j, BB_ERROR_INVALID, "to return what was submitted needs a comment: what is to be done");
    if (j->action == BB_REVIEW_UNLOCK && !*reason)
        return fail(j, BB_ERROR_INVALID, "to unlock needs a reason");
    if (j->action != BB_REVIEW_UNLOCK && *reason)
        return fail(j, BB_ERROR_INVALID, "a reason goes with unlock only: expected a comment");
    j->said.comment = bb_bytes_str(comment);
    j->said.reason = bb_bytes_str(reason);
    return 0;
}

static int
read_organization(struct judging *j, const struct bb_reviewer *reviewer)
{
    const char *text = j->request->organization;
    const struct bb_object *object = NULL;
    char quoted[128];
    bool canonical;
    int r = given(text)
                ? bb_define_find(j->head, BB_OBJECT_ORGANIZATION, text, &j->unit.organization, &canonical)
                : bb_names_find(j->head->names, j->head->txn, BB_OBJECT_ORGANIZATION, reviewer->organization,
                                &j->unit.organization, &canonical);

    if (r < 0)
        return r;
    if (r == 0)
        object = bb_catalogue_get(&j->head->catalogue, BB_OBJECT_ORGANIZATION, j->unit.organization);
    if (!object)
        return fail(j, BB_ERROR_NOT_FOUND,
                    "unknown organization \"%s\": expected the code, name or alias of a registered one",
                    quote(given(text) ? text : "", quoted));
    if (!reviewer->staff && !bb_bytes_equal(bb_bytes_str(object->text), reviewer->organization))
        return fail(j, BB_ERROR_NOT_ALLOWED, "organization \"%s\" is another one than yours",
                    quote(text, quoted));
    j->entry->reporter = object->text;
    return 0;
}

/* An indicator that is there for who asks. 0 | BB_STORE_E_NOT_FOUND none, or several go by the name | <0 */
static int
find_indicator(struct judging *j, const char *text, uint32_t *ret_indicator)
{
    bool canonical;
    int r = bb_define_find(j->head, BB_OBJECT_INDICATOR, text, ret_indicator, &canonical);

    if (r == 0 && (*ret_indicator == BB_ID_NONE ||
                   !bb_catalogue_takes_part(&j->head->catalogue, j->limit, *ret_indicator)))
        return BB_STORE_E_NOT_FOUND;
    return r;
}

/* What "2011-12" means depends on the indicator: of several, on the first. */
static int
read_period(struct judging *j)
{
    enum bb_period_type hint = 0;
    char text[BB_PERIOD_TEXT], quoted[128];
    uint32_t indicator;

    if (j->request->n_indicator > 0 && find_indicator(j, j->request->indicator[0], &indicator) == 0)
        hint = bb_catalogue_indicator(&j->head->catalogue, indicator)->frequency;
    if (bb_period_parse(bb_bytes_str(j->request->period), hint, &j->unit.period) != 0)
        return fail(j, BB_ERROR_INVALID,
                    "period \"%s\": expected one such as 2026, 2026-Q3, 2026-09 or 2018/2019",
                    quote(j->request->period, quoted));
    text[bb_period_format(j->unit.period, text)] = '\0';
    j->entry->period = bb_define_text(j->arena, text);
    return j->entry->period ? 0 : -ENOMEM;
}

/* The indicators that have readings, as far as they are there for who asks. */
static int
find_reported(struct judging *j)
{
    struct bb_ids all = {0};
    int r = bb_head_reported(j->head, j->unit.organization, j->unit.period, &all);

    for (uint32_t i = 0; r == 0 && i < all.count; i++)
        if (bb_catalogue_takes_part(&j->head->catalogue, j->limit, all.id[i]))
            r = bb_ids_add(&j->reported, all.id[i], NULL);
    bb_ids_release(&all);
    return r;
}

static int
read_request(struct judging *j, const struct bb_reviewer *reviewer)
{
    int r = read_action(j, reviewer);

    if (r == 0)
        r = read_words(j);
    if (r == 0)
        r = read_organization(j, reviewer);
    if (r == 0)
        r = read_period(j);
    if (r == 0)
        r = find_reported(j);
    if (r == 0 && j->reported.count == 0)
        r = fail(j, BB_ERROR_NOT_FOUND, "%s has no readings for %s", j->entry->reporter, j->entry->period);
    return r;
}

/* Units */

static int
refuse(struct judging *j, Bb__ReviewOutcome *item, enum bb_row_code code, const char *text)
{
    item->outcome = BB_OUTCOME_REJECTED;
    item->has_code = true;
    item->code = code;
    item->text = bb_define_text(j->arena, text);
    return item->text ? 0 : -ENOMEM;
}

static int
judge_unit(struct judging *j, Bb__ReviewOutcome *item)
{
    struct bb_review now, next = j->said;
    const char *expected = NULL;
    struct bb_note note;
    int r = bb_head_review(j->head, &j->unit, &now);

    if (r != 0)
        return r;
    item->outcome = BB_OUTCOME_UNCHANGED;
    item->state = (char *)(uintptr_t)bb_review_state_name(now.state);
    if (j->request->n_indicator == 0 && bb_review_is_past(j->action, now.state))
        return 0;
    r = bb_review_next(j->action, &now, &j->said, &next.state, &expected);
    if (r == BB_REVIEW_E_STATE) {
        bb_note_set(&note, BB_ROW_CODE_BAD_VALUE, BB_FIELD_NONE, "found %s, expected %s to %s it",
                    item->state, expected, j->request->action);
        return refuse(j, item, BB_ROW_CODE_BAD_VALUE, note.text);
    }
    if (r == BB_REVIEW_E_SAME)
        return 0;
    item->outcome = BB_OUTCOME_UPDATED;
    item->state = (char *)(uintptr_t)bb_review_state_name(next.state);
    j->entry->state = next.state;
    j->entry->indicator[j->entry->n_indicator++] = item->indicator;
    return bb_head_add_review(j->head, &j->unit, &next, j->sequence);
}

static int
judge_reported(struct judging *j, uint32_t indicator, Bb__ReviewOutcome *item)
{
    const struct bb_object *object = bb_catalogue_get(&j->head->catalogue, BB_OBJECT_INDICATOR, indicator);

    if (!object)
        return -EBADMSG;
    item->indicator = object->text;
    j->unit.indicator = indicator;
    return judge_unit(j, item);
}

static int
judge_named(struct judging *j, char *text, Bb__ReviewOutcome *item)
{
    uint32_t indicator;
    struct bb_note note;
    bool reported = false;
    int r = find_indicator(j, text, &indicator);

    item->indicator = text;
    if (r < 0)
        return r;
    if (r != 0) {
        bb_note_found(&note, BB_ROW_CODE_UNKNOWN_INDICATOR, BB_FIELD_INDICATOR, bb_bytes_str(text),
                      "the code or name of a defined indicator");
        return refuse(j, item, BB_ROW_CODE_UNKNOWN_INDICATOR, note.text);
    }
    for (uint32_t i = 0; !reported && i < j->reported.count; i++)
        reported = j->reported.id[i] == indicator;
    if (reported)
        return judge_reported(j, indicator, item);
    bb_note_set(&note, BB_ROW_CODE_NO_VALUE, BB_FIELD_NONE, "found no reading of %s for %s, expected one",
                j->entry->reporter, j->entry->period);
    return refuse(j, item, BB_ROW_CODE_NO_VALUE, note.text);
}

static int
prepare(struct judging *j, const struct bb_reviewer *reviewer, size_t n)
{
    Bb__ReviewOutcome *items = bb_arena_alloc(j->arena, n * sizeof *items);
    char member[2 * BB_LIMIT_CODE_BYTES + 2], *kept;

    snprintf(member, sizeof member, "%.*s/%.*s", (int)reviewer->organization.len,
             (const char *)reviewer->organization.data, (int)reviewer->member.len,
             (const char *)reviewer->member.data);
    kept = bb_define_text(j->arena, member);
    j->reply->item = bb_arena_alloc(j->arena, n * sizeof *j->reply->item);
    j->entry->indicator = bb_arena_alloc(j->arena, n * sizeof *j->entry->indicator);
    if (!items || !kept || !j->reply->item || !j->entry->indicator)
        return -ENOMEM;
    j->said.member = bb_bytes_str(kept);
    for (size_t i = 0; i < n; i++) {
        bb__review_outcome__init(&items[i]);
        j->reply->item[i] = &items[i];
    }
    j->reply->n_item = n;
    return 0;
}

int
bb_review(struct bb_head *head, struct bb_arena *arena, const struct bb_reviewer *reviewer,
          const Bb__Review *request, uint64_t sequence, Bb__EntryReview *entry, Bb__ReviewReply *reply,
          struct bb_failure *failure)
{
    struct judging j = {.head = head,
                        .arena = arena,
                        .request = request,
                        .limit = reviewer->limit,
                        .sequence = sequence,
                        .entry = entry,
                        .reply = reply,
                        .failure = failure};
    int r = read_request(&j, reviewer);
    size_t n = request->n_indicator ? request->n_indicator : j.reported.count;

    if (r == 0 && n > BB_LIMIT_REVIEW_UNITS)
        r = fail(&j, BB_ERROR_INVALID, "%zu indicators, expected at most %u: name some of them", n,
                 BB_LIMIT_REVIEW_UNITS);
    if (r == 0)
        r = prepare(&j, reviewer, n);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = request->n_indicator ? judge_named(&j, request->indicator[i], reply->item[i])
                                 : judge_reported(&j, j.reported.id[i], reply->item[i]);
    if (r == 0) {
        entry->comment = j.said.comment.len ? request->comment : NULL;
        entry->reason = j.said.reason.len ? request->reason : NULL;
    }
    bb_ids_release(&j.reported);
    return r;
}

int
bb_apply_review(struct bb_head *head, const Bb__EntryReview *entry, uint64_t sequence)
{
    struct bb_review_unit unit;
    struct bb_review review = {.comment = bb_bytes_str(entry->comment ? entry->comment : ""),
                               .reason = bb_bytes_str(entry->reason ? entry->reason : "")};
    char member[2 * BB_LIMIT_CODE_BYTES + 2];
    bool canonical;
    int r = entry->state >= BB_REVIEW_SUBMITTED && entry->state <= BB_REVIEW_LOCKED ? 0 : -EBADMSG;

    review.state = (enum bb_review_state)entry->state;
    snprintf(member, sizeof member, "%s/%s", entry->organization, entry->member);
    review.member = bb_bytes_str(member);
    if (r == 0)
        r = bb_define_find(head, BB_OBJECT_ORGANIZATION, entry->reporter, &unit.organization, &canonical);
    if (r == 0)
        r = bb_period_parse(bb_bytes_str(entry->period), 0, &unit.period);
    for (size_t i = 0; r == 0 && i < entry->n_indicator; i++) {
        r = bb_define_find(head, BB_OBJECT_INDICATOR, entry->indicator[i], &unit.indicator, &canonical);
        if (r == 0)
            r = bb_head_add_review(head, &unit, &review, sequence);
    }
    return r > 0 ? -EBADMSG : r;
}
