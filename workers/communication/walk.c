/* Of several channels the nearest is the minimum of what was found in each: a step looks again only in those
 * whose message was met. */
#include "walk.h"

void
bb_walk_over(struct bb_walk *walk, struct bb_walk_channel *channel, size_t n, uint64_t position)
{
    *walk = (struct bb_walk){.position = position, .channel = channel, .n = n};
    for (size_t i = 0; i < n; i++) {
        channel[i].next = 0;
        channel[i].previous = UINT64_MAX;
    }
}

/* 0 and the sequence, or UINT64_MAX | <0 */
static int
nearest_above(struct bb_msglog *log, struct bb_walk *walk, uint64_t *ret_sequence)
{
    uint64_t nearest = UINT64_MAX;

    for (size_t i = 0; i < walk->n; i++) {
        struct bb_walk_channel *channel = &walk->channel[i];
        if (channel->next <= walk->position) {
            int r = bb_msglog_in_channel(log, channel->number, walk->position + 1, &channel->next);
            if (r < 0)
                return r;
            if (r == BB_STORE_E_NOT_FOUND)
                channel->next = UINT64_MAX;
        }
        nearest = channel->next < nearest ? channel->next : nearest;
    }
    *ret_sequence = nearest;
    return 0;
}

/* 0 and the sequence, or 0 for none | <0 */
static int
nearest_below(struct bb_msglog *log, struct bb_walk *walk, uint64_t *ret_sequence)
{
    uint64_t nearest = 0;

    for (size_t i = 0; i < walk->n; i++) {
        struct bb_walk_channel *channel = &walk->channel[i];
        if (channel->previous >= walk->position) {
            int r = bb_msglog_in_channel_upto(log, channel->number, walk->position - 1, &channel->previous);
            if (r < 0)
                return r;
            if (r == BB_STORE_E_NOT_FOUND)
                channel->previous = 0;
        }
        nearest = channel->previous > nearest ? channel->previous : nearest;
    }
    *ret_sequence = nearest;
    return 0;
}

int
bb_walk_next(struct bb_msglog *log, struct bb_walk *walk, struct bb_record *ret_record)
{
    uint64_t sequence;
    int r;

    if (walk->n == 0) {
        r = bb_msglog_from(log, walk->position + 1, ret_record);
        if (r == 0)
            walk->position = ret_record->sequence;
        return r;
    }
    do {
        r = nearest_above(log, walk, &sequence);
        if (r != 0 || sequence == UINT64_MAX)
            return r != 0 ? r : BB_STORE_E_NOT_FOUND;
        walk->position = sequence;
        r = bb_msglog_at(log, sequence, ret_record);
    } while (r == BB_STORE_E_NOT_FOUND);
    return r;
}

int
bb_walk_previous(struct bb_msglog *log, struct bb_walk *walk, struct bb_record *ret_record)
{
    uint64_t sequence;
    int r;

    if (walk->position <= 1)
        return BB_STORE_E_NOT_FOUND;
    if (walk->n == 0) {
        r = bb_msglog_upto(log, walk->position - 1, ret_record);
        if (r == 0)
            walk->position = ret_record->sequence;
        return r;
    }
    do {
        r = nearest_below(log, walk, &sequence);
        if (r != 0 || sequence == 0)
            return r != 0 ? r : BB_STORE_E_NOT_FOUND;
        walk->position = sequence;
        r = bb_msglog_at(log, sequence, ret_record);
    } while (r == BB_STORE_E_NOT_FOUND && walk->position > 1);
    return r;
}
