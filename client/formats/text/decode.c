/* The first bytes are kept aside until it is known what they are; then UTF-8 is what is left of them, and
 * after that the other feed itself, without a copy. Other encodings go through two blocks: `in` as read, with
 * what is left of a character that was cut, and `out` in UTF-8.
 *
 * UTF-16: RFC 2781. Windows-1252: the WHATWG Encoding Standard, whose table has a character for every byte.
 */
#include "decode.h"

#include "packed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLOCK (64u << 10)
#define HEAD  BB_PACKED_MOST

struct bb_decode {
    struct bb_feed from;
    enum bb_encoding encoding;
    bool started;
    bool big_endian;
    bool ended; /* the other feed has no more */
    bool done;  /* ... and nothing of it is left */
    int error;  /* given once all before it was */
    const char *refusal;
    uint8_t head[HEAD];
    size_t head_at, head_end;
    uint8_t *block; /* in and out; NULL with UTF-8 */
    uint8_t *in, *out;
    size_t in_end, out_at, out_end;
    uint64_t taken; /* bytes of the file that were decoded */
    uint64_t lines; /* ... and the line ends among them */
    bool after_carriage;
    char text[200];
};

static const char *const names[] = {NULL, "utf-8", "utf-16", "windows-1252"};

const char *
bb_encoding_name(enum bb_encoding encoding)
{
    return (size_t)encoding < sizeof names / sizeof names[0] ? names[encoding] : NULL;
}

enum bb_encoding
bb_encoding_by_name(const char *name)
{
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return (enum bb_encoding)i;
    return BB_ENCODING_AUTO;
}

int
bb_decode_new(struct bb_feed from, enum bb_encoding encoding, struct bb_decode **ret_decode)
{
    struct bb_decode *decode = calloc(1, sizeof *decode);
    if (!decode)
        return -ENOMEM;
    decode->from = from;
    decode->encoding = encoding;
    *ret_decode = decode;
    return 0;
}

void
bb_decode_destroy(struct bb_decode **decode)
{
    if (!*decode)
        return;
    free((*decode)->block);
    free(*decode);
    *decode = NULL;
}

enum bb_encoding
bb_decode_encoding(const struct bb_decode *decode)
{
    return decode->encoding;
}

const char *
bb_decode_error(const struct bb_decode *decode)
{
    return decode->refusal ? decode->refusal : decode->text;
}

/* --- the start of the file ------------------------------------------------------------------------------ */

static bool
starts_with(const struct bb_decode *decode, const char *mark, size_t len)
{
    return decode->head_end >= len && memcmp(decode->head, mark, len) == 0;
}

/* Every second byte of the first four is NUL. */
static bool
alternates(const struct bb_decode *decode, size_t zero)
{
    const uint8_t *head = decode->head;
    return decode->head_end >= 4 && !head[zero] && !head[zero + 2] && head[1 - zero] && head[3 - zero];
}

static void
set_utf16(struct bb_decode *decode, bool big_endian, size_t mark)
{
    decode->encoding = BB_ENCODING_UTF16;
    decode->big_endian = big_endian;
    decode->head_at = mark;
}

static void
recognise(struct bb_decode *decode)
{
    if (starts_with(decode, "\xEF\xBB\xBF", 3)) {
        decode->encoding = BB_ENCODING_UTF8;
        decode->head_at = 3;
    } else if (starts_with(decode, "\xFF\xFE\0\0", 4) || starts_with(decode, "\0\0\xFE\xFF", 4)) {
        decode->refusal = "found UTF-32, expected UTF-8: save it as CSV UTF-8";
    } else if (starts_with(decode, "\xFF\xFE", 2)) {
        set_utf16(decode, false, 2);
    } else if (starts_with(decode, "\xFE\xFF", 2)) {
        set_utf16(decode, true, 2);
    } else if (decode->encoding == BB_ENCODING_AUTO) {
        decode->encoding = BB_ENCODING_UTF8;
        if (alternates(decode, 1) || alternates(decode, 0))
            set_utf16(decode, alternates(decode, 0), 0);
    }
}

static int
read_head(struct bb_decode *decode, size_t least)
{
    while (decode->head_end < least && !decode->ended) {
        ssize_t n =
            decode->from.read(decode->from.self, decode->head + decode->head_end, HEAD - decode->head_end);
        if (n < 0)
            return (int)n;
        decode->ended = n == 0;
        decode->head_end += (size_t)n;
    }
    return 0;
}

static int
start(struct bb_decode *decode)
{
    int r = read_head(decode, BB_PACKED_LEAST);
    if (r == 0 && bb_packed_is_archive(bb_bytes(decode->head, decode->head_end)))
        r = read_head(decode, HEAD);
    if (r < 0)
        return r;
    decode->refusal = bb_packed_refusal(bb_bytes(decode->head, decode->head_end));
    if (!decode->refusal)
        recognise(decode);
    decode->started = true;
    if (decode->refusal)
        return decode->error = -EILSEQ;
    if (decode->encoding == BB_ENCODING_UTF8)
        return 0;
    decode->block = malloc(BLOCK + 3 * BLOCK); /* no byte becomes more than three */
    if (!decode->block)
        return decode->error = -ENOMEM;
    decode->in = decode->block;
    decode->out = decode->block + BLOCK;
    decode->taken = decode->head_at;
    return 0;
}

static ssize_t
read_raw(struct bb_decode *decode, uint8_t *to, size_t size)
{
    size_t left = decode->head_end - decode->head_at;
    if (left == 0)
        return decode->ended ? 0 : decode->from.read(decode->from.self, to, size);
    if (left > size)
        left = size;
    memcpy(to, decode->head + decode->head_at, left);
    decode->head_at += left;
    return (ssize_t)left;
}

/* --- characters ----------------------------------------------------------------------------------------- */

static void
put(struct bb_decode *decode, uint32_t c)
{
    uint8_t *to = decode->out + decode->out_end;
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        to[i] = (uint8_t)(0x80 | (c & 0x3F));
    to[0] = (uint8_t)(first[n] | c);
    decode->out_end += n;
}

static void
count_line(struct bb_decode *decode, uint32_t c)
{
    if (c == '\r' || (c == '\n' && !decode->after_carriage))
        decode->lines++;
    decode->after_carriage = c == '\r';
}

/* 0x80 to 0x9F; the five that Windows leaves open are control characters. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

static size_t
decode_windows_1252(struct bb_decode *decode)
{
    for (size_t i = 0; i < decode->in_end; i++) {
        uint8_t c = decode->in[i];
        put(decode, c >= 0x80 && c < 0xA0 ? windows_1252[c - 0x80] : c);
    }
    return decode->in_end;
}

/* "1,234,567" */
static const char *
grouped(uint64_t n, char text[static 32])
{
    char *at = text + 31;
    unsigned digits = 0;
    *at = 0;
    do {
        if (digits && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + n % 10);
        digits++;
        n /= 10;
    } while (n);
    return at;
}

/* at: in `in`. */
static void
broken(struct bb_decode *decode, size_t at, const char *found)
{
    char lines[32], bytes[32];
    snprintf(decode->text, sizeof decode->text, "line %s, byte %s: found %s, expected UTF-16",
             grouped(decode->lines + 1, lines), grouped(decode->taken + at + 1, bytes), found);
    decode->error = -EILSEQ;
}

static void
broken_surrogate(struct bb_decode *decode, size_t at, uint32_t unit)
{
    char found[80];
    snprintf(found, sizeof found, "0x%04X, half of a character, without its other half", (unsigned)unit);
    broken(decode, at, found);
}

static uint32_t
unit_at(const struct bb_decode *decode, size_t at)
{
    const uint8_t *b = decode->in + at;
    return decode->big_endian ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

static bool
is_surrogate(uint32_t unit, uint32_t first)
{
    return (unit & 0xFC00) == first;
}

/* Returns how many bytes of `in` are done with: what is left of them is the start of a character. */
static size_t
decode_utf16(struct bb_decode *decode)
{
    size_t i = 0;
    while (i + 2 <= decode->in_end && !decode->error) {
        uint32_t c = unit_at(decode, i);
        size_t len = 2;
        if (is_surrogate(c, 0xD800)) {
            if (i + 4 > decode->in_end)
                break;
            uint32_t low = unit_at(decode, i + 2);
            if (!is_surrogate(low, 0xDC00)) {
                broken_surrogate(decode, i, c);
                break;
            }
            c = 0x10000 + ((c & 0x3FF) << 10) + (low & 0x3FF);
            len = 4;
        } else if (is_surrogate(c, 0xDC00)) {
            broken_surrogate(decode, i, c);
            break;
        }
        put(decode, c);
        count_line(decode, c);
        i += len;
    }
    return i;
}

/* The file ended within a character. */
static void
broken_end(struct bb_decode *decode)
{
    if (decode->in_end % 2)
        broken(decode, decode->in_end - 1, "a single byte at the end of the file");
    else
        broken_surrogate(decode, 0, unit_at(decode, 0));
}

/* Read once, and decode what there is. 0, also at the end, or -errno. */
static int
fill(struct bb_decode *decode)
{
    ssize_t n = read_raw(decode, decode->in + decode->in_end, BLOCK - decode->in_end);
    if (n < 0)
        return (int)n;
    decode->done = n == 0;
    decode->in_end += (size_t)n;
    decode->out_at = decode->out_end = 0;
    size_t done = decode->encoding == BB_ENCODING_UTF16 ? decode_utf16(decode) : decode_windows_1252(decode);
    decode->taken += done;
    memmove(decode->in, decode->in + done, decode->in_end - done);
    decode->in_end -= done;
    if (decode->done && decode->in_end && !decode->error)
        broken_end(decode);
    return 0;
}

static ssize_t
read_decoded(void *self, uint8_t *to, size_t size)
{
    struct bb_decode *decode = self;
    int r = decode->started ? 0 : start(decode);
    if (r < 0)
        return r;
    if (!decode->block)
        return decode->error ? decode->error : read_raw(decode, to, size);
    while (decode->out_at == decode->out_end && !decode->error && !decode->done) {
        r = fill(decode);
        if (r < 0)
            return r;
    }
    size_t n = decode->out_end - decode->out_at;
    if (n == 0)
        return decode->error;
    if (n > size)
        n = size;
    memcpy(to, decode->out + decode->out_at, n);
    decode->out_at += n;
    return (ssize_t)n;
}

struct bb_feed
bb_decode_feed(struct bb_decode *decode)
{
    return (struct bb_feed){read_decoded, decode};
}
