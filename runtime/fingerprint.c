/* The first 100 bits of the hash, the highest first, five a character. The word is BLAKE2b's key, so what is
 * hashed for a fingerprint is hashed for nothing else. */
#include "fingerprint.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define CHARACTERS 20u
#define GROUP      5u

static const char word[] = "backbone-fingerprint-1";
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void
put_character(char *text, unsigned n, char c)
{
    text[n + n / GROUP] = c;
    if (n % GROUP == GROUP - 1)
        text[n + n / GROUP + 1] = n == CHARACTERS - 1 ? '\0' : '-';
}

void
bb_fingerprint(const uint8_t key[static 32], char ret_text[static BB_FINGERPRINT_TEXT])
{
    uint8_t hash[32];

    crypto_generichash(hash, sizeof hash, key, 32, (const uint8_t *)word, sizeof word - 1);
    for (unsigned n = 0; n < CHARACTERS; n++) {
        unsigned bit = n * 5, pair = (unsigned)hash[bit / 8] << 8 | hash[bit / 8 + 1];

        put_character(ret_text, n, digits[pair >> (11 - bit % 8) & 31]);
    }
}

/* 0: none of ours. */
static char
digit_of(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        c = '0';
    if (c == 'I' || c == 'L')
        c = '1';
    return c && strchr(digits, c) ? c : 0;
}

static bool
is_between(char c)
{
    return c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int
bb_fingerprint_parse(struct bb_bytes text, char ret_text[static BB_FINGERPRINT_TEXT])
{
    char read[BB_FINGERPRINT_TEXT];
    unsigned n = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];

        if (is_between(c))
            continue;
        c = digit_of(c);
        if (!c || n == CHARACTERS)
            return -EINVAL;
        put_character(read, n++, c);
    }
    if (n < CHARACTERS)
        return -EINVAL;
    memcpy(ret_text, read, sizeof read);
    return 0;
}

bool
bb_fingerprint_is(struct bb_bytes text, const uint8_t key[static 32])
{
    char typed[BB_FINGERPRINT_TEXT], own[BB_FINGERPRINT_TEXT];

    if (bb_fingerprint_parse(text, typed) != 0)
        return false;
    bb_fingerprint(key, own);
    return strcmp(typed, own) == 0;
}
