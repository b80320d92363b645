#include "workload.h"

#include <errno.h>
#include <stdio.h>

static const char *const organizations[CHAOS_ORGANIZATIONS] = {"chaos-0", "chaos-1", "chaos-2"};
static const char *const indicators[CHAOS_INDICATORS] = {"chaos-count", "chaos-rate"};
static const char *const places[CHAOS_PLACES] = {"",          "Hartford", "New Haven", "Bridgeport",
                                                 "Waterbury", "Stamford", "Danbury",   "Norwalk"};
static const char *const disaggregations[CHAOS_DISAGGREGATIONS] = {"", "age=young", "age=old;sex=f"};

/* splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) */
static uint64_t
next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint32_t
below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(next(state) % n);
}

static uint64_t
seed(unsigned organization, uint64_t number, uint32_t index)
{
    return (number * (CHAOS_SUBMISSIONS + 1) + index) * CHAOS_ORGANIZATIONS + organization;
}

uint32_t
chaos_submissions(unsigned organization, uint64_t number)
{
    uint64_t state = seed(organization, number, CHAOS_SUBMISSIONS);

    return below(&state, 8) ? 1 : 2 + below(&state, CHAOS_SUBMISSIONS - 1);
}

static struct chaos_row
make_row(uint64_t *state)
{
    uint32_t hot = CHAOS_KEYS / 24, dice = below(state, 100);
    struct chaos_row row = {.key = (uint16_t)(dice % 2 ? below(state, CHAOS_KEYS) : below(state, hot))};
    bool rate = row.key >= CHAOS_KEYS / CHAOS_INDICATORS;

    dice = below(state, 100);
    if (dice < 4)
        row.kind = CHAOS_MISSING;
    else if (dice < 6)
        row.kind = CHAOS_SUPPRESSED;
    else if (dice < 10)
        row.kind = CHAOS_WITHDRAWN;
    else if (dice < 12 && rate)
        row = (struct chaos_row){.key = row.key, .kind = CHAOS_REFUSED, .a = 101 + below(state, 100)};
    else if (rate)
        row = (struct chaos_row){
            .key = row.key, .kind = CHAOS_PARTS, .a = below(state, 4), .b = 4 + below(state, 3)};
    else
        row = (struct chaos_row){.key = row.key, .kind = CHAOS_VALUE, .a = below(state, 8)};
    return row;
}

void
chaos_submission(unsigned organization, uint64_t number, uint32_t index,
                 struct chaos_submission *ret_submission)
{
    uint32_t submissions = chaos_submissions(organization, number);
    uint64_t state = seed(organization, number, index);
    bool alone = submissions == 1;

    chaos_batch(organization, number, ret_submission->batch);
    ret_submission->index = index;
    ret_submission->count = alone && below(&state, 3) ? 1 : 2 + below(&state, CHAOS_ROWS - 1);
    ret_submission->flags = index + 1 == submissions ? BB_SUBMISSION_LAST : 0;
    if (alone && ret_submission->count > 1 && below(&state, 8) == 0)
        ret_submission->flags |= BB_SUBMISSION_ATOMIC;
    for (uint32_t i = 0; i < ret_submission->count; i++)
        ret_submission->row[i] = make_row(&state);
}

/* The first nine bytes of a batch id; organization and number follow. */
static const uint8_t prefix[BB_BATCH_ID - 7] = {0x01, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0x70, 0x00, 0x80};

void
chaos_batch(unsigned organization, uint64_t number, uint8_t ret_batch[BB_BATCH_ID])
{
    memcpy(ret_batch, prefix, sizeof prefix);
    ret_batch[sizeof prefix] = (uint8_t)organization;
    for (size_t i = BB_BATCH_ID; i > sizeof prefix + 1; i--, number >>= 8)
        ret_batch[i - 1] = (uint8_t)number;
}

int
chaos_batch_parse(const uint8_t *batch, unsigned *ret_organization, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (memcmp(batch, prefix, sizeof prefix) != 0 || batch[sizeof prefix] >= CHAOS_ORGANIZATIONS)
        return -EINVAL;
    for (size_t i = sizeof prefix + 1; i < BB_BATCH_ID; i++)
        number = number << 8 | batch[i];
    *ret_organization = batch[sizeof prefix];
    *ret_number = number;
    return 0;
}

void
chaos_text(const struct chaos_row *row, struct chaos_text *ret_text)
{
    unsigned key = row->key, period = key % CHAOS_PERIODS;
    struct bb_text *field = ret_text->row.field;

    *ret_text = (struct chaos_text){0};
    snprintf(ret_text->period, sizeof ret_text->period, "%u-%02u", 2020 + period / 12, 1 + period % 12);
    key /= CHAOS_PERIODS;
    field[BB_COLUMN_PERIOD] = bb_text(ret_text->period);
    field[BB_COLUMN_DISAGGREGATION] = bb_text(disaggregations[key % CHAOS_DISAGGREGATIONS]);
    key /= CHAOS_DISAGGREGATIONS;
    field[BB_COLUMN_PLACE] = bb_text(places[key % CHAOS_PLACES]);
    field[BB_COLUMN_INDICATOR] = bb_text(indicators[key / CHAOS_PLACES]);
    snprintf(ret_text->value, sizeof ret_text->value, "%u", row->a);
    snprintf(ret_text->denominator, sizeof ret_text->denominator, "%u", row->b);
    if (row->kind == CHAOS_VALUE || row->kind == CHAOS_REFUSED)
        field[BB_COLUMN_VALUE] = bb_text(ret_text->value);
    else if (row->kind == CHAOS_MISSING)
        field[BB_COLUMN_STATUS] = bb_text("missing");
    else if (row->kind == CHAOS_SUPPRESSED)
        field[BB_COLUMN_STATUS] = bb_text("suppressed");
    else if (row->kind == CHAOS_WITHDRAWN)
        field[BB_COLUMN_STATUS] = bb_text("withdrawn");
    if (row->kind != CHAOS_PARTS)
        return;
    memcpy(ret_text->numerator, ret_text->value, sizeof ret_text->numerator);
    field[BB_COLUMN_NUMERATOR] = bb_text(ret_text->numerator);
    field[BB_COLUMN_DENOMINATOR] = bb_text(ret_text->denominator);
}

/* The number of a text in a list; n when it is not there. */
static unsigned
find(const char *const *list, unsigned n, struct bb_text text)
{
    unsigned i = 0;

    while (i < n && (strlen(list[i]) != text.len || (text.len && memcmp(list[i], text.data, text.len) != 0)))
        i++;
    return i;
}

uint16_t
chaos_key(struct bb_text indicator, struct bb_text place, struct bb_text disaggregation,
          struct bb_text period)
{
    unsigned i = find(indicators, CHAOS_INDICATORS, indicator), p = find(places, CHAOS_PLACES, place);
    unsigned d = find(disaggregations, CHAOS_DISAGGREGATIONS, disaggregation), year, month;
    char text[8] = "";

    if (period.len == 7)
        memcpy(text, period.data, 7);
    if (i == CHAOS_INDICATORS || p == CHAOS_PLACES || d == CHAOS_DISAGGREGATIONS ||
        sscanf(text, "%4u-%2u", &year, &month) != 2 || year < 2020 || month < 1 || month > 12 ||
        (year - 2020) * 12 + month > CHAOS_PERIODS)
        return CHAOS_KEYS;
    i = (i * CHAOS_PLACES + p) * CHAOS_DISAGGREGATIONS + d;
    return (uint16_t)(i * CHAOS_PERIODS + (year - 2020) * 12 + month - 1);
}

const char *
chaos_organization(unsigned organization)
{
    return organizations[organization];
}

unsigned
chaos_organization_by_code(struct bb_text code)
{
    return find(organizations, CHAOS_ORGANIZATIONS, code);
}
