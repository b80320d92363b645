/* One piece of memory: the struct, the pointers in order, the texts. */
#include "codes.h"

#include <errno.h>
#include <stdlib.h>

struct bb_codes {
    size_t n;
    char *text[];
};

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Those that are next to their like go. */
static void
drop_repeated(struct bb_codes *codes)
{
    size_t n = codes->n > 0;

    for (size_t i = 1; i < codes->n; i++)
        if (strcmp(codes->text[i], codes->text[n - 1]) != 0)
            codes->text[n++] = codes->text[i];
    codes->n = n;
}

int
bb_codes_new(char *const *text, size_t n, struct bb_codes **ret_codes)
{
    size_t bytes = sizeof(struct bb_codes) + n * sizeof *text;
    struct bb_codes *codes;
    char *to;

    for (size_t i = 0; i < n; i++)
        bytes += strlen(text[i]) + 1;
    codes = n ? malloc(bytes) : NULL;
    if (n && !codes)
        return -ENOMEM;
    *ret_codes = codes;
    if (!codes)
        return 0;
    to = (char *)&codes->text[n];
    codes->n = n;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(text[i]) + 1;
        codes->text[i] = memcpy(to, text[i], len);
        to += len;
    }
    qsort(codes->text, n, sizeof *codes->text, compare);
    drop_repeated(codes);
    return 0;
}

void
bb_codes_destroy(struct bb_codes **codes)
{
    free(*codes);
    *codes = NULL;
}

bool
bb_codes_has(const struct bb_codes *codes, struct bb_bytes code)
{
    size_t low = 0, high = codes ? codes->n : 0;

    if (!codes)
        return true;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = bb_bytes_compare(code, bb_bytes_str(codes->text[middle]));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

size_t
bb_codes_count(const struct bb_codes *codes)
{
    return codes ? codes->n : 0;
}

const char *
bb_codes_at(const struct bb_codes *codes, size_t number)
{
    return codes->text[number];
}
