/* The length of the endpoint says how long the whole is, so a text that lost its end is told as that, before
 * its checksum is looked at. Every buffer here that has seen a secret is wiped. */
#include "invitation.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define VERSION  1u
#define CHECKSUM 4u
#define FIXED    74u /* up to the endpoint */
#define LONGEST  (FIXED + BB_INVITATION_ENDPOINT + CHECKSUM)
#define CHARS(n) (((n)*4 + 2) / 3)
#define BASE64   sodium_base64_VARIANT_URLSAFE_NO_PADDING

static const char prefix[] = "bbi1";

#define PREFIX (sizeof prefix - 1)

_Static_assert(PREFIX + CHARS(LONGEST) + 1 == BB_INVITATION_TEXT, "the longest text");

void
bb_invitation_new(struct bb_invitation_token *ret_token)
{
    memset(ret_token, 0, sizeof *ret_token);
    randombytes_buf(ret_token->id, sizeof ret_token->id);
    randombytes_buf(ret_token->secret, sizeof ret_token->secret);
}

void
bb_invitation_wipe(struct bb_invitation_token *token)
{
    sodium_memzero(token, sizeof *token);
}

void
bb_invitation_hash(const uint8_t secret[static BB_INVITATION_SECRET],
                   uint8_t ret_hash[static BB_INVITATION_HASH])
{
    crypto_generichash(ret_hash, BB_INVITATION_HASH, secret, BB_INVITATION_SECRET, NULL, 0);
}

static void
checksum(const uint8_t *data, size_t len, uint8_t ret_sum[static CHECKSUM])
{
    uint8_t hash[32];

    crypto_generichash(hash, sizeof hash, data, len, NULL, 0);
    memcpy(ret_sum, hash, CHECKSUM);
}

static bool
is_endpoint(struct bb_bytes text)
{
    static const char tcp[] = "tcp://";

    if (text.len < sizeof tcp || text.len > BB_INVITATION_ENDPOINT || memcmp(text.data, tcp, sizeof tcp - 1))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return true;
}

int
bb_invitation_format(const struct bb_invitation_token *token, char ret_text[static BB_INVITATION_TEXT])
{
    size_t endpoint = strnlen(token->endpoint, sizeof token->endpoint), len = FIXED + endpoint;
    uint8_t bytes[LONGEST];

    if (!is_endpoint(bb_bytes(token->endpoint, endpoint)))
        return -EINVAL;
    bytes[0] = VERSION;
    memcpy(bytes + 1, token->id, BB_INVITATION_ID);
    memcpy(bytes + 9, token->secret, BB_INVITATION_SECRET);
    memcpy(bytes + 41, token->server_key, 32);
    bytes[73] = (uint8_t)endpoint;
    memcpy(bytes + FIXED, token->endpoint, endpoint);
    checksum(bytes, len, bytes + len);
    memcpy(ret_text, prefix, PREFIX);
    sodium_bin2base64(ret_text + PREFIX, BB_INVITATION_TEXT - PREFIX, bytes, len + CHECKSUM, BASE64);
    sodium_memzero(bytes, sizeof bytes);
    return 0;
}

/* Reading. */

struct typed {
    char text[BB_INVITATION_TEXT];
    size_t len;
    bool too_long;
};

static bool
is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
take(struct bb_bytes text, struct typed *ret_typed)
{
    memset(ret_typed, 0, sizeof *ret_typed);
    for (size_t i = 0; i < text.len && !ret_typed->too_long; i++) {
        char c = (char)text.data[i];

        if (is_blank(c))
            continue;
        ret_typed->too_long = ret_typed->len == sizeof ret_typed->text - 1;
        if (!ret_typed->too_long)
            ret_typed->text[ret_typed->len++] = c;
    }
}

static int
refuse(char *error, size_t size, const char *message)
{
    snprintf(error, size, "%s", message);
    return -EINVAL;
}

static int
check_prefix(const struct typed *typed, char *error, size_t size)
{
    size_t known = PREFIX - 1; /* without the digit of the version */

    if (typed->len < PREFIX || memcmp(typed->text, prefix, known) != 0)
        return refuse(error, size, "this is no invitation: one begins with bbi1");
    if (typed->text[known] != prefix[known])
        return refuse(error, size,
                      "this invitation is of another version: this backbone is too old for it, or too new");
    return 0;
}

static int
check_characters(const struct typed *typed, char *error, size_t size)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    if (typed->too_long || strspn(typed->text, allowed) != typed->len)
        return refuse(
            error, size,
            "this invitation was altered: it holds what no invitation does; copy it once more, all of "
            "it and nothing else");
    return 0;
}

/* How many characters should there be? 0: its length is not there yet. */
static size_t
characters_expected(const struct typed *typed)
{
    uint8_t start[75];
    size_t expected = 0;

    if (typed->len >= PREFIX + CHARS(sizeof start) &&
        sodium_base642bin(start, sizeof start, typed->text + PREFIX, CHARS(sizeof start), NULL, NULL, NULL,
                          BASE64) == 0)
        expected = PREFIX + CHARS(FIXED + start[73] + CHECKSUM);
    sodium_memzero(start, sizeof start);
    return expected;
}

static int
check_length(const struct typed *typed, char *error, size_t size)
{
    size_t expected = characters_expected(typed);

    if (expected == 0)
        return refuse(error, size, "this invitation is cut off: copy it once more, to its end");
    if (typed->len == expected)
        return 0;
    snprintf(error, size,
             "this invitation is %s: it has %zu characters, and should have %zu; copy it once more",
             typed->len < expected ? "cut off" : "too long", typed->len, expected);
    return -EINVAL;
}

static int
take_bytes(const uint8_t *bytes, size_t len, struct bb_invitation_token *ret_token, char *error, size_t size)
{
    static const char altered[] =
        "this invitation was altered: a character of it is another one than it was; "
        "copy it once more";
    struct bb_bytes endpoint = bb_bytes(bytes + FIXED, len - FIXED - CHECKSUM);
    uint8_t sum[CHECKSUM];

    checksum(bytes, len - CHECKSUM, sum);
    if (memcmp(sum, bytes + len - CHECKSUM, CHECKSUM) != 0)
        return refuse(error, size, altered);
    if (bytes[0] != VERSION)
        return refuse(error, size,
                      "this invitation is of another version: this backbone is too old for it, or too new");
    if (!is_endpoint(endpoint))
        return refuse(error, size,
                      "this invitation names no address that can be connected to: ask for another one");
    memset(ret_token, 0, sizeof *ret_token);
    memcpy(ret_token->id, bytes + 1, BB_INVITATION_ID);
    memcpy(ret_token->secret, bytes + 9, BB_INVITATION_SECRET);
    memcpy(ret_token->server_key, bytes + 41, 32);
    memcpy(ret_token->endpoint, endpoint.data, endpoint.len);
    return 0;
}

static int
read_typed(const struct typed *typed, struct bb_invitation_token *ret_token, char *error, size_t size)
{
    uint8_t bytes[LONGEST];
    size_t len;
    int r = check_prefix(typed, error, size);

    if (r == 0)
        r = check_characters(typed, error, size);
    if (r == 0)
        r = check_length(typed, error, size);
    if (r != 0)
        return r;
    if (sodium_base642bin(bytes, sizeof bytes, typed->text + PREFIX, typed->len - PREFIX, NULL, &len, NULL,
                          BASE64) == 0)
        r = take_bytes(bytes, len, ret_token, error, size);
    else
        r = refuse(error, size, "this invitation was altered at its end: copy it once more");
    sodium_memzero(bytes, sizeof bytes);
    return r;
}

int
bb_invitation_parse(struct bb_bytes text, struct bb_invitation_token *ret_token, char *error, size_t size)
{
    struct typed typed;
    int r;

    take(text, &typed);
    r = read_typed(&typed, ret_token, error, size);
    sodium_memzero(&typed, sizeof typed);
    return r;
}
