/* The channels that messages were addressed to: their numbers in records, and what is kept of each.
 *
 * A channel gets a number, from 1, with its first message; "all" need not be 1. Numbers are in the store for
 * ever. A channel that nothing was written to has none, and no reader misses anything there.
 *
 * Retention: of a channel the messages from `keep_from` on are kept for its sake, `held` of them. A message
 * goes when no channel of it keeps it any more; `trimmed_to` is the last one that went. */
#ifndef BB_CHANNELS_H
#define BB_CHANNELS_H

#include "channel.h"
#include "group.h"

struct bb_channel_state {
    uint32_t number;
    const char *name;          /* "group/x" */
    struct bb_channel channel; /* of it */
    uint32_t owner;            /* number of the organization, or of the group; BB_NOBODY for other kinds */
    uint64_t trimmed_to;       /* 0: nothing was removed */
    uint64_t keep_from;
    uint64_t held;
};

struct bb_channels;

/* Reads what is stored. 0 | <0 */
int bb_channels_new(struct bb_msglog *log, const struct bb_directory *directory,
                    const struct bb_groups *groups, struct bb_channels **ret_channels);
void bb_channels_destroy(struct bb_channels **channels);
/* After a round that failed. 0 | <0 */
int bb_channels_reload(struct bb_channels *channels);
/* Stage what has changed: at the end of the round. Cheap when there is nothing. 0 | <0 */
int bb_channels_save(struct bb_channels *channels);
void bb_channels_saved(struct bb_channels *channels);

/* Numbers go from 1 to this. */
uint32_t bb_channels_count(const struct bb_channels *channels);
/* Borrowed; pointers stay valid for the life of the table. number: one that a record has. */
const struct bb_channel_state *bb_channels_at(const struct bb_channels *channels, uint32_t number);
/* NULL when nothing was ever written to it. */
const struct bb_channel_state *bb_channels_by_name(const struct bb_channels *channels, struct bb_bytes name);

/* Number of the organization, or of the group, that the channel is of; BB_NOBODY when there is none of this
 * code, or the channel is of another kind. */
uint32_t bb_channels_owner(const struct bb_channels *channels, const struct bb_channel *channel);

/* The channel's number, given now if it has none. 0 | -ENOMEM */
int bb_channels_number(struct bb_channels *channels, const struct bb_channel *channel, uint32_t *ret_number);
/* A message was appended to it. */
void bb_channels_count_one(struct bb_channels *channels, uint32_t number);
/* From here on messages are kept; `held` of them. */
void bb_channels_keep(struct bb_channels *channels, uint32_t number, uint64_t keep_from, uint64_t held);
/* The last message that went of any channel of this kind; 0 none did. */
uint64_t bb_channels_trimmed(const struct bb_channels *channels, enum bb_channel_kind kind);
/* A message of it was removed. */
void bb_channels_trim(struct bb_channels *channels, uint32_t number, uint64_t sequence);

#endif
