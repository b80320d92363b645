#include "once.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct said {
    uint64_t row;
    size_t len;
    char texts[]; /* each ended by NUL, the key first */
};

static int
compare(const void *a, const void *b)
{
    return strcmp(((const struct said *)a)->texts, ((const struct said *)b)->texts);
}

static struct said *
new_said(const char *const *texts, size_t n, uint64_t row)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        len += (texts[i] ? strlen(texts[i]) : 0) + 1;
    struct said *said = calloc(1, sizeof *said + len);
    if (!said)
        return NULL;
    said->row = row;
    said->len = len;
    for (size_t i = 0; i < n; i++) {
        const char *text = texts[i] ? texts[i] : "";
        memcpy(said->texts + at, text, strlen(text) + 1);
        at += strlen(text) + 1;
    }
    return said;
}

int
bb_once_add(struct bb_once *once, const char *const *texts, size_t n, uint64_t row, uint64_t *ret_row)
{
    struct said *said = new_said(texts, n, row);
    struct said **found = said ? tsearch(said, &once->tree, compare) : NULL;
    if (!found) {
        free(said);
        return -ENOMEM;
    }
    *ret_row = (*found)->row;
    if (*found == said)
        return BB_ONCE_FIRST;
    bool same = (*found)->len == said->len && memcmp((*found)->texts, said->texts, said->len) == 0;
    free(said);
    return same ? BB_ONCE_AGAIN : BB_ONCE_OTHER;
}

int
bb_once_check(struct bb_once *once, const char *const *texts, size_t n, uint64_t row, char *reason,
              size_t size)
{
    uint64_t first;
    int r = bb_once_add(once, texts, n, row, &first);
    if (r != BB_ONCE_OTHER)
        return r < 0 ? r : 0;
    snprintf(reason, size,
             "found another row of '%.128s' than row %" PRIu64 ", expected one, or the same again",
             texts[0] ? texts[0] : "", first);
    return r;
}

void
bb_once_release(struct bb_once *once)
{
    tdestroy(once->tree, free);
    once->tree = NULL;
}
