#include "message_read.h"

#include <errno.h>

_Static_assert((int)BB_MESSAGE_NOTICE == (int)BB__MESSAGE_KIND__NOTICE &&
                   (int)BB_PRIORITY_HIGH == (int)BB__PRIORITY__HIGH &&
                   (int)BB_ACKNOWLEDGED == (int)BB__RECEIPT_STATE__ACKNOWLEDGED &&
                   (int)BB_MESSAGE_EXPIRED == (int)BB__MESSAGE_STATE__EXPIRED,
               "backbone.h and communication.proto number alike");

#define NAME(names, number)                                                                                  \
    ((number) >= 0 && (size_t)(number) < sizeof(names) / sizeof *(names) && (names)[number]                  \
         ? (names)[number]                                                                                   \
         : "")

const char *
bb_message_kind_name(int kind)
{
    static const char *const names[] = {
        [BB_MESSAGE_ANNOUNCEMENT] = "announcement",
        [BB_MESSAGE_POST] = "post",
        [BB_MESSAGE_STORY] = "story",
        [BB_MESSAGE_UPDATE] = "update",
        [BB_MESSAGE_NOTICE] = "notice",
    };

    return NAME(names, kind);
}

const char *
bb_receipt_state_name(int state)
{
    static const char *const names[] = {"queued", "delivered", "read", "acknowledged"};

    return NAME(names, state);
}

static const char *
priority_name(int priority)
{
    static const char *const names[] = {
        [BB_PRIORITY_LOW] = "low",
        [BB_PRIORITY_NORMAL] = "normal",
        [BB_PRIORITY_HIGH] = "high",
    };

    return NAME(names, priority);
}

const uint8_t *
bb_message_id(bool has, ProtobufCBinaryData id, bool *ret_ok)
{
    if (has && id.len != BB_MESSAGE_ID)
        *ret_ok = false;
    return has ? id.data : NULL;
}

static void
read_change(const Bb__Change *from, struct bb_message_change *ret_change)
{
    *ret_change = (struct bb_message_change){
        .organization = from->organization,
        .period = (const char *const *)from->period,
        .n_periods_named = from->n_period,
        .periods = from->has_periods ? from->periods : (uint32_t)from->n_period,
        .created = from->created,
        .updated = from->updated,
        .place = from->place,
        .disaggregation = from->disaggregation,
        .old_value = from->old_value,
        .new_value = from->new_value,
        .old_status = from->old_status,
        .new_status = from->new_status,
        .old_numerator = from->old_numerator,
        .new_numerator = from->new_numerator,
        .old_denominator = from->old_denominator,
        .new_denominator = from->new_denominator,
    };
}

int
bb_message_read(const Bb__Message *from, struct bb_arena *arena, struct bb_message *ret_message)
{
    struct bb_message_change *changes = NULL;
    bool ok = true;

    if (from->n_change) {
        changes = bb_arena_alloc(arena, from->n_change * sizeof *changes);
        if (!changes)
            return -EMSGSIZE;
    }
    for (size_t i = 0; i < from->n_change; i++)
        read_change(from->change[i], &changes[i]);
    *ret_message = (struct bb_message){
        .sequence = from->sequence,
        .id = bb_message_id(true, from->id, &ok),
        .kind = (int)from->kind,
        .kind_name = bb_message_kind_name((int)from->kind),
        .organization = from->organization,
        .member = from->member,
        .time_us = (int64_t)from->time_us,
        .subject = from->subject,
        .body = from->body ? from->body : "",
        .priority = (int)from->priority,
        .priority_name = priority_name((int)from->priority),
        .requested_ack = from->requested_ack || from->ack_by,
        .ack_by = from->ack_by,
        .in_reply_to = bb_message_id(from->has_in_reply_to, from->in_reply_to, &ok),
        .supersedes = bb_message_id(from->has_supersedes, from->supersedes, &ok),
        .superseded_by = bb_message_id(from->has_superseded_by, from->superseded_by, &ok),
        .withdraws = bb_message_id(from->has_withdraws, from->withdraws, &ok),
        .expires_at = from->expires_at,
        .indicator = from->indicator,
        .period = from->period,
        .change = changes,
        .n_changes = from->n_change,
        .channel = from->channel ? from->channel : "",
        .audience = (const char *const *)from->audience,
        .n_audience = from->n_audience,
    };
    return ok ? 0 : -EBADMSG;
}
