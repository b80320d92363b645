#include "known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    enum bb_column what;
    char *text, *code;
};

struct bb_catalogue {
    struct entry *entry; /* sorted once all are there */
    size_t count, size;
    int error;
};

void
bb_catalogue_destroy(struct bb_catalogue **catalogue)
{
    struct bb_catalogue *c = *catalogue;

    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        free(c->entry[i].text);
        free(c->entry[i].code);
    }
    free(c->entry);
    free(c);
    *catalogue = NULL;
}

static void
add(struct bb_catalogue *c, enum bb_column what, const char *text, const char *code)
{
    if (!text || c->error)
        return;
    if (c->count == c->size) {
        size_t size = c->size ? 2 * c->size : 256;
        struct entry *grown = reallocarray(c->entry, size, sizeof *grown);
        if (!grown) {
            c->error = -ENOMEM;
            return;
        }
        c->entry = grown;
        c->size = size;
    }
    struct entry *entry = &c->entry[c->count++];
    *entry = (struct entry){what, strdup(text), strdup(code)};
    if (!entry->text || !entry->code)
        c->error = -ENOMEM;
}

static int
take_indicator(void *self, const struct bb_indicator *indicator)
{
    add(self, BB_COLUMN_INDICATOR, indicator->code, indicator->code);
    add(self, BB_COLUMN_INDICATOR, indicator->name, indicator->code);
    return 0;
}

static int
take_partner(void *self, const struct bb_partner *partner)
{
    add(self, BB_COLUMN_ORGANIZATION, partner->code, partner->code);
    add(self, BB_COLUMN_ORGANIZATION, partner->name, partner->code);
    for (size_t i = 0; i < partner->n_aliases; i++)
        add(self, BB_COLUMN_ORGANIZATION, partner->alias[i], partner->code);
    return 0;
}

static int
take_place(void *self, const struct bb_place *place)
{
    add(self, BB_COLUMN_PLACE, place->name, place->name);
    for (size_t i = 0; i < place->n_aliases; i++)
        add(self, BB_COLUMN_PLACE, place->alias[i], place->name);
    return 0;
}

static int
compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return x->what != y->what ? (x->what > y->what) - (x->what < y->what) : strcmp(x->text, y->text);
}

int
bb_catalogue_ask(struct bb_client *client, struct bb_catalogue **ret_catalogue)
{
    const struct bb_indicators_query all = {.code = NULL};
    struct bb_catalogue *c = calloc(1, sizeof *c);
    int r;

    if (!c)
        return -ENOMEM;
    r = bb_client_indicators(client, &all, take_indicator, NULL, c);
    if (r == BB_OK)
        r = bb_client_partners(client, NULL, take_partner, NULL, c);
    if (r == BB_OK)
        r = bb_client_places(client, take_place, NULL, c);
    if (r == BB_OK)
        r = c->error;
    if (r != BB_OK) {
        bb_catalogue_destroy(&c);
        return r;
    }
    if (c->count)
        qsort(c->entry, c->count, sizeof *c->entry, compare);
    *ret_catalogue = c;
    return BB_OK;
}

static const char *
find(void *self, enum bb_column what, struct bb_bytes text)
{
    const struct bb_catalogue *c = self;
    char copy[512];
    const struct entry key = {what, copy, NULL}, *found;

    if (text.len >= sizeof copy || c->count == 0)
        return NULL;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    found = bsearch(&key, c->entry, c->count, sizeof *c->entry, compare);
    return found ? found->code : NULL;
}

struct bb_known
bb_catalogue_known(struct bb_catalogue *catalogue)
{
    return (struct bb_known){find, catalogue};
}
