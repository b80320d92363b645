/* readings.history: every revision of one reading, oldest first, with who sent it.
 *
 * Superseded revisions stand in `revision` under the reading's key and their sequence; the current one is the
 * reading. Who sent a revision, and in which batch, says the journal entry that made it. */
#include "limit.h"
#include "review.h"
#include "rows.h"

#include "proto/message.h"
#include "runtime/store/varint.h"

#include "journal.pb-c.h"
#include "proto/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct state {
    struct bb_reading_key key;
    uint64_t next; /* sequence to go on with */
    bool guarded;  /* from the caller: what protects small numbers, and is not its own */
    struct bb_rows rows;
    struct bb_arena texts; /* members and batches of a part */
    struct bb_arena entry; /* one journal entry */
    char **member, **note;
    uint32_t *reason;
    ProtobufCBinaryData *batch;
    size_t n, size;
};

static int
find_organization(struct bb_query *query, struct bb_query_step *step, const char *text, uint32_t *ret_id)
{
    struct bb_quoted quoted;
    bool visible;
    int r;

    if (!text || !*text) {
        *ret_id = query->own;
        return 0;
    }
    r = bb_query_find(step, BB_OBJECT_ORGANIZATION, text, ret_id);
    if (r == 0)
        r = bb_query_may_see(query, step, *ret_id, &visible);
    if (r != 0 || visible)
        return r;
    return bb_query_refuse(step, BB_ERROR_NOT_ALLOWED, "organization \"%s\" does not share its own line",
                           bb_quote(&quoted, bb_bytes_str(text)));
}

static int
parse_period(struct bb_query *query, struct bb_query_step *step, const char *text, struct bb_reading_key *key)
{
    struct bb_term *term;
    struct bb_quoted quoted;
    int r = bb_terms_indicator(&query->terms, &step->snapshot, key->indicator, &term);

    if (r != 0)
        return r;
    if (bb_period_parse(bb_bytes_str(text), term->rules->frequency, &key->period) == 0)
        return 0;
    return bb_query_refuse(step, BB_ERROR_INVALID,
                           "period \"%s\": expected one such as 2026, 2026-Q3, 2026-09 or 2018/2019",
                           bb_quote(&quoted, bb_bytes_str(text)));
}

/* Of another organization's reading, where only what is approved is for others to read: from the revision on
 * that was approved last. 0 | BB_STORE_E_NOT_FOUND it waits | <0 */
static int
begin_at_approved(struct bb_query *query, struct bb_query_step *step, struct bb_bytes key,
                  struct bb_bytes record)
{
    struct state *state = query->state;
    const struct bb_review_unit unit = {state->key.organization, state->key.indicator, state->key.period};
    struct bb_snapshot *snapshot = &step->snapshot;
    struct bb_reading reading;
    struct bb_review review;
    struct bb_term *indicator;
    uint64_t now = snapshot->sequence, sequence;
    int r;

    if (query->scope == BB_SCOPE_ALL || unit.organization == query->own)
        return 0;
    r = bb_terms_indicator(&query->terms, snapshot, unit.indicator, &indicator);
    if (r != 0 || !indicator->rules->publish_approved)
        return r;
    r = bb_snapshot_review(snapshot, &unit, &review, &sequence);
    if (r != 0 || !bb_review_is_approved(review.state))
        return r < 0 ? r : BB_STORE_E_NOT_FOUND;
    snapshot->sequence = sequence;
    r = bb_snapshot_revision(snapshot, key, record, &reading);
    snapshot->sequence = now;
    if (r == 0)
        state->next = reading.sequence;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r; /* all of it came later */
}

static int
find_guarded(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    struct bb_term *indicator;
    int r = bb_terms_indicator(&query->terms, &step->snapshot, state->key.indicator, &indicator);

    if (r == 0)
        state->guarded =
            bb_query_is_guarded(query, indicator->rules) && state->key.organization != query->own;
    return r;
}

static int
check_exists(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__HistoryQuery *request = (const Bb__HistoryQuery *)(const void *)query->request;
    uint8_t data[BB_READING_KEY];
    struct bb_bytes key = bb_bytes(data, bb_reading_key_pack(&state->key, data, NULL)), record;
    struct bb_reading reading;
    struct bb_quoted indicator, period;
    int r = bb_snapshot_get(&step->snapshot, BB_VIEW_READING, key, &record);

    if (r == 0)
        r = bb_snapshot_revision(&step->snapshot, key, record, &reading);
    if (r == 0)
        r = begin_at_approved(query, step, key, record);
    if (r == 0)
        r = find_guarded(query, step);
    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    return bb_query_refuse(step, BB_ERROR_NOT_FOUND,
                           "no reading of \"%s\" in %s by that organization (your own, if none was named) at "
                           "that place and for that "
                           "disaggregation (the total, if none was named); readings ls shows what there is",
                           bb_quote(&indicator, bb_bytes_str(request->indicator)),
                           bb_quote(&period, bb_bytes_str(request->period)));
}

static int
begin(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    const Bb__HistoryQuery *request = (const Bb__HistoryQuery *)(const void *)query->request;
    struct bb_reading_key *key = &state->key;
    int r = bb_rows_init(&state->rows);

    bb_arena_init(&state->texts, BB_LIMIT_DECODE_BYTES);
    bb_arena_init(&state->entry, BB_LIMIT_DECODE_BYTES);
    if (r == 0)
        r = bb_query_find_indicator(query, step, request->indicator, &key->indicator);
    if (r == 0)
        r = find_organization(query, step, request->organization, &key->organization);
    if (r == 0)
        r = bb_query_find_place(step, request->place ? request->place : "", &key->place);
    if (r == 0)
        r = bb_query_find_disaggregation(step, request->disaggregation ? request->disaggregation : "",
                                         &key->disaggregation);
    if (r == 0)
        r = parse_period(query, step, request->period, key);
    return r == 0 ? check_exists(query, step) : r;
}

static int
grow(struct state *state)
{
    size_t size = state->size ? state->size * 2 : 16;
    char **member = realloc(state->member, size * sizeof *member);
    ProtobufCBinaryData *batch;
    uint32_t *reason;
    char **note;

    if (!member)
        return -ENOMEM;
    state->member = member;
    note = realloc(state->note, size * sizeof *note);
    if (!note)
        return -ENOMEM;
    state->note = note;
    reason = realloc(state->reason, size * sizeof *reason);
    if (!reason)
        return -ENOMEM;
    state->reason = reason;
    batch = realloc(state->batch, size * sizeof *batch);
    if (!batch)
        return -ENOMEM;
    state->batch = batch;
    state->size = size;
    return 0;
}

/* Who sent the entry, its batch, and why. A note may tell what is guarded, and a batch is what a guess at the
 * whole entry could be tried with (chain.export). */
static int
add_origin(struct state *state, struct bb_query_step *step, uint64_t sequence)
{
    struct bb_entry entry;
    Bb__EntrySubmission *submission;
    size_t len;
    char *member, *note;
    uint8_t *batch;
    int r = bb_snapshot_entry(&step->snapshot, sequence, &entry);

    if (r == 0 && state->n == state->size)
        r = grow(state);
    if (r != 0)
        return r;
    bb_arena_reset(&state->entry);
    r = entry.type == BB_ENTRY_SUBMISSION
            ? bb_unpack(bb__entry_submission, entry.body, &state->entry, &submission)
            : -EBADMSG;
    if (r != 0) {
        snprintf(step->failure->message, sizeof step->failure->message,
                 "journal: entry %llu should be a submission, and cannot be read as one",
                 (unsigned long long)sequence);
        return -EBADMSG;
    }
    len = strlen(submission->organization) + 1 + strlen(submission->member) + 1;
    member = bb_arena_alloc(&state->texts, len);
    batch = bb_arena_alloc(&state->texts, submission->batch.len + 1);
    note = bb_arena_alloc(&state->texts, submission->note ? strlen(submission->note) + 1 : 1);
    if (!member || !batch || !note)
        return -ENOMEM;
    strcpy(note, submission->note && !state->guarded ? submission->note : "");
    snprintf(member, len, "%s/%s", submission->organization, submission->member);
    memcpy(batch, submission->batch.data, submission->batch.len);
    state->member[state->n] = member;
    state->note[state->n] = note;
    state->reason[state->n] = submission->reason;
    state->batch[state->n++] = (ProtobufCBinaryData){state->guarded ? 0 : submission->batch.len, batch};
    return 0;
}

/* One revision; false in ret_go_on when it has no room in this part or lies behind the moment asked for. */
static int
add_revision(struct bb_query *query, struct bb_query_step *step, struct bb_bytes record, enum bb_view view,
             struct bb_bytes key, bool *ret_go_on)
{
    struct state *state = query->state;
    struct bb_reading reading;
    int r;

    *ret_go_on = false;
    if (bb_reading_unpack(record, &reading) != 0)
        return bb_snapshot_damaged(&step->snapshot, view, key);
    if (reading.sequence > query->sequence)
        return 0;
    if (state->n > 0 && bb_rows_bytes(&state->rows) + state->texts.used >= step->max_bytes) {
        step->final = false;
        return 0;
    }
    r = bb_rows_add(&state->rows, query, step, &state->key, &reading,
                    state->guarded ? bb_query_guarded_view(&reading) : BB_ROW_SHOWN);
    if (r == 0)
        r = add_origin(state, step, reading.sequence);
    state->next = reading.sequence + 1;
    *ret_go_on = r == 0;
    return r;
}

static int
add_revisions(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    uint8_t data[BB_REVISION_KEY];
    size_t len = bb_reading_key_pack(&state->key, data, NULL);
    struct bb_bytes key, record, own = bb_bytes(data, len);
    bool go_on = true;
    int r;

    step->final = true;
    r = bb_snapshot_seek(&step->snapshot, BB_VIEW_REVISION,
                         bb_bytes(data, len + bb_varint_put(data + len, state->next)), &key, &record);
    while (r == 0 && go_on && key.len > len && memcmp(key.data, data, len) == 0) {
        r = add_revision(query, step, record, BB_VIEW_REVISION, key, &go_on);
        if (r == 0 && go_on)
            r = bb_snapshot_move(&step->snapshot, BB_VIEW_REVISION, MDB_NEXT, &key, &record);
    }
    if (r < 0 || !go_on)
        return r;
    r = bb_snapshot_get(&step->snapshot, BB_VIEW_READING, own, &record);
    return r == 0 ? add_revision(query, step, record, BB_VIEW_READING, own, &go_on) : r;
}

static int
part(struct bb_query *query, struct bb_query_step *step)
{
    struct state *state = query->state;
    Bb__HistoryPart part = BB__HISTORY_PART__INIT;
    Bb__Rows message;
    int r;

    bb_rows_reset(&state->rows);
    bb_arena_reset(&state->texts);
    state->n = 0;
    r = add_revisions(query, step);
    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    bb_rowset_message(state->rows.set, &message);
    part.sequence = query->sequence;
    part.rows = &message;
    part.n_member = part.n_batch = part.n_reason = part.n_note = state->n;
    part.n_entry_sequence = part.n_entry_time_us = state->rows.n_entries;
    part.entry_sequence = state->rows.entry_sequence;
    part.entry_time_us = state->rows.entry_time;
    part.n_entry = bb_rows_entries(&state->rows);
    part.entry = state->rows.entry;
    part.n_version = bb_rows_versions(&state->rows);
    part.version = state->rows.version;
    part.member = state->member;
    part.batch = state->batch;
    part.reason = state->reason;
    part.note = state->note;
    return bb_query_pack(step, &part.base);
}

static void
gives(const struct bb_query *query, struct bb_query_gift *gift)
{
    const struct state *state = query->state;

    gift->indicator = state->key.indicator;
    gift->first_day = state->key.period.day;
    gift->end_day = bb_period_end(state->key.period);
    gift->lines = query->scope != BB_SCOPE_ALL;
    gift->organization = &state->key.organization;
    gift->n_organizations = 1;
}

static void
release(struct bb_query *query)
{
    struct state *state = query->state;

    bb_rows_release(&state->rows);
    bb_arena_release(&state->texts);
    bb_arena_release(&state->entry);
    free(state->member);
    free(state->batch);
    free(state->reason);
    free(state->note);
}

const struct bb_query_kind bb_query_history = {
    .method = BB_METHOD_READINGS_HISTORY,
    .request = &bb__history_query__descriptor,
    .state_bytes = sizeof(struct state),
    .begin = begin,
    .part = part,
    .release = release,
    .gives = gives,
};
