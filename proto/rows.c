#include "rows.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const row_codes[] = {
#define X(number, name) [number] = #name,
    BB_ROW_CODES(X)
#undef X
};

static const char *const fields[] = {
#define X(number, id, name) [number] = name,
    BB_FIELDS(X)
#undef X
};

static const char *const reasons[] = {
#define X(number, id, name) [number] = name,
    BB_REASONS(X)
#undef X
};

static const char *const states[] = {
    [BB_STATE_OK] = "ok",
    [BB_STATE_MISSING] = "missing",
    [BB_STATE_SUPPRESSED] = "suppressed",
    [BB_STATE_NOT_APPLICABLE] = "not_applicable",
    [BB_STATE_WITHDRAWN] = "withdrawn",
};

static const char *const outcomes[] = {
    [BB_OUTCOME_REJECTED] = "rejected",   [BB_OUTCOME_CREATED] = "created", [BB_OUTCOME_UPDATED] = "updated",
    [BB_OUTCOME_UNCHANGED] = "unchanged", [BB_OUTCOME_LOCKED] = "locked",
};

static const char *
name_of(const char *const *names, size_t count, uint32_t number)
{
    return number < count && names[number] ? names[number] : "";
}

const char *
bb_row_code_name(uint32_t code)
{
    return name_of(row_codes, COUNT(row_codes), code);
}

const char *
bb_field_name(uint32_t field)
{
    return name_of(fields, COUNT(fields), field);
}

const char *
bb_state_name(enum bb_state state)
{
    return name_of(states, COUNT(states), state);
}

int
bb_state_by_name(const char *name)
{
    if (!*name)
        return BB_STATE_OK;
    for (size_t i = 0; i < COUNT(states); i++)
        if (strcmp(name, states[i]) == 0)
            return (int)i;
    return -1;
}

const char *
bb_reason_name(uint32_t reason)
{
    return name_of(reasons, COUNT(reasons), reason);
}

int
bb_reason_by_name(const char *name)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i] && strcmp(name, reasons[i]) == 0)
            return (int)i;
    return -1;
}

const char *
bb_outcome_name(uint32_t outcome)
{
    return name_of(outcomes, COUNT(outcomes), outcome);
}
