#include "dhis2_set.h"

#include "cells_json.h"

#include "proto/rows.h"

#include <errno.h>

#define TEXT_BYTES (2u << 20) /* more than BB_RECORD_TEXT_BYTES can become when quoted */

static const struct {
    const char *name;
    enum bb_dhis2_late late;
} members[] = {
    {"dataSet", BB_DHIS2_NEVER},
    {"completeDate", BB_DHIS2_NEVER},
    {"period", BB_DHIS2_IF_LACKED},
    {"orgUnit", BB_DHIS2_IF_LACKED},
    {"attributeOptionCombo", BB_DHIS2_IF_LACKED},
    {"attributeCategoryOptions", BB_DHIS2_ALWAYS},
    {"dryRun", BB_DHIS2_ALWAYS},
    {"strategy", BB_DHIS2_ALWAYS},
    {"importStrategy", BB_DHIS2_ALWAYS},
};
static const char *const lackable[] = {"period", "orgUnit", "attributeOptionCombo"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct bb_bytes
bb_dhis2_name(struct bb_bytes name)
{
    static const char other[] = "completedDate";
    return bb_bytes_equal(name, bb_bytes(other, sizeof other - 1)) ? bb_bytes_str("completeDate") : name;
}

/* idScheme, orgUnitIdScheme, ... */
static bool
is_id_scheme(struct bb_bytes name)
{
    static const char tail[] = "dScheme";
    size_t n = sizeof tail - 1;
    return name.len > n && memcmp(name.data + name.len - n, tail, n) == 0 &&
           (name.data[name.len - n - 1] | 0x20) == 'i';
}

enum bb_dhis2_late
bb_dhis2_late(struct bb_bytes name)
{
    for (size_t i = 0; i < COUNT(members); i++)
        if (bb_bytes_equal(name, bb_bytes_str(members[i].name)))
            return members[i].late;
    return is_id_scheme(name) ? BB_DHIS2_ALWAYS : BB_DHIS2_UNKNOWN;
}

int
bb_dhis2_set_init(struct bb_dhis2_set *set, struct bb_record *record)
{
    *set = (struct bb_dhis2_set){0};
    bb_buffer_init(&set->text, TEXT_BYTES);
    for (size_t i = 0; i < COUNT(lackable); i++)
        if (bb_names_intern(&record->names, bb_bytes_str(lackable[i])) < 0)
            return -ENOMEM;
    return 0;
}

void
bb_dhis2_set_release(struct bb_dhis2_set *set)
{
    bb_buffer_release(&set->text);
}

static void
know_names(struct bb_dhis2_set *set, const struct bb_names *names)
{
    for (; set->known < names->count; set->known++)
        set->late[set->known] = (uint8_t)bb_dhis2_late(names->name[set->known]);
}

bool
bb_dhis2_set_is_all(struct bb_dhis2_set *set, const struct bb_record *record)
{
    know_names(set, &record->names);
    for (size_t i = 0; i < record->names.count; i++)
        if (record->given[i] && set->late[i] == BB_DHIS2_UNKNOWN)
            return false;
    return true;
}

/* Null and the empty text say nothing. */
static bool
is_said(const struct bb_cell *cell)
{
    return cell->kind != BB_CELL_ABSENT && cell->text.len > 0;
}

static void
add_member(struct bb_dhis2_set *set, int index, struct bb_bytes name, const struct bb_cell *cell)
{
    struct bb_dhis2_member *member = &set->member[set->count++];
    *member = (struct bb_dhis2_member){.index = index, .cell = *cell, .at = set->text.len};
    bb_buffer_append(&set->text, cell->text.data, cell->text.len);
    member->json = set->text.len;
    bb_json_quote(name, &set->text);
    bb_buffer_byte(&set->text, ':');
    if (cell->kind == BB_CELL_TEXT)
        bb_json_quote(cell->text, &set->text);
    else
        bb_buffer_append(&set->text, cell->text.data, cell->text.len);
    member->len = set->text.len - member->json;
}

int
bb_dhis2_set_begin(struct bb_dhis2_set *set, struct bb_record *record)
{
    know_names(set, &record->names);
    for (size_t i = 0; i < record->names.count; i++) {
        struct bb_bytes name = record->names.name[i];
        const struct bb_cell *cell = &record->cell[i];
        if (!is_said(cell) || set->late[i] == BB_DHIS2_UNKNOWN)
            continue;
        if (cell->kind == BB_CELL_LONG || set->count == BB_DHIS2_SET_MEMBERS) {
            bb_record_refuse(record, BB_ROW_CODE_TOO_LONG, "found \"%.*s\" of %zu bytes, expected at most %u",
                             (int)name.len, (const char *)name.data, cell->text.len, BB_JSON_TEXT_BYTES);
            return 0;
        }
        add_member(set, (int)i, name, cell);
    }
    if (set->text.error)
        return set->text.error;
    for (size_t i = 0; i < set->count; i++)
        set->member[i].cell.text.data = set->text.data + set->member[i].at;
    return 0;
}

bool
bb_dhis2_set_apply(struct bb_dhis2_set *set, struct bb_record *record, struct bb_one_line *line)
{
    bool once = true, first = record->last == 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct bb_dhis2_member *member = &set->member[i];
        if (is_said(&record->cell[member->index]))
            continue;
        once = once && !record->given[member->index];
        record->cell[member->index] = member->cell;
        bb_one_line_add(line, bb_bytes(set->text.data + member->json, member->len), first);
        first = false;
    }
    for (unsigned i = 0; i < COUNT(lackable); i++)
        if (!is_said(&record->cell[i]))
            set->lacked |= 1u << i;
    return once;
}

bool
bb_dhis2_set_has(const struct bb_dhis2_set *set, const struct bb_record *record, struct bb_bytes name)
{
    int index = bb_names_find(&record->names, name);
    for (size_t i = 0; i < set->count; i++)
        if (set->member[i].index == index)
            return true;
    return false;
}

bool
bb_dhis2_set_is_late(const struct bb_dhis2_set *set, const struct bb_record *record, struct bb_bytes name)
{
    switch (bb_dhis2_late(name)) {
    case BB_DHIS2_ALWAYS:
        return true;
    case BB_DHIS2_IF_LACKED:
        return set->lacked >> bb_names_find(&record->names, name) & 1;
    default:
        return false;
    }
}

void
bb_dhis2_set_end(struct bb_dhis2_set *set)
{
    set->count = 0;
    set->lacked = 0;
    bb_buffer_reset(&set->text);
}
