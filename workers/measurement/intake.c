/* A row goes through four steps, and each may refuse it: its texts become ids (resolve), its numbers are
 * judged by its indicator (check), its new names get ids (add), the reading that is there decides the outcome
 * (decide).
 *
 * Nothing before the third step changes anything, so a refused row leaves no name behind; a row that is
 * refused in the fourth (the same key twice, with another value) has names that an accepted row brought,
 * since its key was there. That is why a replay, which sees the accepted rows only, gives the same ids in the
 * same order.
 *
 * A reading that is new, or changes, may be in a unit that was approved or locked (locks.h). A row with a new
 * name makes a new reading: that is told before the third step.
 *
 * A dictionary text is resolved once for each role, and what was found is kept by index (UNTRIED until then).
 * NEW is not an id yet: the row that is accepted first with it makes it one, for all rows after it. A period
 * is kept twice, since what `2011-12` means depends on the indicator of the row.
 *
 * "The same key before in this batch" is told by the batch that the present record remembers. A row that
 * changes nothing would have to write its record again only for that: so it does in a batch of several
 * submissions (BB_CHANGE_TOUCHED); in a batch of one the set `unchanged` remembers it as long as the table is
 * looked at. */
#include "intake.h"

#include "disaggregation.h"
#include "neighbours.h"
#include "rule_judge.h"
#include "rules.h"

#include "proto/limits.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdlib.h>

enum status {
    UNTRIED = 0,
    FOUND,
    NEW, /* valid, and nobody has named it yet */
    REFUSED,
};

/* One row on its way. */
struct row {
    uint32_t number;
    struct bb_rowref ref;
    struct bb_reading_key key;
    struct bb_reading reading;
    struct bb_resolved_period *period;
    bool new_place; /* named by this row first */
    bool warned;    /* has a warning already */
    struct bb_note note;
};

static int
prepare(struct bb_intake *intake)
{
    size_t n = intake->view->n_text + 1;
    struct bb_resolved *all = bb_arena_alloc(intake->arena, 4 * n * sizeof *all);
    struct bb_resolved_period *periods = bb_arena_alloc(intake->arena, 2 * n * sizeof *periods);

    intake->outcome = bb_arena_alloc(intake->arena, intake->view->rows->count + 1);
    if (!all || !periods || !intake->outcome)
        return -ENOMEM;
    memset(all, 0, 4 * n * sizeof *all);
    memset(periods, 0, 2 * n * sizeof *periods);
    intake->indicator = all;
    intake->organization = all + n;
    intake->place = all + 2 * n;
    intake->disaggregation = all + 3 * n;
    intake->period = periods;
    intake->fiscal = periods + n;
    intake->rejected.end = &intake->rejected.first;
    intake->warnings.end = &intake->warnings.first;
    return 0;
}

/* Notes travel in one frame and stand in one journal entry, so their words are bounded: every row can say its
 * code, and what is left is for texts, first come, first served. A thousand rows can all say everything. */
#define NOTES_BYTES (BB_LIMIT_FRAME_BYTES - 1024u)
#define NOTE_BYTES  14u /* of a note without its text, at most, and of the row's outcome */

static bool
has_room(struct bb_intake *intake, size_t text_bytes)
{
    size_t codes = (size_t)NOTE_BYTES * intake->view->rows->count;

    if (codes + intake->note_bytes + text_bytes > NOTES_BYTES)
        return false;
    intake->note_bytes += text_bytes;
    return true;
}

bool
bb_intake_has_room(struct bb_intake *intake, struct bb_note *note)
{
    if (has_room(intake, NOTE_BYTES + strlen(note->text)))
        return true;
    note->text[0] = '\0';
    return has_room(intake, NOTE_BYTES);
}

static int
add_note(struct bb_intake *intake, struct bb_note_list *list, uint32_t row, const struct bb_note *note)
{
    struct bb_row_note *copy = bb_arena_alloc(intake->arena, sizeof *copy);

    if (!copy)
        return -ENOMEM;
    *copy = (struct bb_row_note){.row = row, .note = *note};
    if (!has_room(intake, strlen(note->text)))
        copy->note.text[0] = '\0';
    *list->end = copy;
    list->end = &copy->next;
    list->count++;
    return 0;
}

/* Resolving. Each resolve_*() returns 0, a row code (the note is filled), or <0. */

int
bb_intake_find(struct bb_intake *intake, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id,
               bool *ret_canonical)
{
    int r = intake->dryrun ? bb_dryrun_name(intake->dryrun, kind, text, ret_id) : BB_STORE_E_NOT_FOUND;

    if (r == 0)
        *ret_canonical = true;
    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    return bb_names_find(intake->head->names, intake->head->txn, kind, text, ret_id, ret_canonical);
}

static int
find_name(struct bb_intake *intake, enum bb_object_kind kind, struct bb_bytes text,
          struct bb_resolved *resolved)
{
    int r = bb_intake_find(intake, kind, text, &resolved->id, &resolved->canonical);

    if (r == 0)
        resolved->status = FOUND;
    return r;
}

static int
resolve_indicator(struct bb_intake *intake, struct row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.indicator];
    struct bb_resolved *resolved = &intake->indicator[row->ref.indicator];
    int r = 0;

    if (resolved->status == UNTRIED) {
        r = text.len ? find_name(intake, BB_OBJECT_INDICATOR, text, resolved) : BB_STORE_E_NOT_FOUND;
        if (r == BB_STORE_E_NOT_FOUND)
            resolved->status = REFUSED;
        else if (r != 0)
            return r;
    }
    if (resolved->status == FOUND && resolved->id == BB_ID_NONE)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_UNKNOWN_INDICATOR, BB_FIELD_INDICATOR, text,
                                  "a code: several indicators go by this name");
    if (resolved->status == REFUSED)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_UNKNOWN_INDICATOR, BB_FIELD_INDICATOR, text,
                                  "the code or name of a defined indicator (indicator ls shows them)");
    row->key.indicator = resolved->id;
    return 0;
}

static int
resolve_organization(struct bb_intake *intake, struct row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.organization];
    struct bb_resolved *resolved = &intake->organization[row->ref.organization];
    int r;

    if (text.len == 0) {
        row->key.organization = intake->caller;
        return 0;
    }
    if (resolved->status == UNTRIED) {
        r = find_name(intake, BB_OBJECT_ORGANIZATION, text, resolved);
        if (r == BB_STORE_E_NOT_FOUND || (r == 0 && resolved->id == BB_ID_NONE))
            resolved->status = REFUSED;
        else if (r != 0)
            return r;
    }
    if (resolved->status == REFUSED)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_UNKNOWN_ORGANIZATION, BB_FIELD_ORGANIZATION, text,
                                  "the code, name or alias of a registered organization");
    if (resolved->id != intake->caller && !intake->any_organization && !intake->replay)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_NOT_YOURS, BB_FIELD_ORGANIZATION, text,
                                  "your own organization: a partner writes its own rows only");
    row->key.organization = resolved->id;
    return 0;
}

bool
bb_intake_is_fiscal(const struct bb_intake *intake, uint32_t indicator_index)
{
    enum bb_period_type type;

    if (intake->replay || intake->restore)
        return false;
    type = bb_catalogue_indicator(&intake->head->catalogue, intake->indicator[indicator_index].id)->frequency;
    return type == BB_PERIOD_FISCAL_APRIL || type == BB_PERIOD_FISCAL_JULY ||
           type == BB_PERIOD_FISCAL_OCTOBER;
}

static const char *
expected_period(int error)
{
    switch (error) {
    case BB_PERIOD_E_IMPOSSIBLE:
        return "a period that exists";
    case BB_PERIOD_E_UNSUPPORTED:
        return "a year, half-year, quarter, month, week, day, school year or span of years";
    default:
        return "a period such as 2026, 2026-Q3, 2026-09, 2026-W36, 2026-09-07 or 2018/2019";
    }
}

static int
resolve_period(struct bb_intake *intake, struct row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.period];
    bool fiscal = bb_intake_is_fiscal(intake, row->ref.indicator);
    struct bb_resolved_period *resolved =
        fiscal ? &intake->fiscal[row->ref.period] : &intake->period[row->ref.period];
    int r = 0;

    if (resolved->status != FOUND) {
        r = bb_period_parse(text, fiscal ? BB_PERIOD_FISCAL_JULY : 0, &resolved->period);
        resolved->status = r == 0 ? FOUND : REFUSED;
        if (r == 0)
            resolved->ordinal = bb_history_ordinal(resolved->period);
    }
    if (r != 0)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_BAD_PERIOD, BB_FIELD_PERIOD, text, "%s",
                                  expected_period(r));
    row->key.period = resolved->period;
    row->period = resolved;
    return 0;
}

static int
check_place(struct bb_bytes text, struct bb_note *note)
{
    if (text.len > BB_LIMIT_PLACE_BYTES)
        return (int)bb_note_found(note, BB_ROW_CODE_BAD_PLACE, BB_FIELD_PLACE, text, "at most %u bytes",
                                  BB_LIMIT_PLACE_BYTES);
    if (!bb_text_is_name(text))
        return (int)bb_note_found(note, BB_ROW_CODE_BAD_PLACE, BB_FIELD_PLACE, text,
                                  "a name without control characters or blanks at its ends");
    return 0;
}

static int
resolve_place(struct bb_intake *intake, struct row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.place];
    struct bb_resolved *resolved = &intake->place[row->ref.place];
    int r;

    if (text.len == 0) {
        row->key.place = 0;
        return 0;
    }
    if (resolved->status == UNTRIED || resolved->status == REFUSED) {
        r = find_name(intake, BB_OBJECT_PLACE, text, resolved);
        if (r == BB_STORE_E_NOT_FOUND) {
            r = check_place(text, &row->note);
            resolved->status = r == 0 ? NEW : REFUSED;
        }
        if (r != 0)
            return r;
    }
    row->key.place = resolved->id;
    return 0;
}

static int
resolve_disaggregation(struct bb_intake *intake, struct row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.disaggregation];
    struct bb_resolved *resolved = &intake->disaggregation[row->ref.disaggregation];
    const char *what = "";
    struct bb_buffer canonical;
    int r;

    if (text.len == 0) {
        row->key.disaggregation = 0;
        return 0;
    }
    if (resolved->status == UNTRIED || resolved->status == REFUSED) {
        bb_buffer_init(&canonical, BB_LIMIT_FRAME_BYTES);
        if (bb_disaggregation_parse(text, &canonical, &what) != 0) {
            resolved->status = REFUSED;
            r = (int)bb_note_found(&row->note, BB_ROW_CODE_BAD_DISAGGREGATION, BB_FIELD_DISAGGREGATION, text,
                                   "dimension=code, several joined with ';' (here: %s)", what);
        } else if (canonical.len == 0) {
            resolved->status = FOUND;
            r = 0;
        } else {
            bool own = bb_bytes_equal(bb_buffer_bytes(&canonical), text);
            r = find_name(intake, BB_OBJECT_DISAGGREGATION, bb_buffer_bytes(&canonical), resolved);
            if (r == BB_STORE_E_NOT_FOUND) {
                resolved->status = NEW;
                r = 0;
            }
            resolved->canonical = own;
        }
        bb_buffer_release(&canonical);
        if (r != 0)
            return r;
    }
    row->key.disaggregation = resolved->id;
    return 0;
}

static int
resolve(struct bb_intake *intake, struct row *row)
{
    int r = resolve_indicator(intake, row);

    if (r == 0)
        r = resolve_organization(intake, row);
    if (r == 0)
        r = resolve_period(intake, row);
    if (r == 0)
        r = resolve_place(intake, row);
    if (r == 0)
        r = resolve_disaggregation(intake, row);
    return r;
}

/* New names */

static int
add_name(struct bb_intake *intake, enum bb_object_kind kind, struct bb_bytes text,
         struct bb_resolved *resolved)
{
    int r = intake->dryrun
                ? bb_dryrun_add_name(intake->dryrun, kind, text, &resolved->id)
                : bb_names_add(intake->head->names, intake->head->filling, kind, text, &resolved->id);

    if (r == 0)
        resolved->status = FOUND;
    return r;
}

static int
add_place(struct bb_intake *intake, struct row *row)
{
    struct bb_resolved *resolved = &intake->place[row->ref.place];
    int r;

    if (row->ref.place == 0 || resolved->status != NEW)
        return 0;
    resolved->canonical = true;
    r = add_name(intake, BB_OBJECT_PLACE, intake->view->text[row->ref.place], resolved);
    row->new_place = true;
    row->key.place = resolved->id;
    return r;
}

static int
add_disaggregation(struct bb_intake *intake, struct row *row)
{
    struct bb_resolved *resolved = &intake->disaggregation[row->ref.disaggregation];
    struct bb_buffer canonical;
    const char *what;
    int r;

    if (row->ref.disaggregation == 0 || resolved->status != NEW)
        return 0;
    bb_buffer_init(&canonical, BB_LIMIT_FRAME_BYTES);
    bb_disaggregation_parse(intake->view->text[row->ref.disaggregation], &canonical, &what);
    /* two spellings of one new disaggregation in one table: the second finds what the first added */
    r = find_name(intake, BB_OBJECT_DISAGGREGATION, bb_buffer_bytes(&canonical), resolved);
    if (r == BB_STORE_E_NOT_FOUND)
        r = add_name(intake, BB_OBJECT_DISAGGREGATION, bb_buffer_bytes(&canonical), resolved);
    resolved->canonical =
        bb_bytes_equal(bb_buffer_bytes(&canonical), intake->view->text[row->ref.disaggregation]);
    bb_buffer_release(&canonical);
    row->key.disaggregation = resolved->id;
    return r;
}

/* Judging */

/* A row that withdraws says nothing else. */
static int
check_withdrawal(struct row *row)
{
    if (!(row->ref.flags & (BB_ROW_VALUE | BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR)) &&
        BB_ROW_STATE(row->ref.flags) == BB_STATE_OK)
        return 0;
    return (int)bb_note_set(&row->note, BB_ROW_CODE_BAD_ROW, BB_FIELD_STATUS,
                            "found numbers or a state in a row that withdraws a reading, expected neither");
}

static int
refuse_retired(struct bb_intake *intake, struct row *row, uint32_t day)
{
    char date[BB_PERIOD_TEXT];

    bb_date_format(day, date);
    return (int)bb_note_found(&row->note, BB_ROW_CODE_RETIRED, BB_FIELD_PERIOD,
                              intake->view->text[row->ref.period],
                              "a period that begins before %s, when the indicator was retired", date);
}

static int
refuse_computed(struct bb_intake *intake, struct row *row)
{
    return (int)bb_note_found(&row->note, BB_ROW_CODE_COMPUTED, BB_FIELD_INDICATOR,
                              intake->view->text[row->ref.indicator],
                              "an indicator that is reported: this one is computed from others");
}

static int
check_row(struct bb_intake *intake, struct row *row)
{
    struct bb_bytes comment = intake->view->text[row->ref.comment];
    const struct bb_indicator *indicator;

    row->note.code = BB_ROW_CODE_NONE;
    row->reading = (struct bb_reading){
        .flags = row->ref.flags & ~(BB_ROW_COMPUTED | BB_ROW_WITHHELD),
        .sequence = intake->sequence,
        .batch = intake->batch,
        .value = row->ref.value,
        .numerator = row->ref.numerator,
        .denominator = row->ref.denominator,
        .comment = row->ref.flags & BB_ROW_COMMENT ? comment : bb_bytes(NULL, 0),
    };
    if (intake->replay || intake->restore)
        return 0;
    if (comment.len > BB_LIMIT_COMMENT_BYTES)
        return (int)bb_note_set(&row->note, BB_ROW_CODE_TOO_LONG, BB_FIELD_COMMENT,
                                "found %zu bytes, expected at most %u", comment.len, BB_LIMIT_COMMENT_BYTES);
    if (row->ref.flags & BB_ROW_WITHDRAWN)
        return check_withdrawal(row);
    indicator = bb_catalogue_indicator(&intake->head->catalogue, row->key.indicator);
    if (indicator->computed)
        return refuse_computed(intake, row);
    if (indicator->retired_day && row->key.period.day >= indicator->retired_day)
        return refuse_retired(intake, row, indicator->retired_day);
    return (int)bb_rules_check(indicator, &row->reading, &row->note);
}

int
bb_intake_present(struct bb_intake *intake, struct bb_bytes key, struct bb_bytes *ret_record)
{
    int r = intake->dryrun ? bb_dryrun_reading(intake->dryrun, key, ret_record) : BB_STORE_E_NOT_FOUND;

    return r == BB_STORE_E_NOT_FOUND ? bb_head_reading(intake->head, key, ret_record) : r;
}

struct bb_history *
bb_intake_history(struct bb_intake *intake)
{
    return intake->dryrun ? bb_dryrun_history(intake->dryrun) : &intake->head->history;
}

struct bb_suspects *
bb_intake_suspects(struct bb_intake *intake)
{
    return intake->dryrun ? bb_dryrun_suspects(intake->dryrun) : &intake->head->suspects;
}

int
bb_intake_text(struct bb_intake *intake, enum bb_object_kind kind, uint32_t id, struct bb_buffer *out)
{
    if (intake->dryrun && bb_dryrun_has(id))
        return bb_dryrun_text(intake->dryrun, id, out);
    return bb_names_text(intake->head->names, intake->head->txn, kind, id, out);
}

static int
change(struct bb_intake *intake, enum bb_change_kind kind, struct bb_bytes key, size_t cell_len,
       const struct bb_reading *reading)
{
    uint8_t record[BB_READING_PACKED];
    struct bb_bytes packed = bb_bytes(record, bb_reading_pack(reading, record));

    if (intake->dryrun)
        return bb_dryrun_put(intake->dryrun, key, packed);
    return bb_generation_change(intake->head->filling, kind, key, cell_len, packed);
}

static int
note_period(struct bb_intake *intake, struct row *row)
{
    if (row->period->noted)
        return 0;
    row->period->noted = true;
    return bb_history_add_period(bb_intake_history(intake), row->key.period);
}

static const char *
value_text(const struct bb_reading *reading, char *out)
{
    if (!(reading->flags & BB_ROW_VALUE))
        return "no value";
    bb_decimal_format(reading->value, out);
    return out;
}

static int
refuse_duplicate(const struct bb_reading *old, struct row *row)
{
    char found[BB_DECIMAL_TEXT], before[BB_DECIMAL_TEXT];

    return (int)bb_note_set(
        &row->note, BB_ROW_CODE_DUPLICATE_KEY, BB_FIELD_VALUE,
        "found another reading (%s) than an earlier row of this batch has (%s) for the same indicator, "
        "organization, place, disaggregation and period, expected one row, or the same again",
        value_text(&row->reading, found), value_text(old, before));
}

/* Is what is there what the row is about? old: NULL: nothing. What came before in the same batch is judged as
 * a duplicate, or the same again. 0 | a row code */
static int
check_present(const struct bb_intake *intake, const struct bb_reading *old, struct row *row)
{
    uint32_t expected = row->ref.expect_revision, found = old ? old->revision : 0;
    bool there = old && !bb_reading_withdrawn(old);

    if (intake->replay || intake->restore || (old && old->batch == intake->batch))
        return 0;
    if (expected && expected != BB_REVISION_ANY && expected != found)
        return (int)bb_note_set(&row->note, BB_ROW_CODE_REVISION, BB_FIELD_NONE,
                                "found revision %u%s, expected %u", found,
                                !old     ? " (there is no reading)"
                                : !there ? " (withdrawn)"
                                         : "",
                                expected);
    if (there || (expected != BB_REVISION_ANY && !(row->ref.flags & BB_ROW_WITHDRAWN)))
        return 0;
    return (int)bb_note_set(&row->note, BB_ROW_CODE_REVISION, BB_FIELD_NONE,
                            "found %s, expected a reading that is there",
                            old ? "one that was withdrawn" : "none");
}

/* May the reading of this row be another than it is? 0 | a row code | <0 */
static int
check_locks(struct bb_intake *intake, struct row *row)
{
    return intake->replay ? 0 : bb_locks_check(&intake->locks, intake->head, &row->key, &row->note);
}

/* Does it have names that nobody has named yet? Then it is a new reading. */
static bool
is_news(const struct bb_intake *intake, const struct row *row)
{
    return (row->ref.place && intake->place[row->ref.place].status == NEW) ||
           (row->ref.disaggregation && intake->disaggregation[row->ref.disaggregation].status == NEW);
}

/* What would refuse a new reading, before its names are added. 0 | a row code | <0 */
static int
check_news(struct bb_intake *intake, struct row *row)
{
    int r = check_present(intake, NULL, row);

    return r == 0 ? check_locks(intake, row) : r;
}

/* Sets the row's outcome. 0 | a row code | <0 */
static int
decide(struct bb_intake *intake, struct row *row)
{
    uint8_t data[BB_READING_KEY], *outcome = &intake->outcome[row->number];
    size_t cell_len;
    struct bb_bytes key = bb_bytes(data, bb_reading_key_pack(&row->key, data, &cell_len)), record;
    struct bb_reading old, *next = &row->reading;
    bool present_comment;
    int code, r = bb_intake_present(intake, key, &record);

    if (r == 0)
        r = bb_reading_unpack(record, &old);
    if (r < 0)
        return r;
    if (r == 0 && bb_map_find(&intake->unchanged, key))
        old.batch = intake->batch;
    code = check_present(intake, r == 0 ? &old : NULL, row);
    if (code)
        return code;
    present_comment = r == 0 && !(next->flags & BB_ROW_COMMENT) && (old.flags & BB_ROW_COMMENT) &&
                      !((next->flags | old.flags) & BB_ROW_WITHDRAWN);
    if (present_comment)
        next->comment = old.comment;
    next->flags = (next->flags & ~BB_ROW_COMMENT) | (next->comment.len ? BB_ROW_COMMENT : 0);
    switch (bb_rules_decide(r == 0 ? &old : NULL, next, intake->batch)) {
    case BB_DECIDE_CREATED:
        r = check_locks(intake, row);
        if (r != 0)
            return r;
        *outcome = BB_OUTCOME_CREATED;
        next->revision = 1;
        r = note_period(intake, row);
        return r == 0 ? change(intake, BB_CHANGE_CREATED, key, cell_len, next) : r;
    case BB_DECIDE_UPDATED:
        r = check_locks(intake, row);
        if (r != 0)
            return r;
        *outcome = BB_OUTCOME_UPDATED;
        next->revision = old.revision + 1;
        next->first = old.first;
        return change(intake, BB_CHANGE_UPDATED, key, cell_len, next);
    case BB_DECIDE_UNCHANGED:
        *outcome = BB_OUTCOME_UNCHANGED;
        if (old.batch == intake->batch)
            return 0;
        if (!intake->touch)
            return bb_map_set(&intake->unchanged, key, 0);
        old.batch = intake->batch;
        return change(intake, BB_CHANGE_TOUCHED, key, cell_len, &old);
    case BB_DECIDE_DUPLICATE:
        return refuse_duplicate(&old, row);
    }
    return -EINVAL;
}

static int
take_row(struct bb_intake *intake, struct row *row)
{
    int r = resolve(intake, row);

    if (r == 0 && intake->newer && intake->newer[row->number])
        r = (int)bb_note_set(&row->note, BB_ROW_CODE_NEWER, BB_FIELD_NONE,
                             "found a newer revision, expected the one that the batch made");
    if (r == 0)
        r = check_row(intake, row);
    if (r == 0 && is_news(intake, row))
        r = check_news(intake, row);
    if (r == 0)
        r = add_place(intake, row);
    if (r == 0)
        r = add_disaggregation(intake, row);
    if (r == 0)
        r = decide(intake, row);
    return r;
}

/* Warnings, of a row that is taken. */

static int
add_warning(struct bb_intake *intake, struct row *row)
{
    if (row->note.code == BB_ROW_CODE_NONE ||
        (row->warned && !has_room(intake, NOTE_BYTES + strlen(row->note.text))))
        return 0;
    row->warned = true;
    return add_note(intake, &intake->warnings, row->number, &row->note);
}

static int
warn_of_place(struct bb_intake *intake, struct row *row)
{
    row->note.code = BB_ROW_CODE_NONE;
    if (row->new_place && intake->head->catalogue.count[bb_object_index(BB_OBJECT_PLACE)] > 0)
        bb_note_found(&row->note, BB_ROW_CODE_NEW_PLACE, BB_FIELD_PLACE, intake->view->text[row->ref.place],
                      "a registered place, or one that a reading has named before (place ls shows them)");
    return add_warning(intake, row);
}

static int
warn_of_history(struct bb_intake *intake, struct row *row)
{
    const struct bb_neighbour next = {
        .key = &row->key, .ordinal = row->period->ordinal, .reading = &row->reading};
    uint8_t outcome = intake->outcome[row->number];
    int r;

    if (outcome != BB_OUTCOME_CREATED && outcome != BB_OUTCOME_UPDATED)
        return 0;
    row->note.code = BB_ROW_CODE_NONE;
    r = bb_neighbours_judge(intake, &next, &row->note);
    if (r == 0)
        r = add_warning(intake, row);
    return r == 0 ? bb_rules_touch(intake, &row->key, row->number) : r;
}

static int
warn(struct bb_intake *intake, struct row *row)
{
    int r = intake->replay ? 0 : add_warning(intake, row);

    if (r == 0 && !intake->replay)
        r = warn_of_place(intake, row);
    if (r == 0 && !intake->replay)
        r = warn_of_history(intake, row);
    return r;
}

int
bb_intake_run(struct bb_intake *intake)
{
    struct row row;
    int r = prepare(intake);

    bb_history_begin(bb_intake_history(intake));

    for (uint32_t i = 0; r == 0 && i < intake->view->rows->count; i++) {
        row.number = i;
        row.note.code = BB_ROW_CODE_NONE;
        row.new_place = row.warned = false;
        bb_rowview_get(intake->view, i, &row.ref);
        r = take_row(intake, &row);
        if (r > 0) {
            intake->outcome[i] = r == BB_ROW_CODE_LOCKED ? BB_OUTCOME_LOCKED : BB_OUTCOME_REJECTED;
            r = intake->replay ? -EBADMSG : add_note(intake, &intake->rejected, i, &row.note);
        } else if (r == 0) {
            intake->accepted++;
            r = warn(intake, &row);
        }
    }
    if (r == 0 && !intake->replay)
        r = bb_rules_judge_touched(intake);
    free(intake->touched);
    intake->touched = NULL;
    bb_map_release(&intake->unchanged);
    bb_locks_release(&intake->locks);
    return r;
}
