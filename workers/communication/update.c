/* An id is a UUIDv8 (RFC 9562, 5.8): the time of the entry that closed the batch in milliseconds, and BLAKE2b
 * over batch, entry, indicator, kind and recipient for its other bits. Of two that are the same only the
 * first is written; members can take none of them (publish.c).
 *
 * Who may read values: staff all; a partner its own and those of organizations that share their line;
 * observers none. That is what readings.list would show them, and no more than readings.history: of what
 * suppress_below guards only its own. */
#include "update.h"

#include "post.h"

#include "proto/limits.h"
#include "proto/rows.h"
#include "proto/utf8.h"
#include "runtime/buffer.h"
#include "runtime/uuid.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#define NAME_BYTES 200u /* of an indicator's name in a subject */
#define LINES      20u  /* of a body; all of it is in the changes */

struct writing {
    struct bb_communication *c;
    const Bb__ClosedBatch *batch;
    const Bb__IndicatorChange *change;
    struct bb_buffer body;
    size_t count;
};

/* Texts */

/* A name, cut between characters. */
static int
name_length(const char *name)
{
    return (int)bb_utf8_prefix(bb_bytes(name, strnlen(name, NAME_BYTES)));
}

/* Text that Markdown is to leave alone. */
static void
write_plain(struct bb_buffer *body, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_{}[]()#+-!|<>~&", *text))
            bb_buffer_byte(body, '\\');
        bb_buffer_byte(body, (uint8_t)*text);
    }
}

static void
write_periods(struct bb_buffer *body, char *const *period, size_t n, uint32_t periods)
{
    for (size_t i = 0; i < n; i++)
        bb_buffer_printf(body, "%s%s", i ? ", " : "", period[i]);
    if (periods > n)
        bb_buffer_printf(body, " and %zu more", (size_t)periods - n);
}

/* "3 new, 1 updated"; what is 0 is left out. */
#define COUNTS_BYTES 64
static const char *
counts(uint64_t created, uint64_t updated, char out[static COUNTS_BYTES])
{
    int n = 0;

    *out = '\0';
    if (created)
        n = snprintf(out, COUNTS_BYTES, "%llu new%s", (unsigned long long)created, updated ? ", " : "");
    if (updated)
        snprintf(out + n, COUNTS_BYTES - (size_t)n, "%llu updated", (unsigned long long)updated);
    return out;
}

static void
write_more(struct bb_buffer *body, uint64_t more, const char *what)
{
    if (more > 0)
        bb_buffer_printf(body, "\nand %llu more %s\n", (unsigned long long)more, what);
}

/* Messages */

static void
make_id(const struct writing *w, Bb__MessageKind kind, struct bb_bytes recipient,
        uint8_t out[static BB_MESSAGE_ID])
{
    const char *indicator = w->change->indicator;
    crypto_generichash_state state;
    uint8_t head[8 + 1];

    bb_put_u64(head, w->batch->sequence);
    head[8] = (uint8_t)kind;
    crypto_generichash_init(&state, NULL, 0, BB_MESSAGE_ID);
    crypto_generichash_update(&state, head, sizeof head);
    crypto_generichash_update(&state, w->batch->batch.data, w->batch->batch.len);
    crypto_generichash_update(&state, (const uint8_t *)indicator, strlen(indicator) + 1);
    crypto_generichash_update(&state, recipient.data, recipient.len);
    crypto_generichash_final(&state, out, BB_MESSAGE_ID);
    bb_uuid_shape(out, w->batch->time_us / 1000);
}

/* Append it, unless it is there. */
static int
post(struct writing *w, Bb__Message *message, const struct bb_channel *channel, struct bb_bytes recipient)
{
    struct bb_posting posting = {.message = message, .channel = channel, .n_channels = 1};
    uint8_t id[BB_MESSAGE_ID];
    struct bb_known known;
    uint64_t sequence;
    int r;

    make_id(w, message->kind, recipient, id);
    message->id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
    r = bb_msglog_known(w->c->log, bb_bytes(id, sizeof id), &known);
    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    message->organization = message->member = (char *)(uintptr_t)BB_SERVICE_AUTHOR;
    message->indicator = w->change->indicator;
    bb_buffer_byte(&w->body, '\0');
    if (w->body.error)
        return w->body.error;
    message->body = (char *)w->body.data;
    w->count++;
    return bb_post(w->c, &posting, &sequence);
}

static int
new_changes(struct writing *w, size_t n, Bb__Change ***ret_change)
{
    Bb__Change **pointer = bb_arena_alloc(&w->c->arena, (n + 1) * sizeof(*pointer));
    Bb__Change *change = bb_arena_alloc(&w->c->arena, (n + 1) * sizeof *change);

    if (!pointer || !change)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        bb__change__init(&change[i]);
        pointer[i] = &change[i];
    }
    *ret_change = pointer;
    return 0;
}

/* What an organization changed, without values. */
static void
tell_periods(const Bb__OrganizationChange *by, Bb__Change *change)
{
    change->organization = by->organization;
    change->period = by->period;
    change->n_period = by->n_period;
    change->has_periods = change->has_updated = true;
    change->periods = by->periods;
    change->created = by->created;
    change->updated = by->updated;
}

/* Updates */

static void
describe_update(struct writing *w)
{
    const Bb__IndicatorChange *change = w->change;
    char text[COUNTS_BYTES];

    bb_buffer_reset(&w->body);
    for (size_t i = 0; i < change->n_organization && i < LINES; i++) {
        const Bb__OrganizationChange *by = change->organization[i];
        bb_buffer_printf(&w->body, "- `%s`: %s (", by->organization, counts(by->created, by->updated, text));
        write_periods(&w->body, by->period, by->n_period, by->periods);
        bb_buffer_printf(&w->body, ")\n");
    }
    if (change->organizations > LINES)
        write_more(&w->body, change->organizations - LINES, "organizations");
}

static int
write_update(struct writing *w)
{
    const Bb__IndicatorChange *from = w->change;
    const struct bb_channel channel = {.kind = BB_CHANNEL_INDICATOR, .code = bb_bytes_str(from->indicator)};
    Bb__Message message = BB__MESSAGE__INIT;
    char subject[BB_LIMIT_SUBJECT_BYTES + 1], text[COUNTS_BYTES];
    int r = new_changes(w, from->n_organization, &message.change);

    if (r != 0)
        return r;
    message.n_change = from->n_organization;
    for (size_t i = 0; i < message.n_change; i++) {
        tell_periods(from->organization[i], message.change[i]);
        message.change[i]->has_created = true;
    }
    snprintf(subject, sizeof subject, "%.*s: %s", name_length(from->name), from->name,
             counts(from->created, from->updated, text));
    message.kind = BB__MESSAGE_KIND__UPDATE;
    message.subject = subject;
    message.period = from->period;
    describe_update(w);
    return post(w, &message, &channel, bb_bytes(NULL, 0));
}

/* Restatements */

static bool
may_read(const struct writing *w, const struct bb_organization *recipient, const char *organization)
{
    const struct bb_organization *owner;

    if (recipient->role == BB__ROLE__ROLE_STAFF)
        return true;
    if (recipient->role != BB__ROLE__ROLE_PARTNER)
        return false;
    owner = bb_directory_by_code(w->c->directory, bb_bytes_str(organization));
    return owner && (owner == recipient || (owner->share_own_line && !w->change->guarded));
}

static char *
status_word(uint32_t state)
{
    return state == BB_STATE_OK ? NULL : (char *)(uintptr_t)bb_state_name((enum bb_state)state);
}

static void
tell_values(const Bb__Correction *correction, Bb__Change *change)
{
    change->organization = correction->organization;
    change->period = (char **)(uintptr_t)&correction->period;
    change->n_period = 1;
    change->place = correction->place;
    change->disaggregation = correction->disaggregation;
    change->old_value = correction->old_value;
    change->new_value = correction->new_value;
    change->old_status = status_word(correction->old_state);
    change->new_status = status_word(correction->new_state);
    change->old_numerator = correction->old_numerator;
    change->new_numerator = correction->new_numerator;
    change->old_denominator = correction->old_denominator;
    change->new_denominator = correction->new_denominator;
}

static size_t
count_listed(const Bb__IndicatorChange *change, const char *organization)
{
    size_t n = 0;

    for (size_t i = 0; i < change->n_correction; i++)
        n += strcmp(change->correction[i]->organization, organization) == 0;
    return n;
}

static void
write_value(struct bb_buffer *body, const char *value, const char *status)
{
    bb_buffer_printf(body, "%s", status ? status : value ? value : "no value");
}

static bool
same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The values do not say what was corrected: equal as they are rounded, or there are none. */
static bool
needs_parts(const Bb__Change *change)
{
    bool has =
        change->old_numerator || change->new_numerator || change->old_denominator || change->new_denominator;

    return has &&
           ((!change->old_value && !change->old_status) || (!change->new_value && !change->new_status) ||
            (same_text(change->old_value, change->new_value) &&
             same_text(change->old_status, change->new_status)));
}

static void
write_parts(struct bb_buffer *body, const char *numerator, const char *denominator)
{
    bb_buffer_printf(body, "%s / %s", numerator ? numerator : "none", denominator ? denominator : "none");
}

static void
write_values(struct bb_buffer *body, const Bb__Change *change)
{
    bb_buffer_printf(body, ": ");
    write_value(body, change->old_value, change->old_status);
    bb_buffer_printf(body, " → ");
    write_value(body, change->new_value, change->new_status);
    if (!needs_parts(change))
        return;
    bb_buffer_printf(body, " (");
    write_parts(body, change->old_numerator, change->old_denominator);
    bb_buffer_printf(body, " → ");
    write_parts(body, change->new_numerator, change->new_denominator);
    bb_buffer_byte(body, ')');
}

static void
describe_change(struct bb_buffer *body, const Bb__Change *change)
{
    bb_buffer_printf(body, "- `%s`, ", change->organization);
    if (change->place && *change->place) {
        write_plain(body, change->place);
        bb_buffer_printf(body, ", ");
    }
    if (change->disaggregation && *change->disaggregation) {
        write_plain(body, change->disaggregation);
        bb_buffer_printf(body, ", ");
    }
    write_periods(body, change->period, change->n_period, change->has_periods ? change->periods : 1);
    if (change->has_periods)
        bb_buffer_printf(body, ": %llu corrected", (unsigned long long)change->updated);
    else
        write_values(body, change);
    bb_buffer_byte(body, '\n');
}

/* unlisted: values that the recipient may read and that have no line. */
static void
describe_restatement(struct writing *w, const Bb__Message *message, uint64_t unlisted)
{
    struct bb_buffer *body = &w->body;
    const Bb__IndicatorChange *from = w->change;

    bb_buffer_reset(body);
    for (size_t i = 0; i < message->n_change && i < LINES; i++)
        describe_change(body, message->change[i]);
    if (message->n_change > LINES)
        write_more(body, message->n_change - LINES, "lines");
    write_more(body, unlisted, "values of these");
    if (from->corrected_organizations > from->n_corrected)
        write_more(body, from->corrected_organizations - from->n_corrected, "organizations");
}

/* First the periods of whose values have no line each, since these lines stand for the most; then values. */
static uint64_t
tell_corrections(const struct writing *w, const struct bb_organization *recipient, Bb__Message *message)
{
    const Bb__IndicatorChange *from = w->change;
    uint64_t unlisted = 0;

    for (size_t i = 0; i < from->n_corrected; i++) {
        const Bb__OrganizationChange *by = from->corrected[i];
        bool readable = may_read(w, recipient, by->organization);
        uint64_t listed = readable ? count_listed(from, by->organization) : 0;
        if (readable)
            unlisted += by->updated - listed;
        if (listed < by->updated)
            tell_periods(by, message->change[message->n_change++]);
    }
    for (size_t i = 0; i < from->n_correction; i++)
        if (may_read(w, recipient, from->correction[i]->organization))
            tell_values(from->correction[i], message->change[message->n_change++]);
    return unlisted;
}

static int
write_restatement(struct writing *w, const struct bb_organization *recipient)
{
    const struct bb_channel channel = {.kind = BB_CHANNEL_ORGANIZATION, .code = recipient->code};
    const Bb__IndicatorChange *from = w->change;
    Bb__Message message = BB__MESSAGE__INIT;
    char subject[BB_LIMIT_SUBJECT_BYTES + 1];
    int r = new_changes(w, from->n_corrected + from->n_correction, &message.change);

    if (r != 0)
        return r;
    snprintf(subject, sizeof subject, "%.*s: %llu corrected", name_length(from->name), from->name,
             (unsigned long long)from->corrections);
    message.kind = BB__MESSAGE_KIND__NOTICE;
    message.subject = subject;
    message.period = from->corrected_period;
    describe_restatement(w, &message, tell_corrections(w, recipient, &message));
    return post(w, &message, &channel, recipient->code);
}

/* Has it the indicator among what it subscribes to, and were there updates of it before? */
static bool
follows(const struct writing *w, const struct bb_organization *organization, bool told_before)
{
    const struct bb_channel channel = {.kind = BB_CHANNEL_INDICATOR,
                                       .code = bb_bytes_str(w->change->indicator)};

    return told_before && w->c->access.follows &&
           w->c->access.follows(w->c->access.self, organization->number, &channel);
}

static bool
was_given(const Bb__IndicatorChange *change, struct bb_bytes code)
{
    size_t low = 0, high = change->n_given;

    while (low < high) { /* by code */
        size_t middle = low + (high - low) / 2;
        int order = bb_bytes_compare(code, bb_bytes_str(change->given[middle]));
        if (order == 0)
            return true;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return change->everybody;
}

static int
write_restatements(struct writing *w, bool told_before)
{
    uint32_t n = bb_directory_count(w->c->directory);
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < n; i++) {
        const struct bb_organization *organization = bb_directory_at(w->c->directory, i);
        if (!bb_organization_takes_part(organization, bb_bytes_str(w->change->indicator)) ||
            (!was_given(w->change, organization->code) && !follows(w, organization, told_before)))
            continue;
        bb_arena_reset(&w->c->arena);
        r = write_restatement(w, organization);
    }
    return r;
}

int
bb_update_write(struct bb_communication *c, const Bb__ClosedBatch *batch, const Bb__IndicatorChange *change,
                size_t *ret_count)
{
    struct writing w = {.c = c, .batch = batch, .change = change};
    const struct bb_channel channel = {.kind = BB_CHANNEL_INDICATOR, .code = bb_bytes_str(change->indicator)};
    char name[BB_CHANNEL_TEXT];
    bool told_before;
    int r;

    if (strlen(change->indicator) > BB_LIMIT_CODE_BYTES)
        return -EBADMSG;
    told_before = bb_channels_by_name(c->channels, bb_bytes(name, bb_channel_format(&channel, name))) != NULL;
    bb_buffer_init(&w.body, SIZE_MAX);
    bb_arena_reset(&c->arena);
    r = write_update(&w);
    if (r == 0 && change->corrections > 0)
        r = write_restatements(&w, told_before);
    bb_buffer_release(&w.body);
    *ret_count += w.count;
    return r;
}
