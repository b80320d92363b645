/* Readings and their history: columns become rows again, numbers their exact text. */
#include "readings.h"

#include "call.h"

#include "proto/methods.h"
#include "proto/rows.h"
#include "runtime/entries.h"
#include "runtime/rowset.h"

#include "measurement.pb-c.h"

#include <errno.h>

_Static_assert((int)BB_READING_OK == (int)BB_STATE_OK && (int)BB_READING_MISSING == (int)BB_STATE_MISSING &&
                   (int)BB_READING_SUPPRESSED == (int)BB_STATE_SUPPRESSED &&
                   (int)BB_READING_NOT_APPLICABLE == (int)BB_STATE_NOT_APPLICABLE &&
                   (int)BB_READING_WITHDRAWN == (int)BB_STATE_WITHDRAWN,
               "backbone.h and rows.h number states alike");

/* What both kinds of parts have, row by row. A column is empty or has a row each. */
struct rows {
    const Bb__Rows *rows;
    struct bb_entry_times entries;
    const uint32_t *revision; /* NULL: all are the first */
    const uint32_t *version;  /* n_versions of them: of each row, or of all */
    size_t n_versions;
    char *const *member;
    const ProtobufCBinaryData *batch;
    const uint32_t *reason;
    char *const *note;
};

static struct bb_text
text_at(const struct bb_rowview *view, uint32_t index)
{
    return (struct bb_text){(const char *)view->text[index].data, view->text[index].len};
}

static const char *
number(uint32_t flags, uint32_t flag, const struct bb_decimal *d, char text[static BB_DECIMAL_TEXT])
{
    if (!(flags & flag))
        return NULL;
    bb_decimal_write(d, text);
    return text;
}

static const char *
filled(const char *text)
{
    return *text ? text : NULL;
}

/* Of the columns that changed; flags say which numbers and whether a comment is there. */
static void
set_reading(struct bb_reading_rows *rows, uint32_t changed)
{
    const struct bb_rowview *view = rows->view;
    const struct bb_rowref *ref = &rows->ref;
    struct bb_reading *reading = &rows->reading;

    if (changed & BB_VARIES_INDICATOR)
        reading->indicator = text_at(view, ref->indicator);
    if (changed & BB_VARIES_ORGANIZATION)
        reading->organization = text_at(view, ref->organization);
    if (changed & BB_VARIES_PLACE)
        reading->place = text_at(view, ref->place);
    if (changed & BB_VARIES_DISAGGREGATION)
        reading->disaggregation = text_at(view, ref->disaggregation);
    if (changed & BB_VARIES_PERIOD)
        reading->period = text_at(view, ref->period);
    if (changed & (BB_VARIES_VALUE | BB_VARIES_FLAGS))
        reading->value = number(ref->flags, BB_ROW_VALUE, &ref->value, rows->value);
    if (changed & (BB_VARIES_NUMERATOR | BB_VARIES_FLAGS))
        reading->numerator = number(ref->flags, BB_ROW_NUMERATOR, &ref->numerator, rows->numerator);
    if (changed & (BB_VARIES_DENOMINATOR | BB_VARIES_FLAGS))
        reading->denominator = number(ref->flags, BB_ROW_DENOMINATOR, &ref->denominator, rows->denominator);
    if (changed & (BB_VARIES_COMMENT | BB_VARIES_FLAGS))
        reading->comment =
            ref->flags & BB_ROW_COMMENT ? text_at(view, ref->comment) : (struct bb_text){NULL, 0};
    if (changed & BB_VARIES_FLAGS) {
        reading->state = (int)bb_row_state(ref->flags);
        reading->status = bb_state_name(bb_row_state(ref->flags));
        reading->computed = ref->flags & BB_ROW_COMPUTED;
        reading->withheld = ref->flags & BB_ROW_WITHHELD;
    }
}

void
bb_reading_rows_get(struct bb_reading_rows *rows, const struct bb_rowview *view, uint32_t i)
{
    if (rows->view == view) {
        bb_rowview_move(view, i, &rows->ref);
        set_reading(rows, view->varies);
    } else {
        rows->view = view;
        bb_rowview_get(view, i, &rows->ref);
        set_reading(rows, UINT32_MAX);
    }
}

/* Of columns that history has. */
static void
set_origin(const struct rows *rows, uint32_t i, struct bb_reading *reading)
{
    if (rows->member)
        reading->member = rows->member[i];
    if (rows->batch)
        reading->batch = rows->batch[i].len ? rows->batch[i].data : NULL;
    if (rows->reason)
        reading->reason = filled(bb_reason_name(rows->reason[i]));
    if (rows->note)
        reading->note = filled(rows->note[i]);
}

static void
set_entry(const struct rows *rows, uint32_t i, struct bb_reading *reading)
{
    const struct bb_entry_times *entries = &rows->entries;

    if (entries->sequence) {
        uint32_t at = bb_entry_of(entries, i);
        reading->sequence = entries->sequence[at];
        reading->time_us = (int64_t)entries->time_us[at];
    }
    reading->revision = rows->revision ? rows->revision[i] : 1;
    if (rows->n_versions)
        reading->version = rows->version[rows->n_versions == 1 ? 0 : i];
}

static int
give_rows(struct bb_request *request, const struct rows *rows)
{
    bb_reading_fn *each = bb_call_as(bb_reading_fn, request->each);
    struct bb_reading_rows got = {.view = NULL};
    struct bb_rowview view;
    const char *what;
    int r = bb_rowview_init(&view, rows->rows, &what);

    if (r < 0)
        return r;
    for (uint32_t i = 0; r == 0 && each && i < rows->rows->count; i++) {
        bb_reading_rows_get(&got, &view, i);
        set_entry(rows, i, &got.reading);
        set_origin(rows, i, &got.reading);
        if (each(request->self, &got.reading) != 0)
            r = BB_REQUEST_STOP;
    }
    bb_rowview_release(&view);
    return r;
}

static bool
complete(size_t n, uint32_t count)
{
    return n == 0 || n == count;
}

/* One for all rows, or one each. */
static bool
complete_or_one(size_t n, uint32_t count)
{
    return n == 1 || complete(n, count);
}

/* Of a part of either kind. */
#define ENTRIES(part)                                                                                        \
    &(const struct bb_entries)                                                                               \
    {                                                                                                        \
        .n_sequence = (part)->n_entry_sequence, .n_time_us = (part)->n_entry_time_us,                        \
        .sequence = (part)->entry_sequence, .time_us = (part)->entry_time_us, .n_entry = (part)->n_entry,    \
        .entry = (part)->entry                                                                               \
    }

static int
on_readings(struct bb_request *request, struct bb_bytes body)
{
    struct bb_entry_times entries;
    Bb__ReadingsPart *part;
    int r = bb_call_decode(bb__readings_part, request, body, &part);

    if (r == 0)
        r = bb_entries_read(ENTRIES(part), part->rows->count, &request->client->answers, &entries);
    if (r < 0)
        return r;
    if (!complete(part->n_revision, part->rows->count) ||
        !complete_or_one(part->n_version, part->rows->count))
        return -EBADMSG;
    request->sequence = part->sequence;
    return give_rows(request, &(struct rows){
                                  .rows = part->rows,
                                  .entries = entries,
                                  .revision = part->n_revision ? part->revision : NULL,
                                  .version = part->version,
                                  .n_versions = part->n_version,
                              });
}

/* Empty: it is not told. */
static bool
are_batches(const ProtobufCBinaryData *batch, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (batch[i].len != BB_BATCH_ID && batch[i].len != 0)
            return false;
    return true;
}

/* Revisions count up from 1 over all parts; request->rows is how many there were. */
static int
on_history(struct bb_request *request, struct bb_bytes body)
{
    struct bb_entry_times entries;
    Bb__HistoryPart *part;
    uint32_t *revision;
    int r = bb_call_decode(bb__history_part, request, body, &part);

    if (r == 0)
        r = bb_entries_read(ENTRIES(part), part->rows->count, &request->client->answers, &entries);
    if (r < 0)
        return r;
    if (!complete(part->n_member, part->rows->count) ||
        !complete_or_one(part->n_version, part->rows->count) ||
        !complete(part->n_reason, part->rows->count) || !complete(part->n_note, part->rows->count) ||
        !complete(part->n_batch, part->rows->count) || !are_batches(part->batch, part->n_batch))
        return -EBADMSG;
    revision = bb_arena_alloc(&request->client->answers, ((size_t)part->rows->count + 1) * sizeof *revision);
    if (!revision)
        return -EMSGSIZE;
    for (uint32_t i = 0; i < part->rows->count; i++)
        revision[i] = ++request->rows;
    request->sequence = part->sequence;
    return give_rows(request, &(struct rows){
                                  .rows = part->rows,
                                  .entries = entries,
                                  .revision = revision,
                                  .version = part->version,
                                  .n_versions = part->n_version,
                                  .member = part->n_member ? part->member : NULL,
                                  .batch = part->n_batch ? part->batch : NULL,
                                  .reason = part->n_reason ? part->reason : NULL,
                                  .note = part->n_note ? part->note : NULL,
                              });
}

int
bb_client_readings(struct bb_client *client, const struct bb_readings_query *query, bb_reading_fn *each,
                   bb_done_fn *done, void *self)
{
    Bb__ReadingsQuery message = BB__READINGS_QUERY__INIT;
    Bb__AsOf as_of, since;
    const struct bb_call call = {
        .method = BB_METHOD_READINGS_LIST,
        .message = &message.base,
        .part = on_readings,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    message.indicator = bb_call_text(query->indicator);
    message.organization = bb_call_text(query->organization);
    message.place = bb_call_text(query->place);
    message.disaggregation = bb_call_text(query->disaggregation);
    message.period_from = bb_call_text(query->period_from);
    message.period_to = bb_call_text(query->period_to);
    bb_call_moment(&message, query, &as_of);
    message.since = bb_call_as_of(&since, query->since_sequence, query->since_us);
    message.has_latest = message.latest = query->latest;
    return bb_call_run(client, &call, done);
}

int
bb_client_history(struct bb_client *client, const struct bb_readings_query *query, bb_reading_fn *each,
                  bb_done_fn *done, void *self)
{
    Bb__HistoryQuery message = BB__HISTORY_QUERY__INIT;
    Bb__AsOf as_of;
    const struct bb_call call = {
        .method = BB_METHOD_READINGS_HISTORY,
        .message = &message.base,
        .part = on_history,
        .each = (bb_any_fn *)each,
        .self = self,
        .window_bytes = BB_CALL_WINDOW,
    };

    if (!query->indicator || !query->period_from)
        return -EINVAL;
    message.indicator = bb_call_text(query->indicator);
    message.organization = bb_call_text(query->organization);
    message.place = bb_call_text(query->place);
    message.disaggregation = bb_call_text(query->disaggregation);
    message.period = bb_call_text(query->period_from);
    bb_call_moment(&message, query, &as_of);
    return bb_call_run(client, &call, done);
}
