/* A look for a reading costs a microsecond or so, and one row may touch many rules with many inputs: what one
 * submission may cost is bounded, and units beyond that are not judged here.
 *
 * Warnings stand in the order of their rows, so those of rules are put in order and then among the others. */
#include "rule_judge.h"

#include "runtime/text.h"
#include "workers/measurement/model/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_LOOKS  100000u  /* at readings, for one submission */
#define MOST_STEPS  1000000u /* at rules, to find its units */
#define MOST_UNITS  50000u
#define PLACE_SHOWN 60u /* bytes */

/* organization | place | period | code of the rule. */
#define UNIT_KEY (4 + 4 + BB_PERIOD_KEY + BB_LIMIT_CODE_BYTES)

struct unit {
    struct bb_ruled *ruled;
    struct bb_reading_key key; /* its organization, place and period */
};

struct judging {
    struct bb_intake *intake;
    struct bb_map units; /* number of the rule << 32 | the row that touched it last */
    uint32_t looks, steps;
    struct bb_row_note *note; /* of rules, in any order */
    uint32_t n_notes, notes_size;
};

int
bb_rules_touch(struct bb_intake *intake, const struct bb_reading_key *key, uint32_t row)
{
    if (!bb_rule_set_has(&intake->head->rules, key->indicator))
        return 0;
    if (intake->n_touched == intake->touched_size) {
        uint32_t size = intake->touched_size ? intake->touched_size * 2 : 64;
        struct bb_touched *grown = realloc(intake->touched, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        intake->touched = grown;
        intake->touched_size = size;
    }
    intake->touched[intake->n_touched++] = (struct bb_touched){*key, row};
    return 0;
}

/* Units */

static size_t
pack_unit(const struct bb_reading_key *key, const char *code, uint8_t out[static UNIT_KEY])
{
    size_t len = 8, code_len = strlen(code);

    bb_put_u32(out, key->organization);
    bb_put_u32(out + 4, key->place);
    len += bb_period_pack(key->period, out + len);
    memcpy(out + len, code, code_len);
    return len + code_len;
}

/* All but its rule, whose code is returned. */
static struct bb_bytes
unpack_unit(struct bb_bytes packed, struct unit *ret_unit)
{
    struct bb_bytes rest = bb_bytes(packed.data + 8, packed.len - 8);
    size_t len;

    ret_unit->key = (struct bb_reading_key){.organization = bb_get_u32(packed.data),
                                            .place = bb_get_u32(packed.data + 4)};
    len = bb_period_unpack(rest, &ret_unit->key.period);
    return bb_bytes(rest.data + len, rest.len - len);
}

/* The disaggregation of an operand. One that was not known is asked for each time: what is kept of this table
 * may be nothing, and then its names are gone again. 0 | BB_STORE_E_NOT_FOUND nobody has named it | <0 */
static int
operand_disaggregation(struct bb_intake *intake, const struct bb_rule_operand *operand, uint32_t *ret_id)
{
    bool canonical;

    *ret_id = operand->disaggregation;
    if (operand->disaggregation != BB_RULE_NO_ID)
        return 0;
    return bb_intake_find(intake, BB_OBJECT_DISAGGREGATION, operand->text, ret_id, &canonical);
}

/* Is the rule there for the sender? */
static bool
sees(const struct bb_intake *intake, const struct bb_ruled *ruled)
{
    bool seen = true;

    for (uint32_t i = 0; intake->limit && seen && i < ruled->n_operands; i++)
        seen = bb_catalogue_takes_part(&intake->head->catalogue, intake->limit, ruled->operand[i].indicator);
    return seen;
}

/* The rules that speak of what this row brought. */
static int
add_units(struct judging *j, const struct bb_touched *touched)
{
    const struct bb_rule_set *rules = &j->intake->head->rules;
    const struct bb_rule_use *use;
    uint32_t n = bb_rule_set_uses(rules, touched->key.indicator, &use), id;
    uint8_t key[UNIT_KEY];
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < n && j->steps < MOST_STEPS && j->units.count < MOST_UNITS; i++) {
        const struct bb_ruled *ruled = &rules->item[use[i].rule];
        j->steps++;
        if (!sees(j->intake, ruled))
            continue;
        r = operand_disaggregation(j->intake, &ruled->operand[use[i].operand], &id);
        if (r == 0 && id == touched->key.disaggregation)
            r = bb_map_set(&j->units, bb_bytes(key, pack_unit(&touched->key, ruled->rule.code, key)),
                           (uint64_t)use[i].rule << 32 | touched->row);
        r = r == BB_STORE_E_NOT_FOUND ? 0 : r;
    }
    return r;
}

/* Judging */

struct asking {
    struct judging *judging;
    const struct unit *unit;
};

static int
ask(void *context, size_t input, struct bb_fraction *ret_value)
{
    struct asking *asking = context;
    struct bb_intake *intake = asking->judging->intake;
    const struct bb_rule_operand *operand = &asking->unit->ruled->operand[input];
    struct bb_reading_key key = asking->unit->key;
    uint8_t data[BB_READING_KEY];
    struct bb_reading reading;
    struct bb_bytes record;
    int r = operand_disaggregation(intake, operand, &key.disaggregation);

    key.indicator = operand->indicator;
    asking->judging->looks++;
    if (r == 0)
        r = bb_intake_present(intake, bb_bytes(data, bb_reading_key_pack(&key, data, NULL)), &record);
    if (r == 0)
        r = bb_reading_unpack(record, &reading);
    if (r != 0)
        return r > 0 ? BB_EXPRESSION_E_NO_DATA : r;
    return bb_reading_fraction(bb_catalogue_indicator(&intake->head->catalogue, operand->indicator), &reading,
                               ret_value);
}

static int
add_note(struct judging *j, uint32_t row, const struct unit *unit, const struct bb_rule_sides *sides,
         const char *where)
{
    struct bb_row_note *note;

    if (j->n_notes == j->notes_size) {
        uint32_t size = j->notes_size ? j->notes_size * 2 : 16;
        struct bb_row_note *grown = realloc(j->note, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        j->note = grown;
        j->notes_size = size;
    }
    note = &j->note[j->n_notes++];
    *note =
        (struct bb_row_note){.row = row, .note = {.code = BB_ROW_CODE_RULE_BROKEN, .field = BB_FIELD_NONE}};
    bb_rule_say(&unit->ruled->rule, sides, where, note->note.text, sizeof note->note.text);
    return 0;
}

/* " at Hartford for 2026-05, in an earlier part": of a unit that has no row in this submission. */
static int
say_where(struct judging *j, const struct unit *unit, char *out, size_t size)
{
    const struct bb_intake *intake = j->intake;
    char period[BB_PERIOD_TEXT], place[PLACE_SHOWN + 8] = "";
    const struct bb_object *organization =
        bb_catalogue_get(&intake->head->catalogue, BB_OBJECT_ORGANIZATION, unit->key.organization);
    struct bb_buffer text;
    int r = 0;

    bb_buffer_init(&text, BB_LIMIT_FRAME_BYTES);
    if (unit->key.place)
        r = bb_intake_text(j->intake, BB_OBJECT_PLACE, unit->key.place, &text);
    if (r == 0 && unit->key.place)
        bb_text_quote(bb_buffer_bytes(&text), place, sizeof place, PLACE_SHOWN);
    bb_buffer_release(&text);
    period[bb_period_format(unit->key.period, period)] = '\0';
    snprintf(out, size, " (an earlier row, of %.40s%s%s for %s)", organization ? organization->text : "",
             *place ? " at " : "", place, period);
    return r;
}

/* row: the one to be warned; earlier: none in this submission, this one is its last. */
static int
judge_unit(struct judging *j, const struct unit *unit, struct bb_bytes packed, uint32_t row, bool earlier)
{
    struct bb_intake *intake = j->intake;
    struct asking asking = {j, unit};
    struct bb_rule_sides sides;
    enum bb_rule_verdict verdict;
    char where[200] = "";
    int r;

    if (j->looks >= MOST_LOOKS)
        return 0;
    r = bb_rule_judge(&unit->ruled->rule, ask, &asking, &sides, &verdict);
    if (r == -EBADMSG) /* a damaged record is not for a warning to stumble over: who reads it is told */
        return 0;
    if (r != 0 || verdict != BB_RULE_BROKEN)
        return r;
    if (intake->more)
        return bb_suspects_add(bb_intake_suspects(intake), intake->batch_id, packed);
    if (earlier)
        r = say_where(j, unit, where, sizeof where);
    return r == 0 ? add_note(j, row, unit, &sides, where) : r;
}

static int
judge_units(struct judging *j)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < j->units.count; i++) {
        const struct bb_map_entry *entry = &j->units.entry[i];
        struct unit unit = {.ruled = &j->intake->head->rules.item[entry->value >> 32]};
        struct bb_bytes packed = bb_bytes(entry->key, entry->key_len);
        unpack_unit(packed, &unit);
        r = judge_unit(j, &unit, packed, (uint32_t)entry->value, false);
    }
    return r;
}

static int
judge_suspects(struct judging *j)
{
    const struct bb_map *suspects =
        j->intake->more ? NULL : bb_suspects_of(bb_intake_suspects(j->intake), j->intake->batch_id);
    int r = 0;

    for (uint32_t i = 0; r == 0 && suspects && i < suspects->count; i++) {
        struct bb_bytes packed = bb_bytes(suspects->entry[i].key, suspects->entry[i].key_len);
        struct unit unit;
        unit.ruled = bb_rule_set_get(&j->intake->head->rules, unpack_unit(packed, &unit));
        if (unit.ruled && unit.ruled->rule.state == BB_RULE_ACTIVE && !bb_map_find(&j->units, packed))
            r = judge_unit(j, &unit, packed, j->intake->view->rows->count - 1, true);
    }
    return r;
}

/* Telling */

static int
by_row(const void *a, const void *b)
{
    const struct bb_row_note *x = a, *y = b;

    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return strcmp(x->note.text, y->note.text);
}

static int
tell(struct judging *j)
{
    struct bb_note_list *list = &j->intake->warnings;
    struct bb_row_note **at = &list->first;

    if (j->n_notes)
        qsort(j->note, j->n_notes, sizeof *j->note, by_row);
    for (uint32_t i = 0; i < j->n_notes; i++) {
        struct bb_row_note *copy;
        if (!bb_intake_has_room(j->intake, &j->note[i].note))
            return 0;
        copy = bb_arena_alloc(j->intake->arena, sizeof *copy);
        if (!copy)
            return -ENOMEM;
        while (*at && (*at)->row <= j->note[i].row)
            at = &(*at)->next;
        *copy = j->note[i];
        copy->next = *at;
        *at = copy;
        if (!copy->next)
            list->end = &copy->next;
        at = &copy->next;
        list->count++;
    }
    return 0;
}

int
bb_rules_judge_touched(struct bb_intake *intake)
{
    struct judging j = {.intake = intake};
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < intake->n_touched; i++)
        r = add_units(&j, &intake->touched[i]);
    if (r == 0)
        r = judge_units(&j);
    if (r == 0)
        r = judge_suspects(&j);
    if (r == 0)
        r = tell(&j);
    bb_map_release(&j.units);
    free(j.note);
    return r;
}
