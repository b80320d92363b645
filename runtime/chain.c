/* What is hashed for a link, 114 bytes:
 *
 *     format (1 byte, 2) | type (1) | sequence (8) | time (8) | previous (32) | mark (32) | body (32)
 *
 * and for a mark, each text behind its length (4 bytes), so that none can pass for a part of another:
 *
 *     index (4) | rows (4) | batch | content | outcomes | organization | member
 *
 * and the signature behind them, of a submission that was signed. */
#include "chain.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define FORMAT 2

static const char *const names[] = {
    [1] = "submission", [2] = "batch-close", [3] = "indicators", [4] = "places",
    [5] = "directory",  [6] = "adoptions",   [8] = "review",     [10] = "signing",
};

void
bb_chain_digest(struct bb_bytes bytes, uint8_t ret_hash[static BB_CHAIN_HASH])
{
    crypto_generichash(ret_hash, BB_CHAIN_HASH, bytes.data, bytes.len, NULL, 0);
}

static void
add_number(crypto_generichash_state *state, uint32_t number)
{
    uint8_t bytes[4];

    bb_put_u32(bytes, number);
    crypto_generichash_update(state, bytes, sizeof bytes);
}

static void
add_bytes(crypto_generichash_state *state, struct bb_bytes bytes)
{
    add_number(state, (uint32_t)bytes.len);
    crypto_generichash_update(state, bytes.data, bytes.len);
}

void
bb_chain_mark(const struct bb_chain_subject *subject, uint8_t ret_mark[static BB_CHAIN_HASH])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, BB_CHAIN_HASH);
    add_number(&state, subject->index);
    add_number(&state, subject->rows);
    add_bytes(&state, subject->batch);
    add_bytes(&state, subject->content);
    add_bytes(&state, subject->outcomes);
    add_bytes(&state, subject->organization);
    add_bytes(&state, subject->member);
    if (subject->signature.len)
        add_bytes(&state, subject->signature);
    crypto_generichash_final(&state, ret_mark, BB_CHAIN_HASH);
}

void
bb_chain_hash(const struct bb_chain_link *link, uint8_t ret_hash[static BB_CHAIN_HASH])
{
    uint8_t bytes[1 + 1 + 8 + 8 + 3 * BB_CHAIN_HASH], *to = bytes;

    *to++ = FORMAT;
    *to++ = link->type;
    bb_put_u64(to, link->sequence);
    bb_put_u64(to + 8, (uint64_t)link->time);
    memcpy(to + 16, link->previous, BB_CHAIN_HASH);
    memcpy(to + 16 + BB_CHAIN_HASH, link->mark, BB_CHAIN_HASH);
    memcpy(to + 16 + 2 * BB_CHAIN_HASH, link->body, BB_CHAIN_HASH);
    crypto_generichash(ret_hash, BB_CHAIN_HASH, bytes, sizeof bytes, NULL, 0);
}

void
bb_chain_type_format(uint8_t type, char ret_text[static BB_CHAIN_TYPE_TEXT])
{
    if (type < sizeof names / sizeof *names && names[type])
        snprintf(ret_text, BB_CHAIN_TYPE_TEXT, "%s", names[type]);
    else
        snprintf(ret_text, BB_CHAIN_TYPE_TEXT, "type-%u", type);
}

int
bb_chain_type_parse(const char *text, uint8_t *ret_type)
{
    char name[BB_CHAIN_TYPE_TEXT];

    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        bb_chain_type_format((uint8_t)type, name);
        if (strcmp(name, text) == 0) {
            *ret_type = (uint8_t)type;
            return 0;
        }
    }
    return -EINVAL;
}
