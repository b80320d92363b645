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

size_t
bb_text_control(struct bb_bytes text)
{
    size_t at = 0;

    while (at < text.len && (text.data[at] == '\t' || text.data[at] == '\n' || !is_control(text.data + at)))
        at++;
    return at;
}

/* The code point at p, which is valid UTF-8; 0 below U+0080 and for the later bytes of a character. */
static uint32_t
code_point(const uint8_t *p)
{
    if (p[0] < 0xC0)
        return 0;
    if (p[0] < 0xE0)
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    if (p[0] < 0xF0)
        return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

static bool
is_in(uint32_t c, const uint32_t (*ranges)[2], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

/* Characters that change where the others are shown: a name with them can look like another one. Bidi_Control
 * of Unicode (UAX #9), the separators of lines and paragraphs, and the byte order mark. p is valid UTF-8. */
static bool
is_deceptive(const uint8_t *p)
{
    static const uint32_t ranges[][2] = {
        {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};

    return p[0] >= 0xC0 && is_in(code_point(p), ranges, sizeof ranges / sizeof ranges[0]);
}

/* White_Space of Unicode, and the zero width space; without those that are control characters. p is valid
 * UTF-8. */
static bool
is_blank(const uint8_t *p)
{
    static const uint32_t ranges[][2] = {{0x00A0, 0x00A0}, {0x1680, 0x1680}, {0x2000, 0x200B},
                                         {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

    return p[0] == ' ' || (p[0] >= 0xC0 && is_in(code_point(p), ranges, sizeof ranges / sizeof ranges[0]));
}

bool
bb_text_is_name(struct bb_bytes text)
{
    size_t last = text.len - 1;

    if (text.len < 1 || text.len > BB_LIMIT_NAME_BYTES || !bb_utf8_is_text(text))
        return false;
    while ((text.data[last] & 0xC0) == 0x80) /* to the start of the last character */
        last--;
    if (is_blank(text.data) || is_blank(text.data + last))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.data + i) || is_deceptive(text.data + i))
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
show(const uint8_t *p, size_t left, char piece[static 8])
{
    size_t n = character(p, left);

    if (n == 0 || (n == 1 && is_control(p))) {
        snprintf(piece, 8, "\\x%02X", *p);
        n = 1;
    } else if (n == 2 && is_control(p)) {
        snprintf(piece, 8, "\\u%04X", p[1]);
    } else if (is_deceptive(p)) {
        snprintf(piece, 8, "\\u%04X", (unsigned)code_point(p));
    } else {
        memcpy(piece, p, n);
        piece[n] = '\0';
    }
    return n;
}

size_t
bb_text_shown(struct bb_bytes text, char piece[static 8])
{
    if (text.len == 0 || (text.data[0] != '\n' && text.data[0] != '\t'))
        return text.len ? show(text.data, text.len, piece) : 0;
    piece[0] = (char)text.data[0];
    piece[1] = '\0';
    return 1;
}

/* The same, to stand between double quotes. */
static size_t
escape(const uint8_t *p, size_t left, char piece[static 8])
{
    static const char plain[] = "\n\r\t\"\\", letter[] = "nrt\"\\";
    const char *special = *p ? strchr(plain, *p) : NULL;

    if (!special)
        return show(p, left, piece);
    snprintf(piece, 8, "\\%c", letter[special - plain]);
    return 1;
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
