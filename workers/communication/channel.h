/* The names of channels: "all", "group/CODE", "org/CODE", "indicator/CODE"; and the patterns of filters,
 * "group/" and a star, likewise for the other two. Pure: whether there is such a group is for others to
 * know. */
#ifndef BB_CHANNEL_H
#define BB_CHANNEL_H

#include "proto/bytes.h"
#include "proto/limits.h"

/* On disk; never reused. */
enum bb_channel_kind {
    BB_CHANNEL_ALL = 1,
    BB_CHANNEL_GROUP = 2,
    BB_CHANNEL_ORGANIZATION = 3,
    BB_CHANNEL_INDICATOR = 4,
};

struct bb_channel {
    enum bb_channel_kind kind;
    bool any;             /* a pattern: all of the kind */
    struct bb_bytes code; /* borrowed from the text; empty for "all" and patterns */
};

#define BB_CHANNEL_TEXT (BB_LIMIT_CHANNEL_BYTES + 1)

/* One channel. 0 | -EINVAL the text has another form. */
int bb_channel_parse(struct bb_bytes text, struct bb_channel *ret_channel);
/* One channel, or a pattern. */
int bb_channel_parse_filter(struct bb_bytes text, struct bb_channel *ret_channel);

/* Does the filter, a channel or a pattern, select this channel? */
bool bb_channel_selects(const struct bb_channel *filter, const struct bb_channel *channel);

/* The text, terminated. Returns its length. */
size_t bb_channel_format(const struct bb_channel *channel, char out[static BB_CHANNEL_TEXT]);

#endif
