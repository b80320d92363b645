#include "request.h"

#include <errno.h>
#include <stdlib.h>

#define SLOT_BITS 20 /* a million open requests */
#define SLOT_MAX  ((size_t)1 << SLOT_BITS)
#define KEEP      ((size_t)64 << 10) /* a larger body is given back */

void
bb_request_table_init(struct bb_request_table *table)
{
    *table = (struct bb_request_table){0};
    TAILQ_INIT(&table->free);
}

void
bb_request_table_release(struct bb_request_table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        free(table->slot[i]->body);
        free(table->slot[i]);
    }
    free(table->slot);
    bb_request_table_init(table);
}

static int
add_slot(struct bb_request_table *table)
{
    struct bb_request *request;

    if (table->n == SLOT_MAX)
        return -ENOBUFS;
    if (table->n == table->size) {
        size_t size = table->size ? table->size * 2 : 4;
        struct bb_request **grown = realloc(table->slot, size * sizeof(struct bb_request *));
        if (!grown)
            return -ENOMEM;
        table->slot = grown;
        table->size = size;
    }
    request = calloc(1, sizeof *request);
    if (!request)
        return -ENOMEM;
    request->id = table->n;
    table->slot[table->n++] = request;
    TAILQ_INSERT_HEAD(&table->free, request, link);
    return 0;
}

int
bb_request_new(struct bb_request_table *table, size_t len, struct bb_request **ret_request)
{
    struct bb_request *request;

    if (TAILQ_EMPTY(&table->free)) {
        int r = add_slot(table);
        if (r < 0)
            return r;
    }
    request = TAILQ_FIRST(&table->free);
    if (len > request->size) {
        uint8_t *grown = realloc(request->body, len);
        if (!grown)
            return -ENOMEM;
        request->body = grown;
        request->size = len;
    }
    TAILQ_REMOVE(&table->free, request, link);
    *request = (struct bb_request){
        .id = request->id + SLOT_MAX, /* the next generation */
        .body = request->body,
        .len = len,
        .size = request->size,
        .state = BB_REQUEST_READY,
    };
    table->open++;
    *ret_request = request;
    return 0;
}

void
bb_request_free(struct bb_request_table *table, struct bb_request *request)
{
    if (request->size > KEEP) {
        free(request->body);
        request->body = NULL;
        request->size = 0;
    }
    request->state = BB_REQUEST_FREE;
    TAILQ_INSERT_HEAD(&table->free, request, link);
    table->open--;
}

struct bb_request *
bb_request_find(const struct bb_request_table *table, uint64_t id)
{
    size_t at = (size_t)(id & (SLOT_MAX - 1));
    struct bb_request *request = at < table->n ? table->slot[at] : NULL;

    return request && request->state != BB_REQUEST_FREE && request->id == id ? request : NULL;
}
