#include "order.h"

#include <stdlib.h>

struct bb_sortable
bb_sortable(struct bb_bytes key, uint32_t number)
{
    uint8_t padded[16] = {0};

    memcpy(padded, key.data, key.len < 16 ? key.len : 16);
    return (struct bb_sortable){
        .high = bb_get_u64(padded),
        .low = bb_get_u64(padded + 8),
        .key = key.data,
        .number = number,
        .len = (uint8_t)key.len,
    };
}

static unsigned
byte_of(const struct bb_sortable *item, int byte) /* 0 is the least significant of 16 */
{
    return (unsigned)((byte < 8 ? item->low >> (8 * byte) : item->high >> (8 * (byte - 8))) & 0xFF);
}

/* One stable pass; false when all items have the same byte there, and nothing was moved. */
static bool
pass(const struct bb_sortable *from, struct bb_sortable *to, size_t n, int byte)
{
    size_t start[256] = {0}, sum = 0;

    for (size_t i = 0; i < n; i++)
        start[byte_of(&from[i], byte)]++;
    if (start[byte_of(&from[0], byte)] == n)
        return false;
    for (size_t i = 0; i < 256; i++) {
        size_t count = start[i];
        start[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[start[byte_of(&from[i], byte)]++] = from[i];
    return true;
}

static int
compare_rest(const void *a_pointer, const void *b_pointer)
{
    const struct bb_sortable *a = a_pointer, *b = b_pointer;
    size_t n = a->len < b->len ? a->len : b->len;
    int c = memcmp(a->key, b->key, n);

    if (c == 0)
        c = a->len - b->len;
    return c ? c : (a->number > b->number) - (a->number < b->number);
}

static int
compare(const struct bb_sortable *a, const struct bb_sortable *b)
{
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return compare_rest(a, b);
}

static bool
in_order(const struct bb_sortable *items, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (compare(&items[i - 1], &items[i]) > 0)
            return false;
    return true;
}

static void
sort_ties(struct bb_sortable *items, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        bool differ = items[i].len > 16; /* beyond what was sorted, or in the zeros that were put behind */
        for (end = i + 1; end < n && items[end].high == items[i].high && items[end].low == items[i].low;
             end++)
            differ = differ || items[end].len > 16 || items[end].len != items[i].len;
        if (differ && !in_order(items + i, end - i))
            qsort(items + i, end - i, sizeof *items, compare_rest);
    }
}

void
bb_order(struct bb_sortable *items, struct bb_sortable *scratch, size_t n)
{
    struct bb_sortable *from = items, *to = scratch;

    if (n < 2 || in_order(items, n))
        return;
    for (int byte = 0; byte < 16; byte++)
        if (pass(from, to, n, byte)) {
            struct bb_sortable *swap = from;
            from = to;
            to = swap;
        }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
    sort_ties(items, n);
}
