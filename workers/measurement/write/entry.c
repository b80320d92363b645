/* The columns of the submission are rewritten: refused rows go, dictionary indexes point into a new
 * dictionary that holds canonical texts. A text has an index in the new dictionary for each role that it
 * plays. */
#include "entry.h"

#include "proto/limits.h"
#include "workers/measurement/model/disaggregation.h"

#include <errno.h>

enum role { INDICATOR, ORGANIZATION, PLACE, DISAGGREGATION, PERIOD, FISCAL, COMMENT, NUMBER, ROLES };

struct rewrite {
    struct bb_intake *intake;
    const Bb__Rows *in;
    Bb__Rows *out;
    uint32_t *map[ROLES]; /* old index -> new index, 0 not yet */
    size_t text_size;
};

static void *
take(struct rewrite *rewrite, size_t bytes)
{
    return bb_arena_alloc(rewrite->intake->arena, bytes);
}

static char *
copy_text(struct rewrite *rewrite, struct bb_bytes text)
{
    char *copy = take(rewrite, text.len + 1);

    if (copy) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

static char *
catalogue_text(struct rewrite *rewrite, enum bb_object_kind kind, const struct bb_resolved *resolved,
               uint32_t index)
{
    if (resolved->canonical)
        return rewrite->in->text[index - 1];
    return bb_catalogue_get(&rewrite->intake->head->catalogue, kind, resolved->id)->text;
}

static char *
place_text(struct rewrite *rewrite, uint32_t index)
{
    const struct bb_resolved *resolved = &rewrite->intake->place[index];
    struct bb_head *head = rewrite->intake->head;
    struct bb_buffer text;
    char *copy = NULL;

    if (resolved->canonical || resolved->id == 0) /* of rows that withdraw nothing: nobody has named it */
        return rewrite->in->text[index - 1];
    bb_buffer_init(&text, BB_LIMIT_TEXT_BYTES);
    if (bb_names_text(head->names, head->txn, BB_OBJECT_PLACE, resolved->id, &text) == 0)
        copy = copy_text(rewrite, bb_buffer_bytes(&text));
    bb_buffer_release(&text);
    return copy;
}

static char *
disaggregation_text(struct rewrite *rewrite, uint32_t index)
{
    struct bb_buffer text;
    const char *what;
    char *copy = NULL;

    if (rewrite->intake->disaggregation[index].canonical)
        return rewrite->in->text[index - 1];
    bb_buffer_init(&text, BB_LIMIT_TEXT_BYTES);
    if (bb_disaggregation_parse(rewrite->intake->view->text[index], &text, &what) == 0)
        copy = copy_text(rewrite, bb_buffer_bytes(&text));
    bb_buffer_release(&text);
    return copy;
}

static char *
period_text(struct rewrite *rewrite, const struct bb_resolved_period *resolved)
{
    char text[BB_PERIOD_TEXT];

    return copy_text(rewrite, bb_bytes(text, bb_period_format(resolved->period, text)));
}

static char *
canonical_text(struct rewrite *rewrite, enum role role, uint32_t index)
{
    struct bb_intake *intake = rewrite->intake;

    switch (role) {
    case INDICATOR:
        return catalogue_text(rewrite, BB_OBJECT_INDICATOR, &intake->indicator[index], index);
    case ORGANIZATION:
        return catalogue_text(rewrite, BB_OBJECT_ORGANIZATION, &intake->organization[index], index);
    case PLACE:
        return place_text(rewrite, index);
    case DISAGGREGATION:
        return disaggregation_text(rewrite, index);
    case PERIOD:
        return period_text(rewrite, &intake->period[index]);
    case FISCAL:
        return period_text(rewrite, &intake->fiscal[index]);
    case COMMENT:
    case NUMBER:
    case ROLES:
        break;
    }
    return rewrite->in->text[index - 1];
}

/* The new index of an old one in this role. 0 | -ENOMEM */
static int
remap(struct rewrite *rewrite, enum role role, uint32_t index, uint32_t *ret_index)
{
    uint32_t *slot = &rewrite->map[role][index];

    if (index && !*slot) {
        char *text = canonical_text(rewrite, role, index);
        if (!text || rewrite->out->n_text == rewrite->text_size)
            return -ENOMEM;
        if (*text) { /* a disaggregation of blanks is the total */
            rewrite->out->text[rewrite->out->n_text++] = text;
            *slot = (uint32_t)rewrite->out->n_text;
        }
    }
    *ret_index = *slot;
    return 0;
}

static int
prepare(struct rewrite *rewrite)
{
    size_t n = rewrite->in->n_text + 1;
    uint32_t *maps = take(rewrite, ROLES * n * sizeof *maps);

    rewrite->text_size = ROLES * n;
    rewrite->out->text = take(rewrite, rewrite->text_size * sizeof(char *));
    if (!maps || !rewrite->out->text)
        return -ENOMEM;
    memset(maps, 0, ROLES * n * sizeof *maps);
    for (int role = 0; role < ROLES; role++)
        rewrite->map[role] = maps + (size_t)role * n;
    return 0;
}

static uint32_t
at32(size_t n, const uint32_t *column, uint32_t i)
{
    return n == 0 ? 0 : column[n == 1 ? 0 : i];
}

/* Entries of a column that is to be sent: none when all are 0, one when all are equal. */
static size_t
shortest32(const uint32_t *column, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (column[i] != column[0])
            return n;
    return n == 0 || column[0] == 0 ? 0 : 1;
}

static size_t
shortest64(const int64_t *column, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (column[i] != column[0])
            return n;
    return n == 0 || column[0] == 0 ? 0 : 1;
}

static bool
accepted(const struct rewrite *rewrite, uint32_t i)
{
    return bb_outcome_is_kept(rewrite->intake->outcome[i]);
}

static int
rewrite_texts(struct rewrite *rewrite, enum role role, size_t n, const uint32_t *column, size_t *ret_n,
              uint32_t **ret_column)
{
    uint32_t *to = take(rewrite, (rewrite->intake->accepted + 1) * sizeof *to);
    size_t count = 0;

    if (!to)
        return -ENOMEM;
    for (uint32_t i = 0; n > 0 && i < rewrite->in->count; i++) {
        enum role of_row = role;
        if (!accepted(rewrite, i))
            continue;
        if (role == PERIOD &&
            bb_intake_is_fiscal(rewrite->intake, at32(rewrite->in->n_indicator, rewrite->in->indicator, i)))
            of_row = FISCAL;
        if (remap(rewrite, of_row, at32(n, column, i), &to[count++]) != 0)
            return -ENOMEM;
    }
    *ret_n = shortest32(to, count);
    *ret_column = to;
    return 0;
}

static int
rewrite_flags(struct rewrite *rewrite)
{
    const Bb__Rows *in = rewrite->in;
    uint32_t *to = take(rewrite, (rewrite->intake->accepted + 1) * sizeof *to);
    size_t count = 0;

    if (!to)
        return -ENOMEM;
    for (uint32_t i = 0; i < in->count; i++) {
        uint32_t flags = at32(in->n_flags, in->flags, i) & ~(BB_ROW_COMPUTED | BB_ROW_WITHHELD);
        if (BB_ROW_STATE(flags) != BB_STATE_OK)
            flags &= ~BB_ROW_VALUE; /* an explicit state wins */
        if (accepted(rewrite, i))
            to[count++] = flags;
    }
    rewrite->out->n_flags = shortest32(to, count);
    rewrite->out->flags = to;
    return 0;
}

static int
rewrite_numbers(struct rewrite *rewrite, uint32_t flag, size_t n_mantissa, const int64_t *mantissa,
                size_t n_scale, const uint32_t *scale, size_t *ret_n_mantissa, int64_t **ret_mantissa,
                size_t *ret_n_scale, uint32_t **ret_scale)
{
    const Bb__Rows *in = rewrite->in;
    size_t size = rewrite->intake->accepted + 1, count = 0;
    int64_t *to = take(rewrite, size * sizeof *to);
    uint32_t *to_scale = take(rewrite, size * sizeof *to_scale);

    if (!to || !to_scale)
        return -ENOMEM;
    for (uint32_t i = 0; n_mantissa + n_scale > 0 && i < in->count; i++) {
        uint32_t flags = at32(in->n_flags, in->flags, i), index;
        bool kept = (flags & flag) && !(flag == BB_ROW_VALUE && BB_ROW_STATE(flags) != BB_STATE_OK);
        if (!accepted(rewrite, i))
            continue;
        to[count] = kept && n_mantissa ? mantissa[n_mantissa == 1 ? 0 : i] : 0;
        to_scale[count] = kept ? at32(n_scale, scale, i) : 0;
        if (to_scale[count] == BB_SCALE_TEXT) {
            if (remap(rewrite, NUMBER, (uint32_t)to[count], &index) != 0)
                return -ENOMEM;
            to[count] = index;
        }
        count++;
    }
    *ret_n_mantissa = shortest64(to, count);
    *ret_mantissa = to;
    *ret_n_scale = shortest32(to_scale, count);
    *ret_scale = to_scale;
    return 0;
}

static int
rewrite_rows(struct rewrite *rewrite)
{
    const Bb__Rows *in = rewrite->in;
    Bb__Rows *out = rewrite->out;
    int r = prepare(rewrite);

#define TEXTS(role, field)                                                                                   \
    if (r == 0)                                                                                              \
    r = rewrite_texts(rewrite, role, in->n_##field, in->field, &out->n_##field, &out->field)
#define NUMBERS(flag, field)                                                                                 \
    if (r == 0)                                                                                              \
    r = rewrite_numbers(rewrite, flag, in->n_##field, in->field, in->n_##field##_scale, in->field##_scale,   \
                        &out->n_##field, &out->field, &out->n_##field##_scale, &out->field##_scale)
    TEXTS(INDICATOR, indicator);
    TEXTS(ORGANIZATION, organization);
    TEXTS(PLACE, place);
    TEXTS(DISAGGREGATION, disaggregation);
    TEXTS(PERIOD, period);
    TEXTS(COMMENT, comment);
    if (r == 0)
        r = rewrite_flags(rewrite);
    NUMBERS(BB_ROW_VALUE, value);
    NUMBERS(BB_ROW_NUMERATOR, numerator);
    NUMBERS(BB_ROW_DENOMINATOR, denominator);
#undef TEXTS
#undef NUMBERS
    out->count = rewrite->intake->accepted;
    return r;
}

ProtobufCBinaryData
bb_entry_outcomes(const struct bb_intake *intake)
{
    size_t n = intake->view->rows->count;

    for (size_t i = 1; i < n; i++)
        if (intake->outcome[i] != intake->outcome[0])
            return (ProtobufCBinaryData){.data = intake->outcome, .len = n};
    return (ProtobufCBinaryData){.data = intake->outcome, .len = n > 0};
}

int
bb_entry_notes(struct bb_intake *intake, const struct bb_note_list *list, Bb__RowNote ***ret_notes,
               size_t *ret_count)
{
    Bb__RowNote **pointer, *note;
    size_t n = 0;

    if (list->count == 0) {
        *ret_notes = NULL;
        *ret_count = 0;
        return 0;
    }
    pointer = bb_arena_alloc(intake->arena, list->count * sizeof *pointer);
    note = bb_arena_alloc(intake->arena, list->count * sizeof *note);
    if (!pointer || !note)
        return -ENOMEM;
    for (struct bb_row_note *from = list->first; from; from = from->next, n++) {
        bb__row_note__init(&note[n]);
        note[n].row = from->row;
        note[n].code = from->note.code;
        note[n].has_field = from->note.field != BB_FIELD_NONE;
        note[n].field = from->note.field;
        note[n].text = from->note.text;
        note[n].has_rows = from->rows > 0;
        note[n].rows = from->rows;
        pointer[n] = &note[n];
    }
    *ret_notes = pointer;
    *ret_count = n;
    return 0;
}

int
bb_entry_fill(struct bb_intake *intake, Bb__EntrySubmission *entry)
{
    struct rewrite rewrite = {.intake = intake, .in = intake->view->rows};
    int r;

    rewrite.out = bb_arena_alloc(intake->arena, sizeof *rewrite.out);
    if (!rewrite.out)
        return -ENOMEM;
    bb__rows__init(rewrite.out);
    r = rewrite_rows(&rewrite);
    if (r == 0)
        r = bb_entry_notes(intake, &intake->rejected, &entry->rejected, &entry->n_rejected);
    if (r == 0)
        r = bb_entry_notes(intake, &intake->warnings, &entry->warning, &entry->n_warning);
    if (r != 0)
        return r;
    entry->rows = rewrite.out;
    entry->row_count = intake->view->rows->count;
    entry->outcomes = bb_entry_outcomes(intake);
    entry->has_outcomes = true;
    return 0;
}
