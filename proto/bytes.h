/* Bytes that somebody else owns: a pointer and a length.
 *
 * What a peer sends is bytes until it is validated; a `struct bb_bytes` never implies UTF-8, nor a NUL at its
 * end. It is passed by value and borrows: whoever hands one out says until when it is valid. */
#ifndef BB_BYTES_H
#define BB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bb_bytes {
    const uint8_t *data;
    size_t len;
};

static inline struct bb_bytes
bb_bytes(const void *data, size_t len)
{
    return (struct bb_bytes){.data = data, .len = len};
}

static inline struct bb_bytes
bb_bytes_str(const char *text)
{
    return bb_bytes(text, text ? strlen(text) : 0);
}

static inline bool
bb_bytes_equal(struct bb_bytes a, struct bb_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* The order of bytes, a prefix first: <0, 0, >0. */
static inline int
bb_bytes_compare(struct bb_bytes a, struct bb_bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.data, b.data, n) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Big-endian integers, the only byte order backbone uses on wires and disks. */
static inline void
bb_put_u32(uint8_t *to, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(to, &v, sizeof v);
}

static inline uint32_t
bb_get_u32(const uint8_t *from)
{
    uint32_t v;
    memcpy(&v, from, sizeof v);
    return __builtin_bswap32(v);
}

static inline void
bb_put_u64(uint8_t *to, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(to, &v, sizeof v);
}

static inline uint64_t
bb_get_u64(const uint8_t *from)
{
    uint64_t v;
    memcpy(&v, from, sizeof v);
    return __builtin_bswap64(v);
}

#endif
