#include "suppress_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    struct bb_bytes text; /* "age=1" */
    uint32_t disaggregation;
    uint32_t at;
};

/* The dimension is what stands before the first '='. */
static struct bb_bytes
dimension_of(struct bb_bytes text)
{
    const uint8_t *equals = text.len ? memchr(text.data, '=', text.len) : NULL;

    return bb_bytes(text.data, equals ? (size_t)(equals - text.data) : 0);
}

/* By dimension, then by code: the pieces of one dimension stand together. */
static int
compare_pieces(const void *a_pointer, const void *b_pointer)
{
    const struct piece *a = a_pointer, *b = b_pointer;
    int order = bb_bytes_compare(dimension_of(a->text), dimension_of(b->text));

    return order ? order : bb_bytes_compare(a->text, b->text);
}

static int
split(struct bb_bytes text, uint32_t disaggregation, struct piece *piece, uint32_t *ret_n)
{
    uint32_t n = 0;

    for (size_t from = 0, at = 0; text.len && at <= text.len; at++) {
        if (at < text.len && text.data[at] != ';')
            continue;
        if (n == BB_DISAGGREGATION_PARTS)
            return -EINVAL;
        piece[n] = (struct piece){bb_bytes(text.data + from, at - from), disaggregation, n};
        if (dimension_of(piece[n++].text).len == 0)
            return -EINVAL;
        from = at + 1;
    }
    *ret_n = n;
    return 0;
}

/* At most how many there are. */
static size_t
count_pieces(const struct bb_suppress_table *table)
{
    size_t n = 0;

    for (size_t i = 0; i < table->n_disaggregations; i++) {
        const struct bb_bytes text = table->disaggregation[i].text;
        n += text.len > 0;
        for (size_t at = 0; at < text.len; at++)
            n += text.data[at] == ';';
    }
    return n;
}

static int
number(struct piece *piece, uint32_t n, struct bb_parts *parts)
{
    uint32_t dimension = 0, part = 0;

    qsort(piece, n, sizeof *piece, compare_pieces);
    for (uint32_t i = 0; i < n; i++) {
        struct bb_parts *to = &parts[piece[i].disaggregation];
        if (i > 0 && !bb_bytes_equal(dimension_of(piece[i - 1].text), dimension_of(piece[i].text)))
            dimension++;
        if (i == 0 || !bb_bytes_equal(piece[i - 1].text, piece[i].text))
            part++;
        if (dimension == BB_PARTS_DIMENSIONS)
            return -EDQUOT;
        to->dimension[piece[i].at] = (uint8_t)dimension;
        to->part[piece[i].at] = part;
        to->dimensions |= UINT64_C(1) << dimension;
    }
    return 0;
}

int
bb_parts_read(const struct bb_suppress_table *table, struct bb_arena *arena, struct bb_parts **ret_parts)
{
    size_t n = table->n_disaggregations;
    struct bb_parts *parts = bb_arena_alloc(arena, (n + 1) * sizeof *parts);
    struct piece *piece = bb_arena_alloc(arena, (count_pieces(table) + 1) * sizeof *piece);
    uint32_t n_pieces = 0;
    int r;

    if (!parts || !piece)
        return -EDQUOT;
    memset(parts, 0, (n + 1) * sizeof *parts);
    for (uint32_t i = 0; i < n; i++) {
        r = split(table->disaggregation[i].text, i, piece + n_pieces, &parts[i].n);
        if (r != 0)
            return r;
        n_pieces += parts[i].n;
    }
    r = number(piece, n_pieces, parts);
    if (r == 0)
        *ret_parts = parts;
    return r;
}

void
bb_parts_margin(const struct bb_parts *parts, uint64_t dimensions,
                uint32_t ret_part[static BB_DISAGGREGATION_PARTS])
{
    uint32_t n = 0;

    memset(ret_part, 0, BB_DISAGGREGATION_PARTS * sizeof *ret_part);
    for (uint32_t i = 0; i < parts->n; i++)
        if (dimensions >> parts->dimension[i] & 1)
            ret_part[n++] = parts->part[i];
}
