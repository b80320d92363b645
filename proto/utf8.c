#include "utf8.h"

/* Bytes of the sequence that starts at p (1 to 4), or 0 when it is not one. RFC 3629, section 4. */
static size_t
sequence(const uint8_t *p, size_t left)
{
    uint8_t lo = 0x80, hi = 0xBF;
    size_t n;

    if (p[0] >= 0x01 && p[0] <= 0x7F)
        return 1;
    else if (p[0] >= 0xC2 && p[0] <= 0xDF)
        n = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        n = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        n = 4;
    else
        return 0;
    if (left < n)
        return 0;
    if (p[0] == 0xE0)
        lo = 0xA0; /* overlong */
    else if (p[0] == 0xED)
        hi = 0x9F; /* surrogates */
    else if (p[0] == 0xF0)
        lo = 0x90; /* overlong */
    else if (p[0] == 0xF4)
        hi = 0x8F; /* above U+10FFFF */
    if (p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

size_t
bb_utf8_prefix(struct bb_bytes text)
{
    size_t at = 0;

    while (at < text.len) {
        uint64_t word;

        if (text.len - at >= 8) { /* eight ASCII bytes at a time: no high bit, no zero byte */
            memcpy(&word, text.data + at, 8);
            if (((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0) {
                at += 8;
                continue;
            }
        }
        size_t n = sequence(text.data + at, text.len - at);
        if (n == 0)
            break;
        at += n;
    }
    return at;
}

bool
bb_utf8_is_text(struct bb_bytes text)
{
    return bb_utf8_prefix(text) == text.len;
}
