/* Fields 19 (channel), 20 (audience) and 21 (superseded_by): a tag of two bytes, a length of one or two, and
 * the name or the id. A channel's name has at most 138 bytes. The audience is written where there are several
 * channels. */
#include "view.h"

#define TAG_CHANNEL       19
#define TAG_AUDIENCE      20
#define TAG_SUPERSEDED_BY 21

bool
bb_view_of(const struct bb_access *access, uint32_t organization, const struct bb_record *record,
           struct bb_view *ret_view)
{
    int through = bb_access_record(access, organization, record);

    if (through < 0)
        return false;
    ret_view->channel = bb_record_channel(record, (unsigned)through);
    ret_view->audience = record->n_channels > 1 && bb_access_audience(access, organization, record);
    return true;
}

struct bb_bytes
bb_view_superseded_by(const struct bb_record *record)
{
    /* `by` is the notice of one that was withdrawn */
    bool is_it = record->flags & BB_RECORD_SUPERSEDED && !(record->flags & BB_RECORD_WITHDRAWN);

    return is_it ? record->by : bb_bytes(NULL, 0);
}

static struct bb_bytes
name_of(const struct bb_access *access, uint32_t channel)
{
    return bb_bytes_str(bb_channels_at(access->channels, channel)->name);
}

static size_t
field_bytes(struct bb_bytes value)
{
    return 2 + (value.len < 128 ? 1u : 2u) + value.len;
}

static void
write_field(struct bb_buffer *out, unsigned tag, struct bb_bytes value)
{
    size_t len = value.len;

    bb_buffer_byte(out, (uint8_t)((tag << 3 | 2) | 0x80)); /* length-delimited */
    bb_buffer_byte(out, (uint8_t)(tag >> 4));
    if (len < 128) {
        bb_buffer_byte(out, (uint8_t)len);
    } else {
        bb_buffer_byte(out, (uint8_t)(len | 0x80));
        bb_buffer_byte(out, (uint8_t)(len >> 7));
    }
    bb_buffer_append(out, value.data, len);
}

size_t
bb_view_shared_bytes(const struct bb_record *record)
{
    struct bb_bytes by = bb_view_superseded_by(record);

    return record->message.len + (by.len ? field_bytes(by) : 0);
}

size_t
bb_view_own_bytes(const struct bb_access *access, const struct bb_record *record, struct bb_view view)
{
    size_t bytes = field_bytes(name_of(access, view.channel));

    for (unsigned i = 0; view.audience && i < record->n_channels; i++)
        bytes += field_bytes(name_of(access, bb_record_channel(record, i)));
    return bytes;
}

void
bb_view_write(const struct bb_access *access, const struct bb_record *record, struct bb_view view,
              struct bb_buffer *out)
{
    struct bb_bytes by = bb_view_superseded_by(record);

    bb_buffer_append(out, record->message.data, record->message.len);
    if (by.len)
        write_field(out, TAG_SUPERSEDED_BY, by);
    write_field(out, TAG_CHANNEL, name_of(access, view.channel));
    for (unsigned i = 0; view.audience && i < record->n_channels; i++)
        write_field(out, TAG_AUDIENCE, name_of(access, bb_record_channel(record, i)));
}
