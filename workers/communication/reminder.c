/* The id is a UUIDv8 (RFC 9562, 5.8): the end of the period in milliseconds, and BLAKE2b over kind,
 * organization, indicator and period for its other bits. The due day is not in it, since that may be changed.
 * Everybody can foretell it; but ids of that version are not taken from members (publish.c), so nobody comes
 * before the reminder.
 *
 * That a reminder was given is a record of its own, since an id is forgotten with its message. Records are in
 * the order of the ends of periods, so the oldest are in front. A due day is at most 3,660 days behind its
 * period (the rule of the field `due_days`), and reminders come up to 67 days behind that. */
#include "reminder.h"

#include "post.h"

#include "proto/limits.h"
#include "runtime/buffer.h"
#include "runtime/calendar.h"
#include "runtime/period.h"
#include "runtime/uuid.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#define KEEP_DAYS 4000
#define FORGET    1000u /* at a time */

static uint32_t
days(long ms)
{
    return (uint32_t)(ms / BB_REMIND_DAY_MS);
}

enum bb_reminder_kind
bb_reminder_of(const struct bb_communication_config *config, uint32_t due, uint32_t today)
{
    uint32_t before = days(config->remind_before_ms), after = days(config->remind_after_ms);

    if (before && today <= due && due - today <= before)
        return BB_REMINDER_BEFORE;
    if (after && today >= due && today - due >= after && today - due < after + BB_REMIND_LATE_DAYS)
        return BB_REMINDER_AFTER;
    return BB_REMINDER_NONE;
}

bool
bb_reminder_is_sound(const struct bb_reminder *reminder)
{
    struct bb_period period;

    return strlen(reminder->organization) <= BB_LIMIT_CODE_BYTES &&
           strlen(reminder->indicator) <= BB_LIMIT_CODE_BYTES && strlen(reminder->period) < BB_PERIOD_TEXT &&
           bb_period_parse(bb_bytes_str(reminder->period), 0, &period) == 0;
}

/* The id */

static void
hash_text(crypto_generichash_state *state, const char *text)
{
    crypto_generichash_update(state, (const uint8_t *)text, strlen(text) + 1);
}

static void
make_id(const struct bb_reminder *reminder, uint8_t out[static BB_MESSAGE_ID])
{
    const uint8_t kind = (uint8_t)reminder->kind;
    crypto_generichash_state state;
    struct bb_period period = {.day = 0};
    int64_t day;

    bb_period_parse(bb_bytes_str(reminder->period), 0, &period);
    day = (int64_t)bb_period_end(period) - BB_DAY_EPOCH;
    crypto_generichash_init(&state, NULL, 0, BB_MESSAGE_ID);
    crypto_generichash_update(&state, &kind, 1);
    hash_text(&state, reminder->organization);
    hash_text(&state, reminder->indicator);
    hash_text(&state, reminder->period);
    crypto_generichash_final(&state, out, BB_MESSAGE_ID);
    bb_uuid_shape(out, day > 0 ? (uint64_t)(day * BB_REMIND_DAY_MS) : 0);
}

/* Was it given? */
static int
find_known(struct bb_communication *c, struct bb_bytes id, bool *ret_known)
{
    struct bb_bytes payload;
    int r = bb_msglog_get(c->log, BB_LOG_REMINDER, id, &payload);

    *ret_known = r == 0;
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* The message */

static void
describe(const struct bb_reminder *reminder, const char *due, struct bb_buffer *body)
{
    if (reminder->kind == BB_REMINDER_BEFORE)
        bb_buffer_printf(body, "Nothing has come yet of `%s` for %s. The last day for it is %s.\n",
                         reminder->indicator, reminder->period, due);
    else
        bb_buffer_printf(body, "Nothing has come of `%s` for %s. The last day for it was %s.\n",
                         reminder->indicator, reminder->period, due);
    bb_buffer_printf(body,
                     "\nTo report it: `backbone report %s VALUE --period %s`; or, when there is no value, "
                     "`--missing` in its place. All that is due: `backbone due`.\n",
                     reminder->indicator, reminder->period);
    bb_buffer_byte(body, '\0');
}

/* One from before the due day says nothing any more behind it; that day is over later where the organizations
 * are than in UTC, by a day at most. */
static int
post(struct bb_communication *c, const struct bb_reminder *reminder, struct bb_buffer *body,
     const uint8_t id[static BB_MESSAGE_ID], uint64_t *ret_sequence)
{
    const struct bb_channel channel = {.kind = BB_CHANNEL_ORGANIZATION,
                                       .code = bb_bytes_str(reminder->organization)};
    Bb__Message message = BB__MESSAGE__INIT;
    struct bb_posting posting = {.message = &message, .channel = &channel, .n_channels = 1};
    char subject[BB_LIMIT_SUBJECT_BYTES + 1], due[BB_PERIOD_TEXT], expires[BB_PERIOD_TEXT];
    bool before = reminder->kind == BB_REMINDER_BEFORE;

    bb_date_format(reminder->due, due);
    describe(reminder, due, body);
    if (body->error)
        return body->error;
    snprintf(subject, sizeof subject, "%s for %s %s due on %s", reminder->indicator, reminder->period,
             before ? "is" : "was", due);
    message.id = (ProtobufCBinaryData){.len = BB_MESSAGE_ID, .data = (uint8_t *)(uintptr_t)id};
    message.kind = BB__MESSAGE_KIND__NOTICE;
    message.organization = message.member = (char *)(uintptr_t)BB_SERVICE_AUTHOR;
    message.subject = subject;
    message.body = (char *)body->data;
    message.indicator = (char *)(uintptr_t)reminder->indicator;
    message.period = (char *)(uintptr_t)reminder->period;
    if (before) {
        posting.expires_day = reminder->due + 1;
        bb_date_format(posting.expires_day, expires);
        message.expires_at = expires;
    }
    return bb_post(c, &posting, ret_sequence);
}

static int
append(struct bb_communication *c, const struct bb_reminder *reminder, const uint8_t id[static BB_MESSAGE_ID])
{
    struct bb_buffer body;
    uint8_t payload[8];
    uint64_t sequence;
    int r;

    bb_buffer_init(&body, SIZE_MAX);
    r = post(c, reminder, &body, id, &sequence);
    bb_buffer_release(&body);
    if (r != 0)
        return r;
    bb_put_u64(payload, sequence);
    return bb_msglog_put(c->log, BB_LOG_REMINDER, bb_bytes(id, BB_MESSAGE_ID), bb_bytes(payload, 8));
}

int
bb_reminder_write(struct bb_communication *c, const struct bb_reminder *reminder, size_t *ret_count)
{
    const struct bb_organization *organization =
        bb_directory_by_code(c->directory, bb_bytes_str(reminder->organization));
    uint8_t id[BB_MESSAGE_ID];
    bool known;
    int r;

    if (!organization || !bb_organization_enabled(organization, c->today) ||
        !bb_organization_takes_part(organization, bb_bytes_str(reminder->indicator)))
        return 0;
    make_id(reminder, id);
    r = find_known(c, bb_bytes(id, sizeof id), &known);
    if (r != 0 || known)
        return r;
    r = append(c, reminder, id);
    *ret_count += r == 0;
    return r;
}

int
bb_reminder_forget(struct bb_communication *c)
{
    static const uint8_t zeros[BB_MESSAGE_ID];
    bb_utc oldest = c->now - KEEP_DAYS * BB_UTC_DAY;
    uint8_t copy[BB_MESSAGE_ID];
    struct bb_bytes id, payload;
    int r = 0;

    for (unsigned i = 0; r == 0 && i < FORGET; i++) {
        r = bb_msglog_seek(c->log, BB_LOG_REMINDER, bb_bytes(zeros, sizeof zeros), &id, &payload);
        if (r == 0 && id.len != sizeof copy)
            return -EBADMSG;
        if (r != 0 || (bb_utc)(bb_get_u64(id.data) >> 16) * 1000 >= oldest)
            break;
        memcpy(copy, id.data, sizeof copy);
        r = bb_msglog_delete(c->log, BB_LOG_REMINDER, bb_bytes(copy, sizeof copy));
    }
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}
