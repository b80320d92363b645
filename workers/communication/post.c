#include "post.h"

#include "proto/errors.h"
#include "proto/limits.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

static int
append(struct bb_communication *c, const struct bb_posting *posting, const uint32_t *channels,
       struct bb_bytes packed, uint64_t *ret_sequence)
{
    static const uint8_t zeros[BB_CONTENT_HASH];
    const Bb__Message *message = posting->message;
    struct bb_append record = {
        .kind = (uint8_t)message->kind,
        .flags = message->requested_ack ? BB_RECORD_REQUESTED_ACK : 0,
        .time = c->now,
        .expires_day = posting->expires_day,
        .ack_day = posting->ack_day,
        /* of the service itself: nobody's, whatever organizations are called */
        .author = bb_bytes_str(bb_post_is_of_service(message->kind) ? "" : message->organization),
        .channels = channels,
        .n_channels = (unsigned)posting->n_channels,
        .id = message->id.data,
        .hash = posting->hash ? posting->hash : zeros,
        .recipients = posting->recipients,
        .message = packed,
    };
    int r = bb_msglog_append(c->log, &record, ret_sequence);

    for (size_t i = 0; r == 0 && i < posting->n_channels; i++)
        bb_channels_count_one(c->channels, channels[i]);
    return r;
}

int
bb_post(struct bb_communication *c, const struct bb_posting *posting, uint64_t *ret_sequence)
{
    Bb__Message *message = posting->message;
    uint32_t channels[BB_LIMIT_AUDIENCE];
    uint8_t *packed;
    size_t size;
    int r = posting->n_channels <= BB_LIMIT_AUDIENCE ? 0 : -EINVAL;

    for (size_t i = 0; r == 0 && i < posting->n_channels; i++)
        r = bb_channels_number(c->channels, &posting->channel[i], &channels[i]);
    if (r != 0)
        return r;
    message->sequence = bb_msglog_head(c->log) + 1;
    message->time_us = (uint64_t)c->now;
    size = bb__message__get_packed_size(message);
    packed = malloc(size + 1);
    if (!packed)
        return -ENOMEM;
    bb__message__pack(message, packed);
    r = append(c, posting, channels, bb_bytes(packed, size), ret_sequence);
    free(packed);
    return r;
}

bool
bb_post_may(struct bb_communication *c)
{
    uint64_t room;

    return bb_msglog_room(c->log, &room) != 0 || room >= (uint64_t)c->config->disk_reserve;
}

int
bb_post_has_room(struct bb_communication *c, const struct bb_call *call)
{
    uint64_t room;
    int r = bb_msglog_room(c->log, &room);

    if (r != 0 || room >= (uint64_t)c->config->disk_reserve)
        return r;
    r = bb_refuse(c, call, BB_ERROR_NOSPACE, "the disk has less room than its reserve");
    return r == 0 ? 1 : r;
}

void
bb_post_hash(uint32_t method, struct bb_bytes organization, struct bb_bytes content,
             uint8_t out[static BB_CONTENT_HASH])
{
    crypto_generichash_state state;
    uint8_t head[8];

    bb_put_u32(head, method);
    bb_put_u32(head + 4, (uint32_t)organization.len);
    crypto_generichash_init(&state, NULL, 0, BB_CONTENT_HASH);
    crypto_generichash_update(&state, head, sizeof head);
    crypto_generichash_update(&state, organization.data, organization.len);
    crypto_generichash_update(&state, content.data, content.len);
    crypto_generichash_final(&state, out, BB_CONTENT_HASH);
}
