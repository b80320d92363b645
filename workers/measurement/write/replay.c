/* Deterministic: nothing but the entry and what the entries before it left. No clock (times are the entry's
 * own), no rules and no hints (an accepted row stays accepted, whatever the rules of today say), no outcome
 * taken from the entry: they are found again, which --verify compares.
 *
 * Before the first entry the position of the views is held against the journal: the entry there must have the
 * hash that the views noted, else they were made from another journal. A generation is filled to a bound,
 * applied, and the next one begins with a fresh snapshot, so memory does not follow the length of the
 * journal. What cannot be brought in ends the replay with the number of its entry: to leave one out would
 * change every outcome after it. */
#include "replay.h"

#include "adopt.h"
#include "intake.h"
#include "review_command.h"
#include "rule_command.h"
#include "signing.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/log.h"
#include "workers/measurement/apply/apply.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdio.h>

#define GENERATION_ROWS 200000u
#define GENERATION_PUTS 400000u
#define DECODE_BYTES    (4 * BB_LIMIT_DECODE_BYTES) /* our own entries, with room for the intake */

static int
find_organization(struct bb_head *head, const char *code, uint32_t *ret_id)
{
    bool canonical;
    int r =
        bb_names_find(head->names, head->txn, BB_OBJECT_ORGANIZATION, bb_bytes_str(code), ret_id, &canonical);

    return r > 0 ? -EBADMSG : r;
}

/* The batch of a submission: which entry was its first, and whether it goes on. */
static int
enter_batch(struct bb_head *head, const Bb__EntrySubmission *submission, const struct bb_entry *entry,
            uint32_t organization, uint64_t *ret_first)
{
    struct bb_batch batch, *open;
    int r;

    *ret_first = entry->sequence;
    if (submission->index == 0 && submission->last)
        return 0;
    r = bb_head_batch(head, submission->batch.data, &batch);
    if (r < 0)
        return r;
    if (r == BB_STORE_E_NOT_FOUND) {
        batch = (struct bb_batch){.first = entry->sequence, .organization = organization};
        memcpy(batch.id, submission->batch.data, sizeof batch.id);
    }
    *ret_first = batch.first;
    open = bb_head_open_batch(head, batch.id);
    if (!open) {
        r = bb_head_batch_open(head, &batch);
        open = bb_head_open_batch(head, batch.id);
    }
    if (r < 0 || !open)
        return r < 0 ? r : -ENOMEM;
    open->touched = entry->time;
    return submission->last ? bb_head_batch_last(head, open) : 0;
}

static int
replay_submission(struct bb_head *head, struct bb_arena *arena, const struct bb_entry *entry,
                  const uint8_t **ret_outcomes, size_t *ret_count)
{
    Bb__EntrySubmission *submission;
    struct bb_rowview view;
    struct bb_intake intake = {.head = head, .view = &view, .arena = arena, .replay = true};
    const char *what;
    int r = bb_unpack(bb__entry_submission, entry->body, arena, &submission);

    if (r != 0 || submission->batch.len != BB_BATCH_BYTES)
        return r != 0 ? r : -EBADMSG;
    r = bb_rowview_init(&view, submission->rows, &what);
    if (r != 0)
        return r;
    intake.sequence = entry->sequence;
    r = find_organization(head, submission->organization, &intake.caller);
    if (r == 0)
        r = enter_batch(head, submission, entry, intake.caller, &intake.batch);
    intake.touch = !(submission->index == 0 && submission->last);
    if (r == 0)
        r = bb_intake_run(&intake);
    if (r == 0)
        r = bb_head_add_submission(head, submission->batch.data, submission->index, entry->sequence,
                                   submission->last);
    bb_rowview_release(&view);
    *ret_outcomes = intake.outcome;
    *ret_count = r == 0 ? submission->rows->count : 0;
    return r;
}

static int
replay_other(struct bb_head *head, struct bb_arena *arena, const struct bb_entry *entry)
{
    Bb__EntryIndicators *indicators;
    Bb__EntryPlaces *places;
    Bb__EntryDirectory *directory;
    Bb__EntryAdoptions *adoptions;
    Bb__EntryReview *review;
    Bb__EntryRules *rules;
    Bb__EntrySigning *signing;
    Bb__EntryBatchClose *close;
    int r;

    switch (entry->type) {
    case BB_ENTRY_INDICATORS:
        r = bb_unpack(bb__entry_indicators, entry->body, arena, &indicators);
        return r == 0 ? bb_apply_indicators(head, indicators, entry->sequence) : r;
    case BB_ENTRY_PLACES:
        r = bb_unpack(bb__entry_places, entry->body, arena, &places);
        return r == 0 ? bb_apply_places(head, places) : r;
    case BB_ENTRY_DIRECTORY:
        r = bb_unpack(bb__entry_directory, entry->body, arena, &directory);
        return r == 0 ? bb_apply_directory(head, directory) : r;
    case BB_ENTRY_ADOPTIONS:
        r = bb_unpack(bb__entry_adoptions, entry->body, arena, &adoptions);
        return r == 0 ? bb_apply_adoptions(head, adoptions, entry->sequence) : r;
    case BB_ENTRY_REVIEW:
        r = bb_unpack(bb__entry_review, entry->body, arena, &review);
        return r == 0 ? bb_apply_review(head, review, entry->sequence) : r;
    case BB_ENTRY_RULES:
        r = bb_unpack(bb__entry_rules, entry->body, arena, &rules);
        return r == 0 ? bb_apply_rules(head, rules, entry->sequence) : r;
    case BB_ENTRY_SIGNING:
        r = bb_unpack(bb__entry_signing, entry->body, arena, &signing);
        return r == 0 ? bb_apply_signing(head, signing, entry->sequence) : r;
    case BB_ENTRY_BATCH_CLOSE:
        r = bb_unpack(bb__entry_batch_close, entry->body, arena, &close);
        if (r == 0 && close->batch.len != BB_BATCH_BYTES)
            r = -EBADMSG;
        return r == 0 ? bb_head_batch_close(head, close->batch.data) : r;
    case BB_ENTRY_SUBMISSION:
        break;
    }
    return -EBADMSG;
}

int
bb_replay_entry(struct bb_head *head, struct bb_arena *arena, const struct bb_entry *entry,
                const uint8_t **ret_outcomes, size_t *ret_count)
{
    int r;

    *ret_outcomes = NULL;
    *ret_count = 0;
    if (entry->type == BB_ENTRY_SUBMISSION)
        r = replay_submission(head, arena, entry, ret_outcomes, ret_count);
    else
        r = replay_other(head, arena, entry);
    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    head->filling->last.sequence = entry->sequence;
    head->filling->last.time = entry->time;
    bb_entry_hash(entry, head->filling->last.hash);
    head->filling->entries++;
    return 0;
}

/* Entries from `from` on, until a generation is full or the journal ends. */
static int
fill(struct bb_head *head, struct bb_journal_reader *reader, uint64_t from,
     const struct bb_replay_observer *observer, struct bb_arena *arena, uint64_t *ret_at)
{
    const uint8_t *outcomes;
    struct bb_entry entry;
    size_t count;
    int r = bb_head_begin(head);

    *ret_at = from;
    while (r == 0 && head->filling->n_change < GENERATION_ROWS && head->filling->n_put < GENERATION_PUTS) {
        r = bb_journal_read(reader, from, &entry);
        if (r == 0) {
            *ret_at = from;
            r = bb_replay_entry(head, arena, &entry, &outcomes, &count);
        }
        if (r == 0 && observer)
            r = observer->entry(observer->self, &entry, outcomes, count);
        bb_arena_reset(arena);
        from++;
    }
    bb_head_end(head);
    return r;
}

static int
apply_filled(struct bb_head *head)
{
    int r = bb_head_seal(head);

    if (r == 0)
        r = bb_apply(head->views, head->applying);
    if (r == 0)
        bb_head_applied(head);
    return r;
}

static int
check_position(struct bb_journal_reader *reader, const struct bb_position *at, char *error, size_t size)
{
    uint8_t hash[BB_HASH_BYTES];
    struct bb_entry entry;
    int r;

    if (at->sequence == 0)
        return 0;
    r = bb_journal_read(reader, at->sequence, &entry);
    if (r == BB_JOURNAL_E_NOT_FOUND) {
        snprintf(error, size,
                 "the views are at entry %llu, which the journal does not have: it is older than they are",
                 (unsigned long long)at->sequence);
        return -EBADMSG;
    }
    if (r != 0) {
        snprintf(error, size, "entry %llu of the journal, at which the views are, cannot be read: %s",
                 (unsigned long long)at->sequence, r == -EBADMSG ? "it is damaged" : strerror(-r));
        return r;
    }
    bb_entry_hash(&entry, hash);
    if (memcmp(hash, at->hash, sizeof hash) == 0)
        return 0;
    snprintf(error, size, "entry %llu of the journal is not the one that the views were made from",
             (unsigned long long)at->sequence);
    return -EBADMSG;
}

static int
read_position(struct bb_head *head, struct bb_position *ret_position)
{
    int r = bb_head_begin(head);

    if (r == 0)
        r = bb_views_position(head->views, head->txn, ret_position);
    bb_head_end(head);
    return r;
}

int
bb_replay_all(struct bb_head *head, struct bb_journal *journal, const struct bb_replay_observer *observer,
              char *error, size_t size)
{
    struct bb_journal_reader reader = bb_journal_reader(journal);
    struct bb_position at;
    struct bb_arena arena;
    uint64_t sequence = 0;
    int r = read_position(head, &at);

    if (r != 0)
        return r;
    bb_arena_init(&arena, DECODE_BYTES);
    r = check_position(&reader, &at, error, size);
    while (r == 0) {
        r = fill(head, &reader, at.sequence + 1, observer, &arena, &sequence);
        if (r < 0) {
            snprintf(error, size, "entry %llu of the journal cannot be applied: %s",
                     (unsigned long long)sequence,
                     r == -EBADMSG ? "it is damaged, or does not fit what came before" : strerror(-r));
            break;
        }
        bool ended = r == BB_JOURNAL_E_NOT_FOUND;
        at = head->filling->entries ? head->filling->last : at;
        r = head->filling->entries ? apply_filled(head) : 0;
        if (r != 0)
            snprintf(error, size, "the views cannot be written: %s", strerror(-r));
        if (ended)
            break;
    }
    bb_arena_release(&arena);
    return r;
}
