/* A role is read from the directory at each question: who was made an observer this minute writes no more. */
#include "access.h"

#include "indicators.h"

#include "proto/errors.h"

#include "wire.pb-c.h"

static const struct bb_organization *
who(const struct bb_access *access, uint32_t organization)
{
    return bb_directory_at(access->directory, organization);
}

static bool
is_staff(const struct bb_access *access, uint32_t organization)
{
    return who(access, organization)->role == BB__ROLE__ROLE_STAFF;
}

/* Neither roles that are reserved, nor an operator. */
static bool
may_take_part(const struct bb_access *access, uint32_t organization)
{
    uint32_t role = who(access, organization)->role;

    return role == BB__ROLE__ROLE_STAFF || role == BB__ROLE__ROLE_PARTNER || role == BB__ROLE__ROLE_OBSERVER;
}

static const struct bb_membership *
membership(const struct bb_access *access, uint32_t organization, uint32_t group)
{
    return group == BB_NOBODY ? NULL : bb_group_member(bb_groups_at(access->groups, group), organization);
}

/* Reading */

bool
bb_access_reads(const struct bb_access *access, uint32_t organization, const struct bb_channel_state *channel,
                uint64_t sequence)
{
    const struct bb_membership *member;

    if (!may_take_part(access, organization))
        return false;
    if (is_staff(access, organization))
        return true;
    switch (channel->channel.kind) {
    case BB_CHANNEL_ALL:
        return true;
    case BB_CHANNEL_INDICATOR:
        return bb_organization_takes_part(who(access, organization), channel->channel.code);
    case BB_CHANNEL_ORGANIZATION:
        return channel->owner == organization;
    case BB_CHANNEL_GROUP:
        member = membership(access, organization, channel->owner);
        return member && sequence >= member->reads_from;
    default:
        return false;
    }
}

static bool
wrote(const struct bb_access *access, uint32_t organization, const struct bb_record *record)
{
    return bb_bytes_equal(who(access, organization)->code, record->author);
}

bool
bb_access_hides(const struct bb_access *access, uint32_t organization, const struct bb_record *record)
{
    struct bb_bytes indicator;

    if (!who(access, organization)->limit || record->author.len > 0 ||
        !bb_record_tells_of(record, &indicator))
        return false;
    return !bb_organization_takes_part(who(access, organization), indicator);
}

int
bb_access_record(const struct bb_access *access, uint32_t organization, const struct bb_record *record)
{
    if (bb_access_hides(access, organization, record))
        return -1;
    for (unsigned i = 0; i < record->n_channels; i++)
        if (bb_access_reads(access, organization,
                            bb_channels_at(access->channels, bb_record_channel(record, i)), record->sequence))
            return (int)i;
    return wrote(access, organization, record) && may_take_part(access, organization) ? 0 : -1;
}

bool
bb_access_audience(const struct bb_access *access, uint32_t organization, const struct bb_record *record)
{
    return is_staff(access, organization) || wrote(access, organization, record);
}

/* Addressed to */

/* sequence: of the message; one that is still to be written is above all of them. */
static bool
reaches(const struct bb_access *access, uint32_t organization, const struct bb_channel *channel,
        uint32_t owner, uint64_t sequence)
{
    const struct bb_membership *member;

    switch (channel->kind) {
    case BB_CHANNEL_ALL:
        return sequence > who(access, organization)->since;
    case BB_CHANNEL_ORGANIZATION:
        return owner == organization;
    case BB_CHANNEL_GROUP:
        member = membership(access, organization, owner);
        return member && sequence >= member->reads_from;
    case BB_CHANNEL_INDICATOR:
        return access->follows && sequence > who(access, organization)->since &&
               bb_organization_takes_part(who(access, organization), channel->code) &&
               access->follows(access->self, organization, channel);
    default:
        return false;
    }
}

bool
bb_access_addressed(const struct bb_access *access, uint32_t organization, const struct bb_record *record)
{
    if (!may_take_part(access, organization) || wrote(access, organization, record) ||
        bb_access_hides(access, organization, record))
        return false;
    for (unsigned i = 0; i < record->n_channels; i++) {
        const struct bb_channel_state *channel =
            bb_channels_at(access->channels, bb_record_channel(record, i));
        if (reaches(access, organization, &channel->channel, channel->owner, record->sequence))
            return true;
    }
    return false;
}

bool
bb_access_reaches(const struct bb_access *access, uint32_t organization, const struct bb_channel *channel)
{
    return may_take_part(access, organization) &&
           reaches(access, organization, channel, bb_channels_owner(access->channels, channel), UINT64_MAX);
}

/* Writing */

/* owner: bb_channels_owner(). */
static enum bb_access_verdict
if_there(const struct bb_access *access, const struct bb_channel *channel, uint32_t owner)
{
    bool there;

    if (channel->kind == BB_CHANNEL_INDICATOR)
        there = bb_indicators_has(access->indicators, channel->code);
    else
        there = channel->kind == BB_CHANNEL_ALL || owner != BB_NOBODY;
    return there ? BB_ACCESS_YES : BB_ACCESS_NOT_THERE;
}

/* Is this the channel through which it reads what it answers? */
static bool
answers(const struct bb_access *access, uint32_t organization, const struct bb_channel *channel,
        const struct bb_record *record)
{
    const struct bb_channel_state *through;

    for (unsigned i = 0; i < record->n_channels; i++) {
        through = bb_channels_at(access->channels, bb_record_channel(record, i));
        if (bb_channel_selects(channel, &through->channel) &&
            bb_access_reads(access, organization, through, record->sequence))
            return true;
    }
    return false;
}

enum bb_access_verdict
bb_access_writes(const struct bb_access *access, uint32_t organization, const struct bb_channel *channel,
                 const struct bb_record *in_reply_to)
{
    uint32_t owner = bb_channels_owner(access->channels, channel), role = who(access, organization)->role;

    if (role == BB__ROLE__ROLE_STAFF)
        return if_there(access, channel, owner);
    if (role != BB__ROLE__ROLE_PARTNER)
        return BB_ACCESS_NOT_ALLOWED;
    if (in_reply_to && answers(access, organization, channel, in_reply_to))
        return BB_ACCESS_YES;
    if (channel->kind == BB_CHANNEL_GROUP && membership(access, organization, owner))
        return BB_ACCESS_YES;
    if (channel->kind == BB_CHANNEL_ORGANIZATION && owner != BB_NOBODY && is_staff(access, owner))
        return BB_ACCESS_YES;
    return BB_ACCESS_NOT_ALLOWED;
}

enum bb_access_verdict
bb_access_selects(const struct bb_access *access, uint32_t organization, const struct bb_channel *channel)
{
    uint32_t owner;

    if (!may_take_part(access, organization))
        return BB_ACCESS_NOT_ALLOWED;
    if (channel->any)
        return BB_ACCESS_YES;
    if (channel->kind == BB_CHANNEL_INDICATOR &&
        !bb_organization_takes_part(who(access, organization), channel->code))
        return BB_ACCESS_NOT_THERE;
    owner = bb_channels_owner(access->channels, channel);
    if (is_staff(access, organization))
        return if_there(access, channel, owner);
    if (channel->kind == BB_CHANNEL_GROUP)
        return membership(access, organization, owner) ? BB_ACCESS_YES : BB_ACCESS_NOT_ALLOWED;
    if (channel->kind == BB_CHANNEL_ORGANIZATION)
        return owner == organization ? BB_ACCESS_YES : BB_ACCESS_NOT_ALLOWED;
    return if_there(access, channel, owner);
}

int
bb_access_explain(enum bb_access_verdict verdict, const struct bb_channel *channel, const char *to,
                  struct bb_problem *problem)
{
    char name[BB_CHANNEL_TEXT];

    bb_channel_format(channel, name);
    switch (verdict) {
    case BB_ACCESS_YES:
        return 0;
    case BB_ACCESS_NOT_THERE:
        return bb_problem(problem, BB_ERROR_NOT_FOUND, "channel: there is no %s%s", name,
                          channel->kind == BB_CHANNEL_INDICATOR ? " (indicator ls shows the codes)" : "");
    case BB_ACCESS_NOT_ALLOWED:
    default:
        return bb_problem(problem, BB_ERROR_NOT_ALLOWED, "channel: you may not %s %s", to, name);
    }
}
