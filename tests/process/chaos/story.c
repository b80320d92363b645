#include "story.h"

#include <stdio.h>

const struct story_step story[STORY_STEPS] = {
    {.action = STORY_TARGET, .staff = true},
    {.action = STORY_ADOPT},
    {.action = STORY_SUBMIT, .row = {{0, 0, 0}, {1, 1, 0}}, .rows = 2, .outcomes = "11"},
    {.action = STORY_SUBMIT,
     .row = {{0, 2, 1}},
     .rows = 1,
     .outcomes = "2",
     .reason = "entry_error",
     .note = "a digit too many"},
    {.action = STORY_SUBMIT, .row = {{0, 3, 1}}, .rows = 1, .outcomes = "0", .code = "REVISION"},
    {.action = STORY_REVIEW, .word = "submit", .state = "submitted"},
    {.action = STORY_REVIEW, .staff = true, .word = "approve", .state = "approved"},
    {.action = STORY_SUBMIT, .row = {{0, 4, 0}}, .rows = 1, .outcomes = "0", .code = "NEEDS_REASON"},
    {.action = STORY_SUBMIT, .row = {{0, 4, 2}}, .rows = 1, .outcomes = "2", .reason = "late_data"},
    {.action = STORY_REVIEW, .staff = true, .word = "lock", .state = "locked"},
    {.action = STORY_SUBMIT,
     .row = {{1, 9, 0}},
     .rows = 1,
     .outcomes = "4",
     .code = "LOCKED",
     .reason = "recount"},
    {.action = STORY_SUBMIT,
     .staff = true,
     .row = {{1, 9, 1}},
     .rows = 1,
     .outcomes = "2",
     .reason = "recount",
     .note = "by staff"},
    {.action = STORY_REVIEW,
     .staff = true,
     .word = "unlock",
     .state = "approved",
     .reason = "it was too early"},
    {.action = STORY_REVIEW,
     .staff = true,
     .word = "return",
     .state = "returned",
     .note = "please look again"},
    {.action = STORY_SUBMIT,
     .row = {{1, STORY_WITHDRAWN, 2}},
     .rows = 1,
     .outcomes = "2",
     .reason = "duplicate"},
    {.action = STORY_SUBMIT, .row = {{0, 5, 0}, {1, 6, 0}, {2, 7, 0}}, .rows = 3, .outcomes = "221"},
    {.action = STORY_UNDO, .undoes = 15, .reason = "other", .note = "the wrong file", .updated = 3},
    {.action = STORY_UNDO, .undoes = 15, .reason = "other", .unchanged = 3},
    {.action = STORY_UNDO, .undoes = 3, .reason = "other", .rejected = 1},
    {.action = STORY_RETIRE, .staff = true},
    {.action = STORY_RULE, .staff = true},
};

static void
add(struct story_month *month, unsigned place, int value, unsigned step)
{
    month->revision[place][month->n[place]++] = (struct story_revision){value, step};
}

static void
submit(struct story_month *month, unsigned step)
{
    for (unsigned i = 0; i < story[step].rows; i++)
        if (story[step].outcomes[i] == '0' + BB_CREATED || story[step].outcomes[i] == '0' + BB_UPDATED)
            add(month, story[step].row[i].place, story[step].row[i].value, step);
}

/* Where the present revision is the one that the step made, what stood before it stands again. */
static void
undo(struct story_month *month, unsigned step)
{
    for (unsigned place = 0; place < STORY_PLACES; place++) {
        const struct story_revision *revision = month->revision[place];
        unsigned n = month->n[place];
        if (n > 0 && revision[n - 1].step == story[step].undoes)
            add(month, place, n > 1 ? revision[n - 2].value : STORY_WITHDRAWN, step);
    }
}

void
story_tell(unsigned steps, struct story_month *ret_month)
{
    *ret_month = (struct story_month){.state = "draft"};
    for (unsigned step = 0; step < steps; step++) {
        if (story[step].action == STORY_SUBMIT)
            submit(ret_month, step);
        else if (story[step].action == STORY_UNDO)
            undo(ret_month, step);
        if (story[step].action != STORY_REVIEW)
            continue;
        ret_month->state = story[step].state;
        ret_month->comment = story[step].note;
        ret_month->reason = story[step].reason;
    }
}

const char *
story_place(unsigned place)
{
    static const char *const places[STORY_PLACES] = {"Hartford", "New Haven", "Danbury"};

    return places[place];
}

void
story_indicator(unsigned organization, char out[STORY_TEXT])
{
    snprintf(out, STORY_TEXT, "live-%u", organization);
}

void
story_period(uint64_t month, char out[STORY_TEXT])
{
    snprintf(out, STORY_TEXT, "%u-%02u", (unsigned)(1900 + month / 12), (unsigned)(month % 12) + 1);
}

void
story_first_day(uint64_t month, char out[STORY_TEXT])
{
    story_period(month, out);
    snprintf(out + 7, STORY_TEXT - 7, "-01");
}

void
story_target(uint64_t month, char out[STORY_TEXT])
{
    char period[STORY_TEXT];

    story_period(month, period);
    snprintf(out, STORY_TEXT, "%.7s=%d", period, story_value(month) + 50);
}

void
story_limit(uint64_t month, char out[STORY_TEXT])
{
    snprintf(out, STORY_TEXT, "%d", story_value(month) + 60);
}

int
story_value(uint64_t month)
{
    return (int)(month % 97);
}

void
story_batch(unsigned organization, uint64_t month, unsigned step, uint8_t ret_batch[BB_BATCH_ID])
{
    static const uint8_t prefix[BB_BATCH_ID] = {0x01, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0x70, 0x01, 0x80};

    memcpy(ret_batch, prefix, BB_BATCH_ID);
    ret_batch[10] = (uint8_t)organization;
    ret_batch[11] = (uint8_t)step;
    for (size_t i = BB_BATCH_ID; i > 12; i--, month >>= 8)
        ret_batch[i - 1] = (uint8_t)month;
}

bool
story_retires(uint64_t month)
{
    return month % 2 == 0;
}
