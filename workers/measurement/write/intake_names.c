/* A dictionary text is resolved once for each role, and what was found is kept by index (untried until then).
 * New is not an id yet: the row that is accepted first with it makes it one, for all rows after it. A period
 * is kept twice, since what `2011-12` means depends on the indicator of the row. */
#include "intake_core.h"

#include "proto/limits.h"
#include "runtime/text.h"
#include "workers/measurement/model/disaggregation.h"

#include <errno.h>

#define SPREADSHEET_EPOCH 25569 /* 1970-01-01, as spreadsheets count days */

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
        resolved->status = BB_INTAKE_FOUND;
    return r;
}

static int
resolve_indicator(struct bb_intake *intake, struct bb_intake_row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.indicator];
    struct bb_resolved *resolved = &intake->indicator[row->ref.indicator];
    int r = 0;

    if (resolved->status == BB_INTAKE_UNTRIED) {
        r = text.len ? find_name(intake, BB_OBJECT_INDICATOR, text, resolved) : BB_STORE_E_NOT_FOUND;
        if (r == BB_STORE_E_NOT_FOUND ||
            (r == 0 && !bb_catalogue_takes_part(&intake->head->catalogue, intake->limit, resolved->id)))
            resolved->status = BB_INTAKE_REFUSED;
        else if (r != 0)
            return r;
    }
    if (resolved->status == BB_INTAKE_FOUND && resolved->id == BB_ID_NONE)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_UNKNOWN_INDICATOR, BB_FIELD_INDICATOR, text,
                                  "a code: several indicators go by this name");
    if (resolved->status == BB_INTAKE_REFUSED)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_UNKNOWN_INDICATOR, BB_FIELD_INDICATOR, text,
                                  "the code or name of a defined indicator (indicator ls shows them)");
    row->key.indicator = resolved->id;
    return 0;
}

/* May this submission speak of the readings of an organization that a row names? Where it is signed for the
 * sake of another one, by its code: names are given out by the broker, which might give them to another. */
static int
check_guard(struct bb_intake *intake, struct bb_intake_row *row, const struct bb_resolved *resolved,
            struct bb_bytes text)
{
    const struct bb_guard *guard = &intake->guard;
    bool is_other = resolved->id != intake->caller;

    if (!guard->pins || intake->replay)
        return 0;
    if (is_other && !guard->staff && (guard->required || bb_pins_guard(guard->pins, resolved->id)))
        return (int)bb_note_found(&row->note, BB_ROW_CODE_SIGNATURE, BB_FIELD_ORGANIZATION, text,
                                  "a signature of a confirmed signing key of staff: this organization's "
                                  "readings are signed");
    if (guard->is_signed && (is_other || guard->staff) && !resolved->canonical)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_SIGNATURE, BB_FIELD_ORGANIZATION, text,
                                  "the code of an organization: what is signed does not name it otherwise");
    return 0;
}

static int
resolve_organization(struct bb_intake *intake, struct bb_intake_row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.organization];
    struct bb_resolved *resolved = &intake->organization[row->ref.organization];
    int r;

    if (text.len == 0) {
        row->key.organization = intake->caller;
        return 0;
    }
    if (resolved->status == BB_INTAKE_UNTRIED) {
        r = find_name(intake, BB_OBJECT_ORGANIZATION, text, resolved);
        if (r == BB_STORE_E_NOT_FOUND || (r == 0 && resolved->id == BB_ID_NONE))
            resolved->status = BB_INTAKE_REFUSED;
        else if (r != 0)
            return r;
    }
    if (resolved->status == BB_INTAKE_REFUSED)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_UNKNOWN_ORGANIZATION, BB_FIELD_ORGANIZATION, text,
                                  "the code, name or alias of a registered organization");
    if (resolved->id != intake->caller && !intake->any_organization && !intake->replay)
        return (int)bb_note_found(&row->note, BB_ROW_CODE_NOT_YOURS, BB_FIELD_ORGANIZATION, text,
                                  "your own organization: a partner writes its own rows only");
    row->key.organization = resolved->id;
    return check_guard(intake, row, resolved, text);
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

/* A spreadsheet keeps a date as a number of days, and a cell that lost its format is written as that: five
 * digits for the years 1954 to 2119. The day, or 0. */
static uint32_t
spreadsheet_day(struct bb_bytes text)
{
    uint32_t serial = 0;

    if (text.len != 5)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        serial = serial * 10 + (uint32_t)(text.data[i] - '0');
    }
    return serial >= 20000 && serial < 80000 ? serial + BB_DAY_EPOCH - SPREADSHEET_EPOCH : 0;
}

static int
refuse_period(struct bb_bytes text, int error, struct bb_note *note)
{
    uint32_t day = spreadsheet_day(text);
    char date[BB_PERIOD_TEXT];

    if (day == 0)
        return (int)bb_note_found(note, BB_ROW_CODE_BAD_PERIOD, BB_FIELD_PERIOD, text, "%s",
                                  expected_period(error));
    bb_date_format(day, date);
    return (int)bb_note_found(note, BB_ROW_CODE_BAD_PERIOD, BB_FIELD_PERIOD, text,
                              "a period such as %.7s: as a spreadsheet counts days this is %s", date, date);
}

static int
resolve_period(struct bb_intake *intake, struct bb_intake_row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.period];
    bool fiscal = bb_intake_is_fiscal(intake, row->ref.indicator);
    struct bb_resolved_period *resolved =
        fiscal ? &intake->fiscal[row->ref.period] : &intake->period[row->ref.period];
    int r = 0;

    if (resolved->status != BB_INTAKE_FOUND) {
        r = bb_period_parse(text, fiscal ? BB_PERIOD_FISCAL_JULY : 0, &resolved->period);
        resolved->status = r == 0 ? BB_INTAKE_FOUND : BB_INTAKE_REFUSED;
        if (r == 0)
            resolved->ordinal = bb_history_ordinal(resolved->period);
    }
    if (r != 0)
        return refuse_period(text, r, &row->note);
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
resolve_place(struct bb_intake *intake, struct bb_intake_row *row)
{
    struct bb_bytes text = intake->view->text[row->ref.place];
    struct bb_resolved *resolved = &intake->place[row->ref.place];
    int r;

    if (text.len == 0) {
        row->key.place = 0;
        return 0;
    }
    if (resolved->status == BB_INTAKE_UNTRIED || resolved->status == BB_INTAKE_REFUSED) {
        r = find_name(intake, BB_OBJECT_PLACE, text, resolved);
        if (r == BB_STORE_E_NOT_FOUND) {
            r = check_place(text, &row->note);
            resolved->status = r == 0 ? BB_INTAKE_NEW : BB_INTAKE_REFUSED;
        }
        if (r != 0)
            return r;
    }
    row->key.place = resolved->id;
    return 0;
}

static int
resolve_disaggregation(struct bb_intake *intake, struct bb_intake_row *row)
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
    if (resolved->status == BB_INTAKE_UNTRIED || resolved->status == BB_INTAKE_REFUSED) {
        bb_buffer_init(&canonical, BB_LIMIT_FRAME_BYTES);
        if (bb_disaggregation_parse(text, &canonical, &what) != 0) {
            resolved->status = BB_INTAKE_REFUSED;
            r = (int)bb_note_found(&row->note, BB_ROW_CODE_BAD_DISAGGREGATION, BB_FIELD_DISAGGREGATION, text,
                                   "dimension=code, several joined with ';' (here: %s)", what);
        } else if (canonical.len == 0) {
            resolved->status = BB_INTAKE_FOUND;
            r = 0;
        } else {
            bool own = bb_bytes_equal(bb_buffer_bytes(&canonical), text);
            r = find_name(intake, BB_OBJECT_DISAGGREGATION, bb_buffer_bytes(&canonical), resolved);
            if (r == BB_STORE_E_NOT_FOUND) {
                resolved->status = BB_INTAKE_NEW;
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

int
bb_intake_resolve(struct bb_intake *intake, struct bb_intake_row *row)
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
        resolved->status = BB_INTAKE_FOUND;
    return r;
}

int
bb_intake_add_place(struct bb_intake *intake, struct bb_intake_row *row)
{
    struct bb_resolved *resolved = &intake->place[row->ref.place];
    int r;

    if (row->ref.place == 0 || resolved->status != BB_INTAKE_NEW)
        return 0;
    resolved->canonical = true;
    r = add_name(intake, BB_OBJECT_PLACE, intake->view->text[row->ref.place], resolved);
    row->new_place = true;
    row->key.place = resolved->id;
    return r;
}

int
bb_intake_add_disaggregation(struct bb_intake *intake, struct bb_intake_row *row)
{
    struct bb_resolved *resolved = &intake->disaggregation[row->ref.disaggregation];
    struct bb_buffer canonical;
    const char *what;
    int r;

    if (row->ref.disaggregation == 0 || resolved->status != BB_INTAKE_NEW)
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
