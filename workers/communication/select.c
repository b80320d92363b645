#include "select.h"

#include "wire.pb-c.h"

bool
bb_audience_hidden(const struct bb_access *access, const struct bb_record *record)
{
    const struct bb_channel_state *channel = bb_channels_at(access->channels, bb_record_channel(record, 0));

    return record->n_channels == 1 && channel->channel.kind == BB_CHANNEL_ORGANIZATION &&
           channel->owner != BB_NOBODY && bb_access_hides(access, channel->owner, record);
}

void
bb_audience_init(struct bb_audience *audience, const struct bb_access *access, const struct bb_record *record)
{
    audience->record = *record;
    audience->hidden = bb_audience_hidden(access, record);
    audience->record.message = bb_bytes(NULL, 0);
    audience->kinds = 0;
    for (unsigned i = 0; i < record->n_channels; i++)
        audience->kinds |=
            (uint8_t)(1u << bb_channels_at(access->channels, bb_record_channel(record, i))->channel.kind);
}

static bool
is_staff(const struct bb_select *select, uint32_t organization)
{
    return bb_directory_at(select->access->directory, organization)->role == BB__ROLE__ROLE_STAFF;
}

static bool
selects(const struct bb_select *select, const struct bb_cursor *cursor,
        const struct bb_channel_state *channel)
{
    const struct bb_filter *filter = cursor->filter;
    enum bb_channel_kind kind = channel->channel.kind;

    /* What is cheap first: a correction writes to hundreds of organizations, and all sessions are asked each
     * time. */
    if (kind == BB_CHANNEL_ORGANIZATION && channel->owner != cursor->organization &&
        !is_staff(select, cursor->organization))
        return false;
    return filter->kinds & 1u << kind &&
           (filter->patterns & 1u << kind || bb_filter_has(filter, bb_bytes_str(channel->name))) &&
           bb_access_reads(select->access, cursor->organization, channel, UINT64_MAX);
}

/* From when on does the organization, which may read the channel today, read it? */
static uint64_t
reads_from(const struct bb_select *select, uint32_t organization, const struct bb_channel_state *channel)
{
    const struct bb_membership *member;

    if (channel->channel.kind != BB_CHANNEL_GROUP || channel->owner == BB_NOBODY ||
        is_staff(select, organization))
        return 0;
    member = bb_group_member(bb_groups_at(select->access->groups, channel->owner), organization);
    return member ? member->reads_from : 0;
}

static uint32_t
view(void *self, uint32_t number, const void *about, uint64_t sequence, uint64_t *ret_until)
{
    const struct bb_select *select = self;
    const struct bb_audience *audience = about;
    const struct bb_record *record = &audience->record;
    const struct bb_cursor *cursor = bb_cursors_at(select->cursors, number);
    struct bb_view seen;
    bool selected = false;

    if (!(cursor->filter->kinds & audience->kinds))
        return 0;
    for (unsigned i = 0; i < record->n_channels; i++) {
        const struct bb_channel_state *channel =
            bb_channels_at(select->access->channels, bb_record_channel(record, i));
        uint64_t from =
            audience->kinds & 1u << BB_CHANNEL_GROUP ? reads_from(select, cursor->organization, channel) : 0;
        if (from > sequence)
            *ret_until = from < *ret_until ? from : *ret_until;
        else
            selected = selected || selects(select, cursor, channel);
    }
    if (audience->hidden && !is_staff(select, cursor->organization))
        return 0;
    if (!selected || !bb_view_of(select->access, cursor->organization, record, &seen))
        return 0;
    return bb_select_pack(seen);
}

static uint32_t
extra(void *self, const void *about, uint32_t number)
{
    const struct bb_select *select = self;
    const struct bb_audience *audience = about;

    return (uint32_t)bb_view_own_bytes(select->access, &audience->record, bb_select_unpack(number));
}

/* What was removed from this channel, if the reader would have got it. */
static uint64_t
trimmed_of(const struct bb_select *select, const struct bb_cursor *cursor,
           const struct bb_channel_state *channel)
{
    if (!channel || channel->trimmed_to < reads_from(select, cursor->organization, channel) ||
        !selects(select, cursor, channel))
        return 0;
    return channel->trimmed_to;
}

static uint64_t
trimmed_of_names(const struct bb_select *select, const struct bb_cursor *cursor)
{
    uint64_t found = 0;

    for (unsigned i = 0; i < cursor->filter->n; i++) {
        struct bb_bytes name = bb_bytes_str(bb_filter_name(cursor->filter, i));
        uint64_t of = trimmed_of(select, cursor, bb_channels_by_name(select->access->channels, name));
        found = of > found ? of : found;
    }
    return found;
}

/* A pattern: the channels of this kind. Where it reads all of them, nothing is to be looked at. */
static uint64_t
trimmed_of_kind(const struct bb_select *select, const struct bb_cursor *cursor, enum bb_channel_kind kind)
{
    const struct bb_channels *channels = select->access->channels;
    uint64_t most = bb_channels_trimmed(channels, kind), found = 0;

    if (!(cursor->filter->patterns & 1u << kind) || most <= cursor->floor)
        return 0;
    if (is_staff(select, cursor->organization) ||
        (kind == BB_CHANNEL_INDICATOR &&
         !bb_directory_at(select->access->directory, cursor->organization)->limit))
        return most;
    for (uint32_t n = 1; n <= bb_channels_count(channels) && found < most; n++) {
        const struct bb_channel_state *channel = bb_channels_at(channels, n);
        if (channel->channel.kind == kind && channel->trimmed_to > found) {
            uint64_t of = trimmed_of(select, cursor, channel);
            found = of > found ? of : found;
        }
    }
    return found;
}

static uint64_t
trimmed(void *self, uint32_t number)
{
    const struct bb_select *select = self;
    const struct bb_cursor *cursor = bb_cursors_at(select->cursors, number);
    uint64_t most = trimmed_of_names(select, cursor);

    for (int kind = BB_CHANNEL_GROUP; kind <= BB_CHANNEL_INDICATOR; kind++) {
        uint64_t found = trimmed_of_kind(select, cursor, (enum bb_channel_kind)kind);
        most = found > most ? found : most;
    }
    return most > cursor->floor ? most : 0;
}

const struct bb_fanout_ops bb_select_ops = {.view = view, .extra = extra, .trimmed = trimmed};
