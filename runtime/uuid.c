#include "uuid.h"

#include "clock.h"

#include <errno.h>
#include <sodium.h>

/* RFC 9562, 5.7: 48 bits of milliseconds, 4 of version, 12 random, 2 of variant, 62 random. */
void
bb_uuid_new(uint8_t out[static BB_UUID_BYTES])
{
    uint8_t time[8];

    randombytes_buf(out, BB_UUID_BYTES);
    bb_put_u64(time, (uint64_t)(bb_clock_utc() / 1000));
    memcpy(out, time + 2, 6);
    out[6] = (uint8_t)(0x70 | (out[6] & 0x0F));
    out[8] = (uint8_t)(0x80 | (out[8] & 0x3F));
}

/* The positions of the hyphens in the text. */
static bool
is_hyphen(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

void
bb_uuid_format(const uint8_t uuid[static BB_UUID_BYTES], char out[static BB_UUID_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    size_t nibble = 0;

    for (size_t at = 0; at < BB_UUID_TEXT - 1; at++) {
        if (is_hyphen(at)) {
            out[at] = '-';
            continue;
        }
        out[at] = hex[nibble % 2 ? uuid[nibble / 2] & 0x0F : uuid[nibble / 2] >> 4];
        nibble++;
    }
    out[BB_UUID_TEXT - 1] = '\0';
}

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
bb_uuid_parse(struct bb_bytes text, uint8_t ret_uuid[static BB_UUID_BYTES])
{
    uint8_t uuid[BB_UUID_BYTES] = {0};
    size_t nibble = 0;

    if (text.len != BB_UUID_TEXT - 1)
        return -EINVAL;
    for (size_t at = 0; at < text.len; at++) {
        int digit = is_hyphen(at) ? 0 : hex_digit(text.data[at]);

        if (digit < 0 || (is_hyphen(at) && text.data[at] != '-'))
            return -EINVAL;
        if (is_hyphen(at))
            continue;
        uuid[nibble / 2] = (uint8_t)(uuid[nibble / 2] << 4 | digit);
        nibble++;
    }
    memcpy(ret_uuid, uuid, sizeof uuid);
    return 0;
}
