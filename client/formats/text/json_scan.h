/* What the files of the scanner share. For everybody else: json.h. */
#ifndef BB_FORMATS_JSON_SCAN_H
#define BB_FORMATS_JSON_SCAN_H

#include "json.h"

/* All is read of the block: have at least one byte more. 0 | BB_JSON_END | -errno */
int bb_json_refill(struct bb_json *json);

/* Read a text, up to and including its closing quote; the opening one is read. 0 | BB_JSON_BAD | -errno */
int bb_json_read_text(struct bb_json *json, struct bb_json_token *token);

static inline bool
bb_json_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool
bb_json_is_in_word(uint8_t c)
{
    return bb_json_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' || c == '-' ||
           c == '+';
}

/* Read a number, true, false or null; `at` is at its first byte, which is in a word. expected: what is told
 * when it is none. 0 | BB_JSON_BAD | -errno */
int bb_json_read_word(struct bb_json *json, struct bb_json_token *token, const char *expected);

/* Note what is wrong, for good. at: in the block. Returns BB_JSON_BAD. */
int bb_json_fail(struct bb_json *json, const uint8_t *at, const char *expected, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same of what stands at `at`, or of the end that was met there. */
int bb_json_unexpected(struct bb_json *json, const uint8_t *at, const char *expected);

#endif
