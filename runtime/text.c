#include "text.h"

#include "proto/limits.h"
#include "proto/utf8.h"

#include <assert.h>
#include <stdio.h>

static bool
is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool
bb_text_is_code(struct bb_bytes text)
{
    if (text.len < 1 || text.len > BB_LIMIT_CODE_BYTES || !is_alphanumeric(text.data[0]))
        return false;
    for (size_t i = 1; i < text.len; i++)
        if (!is_alphanumeric(text.data[i]) && !memchr("_.-", text.data[i], 3))
            return false;
    return true;
}

/* C0, DEL, and C1, which in UTF-8 is C2 80 to C2 9F. p is valid UTF-8. */
static bool
is_control(const uint8_t *p)
{
    return p[0] < 0x20 || p[0] == 0x7F || (p[0] == 0xC2 && p[1] < 0xA0);
}

bool
bb_text_is_name(struct bb_bytes text)
{
    if (text.len < 1 || text.len > BB_LIMIT_NAME_BYTES || !bb_utf8_is_text(text))
        return false;
    if (text.data[0] == ' ' || text.data[text.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.data + i))
            return false;
    return true;
}

/* Bytes of the character at p, or 0 when it is not valid UTF-8. */
static size_t
character(const uint8_t *p, size_t left)
{
    for (size_t n = 1; n <= 4 && n <= left; n++)
        if (bb_utf8_is_text(bb_bytes(p, n)))
            return n;
    return 0;
}

/* One character of the text at p, escaped where it must be. Returns the bytes read; sets what to write. */
static size_t
escape(const uint8_t *p, size_t left, char piece[static 8])
{
    static const char plain[] = "\n\r\t\"\\", letter[] = "nrt\"\\";
    size_t n = character(p, left);
    const char *special = *p ? strchr(plain, *p) : NULL;

    if (special) {
        snprintf(piece, 8, "\\%c", letter[special - plain]);
    } else if (n == 0 || (n == 1 && is_control(p))) {
        snprintf(piece, 8, "\\x%02X", *p);
        n = 1;
    } else if (n == 2 && is_control(p)) {
        snprintf(piece, 8, "\\u%04X", p[1]);
    } else {
        memcpy(piece, p, n);
        piece[n] = '\0';
    }
    return n;
}

char *
bb_text_quote(struct bb_bytes text, char *out, size_t size, size_t max)
{
    static const char ellipsis[] = "...";
    size_t at = 0, len = 0, room;

    assert(size >= sizeof ellipsis);
    room = size - sizeof ellipsis;
    if (room > max)
        room = max;
    while (at < text.len) {
        char piece[8];
        size_t read = escape(text.data + at, text.len - at, piece);
        size_t n = strlen(piece);

        if (n > room - len)
            break;
        memcpy(out + len, piece, n);
        len += n;
        at += read;
    }
    memcpy(out + len, ellipsis, sizeof ellipsis);
    if (at == text.len)
        out[len] = '\0';
    return out;
}
