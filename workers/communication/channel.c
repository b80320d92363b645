/* A channel's text is its canonical form: there is no other spelling, so channels are equal when their bytes
 * are. */
#include "channel.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>

static const struct {
    enum bb_channel_kind kind;
    const char *prefix;
} prefixes[] = {
    {BB_CHANNEL_GROUP, "group/"},
    {BB_CHANNEL_ORGANIZATION, "org/"},
    {BB_CHANNEL_INDICATOR, "indicator/"},
};

#define PREFIXES (sizeof prefixes / sizeof *prefixes)

static int
parse(struct bb_bytes text, bool pattern, struct bb_channel *ret_channel)
{
    if (bb_bytes_equal(text, bb_bytes_str("all"))) {
        *ret_channel = (struct bb_channel){.kind = BB_CHANNEL_ALL};
        return 0;
    }
    for (size_t i = 0; i < PREFIXES; i++) {
        struct bb_bytes prefix = bb_bytes_str(prefixes[i].prefix), code;

        if (text.len <= prefix.len || memcmp(text.data, prefix.data, prefix.len) != 0)
            continue;
        code = bb_bytes(text.data + prefix.len, text.len - prefix.len);
        if (pattern && bb_bytes_equal(code, bb_bytes_str("*"))) {
            *ret_channel = (struct bb_channel){.kind = prefixes[i].kind, .any = true};
            return 0;
        }
        if (!bb_text_is_code(code))
            return -EINVAL;
        *ret_channel = (struct bb_channel){.kind = prefixes[i].kind, .code = code};
        return 0;
    }
    return -EINVAL;
}

int
bb_channel_parse(struct bb_bytes text, struct bb_channel *ret_channel)
{
    return parse(text, false, ret_channel);
}

int
bb_channel_parse_filter(struct bb_bytes text, struct bb_channel *ret_channel)
{
    return parse(text, true, ret_channel);
}

bool
bb_channel_selects(const struct bb_channel *filter, const struct bb_channel *channel)
{
    return filter->kind == channel->kind && (filter->any || bb_bytes_equal(filter->code, channel->code));
}

size_t
bb_channel_format(const struct bb_channel *channel, char out[static BB_CHANNEL_TEXT])
{
    const char *prefix = "all";
    struct bb_bytes code = channel->any ? bb_bytes_str("*") : channel->code;

    for (size_t i = 0; i < PREFIXES; i++)
        if (prefixes[i].kind == channel->kind)
            prefix = prefixes[i].prefix;
    return (size_t)snprintf(out, BB_CHANNEL_TEXT, "%s%.*s", prefix, (int)code.len, (const char *)code.data);
}
