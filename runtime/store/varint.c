#include "varint.h"

#define ONE   BB_VARINT_ONE
#define TWO   2287u
#define THREE 67823u

size_t
bb_varint_put(uint8_t out[static BB_VARINT_MAX], uint64_t v)
{
    if (v <= ONE) {
        out[0] = (uint8_t)v;
        return 1;
    }
    if (v <= TWO) {
        v -= ONE;
        out[0] = (uint8_t)(241 + (v >> 8));
        out[1] = (uint8_t)v;
        return 2;
    }
    if (v <= THREE) {
        v -= TWO + 1;
        out[0] = 249;
        out[1] = (uint8_t)(v >> 8);
        out[2] = (uint8_t)v;
        return 3;
    }
    size_t n = (size_t)(71 - __builtin_clzll(v)) / 8; /* bytes that the number takes: 3 to 8 */
    out[0] = (uint8_t)(247 + n);
    for (size_t i = n; i > 0; i--, v >>= 8)
        out[i] = (uint8_t)v;
    return n + 1;
}

size_t
bb_varint_get(struct bb_bytes in, uint64_t *ret_v)
{
    uint64_t v = 0;
    size_t n;

    if (in.len == 0)
        return 0;
    if (in.data[0] <= ONE) {
        *ret_v = in.data[0];
        return 1;
    }
    n = in.data[0] <= 248 ? 2 : in.data[0] == 249 ? 3 : (size_t)in.data[0] - 246;
    if (in.len < n)
        return 0;
    if (n == 2)
        v = ONE + ((uint64_t)(in.data[0] - 241) << 8) + in.data[1];
    else if (in.data[0] == 249)
        v = TWO + 1 + ((uint64_t)in.data[1] << 8) + in.data[2];
    else
        for (size_t i = 1; i < n; i++)
            v = v << 8 | in.data[i];
    *ret_v = v;
    return n;
}
