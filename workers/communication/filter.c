#include "filter.h"

#include <errno.h>
#include <stdlib.h>

static int
by_name(const void *a, const void *b)
{
    return bb_bytes_compare(*(const struct bb_bytes *)a, *(const struct bb_bytes *)b);
}

/* In order, each once. Returns how many. */
static size_t
sort(struct bb_bytes *name, size_t n)
{
    size_t kept = 0;

    qsort(name, n, sizeof *name, by_name);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !bb_bytes_equal(name[kept - 1], name[i]))
            name[kept++] = name[i];
    return kept;
}

static int
build(const struct bb_bytes *name, size_t n, struct bb_filter **ret_filter)
{
    struct bb_filter *filter;
    struct bb_channel channel;
    size_t bytes = 0;
    char *to;

    for (size_t i = 0; i < n; i++)
        bytes += name[i].len + 1;
    filter = calloc(1, sizeof *filter + n * sizeof *filter->at + bytes);
    if (!filter)
        return -ENOMEM;
    filter->n = (uint16_t)n;
    filter->bytes = (uint32_t)bytes;
    to = (char *)(filter->at + n);
    for (size_t i = 0, at = 0; i < n; at += name[i++].len + 1) {
        if (bb_channel_parse_filter(name[i], &channel) != 0) {
            free(filter);
            return -EINVAL;
        }
        filter->kinds |= (uint8_t)(1u << channel.kind);
        if (channel.any || channel.kind == BB_CHANNEL_ALL)
            filter->patterns |= (uint8_t)(1u << channel.kind);
        filter->at[i] = (uint32_t)at;
        memcpy(to + at, name[i].data, name[i].len);
    }
    *ret_filter = filter;
    return 0;
}

int
bb_filter_new(const struct bb_bytes *name, size_t n, struct bb_filter **ret_filter)
{
    struct bb_bytes *sorted = malloc((n + 1) * sizeof *sorted);
    int r;

    if (!sorted)
        return -ENOMEM;
    if (n > 0)
        memcpy(sorted, name, n * sizeof *sorted);
    n = sort(sorted, n);
    r = n <= BB_LIMIT_FILTER ? build(sorted, n, ret_filter) : -E2BIG;
    free(sorted);
    return r;
}

int
bb_filter_unpack(struct bb_bytes names, struct bb_filter **ret_filter)
{
    struct bb_bytes name[BB_LIMIT_FILTER];
    size_t n = 0, at = 0;
    int r;

    for (; at < names.len && n < BB_LIMIT_FILTER; n++) {
        const uint8_t *end = memchr(names.data + at, 0, names.len - at);
        if (!end)
            return -EBADMSG;
        name[n] = bb_bytes(names.data + at, (size_t)(end - names.data) - at);
        at += name[n].len + 1;
    }
    if (at < names.len)
        return -EBADMSG;
    r = bb_filter_new(name, n, ret_filter);
    return r == -ENOMEM || r == 0 ? r : -EBADMSG;
}

bool
bb_filter_equal(const struct bb_filter *a, const struct bb_filter *b)
{
    return bb_bytes_equal(bb_filter_names(a), bb_filter_names(b));
}

bool
bb_filter_has(const struct bb_filter *filter, struct bb_bytes name)
{
    unsigned least = 0, most = filter->n;

    while (least < most) {
        unsigned middle = (least + most) / 2;
        int order = bb_bytes_compare(name, bb_bytes_str(bb_filter_name(filter, middle)));
        if (order == 0)
            return true;
        if (order < 0)
            most = middle;
        else
            least = middle + 1;
    }
    return false;
}
