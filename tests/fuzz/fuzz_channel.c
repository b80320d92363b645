/* What the communication worker reads of texts that others write: channels and patterns, filters as they are
 * stored, what is kept of channels as an operator writes it, and messages that somebody wants to publish. */
#include "typed.h"

#include "workers/communication/draft.h"
#include "workers/communication/filter.h"
#include "workers/communication/retention_rules.h"

#include "communication.pb-c.h"

#include <errno.h>

static void
channel(struct bb_bytes in)
{
    char text[BB_CHANNEL_TEXT], again[BB_CHANNEL_TEXT];
    struct bb_channel one, other;
    int r = bb_channel_parse_filter(in, &one);

    require(r == 0 || r == -EINVAL);
    require(bb_channel_parse(in, &other) == (r == 0 && !one.any ? 0 : -EINVAL));
    if (r)
        return;
    size_t n = bb_channel_format(&one, text);
    require(n == in.len && memcmp(text, in.data, n) == 0);
    require(bb_channel_parse_filter(bb_bytes(text, n), &other) == 0);
    require(bb_channel_format(&other, again) == n && strcmp(text, again) == 0);
    require(bb_channel_selects(&one, &other) || one.any);
}

static void
filter(struct bb_bytes in)
{
    struct bb_filter *one = NULL, *again = NULL;
    int r = bb_filter_unpack(in, &one);

    require(r == 0 || r == -EBADMSG);
    if (r)
        return;
    require(bb_filter_unpack(bb_filter_names(one), &again) == 0 && bb_filter_equal(one, again));
    for (unsigned i = 0; i < one->n; i++) {
        struct bb_channel channel_of;
        struct bb_bytes name = bb_bytes_str(bb_filter_name(one, i));
        require(bb_channel_parse_filter(name, &channel_of) == 0 && bb_filter_has(one, name));
        require(bb_filter_selects(one, channel_of.kind, name));
    }
    free(one);
    free(again);
}

static void
retention(struct bb_bytes in)
{
    static struct bb_retention found;
    const struct bb_keep keep = {.days = 7, .messages = 9};
    struct bb_channel all;
    char error[300] = "", *text = strndup((const char *)in.data, in.len);

    require(text);
    int r = bb_retention_parse(text, keep, &found, error, sizeof error);
    require(r == 0 || (r == -EINVAL && *error));
    if (r == 0 && bb_channel_parse(bb_bytes_str("group/board"), &all) == 0) {
        require(found.n_rules <= BB_RETENTION_RULES);
        (void)bb_retention_of(&found, &all);
    }
    free(text);
}

static void
draft(struct bb_bytes in)
{
    static const ProtobufCMessageDescriptor *const types[] = {&bb__publish__descriptor};
    static struct typed typed;
    static struct bb_draft found;
    struct bb_problem problem = {.code = 0};
    struct typed_input input;
    struct bb_arena arena;
    Bb__Publish *publish;

    typed_init(&typed, types, 1);
    if (!typed_take(&typed, in, &input))
        return;
    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    if (bb_unpack(bb__publish, input.packed, &arena, &publish) == 0) {
        int r = bb_draft_check(publish, 739000, &found, &problem);
        require(r == 0 || (r == 1 && problem.code && problem.text[0]));
        require(r || found.n_channels <= BB_LIMIT_AUDIENCE);
    }
    bb_arena_release(&arena);
    typed_release(&input);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct bb_bytes) = {channel, filter, retention, draft};

    if (size > 0)
        kinds[data[0] % 4](bb_bytes(data + 1, size - 1));
    return 0;
}
