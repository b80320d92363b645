/*     submit    draft, returned      -> submitted
 *     return    submitted, approved  -> returned      (and a returned one with another comment)
 *     approve   submitted            -> approved
 *     lock      approved             -> locked
 *     unlock    locked               -> approved
 *
 * What was said already may be said again, since an answer may be lost on its way. */
#include "review.h"

#include <errno.h>
#include <string.h>

static const char *const states[BB_REVIEW_STATES] = {"draft", "submitted", "returned", "approved", "locked"};
static const char *const actions[BB_REVIEW_ACTIONS] = {"submit", "return", "approve", "lock", "unlock"};

#define IS(state) (1u << BB_REVIEW_##state)

static const struct {
    unsigned from; /* states, as bits */
    unsigned past; /* those that are further on */
    enum bb_review_state to;
    const char *expected;
} rules[BB_REVIEW_ACTIONS] = {
    [BB_REVIEW_SUBMIT] = {IS(DRAFT) | IS(RETURNED), IS(APPROVED) | IS(LOCKED), BB_REVIEW_SUBMITTED,
                          "draft or returned"},
    [BB_REVIEW_RETURN] = {IS(SUBMITTED) | IS(RETURNED) | IS(APPROVED), 0, BB_REVIEW_RETURNED,
                          "submitted or approved"},
    [BB_REVIEW_APPROVE] = {IS(SUBMITTED), IS(LOCKED), BB_REVIEW_APPROVED, "submitted"},
    [BB_REVIEW_LOCK] = {IS(APPROVED), 0, BB_REVIEW_LOCKED, "approved"},
    [BB_REVIEW_UNLOCK] = {IS(LOCKED), 0, BB_REVIEW_APPROVED, "locked"},
};

static int
find(const char *const *words, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(words[i], name) == 0)
            return (int)i;
    return -1;
}

const char *
bb_review_state_name(enum bb_review_state state)
{
    return (unsigned)state < BB_REVIEW_STATES ? states[state] : "";
}

int
bb_review_state_by_name(const char *name)
{
    return find(states, BB_REVIEW_STATES, name);
}

int
bb_review_action_by_name(const char *name)
{
    return find(actions, BB_REVIEW_ACTIONS, name);
}

int
bb_review_next(enum bb_review_action action, const struct bb_review *now, const struct bb_review *said,
               enum bb_review_state *ret_next, const char **ret_expected)
{
    bool there = now->state == rules[action].to, from = rules[action].from & 1u << now->state;

    if (action == BB_REVIEW_RETURN)
        there = there && bb_bytes_equal(now->comment, said->comment);
    else if (action == BB_REVIEW_UNLOCK)
        there = there && bb_bytes_equal(now->reason, said->reason);
    if (there)
        return BB_REVIEW_E_SAME;
    if (!from) {
        *ret_expected = rules[action].expected;
        return BB_REVIEW_E_STATE;
    }
    *ret_next = rules[action].to;
    return 0;
}

bool
bb_review_is_past(enum bb_review_action action, enum bb_review_state state)
{
    return rules[action].past & 1u << state;
}

size_t
bb_review_unit_pack(const struct bb_review_unit *unit, uint8_t out[static BB_REVIEW_UNIT])
{
    bb_put_u32(out, unit->organization);
    bb_put_u32(out + 4, unit->indicator);
    return 8 + bb_period_pack(unit->period, out + 8);
}

size_t
bb_review_key_pack(const struct bb_review_unit *unit, uint64_t sequence, uint8_t out[static BB_REVIEW_KEY])
{
    size_t len = bb_review_unit_pack(unit, out);

    bb_put_u64(out + len, sequence);
    return len + 8;
}

int
bb_review_key_unpack(struct bb_bytes in, struct bb_review_unit *ret_unit, uint64_t *ret_sequence)
{
    struct bb_review_unit unit;
    size_t period;

    if (in.len < 8)
        return -EBADMSG;
    unit.organization = bb_get_u32(in.data);
    unit.indicator = bb_get_u32(in.data + 4);
    period = bb_period_unpack(bb_bytes(in.data + 8, in.len - 8), &unit.period);
    if (period == 0 || in.len != 8 + period + 8)
        return -EBADMSG;
    *ret_unit = unit;
    *ret_sequence = bb_get_u64(in.data + 8 + period);
    return 0;
}

static size_t
put_text(struct bb_bytes text, size_t most, uint8_t *out)
{
    size_t len = text.len <= most ? text.len : 0;

    out[0] = (uint8_t)(len >> 8);
    out[1] = (uint8_t)len;
    if (len)
        memcpy(out + 2, text.data, len);
    return 2 + len;
}

size_t
bb_review_pack(const struct bb_review *review, uint8_t out[static BB_REVIEW_PACKED])
{
    size_t len = 1;

    out[0] = (uint8_t)review->state;
    len += put_text(review->comment, BB_LIMIT_COMMENT_BYTES, out + len);
    len += put_text(review->reason, BB_LIMIT_COMMENT_BYTES, out + len);
    return len + put_text(review->member, 2 * BB_LIMIT_CODE_BYTES + 1, out + len);
}

static bool
get_text(struct bb_bytes *rest, struct bb_bytes *ret_text)
{
    size_t len;

    if (rest->len < 2)
        return false;
    len = (size_t)rest->data[0] << 8 | rest->data[1];
    if (rest->len < 2 + len)
        return false;
    *ret_text = bb_bytes(rest->data + 2, len);
    *rest = bb_bytes(rest->data + 2 + len, rest->len - 2 - len);
    return true;
}

int
bb_review_unpack(struct bb_bytes record, struct bb_review *ret_review)
{
    struct bb_bytes rest;

    if (record.len < 1 || record.data[0] < BB_REVIEW_SUBMITTED || record.data[0] > BB_REVIEW_LOCKED)
        return -EBADMSG;
    ret_review->state = (enum bb_review_state)record.data[0];
    rest = bb_bytes(record.data + 1, record.len - 1);
    if (!get_text(&rest, &ret_review->comment) || !get_text(&rest, &ret_review->reason) ||
        !get_text(&rest, &ret_review->member))
        return -EBADMSG;
    return rest.len == 0 ? 0 : -EBADMSG;
}
