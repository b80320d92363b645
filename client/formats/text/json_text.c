/* Texts: mostly a few bytes of ASCII that stand in the block as they are meant, which is what the first look
 * is made for: eight bytes at a time. A text with escapes, or over the end of a block, is put together in the
 * scratch, run by run.
 *
 * Is one of the eight bytes of a word a quote, a backslash or below a space? Subtract, and see where the high
 * bit came to be (Sean Eron Anderson, Bit Twiddling Hacks, "Determine if a word has a byte less than n"): a
 * borrow may mark bytes above the first, never one below it, and only the first is asked for. */
#include "json_scan.h"

#include "proto/utf8.h"

#include <errno.h>

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH        EIGHT(0x80)

static inline uint64_t
marks(uint64_t word)
{
    uint64_t quote = word ^ EIGHT('"'), backslash = word ^ EIGHT('\\');
    return (((quote - EIGHT(1)) & ~quote) | ((backslash - EIGHT(1)) & ~backslash) |
            ((word - EIGHT(' ')) & ~word)) &
           HIGH;
}

/* Where the run ends that starts at `at`: at a quote, a backslash, a control character, or the end.
 * ret_high: not 0 when a byte of it is not ASCII. */
static inline const uint8_t *
run_end(const uint8_t *at, const uint8_t *end, uint64_t *ret_high)
{
    uint64_t word, high = 0;
    for (; end - at >= 8; at += 8) {
        memcpy(&word, at, 8);
        uint64_t marked = marks(word);
        if (marked) {
            *ret_high = (high | (word & ((marked & -marked) - 1))) & HIGH;
            return at + __builtin_ctzll(marked) / 8;
        }
        high |= word;
    }
    for (; at < end && *at != '"' && *at != '\\' && *at >= ' '; at++)
        high |= *at;
    *ret_high = high & HIGH;
    return at;
}

/* A text that is put together. */
struct gathered {
    size_t len;        /* of all of it, kept or not */
    uint8_t first;     /* byte of the character that is being read */
    uint8_t read;      /* of its bytes */
    uint8_t left;      /* of them to come */
    uint8_t low, high; /* between which the next of them must be */
};

/* RFC 3629, section 4. Like proto/utf8.h, but a run may end within a character. Returns where it is wrong, or
 * NULL. */
static const uint8_t *
check_utf8(struct gathered *text, const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++) {
        uint8_t c = *at;
        if (text->left) {
            if (c < text->low || c > text->high)
                return at;
            text->left--;
            text->read++;
            text->low = 0x80;
            text->high = 0xBF;
        } else if (c >= 0x80) {
            text->first = c;
            text->read = 0;
            if (c < 0xC2 || c > 0xF4)
                return at;
            text->read = 1;
            text->left = (uint8_t)(1 + (c >= 0xE0) + (c >= 0xF0));
            text->low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
            text->high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        }
    }
    return NULL;
}

static int
refuse_utf8(struct bb_json *json, const struct gathered *text, const uint8_t *at)
{
    bb_json_fail(json, at, "a text in UTF-8", "the byte 0x%02X that is not UTF-8", text->first);
    json->error.column -= text->read;
    return BB_JSON_BAD;
}

static int
refuse_control(struct bb_json *json)
{
    uint8_t c = *json->at;
    if (c == '\n' || c == '\r')
        return bb_json_fail(json, json->at, "a closing quote", "the end of the line within a text");
    return bb_json_fail(json, json->at, "it as an escape", "the control character 0x%02X within a text", c);
}

/* Escapes: `at` is behind what has been read of them. */

static int
next_byte(struct bb_json *json, uint8_t *ret_byte)
{
    if (json->at == json->end) {
        int r = bb_json_refill(json);
        if (r)
            return r == BB_JSON_END ? bb_json_unexpected(json, json->end, "a closing quote") : r;
    }
    *ret_byte = *json->at++;
    return 0;
}

static int
read_hex(struct bb_json *json, uint32_t *ret_code)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = 0;
        int r = next_byte(json, &c);
        if (r)
            return r;
        uint8_t lower = c | 0x20;
        bool digit = c >= '0' && c <= '9';
        if (!digit && (lower < 'a' || lower > 'f'))
            return bb_json_unexpected(json, json->at - 1, "four hexadecimal digits behind \\u");
        code = code << 4 | (uint32_t)(digit ? c - '0' : lower - 'a' + 10);
    }
    *ret_code = code;
    return 0;
}

static int
refuse_escape(struct bb_json *json, const char *expected, uint32_t code)
{
    return bb_json_fail(json, json->at - 1, expected, "\\u%04X", code);
}

/* The second half of a pair. */
static int
read_low(struct bb_json *json, uint32_t *code)
{
    static const char expected[] = "a pair of surrogates, such as \\uD83D\\uDE00";
    uint32_t low = 0;
    uint8_t backslash = 0, u = 0;
    int r = next_byte(json, &backslash);
    if (r == 0 && backslash == '\\')
        r = next_byte(json, &u);
    if (r == 0 && u == 'u')
        r = read_hex(json, &low);
    if (r)
        return r;
    if (low < 0xDC00 || low > 0xDFFF)
        return refuse_escape(json, expected, *code);
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return 0;
}

static int
read_code_point(struct bb_json *json, uint32_t *ret_code)
{
    int r = read_hex(json, ret_code);
    if (r)
        return r;
    if (*ret_code == 0)
        return refuse_escape(json, "a text without NUL", 0);
    if (*ret_code >= 0xDC00 && *ret_code <= 0xDFFF)
        return refuse_escape(json, "a pair of surrogates, such as \\uD83D\\uDE00", *ret_code);
    return *ret_code >= 0xD800 && *ret_code <= 0xDBFF ? read_low(json, ret_code) : 0;
}

static size_t
encode(uint32_t code, uint8_t to[static 4])
{
    static const uint8_t first[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6)
        to[i] = (uint8_t)(0x80 | (code & 0x3F));
    to[0] = (uint8_t)(first[n] | code);
    return n;
}

static void
keep(struct bb_json *json, struct gathered *text, const uint8_t *from, size_t len)
{
    if (text->len + len <= BB_JSON_TEXT_BYTES)
        bb_buffer_append(&json->scratch, from, len);
    text->len += len;
}

static int
read_escape(struct bb_json *json, struct gathered *text)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint8_t c = 0, utf8[4];
    uint32_t code = 0;
    int r = next_byte(json, &c);
    if (r)
        return r;
    const char *name = c ? strchr(names, c) : NULL;
    if (name)
        code = (uint32_t)meant[name - names];
    else if (c == 'u')
        r = read_code_point(json, &code);
    else
        r = bb_json_unexpected(json, json->at - 1, "one of \" \\ / b f n r t u behind a backslash");
    if (r == 0)
        keep(json, text, utf8, encode(code, utf8));
    return r;
}

/* The text, or what is in this block of it. ret_more: it goes on. */
static int
gather(struct bb_json *json, struct gathered *text, bool *ret_more)
{
    uint64_t high;
    const uint8_t *end = run_end(json->at, json->end, &high);
    const uint8_t *wrong = high || text->left ? check_utf8(text, json->at, end) : NULL;
    if (wrong)
        return refuse_utf8(json, text, wrong);
    keep(json, text, json->at, (size_t)(end - json->at));
    json->at = end;
    if (end == json->end) {
        int r = bb_json_refill(json);
        return r == BB_JSON_END ? bb_json_unexpected(json, json->end, "a closing quote") : r;
    }
    if (text->left)
        return refuse_utf8(json, text, end);
    if (*end < ' ')
        return refuse_control(json);
    json->at++;
    *ret_more = *end != '"';
    return *ret_more ? read_escape(json, text) : 0;
}

static int
gather_text(struct bb_json *json, struct bb_json_token *token)
{
    struct gathered text = {0};
    bool more = true;
    bb_buffer_reset(&json->scratch);
    while (more) {
        int r = gather(json, &text, &more);
        if (r || json->scratch.error)
            return r ? r : json->scratch.error;
    }
    token->decoded = true;
    token->text = text.len > BB_JSON_TEXT_BYTES ? bb_bytes(NULL, text.len) : bb_buffer_bytes(&json->scratch);
    if (text.len == 0)
        token->text = bb_bytes("", 0);
    return 0;
}

int
bb_json_read_text(struct bb_json *json, struct bb_json_token *token)
{
    uint64_t high;
    const uint8_t *end = run_end(json->at, json->end, &high);
    size_t len = (size_t)(end - json->at);
    if (end == json->end || *end != '"' || (high && !bb_utf8_is_text(bb_bytes(json->at, len))))
        return gather_text(json, token);
    token->text = bb_bytes(len > BB_JSON_TEXT_BYTES ? NULL : json->at, len);
    json->at = end + 1;
    return 0;
}
