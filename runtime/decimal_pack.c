/* The form is drawn in decimal.h. Packing a sum needs the largest power of ten that divides it. Its binary
 * zeros bound the exponent, mostly to within one or two, so exponents are tried from there downwards: the
 * power of two is a shift, and the division by 5^k is exact or refused, by multiplying with the inverse of
 * 5^k modulo 2^64 (Jebelean, An algorithm for exact division, 1993), which is far cheaper than dividing. */
#include "decimal.h"

#include "wide.h"

#define CODE_WIDE     200 /* + scale */
#define CODE_INTEGER  225 /* + n */
#define INTEGER_END   31
#define SMALL_BYTES   8
#define DECIMAL_BYTES 15 /* of a zigzag mantissa below 2 * 10^34 */
#define SUM_BYTES     32

/* An unsigned number of 256 bits, least significant word first. */
struct words {
    uint64_t word[4];
};

/* --- the form: a scale and a zigzag mantissa --- */

static bool
is_integer_code(unsigned scale, uint64_t zigzag)
{
    return scale == 0 && zigzag % 2 == 0 && zigzag / 2 < INTEGER_END;
}

static unsigned
bytes_of(uint64_t word)
{
    return word ? (71 - (unsigned)__builtin_clzll(word)) / 8 : 0;
}

/* `out` has room for 9 bytes. */
static size_t
put_small(unsigned scale, uint64_t zigzag, uint8_t *out)
{
    unsigned width = zigzag ? bytes_of(zigzag) : 1;

    if (is_integer_code(scale, zigzag)) {
        out[0] = (uint8_t)(CODE_INTEGER + zigzag / 2);
        return 1;
    }
    out[0] = (uint8_t)(scale * 8 + width - 1);
    memcpy(out + 1, &zigzag, sizeof zigzag); /* what is beyond the width is not part of the result */
    return 1 + width;
}

static size_t
put(unsigned scale, const struct words *zigzag, uint8_t *out)
{
    unsigned top = 3, width;

    while (top > 0 && zigzag->word[top] == 0)
        top--;
    if (top == 0)
        return put_small(scale, zigzag->word[0], out);
    width = top * 8 + bytes_of(zigzag->word[top]);
    out[0] = (uint8_t)(CODE_WIDE + scale);
    out[1] = (uint8_t)width;
    memcpy(out + 2, zigzag->word, width);
    return 2 + width;
}

/* Bytes read, or 0. */
static size_t
get_wide(struct bb_bytes in, unsigned most, struct words *zigzag)
{
    unsigned width = in.len > 1 ? in.data[1] : 0;

    if (width <= SMALL_BYTES || width > most || in.len < 2 + (size_t)width || in.data[1 + width] == 0)
        return 0;
    *zigzag = (struct words){{0}};
    memcpy(zigzag->word, in.data + 2, width);
    return 2 + width;
}

/* As get_wide(), of the short form. */
static size_t
get_small(struct bb_bytes in, unsigned scale, unsigned width, uint64_t *ret_zigzag)
{
    uint64_t zigzag = 0;

    if (in.len < 1 + (size_t)width)
        return 0;
    if (in.len >= 1 + sizeof zigzag) {
        memcpy(&zigzag, in.data + 1, sizeof zigzag);
        zigzag &= UINT64_MAX >> (64 - 8 * width);
    } else {
        for (unsigned i = width; i > 0; i--)
            zigzag = zigzag << 8 | in.data[i];
    }
    if ((width > 1 && zigzag >> (8 * width - 8) == 0) || is_integer_code(scale, zigzag))
        return 0;
    *ret_zigzag = zigzag;
    return 1 + width;
}

/* Read one packed number. `most`: bytes of the widest mantissa. */
static inline size_t
get(struct bb_bytes in, unsigned most, unsigned *ret_scale, struct words *zigzag)
{
    unsigned code;

    if (in.len == 0)
        return 0;
    code = in.data[0];
    if (code >= CODE_INTEGER) {
        *ret_scale = 0;
        *zigzag = (struct words){{(uint64_t)(code - CODE_INTEGER) * 2}};
        return 1;
    }
    if (code >= CODE_WIDE) {
        *ret_scale = code - CODE_WIDE;
        return get_wide(in, most, zigzag);
    }
    *ret_scale = code / 8;
    *zigzag = (struct words){{0}};
    return get_small(in, code / 8, code % 8 + 1, &zigzag->word[0]);
}

/* --- decimals --- */

size_t
bb_decimal_pack(struct bb_decimal d, uint8_t out[static BB_DECIMAL_PACKED])
{
    bb_u128 zigzag = (bb_u128)d.mantissa << 1 ^ (bb_u128)(d.mantissa >> 127);

    if (zigzag == (uint64_t)zigzag)
        return put_small(d.scale, (uint64_t)zigzag, out);
    return put(d.scale, &(struct words){{(uint64_t)zigzag, (uint64_t)(zigzag >> 64)}}, out);
}

size_t
bb_decimal_unpack(struct bb_bytes in, struct bb_decimal *ret_decimal)
{
    struct words z;
    unsigned scale;
    bb_u128 zigzag;
    size_t n = get(in, DECIMAL_BYTES, &scale, &z);

    if (n == 0)
        return 0;
    zigzag = (bb_u128)z.word[1] << 64 | z.word[0];
    if (z.word[1] && zigzag / 2 + (zigzag & 1) >= bb_pow10(BB_DECIMAL_DIGITS))
        return 0;
    ret_decimal->mantissa = (__int128)(zigzag >> 1) ^ -(__int128)(zigzag & 1);
    ret_decimal->scale = (uint8_t)scale;
    return n;
}

/* --- sums --- */

/* The inverses of 5^0 to 5^24 modulo 2^64. */
static const uint64_t inverse_of_5[BB_DECIMAL_SCALE + 1] = {
    UINT64_C(0x0000000000000001), UINT64_C(0xcccccccccccccccd), UINT64_C(0x8f5c28f5c28f5c29),
    UINT64_C(0x1cac083126e978d5), UINT64_C(0xd288ce703afb7e91), UINT64_C(0x5d4e8fb00bcbe61d),
    UINT64_C(0x790fb65668c26139), UINT64_C(0xe5032477ae8d46a5), UINT64_C(0xc767074b22e90e21),
    UINT64_C(0x8e47ce423a2e9c6d), UINT64_C(0x4fa7f60d3ed61f49), UINT64_C(0x0fee64690c913975),
    UINT64_C(0x3662e0e1cf503eb1), UINT64_C(0xa47a2cf9f6433fbd), UINT64_C(0x54186f653140a659),
    UINT64_C(0x7738164770402145), UINT64_C(0xe4a4d1417cd9a041), UINT64_C(0xc75429d9e5c5200d),
    UINT64_C(0xc1773b91fac10669), UINT64_C(0x26b172506559ce15), UINT64_C(0xd489e3a9addec2d1),
    UINT64_C(0x90e860bb892c8d5d), UINT64_C(0x502e79bf1b6f4f79), UINT64_C(0xdcd618596be30fe5),
    UINT64_C(0x2c2ad1ab7bfa3661),
};

static struct words
negated(struct words w)
{
    uint64_t carry = 1;

    for (unsigned i = 0; i < 4; i++) {
        w.word[i] = ~w.word[i] + carry;
        carry = w.word[i] < carry;
    }
    return w;
}

/* Below 2^63. */
static bool
is_small(const struct words *m)
{
    return (m->word[3] | m->word[2] | m->word[1] | m->word[0] >> 63) == 0;
}

static unsigned
words_in_use(const struct words *m)
{
    return m->word[3] ? 4 : m->word[2] ? 3 : m->word[1] ? 2 : 1;
}

static unsigned
trailing_zeros(const struct words *m)
{
    unsigned i = 0;

    while (i < 3 && m->word[i] == 0)
        i++;
    return m->word[i] ? i * 64 + (unsigned)__builtin_ctzll(m->word[i]) : 256;
}

/* m >> bits, bits below 64. */
static struct words
shift_right(const struct words *m, unsigned bits)
{
    struct words r = *m;

    if (bits == 0)
        return r;
    for (unsigned i = 0; i < 3; i++)
        r.word[i] = m->word[i] >> bits | m->word[i + 1] << (64 - bits);
    r.word[3] = m->word[3] >> bits;
    return r;
}

/* m / 10^k when that is exact. */
static bool
divide_exactly(const struct words *m, unsigned k, struct words *ret_quotient)
{
    uint64_t five = (uint64_t)(bb_pow10(k) >> k), borrow = 0;
    struct words q = shift_right(m, k);
    unsigned n = words_in_use(&q);

    for (unsigned i = 0; i < n; i++) {
        uint64_t less = q.word[i] - borrow, below = q.word[i] < borrow;
        q.word[i] = less * inverse_of_5[k];
        borrow = (uint64_t)((bb_u128)q.word[i] * five >> 64) + below;
    }
    if (borrow != 0)
        return false;
    *ret_quotient = q;
    return true;
}

/* 2 * m, less one when negative. |sum| is at most 2^255, and that only when it is negative. */
static struct words
zigzag_of(const struct words *m, bool negative)
{
    struct words z;
    uint64_t borrow = negative, below = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint64_t doubled = m->word[i] << 1 | below;
        below = m->word[i] >> 63;
        z.word[i] = doubled - borrow;
        borrow = doubled < borrow;
    }
    return z;
}

/* |sum| without the zeros at its end. Returns how many they were. */
static unsigned
strip(const struct bb_sum *sum, bool negative, struct words *ret_quotient)
{
    struct words m = {{sum->word[0], sum->word[1], sum->word[2], sum->word[3]}};
    unsigned k;

    if (negative)
        m = negated(m);
    k = trailing_zeros(&m);
    if (k > BB_DECIMAL_SCALE)
        k = BB_DECIMAL_SCALE;
    while (!divide_exactly(&m, k, ret_quotient)) /* by 10^0 it is */
        k--;
    return k;
}

size_t
bb_sum_pack(const struct bb_sum *sum, uint8_t out[static BB_SUM_PACKED])
{
    bool negative = sum->word[3] >> 63;
    struct words quotient, zigzag;
    unsigned k = strip(sum, negative, &quotient);

    if (is_small(&quotient))
        return put_small(BB_DECIMAL_SCALE - k, quotient.word[0] * 2 - negative, out);
    zigzag = zigzag_of(&quotient, negative);
    return put(BB_DECIMAL_SCALE - k, &zigzag, out);
}

bool
bb_sum_is_small(const struct bb_sum *sum, struct bb_decimal *ret_decimal)
{
    bool negative = sum->word[3] >> 63;
    struct words quotient;
    unsigned k = strip(sum, negative, &quotient);

    if (!is_small(&quotient))
        return false;
    ret_decimal->mantissa = negative ? -(__int128)quotient.word[0] : (__int128)quotient.word[0];
    ret_decimal->scale = (uint8_t)(BB_DECIMAL_SCALE - k);
    return true;
}

/* m * 10^exponent, exponent at most 24. False: it needs more than 256 bits. */
static bool
multiply(const struct words *m, unsigned exponent, struct words *ret_product)
{
    bb_u128 ten = bb_pow10(exponent);
    uint64_t low = (uint64_t)ten, high = (uint64_t)(ten >> 64), word[6] = {0};
    unsigned n = words_in_use(m);

    for (unsigned i = 0; i < n; i++) {
        bb_u128 p = (bb_u128)m->word[i] * low + word[i];
        word[i] = (uint64_t)p;
        p = (bb_u128)m->word[i] * high + word[i + 1] + (uint64_t)(p >> 64);
        word[i + 1] = (uint64_t)p;
        word[i + 2] = (uint64_t)(p >> 64);
    }
    memcpy(ret_product->word, word, sizeof ret_product->word);
    return (word[4] | word[5]) == 0;
}

/* The mantissa of a packed sum: z / 2, or (z + 1) / 2 of a negative one. */
static struct words
mantissa_of(const struct words *z, bool negative)
{
    struct words m = shift_right(z, 1);

    for (unsigned i = 0; negative && i < 4 && ++m.word[i] == 0; i++)
        ;
    return m;
}

static bool
ends_in_zero(const struct words *m)
{
    struct words quotient;

    return (m->word[0] & 1) == 0 && divide_exactly(m, 1, &quotient);
}

/* A mantissa of more than 63 bits. False: not canonical, or too large. */
static bool
unpack_wide(const struct words *zigzag, unsigned scale, struct bb_sum *ret_sum)
{
    bool negative = zigzag->word[0] & 1;
    struct words m = mantissa_of(zigzag, negative);

    if ((scale > 0 && ends_in_zero(&m)) || !multiply(&m, BB_DECIMAL_SCALE - scale, &m))
        return false;
    if (negative)
        m = negated(m);
    if (m.word[3] >> 63 != negative)
        return false;
    memcpy(ret_sum->word, m.word, sizeof ret_sum->word);
    return true;
}

size_t
bb_sum_unpack(struct bb_bytes in, struct bb_sum *ret_sum)
{
    struct words z;
    int64_t mantissa;
    unsigned scale;
    size_t n = get(in, SUM_BYTES, &scale, &z);

    if (n == 0)
        return 0;
    if (z.word[1] | z.word[2] | z.word[3])
        return unpack_wide(&z, scale, ret_sum) ? n : 0;
    mantissa = (int64_t)(z.word[0] >> 1) ^ -(int64_t)(z.word[0] & 1);
    if (scale > 0 && mantissa % 10 == 0)
        return 0;
    *ret_sum = bb_sum_of((struct bb_decimal){.mantissa = mantissa, .scale = (uint8_t)scale});
    return n;
}
