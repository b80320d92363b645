/* The record:
 *
 *     ok | parts | computed | missing | suppressed | not applicable | organization   (7 varints)
 *     value | numerator | denominator                                                (3 packed sums)
 *
 * Sums are exact (decimal_sum.c), so adding is commutative and removing its inverse: the record is a function
 * of the set of readings, not of its history, and --verify may compare bytes. The same holds for the
 * exclusive or of the organizations: each one has at most one reading in a cell, so with ok = 1 what remains
 * is that one.
 *
 * What leaves the range of a count or a sum is -ERANGE. Adding a reading changes nothing then, and queries go
 * on and say so; the others may have been done in part, and the transaction they belong to is given up. */
#include "rollup.h"

#include "runtime/store/varint.h"

#include <errno.h>

static uint32_t *
state_counter(struct bb_rollup *rollup, enum bb_state state)
{
    switch (state) {
    case BB_STATE_MISSING:
        return &rollup->missing;
    case BB_STATE_SUPPRESSED:
        return &rollup->suppressed;
    case BB_STATE_NOT_APPLICABLE:
        return &rollup->not_applicable;
    case BB_STATE_OK:
    case BB_STATE_WITHDRAWN:
        break;
    }
    return &rollup->ok;
}

int
bb_rollup_add(struct bb_rollup *rollup, const struct bb_reading *reading, uint32_t organization)
{
    uint32_t *counter = state_counter(rollup, BB_ROW_STATE(reading->flags));
    struct bb_rollup after = *rollup;

    if (bb_reading_withdrawn(reading))
        return 0;
    if (*counter == UINT32_MAX)
        return -ERANGE;
    if (counter == &rollup->ok) {
        if (reading->flags & BB_ROW_VALUE && bb_sum_add(&after.value, reading->value) != 0)
            return -ERANGE;
        if (bb_reading_has_parts(reading) && (bb_sum_add(&after.numerator, reading->numerator) != 0 ||
                                              bb_sum_add(&after.denominator, reading->denominator) != 0))
            return -ERANGE;
        after.parts += bb_reading_has_parts(reading);
        after.computed += !(reading->flags & BB_ROW_VALUE);
        after.organization ^= organization;
        *rollup = after;
    }
    ++*counter;
    return 0;
}

int
bb_rollup_remove(struct bb_rollup *rollup, const struct bb_reading *reading, uint32_t organization)
{
    uint32_t *counter = state_counter(rollup, BB_ROW_STATE(reading->flags));

    if (bb_reading_withdrawn(reading))
        return 0;
    if (*counter == 0)
        return -ERANGE;
    if (counter == &rollup->ok) {
        if (reading->flags & BB_ROW_VALUE && bb_sum_subtract(&rollup->value, reading->value) != 0)
            return -ERANGE;
        if (bb_reading_has_parts(reading) &&
            (bb_sum_subtract(&rollup->numerator, reading->numerator) != 0 ||
             bb_sum_subtract(&rollup->denominator, reading->denominator) != 0))
            return -ERANGE;
        rollup->parts -= bb_reading_has_parts(reading);
        rollup->computed -= !(reading->flags & BB_ROW_VALUE);
        rollup->organization ^= organization;
    }
    --*counter;
    return 0;
}

int
bb_rollup_merge(struct bb_rollup *rollup, const struct bb_rollup *other)
{
    if (bb_rollup_is_empty(rollup)) {
        *rollup = *other;
        return 0;
    }
    if (bb_sum_merge(&rollup->value, &other->value) != 0 ||
        bb_sum_merge(&rollup->numerator, &other->numerator) != 0 ||
        bb_sum_merge(&rollup->denominator, &other->denominator) != 0)
        return -ERANGE;
    rollup->ok += other->ok;
    rollup->parts += other->parts;
    rollup->computed += other->computed;
    rollup->missing += other->missing;
    rollup->suppressed += other->suppressed;
    rollup->not_applicable += other->not_applicable;
    rollup->organization ^= other->organization;
    return 0;
}

int
bb_rollup_subtract(struct bb_rollup *rollup, const struct bb_rollup *other)
{
    if (rollup->ok < other->ok || rollup->parts < other->parts || rollup->computed < other->computed ||
        rollup->missing < other->missing || rollup->suppressed < other->suppressed ||
        rollup->not_applicable < other->not_applicable)
        return -ERANGE;
    if (bb_sum_unmerge(&rollup->value, &other->value) != 0 ||
        bb_sum_unmerge(&rollup->numerator, &other->numerator) != 0 ||
        bb_sum_unmerge(&rollup->denominator, &other->denominator) != 0)
        return -ERANGE;
    rollup->ok -= other->ok;
    rollup->parts -= other->parts;
    rollup->computed -= other->computed;
    rollup->missing -= other->missing;
    rollup->suppressed -= other->suppressed;
    rollup->not_applicable -= other->not_applicable;
    rollup->organization ^= other->organization;
    return 0;
}

bool
bb_rollup_is_empty(const struct bb_rollup *rollup)
{
    return rollup->ok == 0 && rollup->missing == 0 && rollup->suppressed == 0 && rollup->not_applicable == 0;
}

size_t
bb_rollup_pack(const struct bb_rollup *r, uint8_t out[static BB_ROLLUP_PACKED])
{
    const uint32_t counts[] = {r->ok,         r->parts,          r->computed,    r->missing,
                               r->suppressed, r->not_applicable, r->organization};
    size_t at = 0;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        at += bb_varint_put(out + at, counts[i]);
    at += bb_sum_pack(&r->value, out + at);
    at += bb_sum_pack(&r->numerator, out + at);
    at += bb_sum_pack(&r->denominator, out + at);
    return at;
}

int
bb_rollup_unpack(struct bb_bytes in, struct bb_rollup *ret_rollup)
{
    struct bb_rollup r;
    uint32_t *counts[] = {&r.ok,         &r.parts,          &r.computed,    &r.missing,
                          &r.suppressed, &r.not_applicable, &r.organization};
    struct bb_sum *sums[] = {&r.value, &r.numerator, &r.denominator};
    uint64_t v;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t used = bb_varint_get(in, &v);
        if (used == 0 || v > UINT32_MAX)
            return -EBADMSG;
        *counts[i] = (uint32_t)v;
        in = bb_bytes(in.data + used, in.len - used);
    }
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        size_t used = bb_sum_unpack(in, sums[i]);
        if (used == 0)
            return -EBADMSG;
        in = bb_bytes(in.data + used, in.len - used);
    }
    if (in.len)
        return -EBADMSG;
    *ret_rollup = r;
    return 0;
}
