/* The filter of a subscription: channels, and patterns that stand for all channels of a kind.
 *
 * A value in one piece of memory, which does not change: the names in order, each once. Pure. Whether the
 * organization may read what a filter selects is not its business (view.h, select.h). */
#ifndef BB_FILTER_H
#define BB_FILTER_H

#include "channel.h"

struct bb_filter {
    uint16_t n;
    uint8_t kinds;    /* bit 1 << enum bb_channel_kind: some channel of that kind is selected */
    uint8_t patterns; /* ... all of them are */
    uint32_t bytes;   /* of the names, each with a NUL behind it */
    uint32_t at[];    /* where each begins; behind the last one, the names */
};

/* Of n names, each a channel or a pattern (bb_channel_parse_filter()), at most BB_LIMIT_FILTER different
 * ones; free() releases it. 0 | -EINVAL one of them is neither | -E2BIG too many | -ENOMEM */
int bb_filter_new(const struct bb_bytes *name, size_t n, struct bb_filter **ret_filter);
/* From the names as they are in the store, each with a NUL behind it. 0 | -EBADMSG | -ENOMEM */
int bb_filter_unpack(struct bb_bytes names, struct bb_filter **ret_filter);

/* The names, each with a NUL behind it. */
static inline struct bb_bytes
bb_filter_names(const struct bb_filter *filter)
{
    return bb_bytes(filter->at + filter->n, filter->bytes);
}

/* The i-th name, terminated. */
static inline const char *
bb_filter_name(const struct bb_filter *filter, unsigned i)
{
    return (const char *)(filter->at + filter->n) + filter->at[i];
}

bool bb_filter_equal(const struct bb_filter *a, const struct bb_filter *b);

/* Is this name one of the filter's? */
bool bb_filter_has(const struct bb_filter *filter, struct bb_bytes name);

/* Does it select the channel of this name, which is of this kind? */
static inline bool
bb_filter_selects(const struct bb_filter *filter, enum bb_channel_kind kind, struct bb_bytes name)
{
    if (!(filter->kinds & 1u << kind))
        return false;
    return filter->patterns & 1u << kind || bb_filter_has(filter, name);
}

#endif
