/* What is kept of each channel: the configuration's words, read. Pure. */
#ifndef BB_RETENTION_RULES_H
#define BB_RETENTION_RULES_H

#include "channel.h"

#define BB_RETENTION_RULES 64 /* exceptions, at most */

/* 0: no limit */
struct bb_keep {
    uint32_t days;
    uint64_t messages;
};

struct bb_retention {
    struct bb_keep keep;
    struct {
        char pattern[BB_CHANNEL_TEXT];
        struct bb_keep keep;
    } rule[BB_RETENTION_RULES];
    size_t n_rules;
};

/* exceptions: "group/board forever; org/x 400 days 100000 messages": for a channel or pattern what is kept,
 * days or messages or both; NULL or empty: none. 0 | -EINVAL with a message */
int bb_retention_parse(const char *exceptions, struct bb_keep keep, struct bb_retention *ret_retention,
                       char *error, size_t size);

/* What holds for this channel. */
struct bb_keep bb_retention_of(const struct bb_retention *retention, const struct bb_channel *channel);

#endif
