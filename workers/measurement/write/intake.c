/* A row goes through four steps, and each may refuse it: its texts become ids (resolve), its numbers are
 * judged by its indicator (check), its new names get ids (add), the reading that is there decides the outcome
 * (decide).
 *
 * Nothing before the third step changes anything, so a refused row leaves no name behind; a row that is
 * refused in the fourth (the same key twice, with another value) has names that an accepted row brought,
 * since its key was there. That is why a replay, which sees the accepted rows only, gives the same ids in the
 * same order.
 *
 * A row that withdraws what is not there, or was withdrawn already, changes nothing, whatever else it says,
 * and leaves no name behind; that is told before the third step, too. So it is when the entry is replayed,
 * where the row is kept.
 *
 * A reading that is new, or changes, may be in a unit that was approved or locked (locks.h). A row with a new
 * name makes a new reading: that is told before the third step.
 *
 * "The same key before in this batch" is told by the batch that the present record remembers. A row that
 * changes nothing would have to write its record again only for that: so it does in a batch of several
 * submissions (BB_CHANGE_TOUCHED); in a batch of one the set `unchanged` remembers it as long as the table is
 * looked at. */
#include "intake_core.h"
#include "neighbours.h"
#include "rule_judge.h"

#include "proto/limits.h"
#include "runtime/clock.h"
#include "runtime/text.h"
#include "workers/measurement/model/rules.h"

#include <errno.h>
#include <stdlib.h>

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

bool
bb_intake_room(struct bb_intake *intake, size_t text_bytes)
{
    size_t codes = (size_t)BB_INTAKE_NOTE_BYTES * intake->view->rows->count;

    if (codes + intake->note_bytes + text_bytes > NOTES_BYTES)
        return false;
    intake->note_bytes += text_bytes;
    return true;
}

bool
bb_intake_has_room(struct bb_intake *intake, struct bb_note *note)
{
    if (bb_intake_room(intake, BB_INTAKE_NOTE_BYTES + strlen(note->text)))
        return true;
    note->text[0] = '\0';
    return bb_intake_room(intake, BB_INTAKE_NOTE_BYTES);
}

int
bb_intake_add_note(struct bb_intake *intake, struct bb_note_list *list, uint32_t row,
                   const struct bb_note *note, struct bb_row_note **ret_added)
{
    struct bb_row_note *copy = bb_arena_alloc(intake->arena, sizeof *copy);

    if (!copy)
        return -ENOMEM;
    *copy = (struct bb_row_note){.row = row, .note = *note};
    if (!bb_intake_room(intake, strlen(note->text)))
        copy->note.text[0] = '\0';
    *list->end = copy;
    list->end = &copy->next;
    list->count++;
    *ret_added = copy;
    return 0;
}

/* Judging */

/* A row that withdraws says nothing else. */
static int
check_withdrawal(struct bb_intake_row *row)
{
    if (!(row->ref.flags & (BB_ROW_VALUE | BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR)) &&
        BB_ROW_STATE(row->ref.flags) == BB_STATE_OK)
        return 0;
    return (int)bb_note_set(&row->note, BB_ROW_CODE_BAD_ROW, BB_FIELD_STATUS,
                            "found numbers or a state in a row that withdraws a reading, expected neither");
}

static int
refuse_retired(struct bb_intake *intake, struct bb_intake_row *row, uint32_t day)
{
    char date[BB_PERIOD_TEXT];

    bb_date_format(day, date);
    return (int)bb_note_found(&row->note, BB_ROW_CODE_RETIRED, BB_FIELD_PERIOD,
                              intake->view->text[row->ref.period],
                              "a period that begins before %s, when the indicator was retired", date);
}

static int
refuse_computed(struct bb_intake *intake, struct bb_intake_row *row)
{
    return (int)bb_note_found(&row->note, BB_ROW_CODE_COMPUTED, BB_FIELD_INDICATOR,
                              intake->view->text[row->ref.indicator],
                              "an indicator that is reported: this one is computed from others");
}

static int
check_row(struct bb_intake *intake, struct bb_intake_row *row)
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
note_period(struct bb_intake *intake, struct bb_intake_row *row)
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
refuse_duplicate(const struct bb_reading *old, struct bb_intake_row *row)
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
check_present(const struct bb_intake *intake, const struct bb_reading *old, struct bb_intake_row *row)
{
    uint32_t expected = row->ref.expect_revision, found = old ? old->revision : 0;
    bool there = old && !bb_reading_withdrawn(old);

    if (intake->replay || intake->restore || (old && old->batch == intake->batch))
        return 0;
    if (!expected || (expected == BB_REVISION_NONE && !there))
        return 0;
    if (expected == BB_REVISION_NONE)
        return (int)bb_note_set(&row->note, BB_ROW_CODE_REVISION, BB_FIELD_NONE,
                                "found revision %u, expected none", found);
    if (expected != BB_REVISION_ANY && expected != found)
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

/* Does the row take away what is not there? old: NULL: nothing. */
static bool
withdraws_nothing(const struct bb_intake_row *row, const struct bb_reading *old)
{
    return (row->ref.flags & BB_ROW_WITHDRAWN) && (!old || bb_reading_withdrawn(old));
}

/* May the reading of this row be another than it is? 0 | a row code | <0 */
static int
check_locks(struct bb_intake *intake, struct bb_intake_row *row)
{
    return intake->replay ? 0 : bb_locks_check(&intake->locks, intake->head, &row->key, &row->note);
}

/* Does it have names that nobody has named yet? Then it is a new reading. */
static bool
is_news(const struct bb_intake *intake, const struct bb_intake_row *row)
{
    return (row->ref.place && intake->place[row->ref.place].status == BB_INTAKE_NEW) ||
           (row->ref.disaggregation &&
            intake->disaggregation[row->ref.disaggregation].status == BB_INTAKE_NEW);
}

/* A place that nobody registered, nor any reading has named: a warning, unless it is asked for more. */
static int
check_new_place(struct bb_intake *intake, struct bb_intake_row *row)
{
    if (!intake->known_places || !row->ref.place || intake->place[row->ref.place].status != BB_INTAKE_NEW ||
        intake->head->catalogue.count[bb_object_index(BB_OBJECT_PLACE)] == 0)
        return 0;
    return (int)bb_note_found(&row->note, BB_ROW_CODE_BAD_PLACE, BB_FIELD_PLACE,
                              intake->view->text[row->ref.place], BB_INTAKE_PLACE_EXPECTED);
}

/* What would refuse a new reading, before its names are added. 0 | a row code | <0 */
static int
check_news(struct bb_intake *intake, struct bb_intake_row *row)
{
    int r = check_present(intake, NULL, row);

    if (r != 0 || withdraws_nothing(row, NULL))
        return r;
    r = check_new_place(intake, row);
    return r == 0 ? check_locks(intake, row) : r;
}

/* What stands is as the row says. 0 | <0 */
static int
leave(struct bb_intake *intake, const struct bb_intake_row *row, struct bb_bytes key, size_t cell_len,
      struct bb_reading *old)
{
    intake->outcome[row->number] = BB_OUTCOME_UNCHANGED;
    if (old->batch == intake->batch)
        return 0;
    if (!intake->touch)
        return bb_map_set(&intake->unchanged, key, 0);
    old->batch = intake->batch;
    return change(intake, BB_CHANGE_TOUCHED, key, cell_len, old);
}

/* Sets the row's outcome. 0 | a row code | <0 */
static int
decide(struct bb_intake *intake, struct bb_intake_row *row)
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
    if (withdraws_nothing(row, r == 0 ? &old : NULL)) {
        *outcome = BB_OUTCOME_UNCHANGED;
        return r == 0 ? leave(intake, row, key, cell_len, &old) : 0;
    }
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
        row->lost_parts = (old.flags & BB_ROW_DENOMINATOR) && (next->flags & BB_ROW_VALUE) &&
                          !(next->flags & (BB_ROW_DENOMINATOR | BB_ROW_WITHDRAWN));
        return change(intake, BB_CHANGE_UPDATED, key, cell_len, next);
    case BB_DECIDE_UNCHANGED:
        return leave(intake, row, key, cell_len, &old);
    case BB_DECIDE_DUPLICATE:
        return refuse_duplicate(&old, row);
    }
    return -EINVAL;
}

/* It takes away what nobody has named. A later row may name it, in this spelling or another one, so it is
 * looked for again then. */
static int
leave_unnamed(struct bb_intake *intake, const struct bb_intake_row *row)
{
    struct bb_resolved *place = &intake->place[row->ref.place],
                       *disaggregation = &intake->disaggregation[row->ref.disaggregation];

    if (place->status == BB_INTAKE_NEW)
        place->status = BB_INTAKE_UNTRIED;
    if (disaggregation->status == BB_INTAKE_NEW)
        disaggregation->status = BB_INTAKE_UNTRIED;
    intake->outcome[row->number] = BB_OUTCOME_UNCHANGED;
    return 0;
}

static int
take_row(struct bb_intake *intake, struct bb_intake_row *row)
{
    int r = bb_intake_resolve(intake, row);

    if (r == 0 && intake->newer && intake->newer[row->number])
        r = (int)bb_note_set(&row->note, BB_ROW_CODE_NEWER, BB_FIELD_NONE,
                             "found a newer revision, expected the one that the batch made");
    if (r == 0)
        r = check_row(intake, row);
    if (r == 0 && is_news(intake, row)) {
        r = check_news(intake, row);
        if (r == 0 && withdraws_nothing(row, NULL))
            return leave_unnamed(intake, row);
    }
    if (r == 0)
        r = bb_intake_add_place(intake, row);
    if (r == 0)
        r = bb_intake_add_disaggregation(intake, row);
    if (r == 0)
        r = decide(intake, row);
    return r;
}

int
bb_intake_run(struct bb_intake *intake)
{
    struct bb_row_note *added;
    struct bb_intake_row row;
    int r = prepare(intake);

    intake->today = bb_clock_day(intake->now);
    bb_history_begin(bb_intake_history(intake));
    for (uint32_t i = 0; r == 0 && i < intake->view->rows->count; i++) {
        row.number = i;
        row.note.code = BB_ROW_CODE_NONE;
        row.new_place = row.lost_parts = row.warned = false;
        bb_rowview_get(intake->view, i, &row.ref);
        r = take_row(intake, &row);
        if (r > 0) {
            intake->outcome[i] = r == BB_ROW_CODE_LOCKED ? BB_OUTCOME_LOCKED : BB_OUTCOME_REJECTED;
            r = intake->replay ? -EBADMSG
                               : bb_intake_add_note(intake, &intake->rejected, i, &row.note, &added);
        } else if (r == 0) {
            intake->accepted++;
            r = bb_intake_warn(intake, &row);
        }
    }
    if (r == 0 && !intake->replay)
        r = bb_rules_judge_touched(intake);
    free(intake->touched);
    intake->touched = NULL;
    bb_map_release(&intake->unchanged);
    bb_map_release(&intake->told);
    bb_locks_release(&intake->locks);
    return r;
}
