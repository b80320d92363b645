/* Warnings of a row that is taken, in this order: of its numbers, place, period, parts that are gone, and of
 * what was reported before. What many rows of a submission have in common is told of the first of them. */
#include "intake_core.h"
#include "neighbours.h"
#include "rule_judge.h"

#include "runtime/clock.h"
#include "runtime/text.h"

#define ROWS_BYTES 3u /* of how many rows a note is told */
#define TOLD_KEY   (5 + BB_PERIOD_KEY)
#define QUOTED     64

/* ret_added: NULL: there is no room for another one of the row, or nothing to say. */
static int
put_warning(struct bb_intake *intake, struct bb_intake_row *row, struct bb_row_note **ret_added)
{
    *ret_added = NULL;
    if (row->note.code == BB_ROW_CODE_NONE ||
        (row->warned && !bb_intake_room(intake, BB_INTAKE_NOTE_BYTES + strlen(row->note.text))))
        return 0;
    row->warned = true;
    return bb_intake_add_note(intake, &intake->warnings, row->number, &row->note, ret_added);
}

static int
add_warning(struct bb_intake *intake, struct bb_intake_row *row)
{
    struct bb_row_note *added;

    return put_warning(intake, row, &added);
}

static int
warn_of_place(struct bb_intake *intake, struct bb_intake_row *row)
{
    row->note.code = BB_ROW_CODE_NONE;
    if (row->new_place && intake->head->catalogue.count[bb_object_index(BB_OBJECT_PLACE)] > 0)
        bb_note_found(&row->note, BB_ROW_CODE_NEW_PLACE, BB_FIELD_PLACE, intake->view->text[row->ref.place],
                      BB_INTAKE_PLACE_EXPECTED);
    return add_warning(intake, row);
}

static bool
was_changed(const struct bb_intake *intake, const struct bb_intake_row *row)
{
    uint8_t outcome = intake->outcome[row->number];

    return outcome == BB_OUTCOME_CREATED || outcome == BB_OUTCOME_UPDATED;
}

/* Told once for each indicator and period, with the first row and of how many; key: of this warning. The text
 * names both, as other submissions of the file are told the same. */
static int
tell_of_period(struct bb_intake *intake, struct bb_intake_row *row, struct bb_bytes key)
{
    struct bb_row_note *added;
    int r = 0;

    if (!bb_intake_room(intake, ROWS_BYTES))
        return 0;
    r = put_warning(intake, row, &added);
    if (r != 0 || !added)
        return r;
    added->rows = 1;
    return bb_map_set(&intake->told, key, (uintptr_t)added);
}

/* Was it told before? Then of one row more. */
static bool
is_told(struct bb_intake *intake, const struct bb_intake_row *row, enum bb_row_code code,
        uint8_t data[static TOLD_KEY], struct bb_bytes *ret_key)
{
    struct bb_map_entry *told;

    data[0] = (uint8_t)code;
    bb_put_u32(data + 1, row->key.indicator);
    *ret_key = bb_bytes(data, 5 + bb_period_pack(row->key.period, data + 5));
    told = bb_map_find(&intake->told, *ret_key);
    if (told)
        ((struct bb_row_note *)(uintptr_t)told->value)->rows++;
    return told != NULL;
}

static const char *
quote_indicator(const struct bb_intake *intake, const struct bb_intake_row *row, char quoted[static QUOTED])
{
    bb_text_quote(intake->view->text[row->ref.indicator], quoted, QUOTED, 40);
    return quoted;
}

static int
warn_of_period(struct bb_intake *intake, struct bb_intake_row *row)
{
    char quoted[QUOTED], day[BB_PERIOD_TEXT];
    uint8_t data[TOLD_KEY];
    struct bb_bytes key;

    if (row->key.period.day <= intake->today || is_told(intake, row, BB_ROW_CODE_NOT_BEGUN, data, &key))
        return 0;
    bb_date_format(row->key.period.day, day);
    bb_note_found(&row->note, BB_ROW_CODE_NOT_BEGUN, BB_FIELD_PERIOD, intake->view->text[row->ref.period],
                  "of '%s' a period that has begun: this one begins on %s",
                  quote_indicator(intake, row, quoted), day);
    return tell_of_period(intake, row, key);
}

static int
warn_of_frequency(struct bb_intake *intake, struct bb_intake_row *row)
{
    const struct bb_indicator *indicator =
        bb_catalogue_indicator(&intake->head->catalogue, row->key.indicator);
    char quoted[QUOTED], such[BB_PERIOD_TEXT] = "2016/2020";
    uint8_t data[TOLD_KEY];
    struct bb_bytes key;

    if (indicator->frequency == 0 || row->key.period.type == indicator->frequency ||
        is_told(intake, row, BB_ROW_CODE_OTHER_FREQUENCY, data, &key))
        return 0;
    if (indicator->frequency != BB_PERIOD_SPAN)
        bb_period_format(bb_period_containing(indicator->frequency, row->key.period.day), such);
    bb_note_found(&row->note, BB_ROW_CODE_OTHER_FREQUENCY, BB_FIELD_PERIOD,
                  intake->view->text[row->ref.period],
                  "of '%s' one of the frequency by which it is reported, such as %s",
                  quote_indicator(intake, row, quoted), such);
    return tell_of_period(intake, row, key);
}

/* What the period says is odd, of a reading that is there from now on. */
static int
warn_of_periods(struct bb_intake *intake, struct bb_intake_row *row)
{
    int r;

    if (intake->restore || (row->ref.flags & BB_ROW_WITHDRAWN) || !was_changed(intake, row))
        return 0;
    r = warn_of_period(intake, row);
    return r == 0 ? warn_of_frequency(intake, row) : r;
}

/* A percentage is corrected, and the total of all that it is part of is gone. */
static int
warn_of_parts(struct bb_intake *intake, struct bb_intake_row *row)
{
    const struct bb_indicator *indicator =
        bb_catalogue_indicator(&intake->head->catalogue, row->key.indicator);

    if (!row->lost_parts || intake->restore || indicator->organization_aggregation != BB_AGGREGATE_RATIO)
        return 0;
    bb_note_set(
        &row->note, BB_ROW_CODE_WITHOUT_PARTS, BB_FIELD_DENOMINATOR,
        "found a value alone, expected numerator and denominator, as before: totals that it is part of "
        "have no value without them");
    return add_warning(intake, row);
}

static int
warn_of_history(struct bb_intake *intake, struct bb_intake_row *row)
{
    const struct bb_neighbour next = {
        .key = &row->key, .ordinal = row->period->ordinal, .reading = &row->reading};
    int r;

    if (!was_changed(intake, row))
        return 0;
    row->note.code = BB_ROW_CODE_NONE;
    r = bb_neighbours_judge(intake, &next, &row->note);
    if (r == 0)
        r = add_warning(intake, row);
    return r == 0 ? bb_rules_touch(intake, &row->key, row->number) : r;
}

int
bb_intake_warn(struct bb_intake *intake, struct bb_intake_row *row)
{
    int r;

    if (intake->replay)
        return 0;
    r = add_warning(intake, row);
    if (r == 0)
        r = warn_of_place(intake, row);
    if (r == 0)
        r = warn_of_periods(intake, row);
    if (r == 0)
        r = warn_of_parts(intake, row);
    return r == 0 ? warn_of_history(intake, row) : r;
}
