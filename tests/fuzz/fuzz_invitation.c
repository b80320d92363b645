/* Invitations as somebody pasted them. The first byte says what the rest is: 0 the text as it is; 1 what an
 * invitation says, which is written and reads as the same; 2 the same, then changed in some places, at each
 * of which it is not read any more. What is refused is never repeated. */
#include "fuzz.h"

#include "runtime/invitation.h"

#include <errno.h>

static bool
same(const struct bb_invitation_token *a, const struct bb_invitation_token *b)
{
    return memcmp(a->id, b->id, sizeof a->id) == 0 && memcmp(a->secret, b->secret, sizeof a->secret) == 0 &&
           memcmp(a->server_key, b->server_key, sizeof a->server_key) == 0 &&
           strcmp(a->endpoint, b->endpoint) == 0;
}

static int
parse(struct bb_bytes text, struct bb_invitation_token *ret_token)
{
    char error[200] = "";
    int r = bb_invitation_parse(text, ret_token, error, sizeof error);

    require(r == 0 || (r == -EINVAL && *error));
    for (size_t i = 0; r && i + 24 <= text.len; i++)
        require(!memmem(error, strlen(error), text.data + i, 24));
    return r;
}

static void
as_text(struct bb_bytes in)
{
    struct bb_invitation_token token, again;
    char text[BB_INVITATION_TEXT];

    if (parse(in, &token) != 0)
        return;
    require(bb_invitation_format(&token, text) == 0);
    require(parse(bb_bytes_str(text), &again) == 0 && same(&token, &again));
}

/* A token that says this; its endpoint are the bytes behind the first 72. */
static bool
make(struct bb_bytes in, struct bb_invitation_token *token, char *text)
{
    memset(token, 0, sizeof *token);
    if (in.len < 72 || in.len - 72 > BB_INVITATION_ENDPOINT)
        return false;
    memcpy(token->id, in.data, 8);
    memcpy(token->secret, in.data + 8, 32);
    memcpy(token->server_key, in.data + 40, 32);
    memcpy(token->endpoint, in.data + 72, in.len - 72);
    return bb_invitation_format(token, text) == 0;
}

static void
as_token(struct bb_bytes in)
{
    struct bb_invitation_token token, again;
    char text[BB_INVITATION_TEXT];

    if (make(in, &token, text))
        require(parse(bb_bytes_str(text), &again) == 0 && same(&token, &again));
}

/* Where and to what, two bytes at the front. */
static void
altered(struct bb_bytes in)
{
    struct bb_invitation_token token, again;
    char text[BB_INVITATION_TEXT];
    uint8_t before, after;
    size_t at;

    if (in.len < 2 || !make(bb_bytes(in.data + 2, in.len - 2), &token, text))
        return;
    at = in.data[0] % strlen(text);
    before = (uint8_t)text[at];
    after = in.data[1];
    text[at] = (char)after;
    if (parse(bb_bytes_str(text), &again) == 0)
        require(after == before && same(&token, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const ways[])(struct bb_bytes) = {as_text, as_token, altered};

    if (size > 0)
        ways[data[0] % 3](bb_bytes(data + 1, size - 1));
    return 0;
}
