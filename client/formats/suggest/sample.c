#include "sample.h"

#include "proto/utf8.h"

#include <errno.h>
#include <stdio.h>

struct memory {
    const struct bb_buffer *raw;
    size_t at;
};

static ssize_t
read_memory(void *self, uint8_t *to, size_t size)
{
    struct memory *memory = self;
    size_t n = memory->raw->len - memory->at;

    if (n > size)
        n = size;
    if (n)
        memcpy(to, memory->raw->data + memory->at, n);
    memory->at += n;
    return (ssize_t)n;
}

/* All that there is, to `to`; what is cut off at the end of a sample is no mistake. */
static int
decode_into(const struct bb_buffer *raw, bool whole, enum bb_encoding *encoding, struct bb_buffer *to,
            char *error, size_t size)
{
    struct memory memory = {raw, 0};
    struct bb_decode *decode;
    uint8_t block[4096];
    ssize_t n;
    int r = bb_decode_new((struct bb_feed){read_memory, &memory}, *encoding, &decode);

    if (r < 0)
        return r;
    const struct bb_feed feed = bb_decode_feed(decode);
    while ((n = feed.read(feed.self, block, sizeof block)) > 0)
        bb_buffer_append(to, block, (size_t)n);
    *encoding = bb_decode_encoding(decode);
    if (n == -EILSEQ && (whole || to->len == 0)) {
        snprintf(error, size, "%s", bb_decode_error(decode));
        r = -EINVAL;
    }
    bb_decode_destroy(&decode);
    return r < 0 ? r : to->error;
}

/* The end of a sample may stand within a character. */
static bool
is_utf8(const struct bb_sample *sample)
{
    struct bb_bytes text = bb_buffer_bytes(&sample->text);
    size_t good = bb_utf8_prefix(text);

    return good == text.len || (!sample->whole && text.len - good < 4);
}

static int
decode_sample(struct bb_sample *sample, const struct bb_buffer *raw, char *error, size_t size)
{
    int r = decode_into(raw, sample->whole, &sample->encoding, &sample->text, error, size);

    if (r < 0 || sample->encoding != BB_ENCODING_UTF8 || is_utf8(sample))
        return r;
    if (memchr(raw->data, 0, raw->len)) {
        snprintf(error, size, "found bytes that are no text, expected text");
        return -EINVAL;
    }
    sample->encoding = BB_ENCODING_WINDOWS_1252;
    bb_buffer_reset(&sample->text);
    return decode_into(raw, sample->whole, &sample->encoding, &sample->text, error, size);
}

int
bb_sample_read(struct bb_sample *sample, struct bb_feed feed, char *error, size_t size)
{
    struct bb_buffer raw;
    uint8_t block[4096];
    ssize_t n = 1;
    int r;

    *sample = (struct bb_sample){.encoding = BB_ENCODING_AUTO};
    bb_buffer_init(&sample->text, 4 * (size_t)BB_SAMPLE_BYTES);
    bb_buffer_init(&raw, BB_SAMPLE_BYTES + sizeof block);
    while (raw.len < BB_SAMPLE_BYTES && (n = feed.read(feed.self, block, sizeof block)) > 0)
        bb_buffer_append(&raw, block, (size_t)n);
    sample->whole = n == 0;
    r = n < 0 ? (int)n : raw.error;
    if (r == 0)
        r = decode_sample(sample, &raw, error, size);
    if (r < 0)
        bb_sample_release(sample);
    bb_buffer_release(&raw);
    return r;
}

void
bb_sample_release(struct bb_sample *sample)
{
    bb_buffer_release(&sample->text);
}
