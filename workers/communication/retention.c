/* A channel keeps the messages from `keep_from` on, `held` of them (channels.h). A run looks at some
 * channels, moves their keep_from over what is too old or too many, and removes a message when it falls out
 * of the last channel that kept it. So a message is looked at once for each of its channels, and no more. */
#include "retention.h"

#include "receipt.h"

#include <errno.h>

#define RUN_MESSAGES 500  /* moved over, in a run */
#define RUN_CHANNELS 1000 /* looked at */

/* Does no channel keep it any more? */
static bool
is_free(const struct bb_communication *c, const struct bb_record *record)
{
    for (unsigned i = 0; i < record->n_channels; i++)
        if (bb_channels_at(c->channels, bb_record_channel(record, i))->keep_from <= record->sequence)
            return false;
    return true;
}

static int
remove_message(struct bb_communication *c, const struct bb_record *record)
{
    for (unsigned i = 0; i < record->n_channels; i++)
        bb_channels_trim(c->channels, bb_record_channel(record, i), record->sequence);
    return bb_msglog_remove(c->log, record);
}

/* Is the first message that the channel keeps one too many, or too old? 0 no | 1 yes, in ret_record | <0 */
static int
find_surplus(struct bb_communication *c, const struct bb_channel_state *channel, struct bb_keep keep,
             struct bb_record *ret_record)
{
    bool many = keep.messages && channel->held > keep.messages;
    uint64_t sequence;
    int r;

    if (channel->held == 0 || (!many && !keep.days))
        return 0;
    r = bb_msglog_in_channel(c->log, channel->number, channel->keep_from, &sequence);
    if (r == 0)
        r = bb_msglog_at(c->log, sequence, ret_record);
    if (r == BB_STORE_E_NOT_FOUND)
        return -EBADMSG; /* it is counted, and has to be there */
    if (r == 0 && (many || ret_record->time < c->now - (bb_utc)keep.days * BB_UTC_DAY))
        r = 1;
    return r;
}

/* Move the channel over what it keeps no more. budget: messages, counted down. */
static int
trim_channel(struct bb_communication *c, uint32_t number, unsigned *budget)
{
    const struct bb_channel_state *channel = bb_channels_at(c->channels, number);
    struct bb_keep keep = bb_retention_of(&c->retention, &channel->channel);
    struct bb_record record;
    int r = 0;

    while (*budget > 0 && (r = find_surplus(c, channel, keep, &record)) == 1) {
        --*budget;
        bb_channels_keep(c->channels, number, record.sequence + 1, channel->held - 1);
        r = is_free(c, &record) ? remove_message(c, &record) : 0;
        if (r != 0)
            break;
    }
    return r == 1 ? 0 : r;
}

static int
forget_deliveries(struct bb_communication *c)
{
    struct bb_record oldest;
    int r = bb_msglog_from(c->log, 1, &oldest);

    if (r < 0)
        return r;
    return bb_receipt_forget(c, r == 0 ? oldest.sequence : bb_msglog_head(c->log) + 1, &c->forgetting);
}

int
bb_retention_run(struct bb_communication *c, bool *ret_more)
{
    unsigned budget = RUN_MESSAGES;
    uint32_t count = bb_channels_count(c->channels);
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < count && i < RUN_CHANNELS && budget > 0; i++) {
        c->trimming = c->trimming % count + 1;
        r = trim_channel(c, c->trimming, &budget);
    }
    if (r == 0 && budget == 0 && c->trimming > 0)
        c->trimming--; /* go on with this one */
    *ret_more = budget == 0;
    return r == 0 ? forget_deliveries(c) : r;
}
