/* Slabs of SLAB requests; slot n is slabs[n / SLAB][n % SLAB]. Buckets chain by (connection, id). The heap is
 * a binary one of pointers with each request knowing its place; deadlines mostly come in order, so adding is
 * mostly appending. Heap and buckets grow with the slabs, so opening a request fails in one place only. */
#include "request.h"

#include <errno.h>
#include <stdlib.h>

#define SLAB 256u

void
bb_requests_init(struct bb_requests *table)
{
    *table = (struct bb_requests){.free = NULL};
}

void
bb_requests_release(struct bb_requests *table)
{
    for (uint32_t i = 0; i < table->n_slabs; i++) {
        for (uint32_t k = 0; k < SLAB; k++)
            free(table->slabs[i][k].body);
        free(table->slabs[i]);
    }
    free(table->slabs);
    free(table->buckets);
    free(table->heap);
    bb_requests_init(table);
}

static uint32_t
bucket_of(uint32_t n_buckets, const struct bb_conn *conn, uint64_t id)
{
    uint64_t h = ((uint64_t)(uintptr_t)conn >> 4) * 0x9E3779B97F4A7C15u + id;

    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
    return (uint32_t)h & (n_buckets - 1);
}

static void
rehash(struct bb_requests *table, struct bb_request **buckets, uint32_t n_buckets)
{
    for (uint32_t i = 0; i < table->n_buckets; i++) {
        struct bb_request *request = table->buckets[i];

        while (request) {
            struct bb_request *next = request->hash_next;
            uint32_t b = bucket_of(n_buckets, request->conn, request->id);
            request->hash_next = buckets[b];
            buckets[b] = request;
            request = next;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->n_buckets = n_buckets;
}

static void
add_slab(struct bb_requests *table, struct bb_request *slab)
{
    for (uint32_t k = SLAB; k-- > 0;) {
        slab[k].slot = table->n_slabs * SLAB + k;
        slab[k].hash_next = table->free;
        table->free = &slab[k];
    }
    table->slabs[table->n_slabs++] = slab;
}

static int
grow(struct bb_requests *table)
{
    uint32_t slots = (table->n_slabs + 1) * SLAB;
    struct bb_request **slabs, **heap, **buckets = NULL, *slab;

    slabs = realloc(table->slabs, (table->n_slabs + 1) * sizeof(struct bb_request *));
    if (!slabs)
        return -ENOMEM;
    table->slabs = slabs;
    heap = realloc(table->heap, slots * sizeof(struct bb_request *));
    if (!heap)
        return -ENOMEM;
    table->heap = heap;
    if (slots > table->n_buckets) {
        uint32_t n = table->n_buckets ? table->n_buckets * 2 : SLAB;
        buckets = calloc(n, sizeof(struct bb_request *));
        if (!buckets)
            return -ENOMEM;
        rehash(table, buckets, n);
    }
    slab = calloc(SLAB, sizeof *slab);
    if (!slab)
        return -ENOMEM;
    add_slab(table, slab);
    return 0;
}

static void
heap_put(struct bb_requests *table, uint32_t at, struct bb_request *request)
{
    table->heap[at] = request;
    request->heap_at = at;
}

static void
heap_up(struct bb_requests *table, uint32_t at, struct bb_request *request)
{
    while (at > 0) {
        struct bb_request *parent = table->heap[(at - 1) / 2];
        if (parent->deadline <= request->deadline)
            break;
        heap_put(table, at, parent);
        at = (at - 1) / 2;
    }
    heap_put(table, at, request);
}

static void
heap_down(struct bb_requests *table, uint32_t at, struct bb_request *request, uint32_t n)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= n)
            break;
        if (child + 1 < n && table->heap[child + 1]->deadline < table->heap[child]->deadline)
            child++;
        if (table->heap[child]->deadline >= request->deadline)
            break;
        heap_put(table, at, table->heap[child]);
        at = child;
    }
    heap_put(table, at, request);
}

static void
heap_remove(struct bb_requests *table, struct bb_request *request)
{
    uint32_t n = table->open - 1, at = request->heap_at;
    struct bb_request *last = table->heap[n];

    if (last == request)
        return;
    if (last->deadline < request->deadline)
        heap_up(table, at, last);
    else
        heap_down(table, at, last, n);
}

static void
link_conn(struct bb_request *request, struct bb_conn *conn)
{
    request->conn = conn;
    request->conn_prev = NULL;
    request->conn_next = conn->open;
    if (conn->open)
        conn->open->conn_prev = request;
    conn->open = request;
    conn->outstanding++;
}

static void
unlink_conn(struct bb_request *request)
{
    struct bb_conn *conn = request->conn;

    if (request->conn_prev)
        request->conn_prev->conn_next = request->conn_next;
    else
        conn->open = request->conn_next;
    if (request->conn_next)
        request->conn_next->conn_prev = request->conn_prev;
    conn->outstanding--;
}

int
bb_requests_open(struct bb_requests *table, struct bb_conn *conn, uint64_t id, bb_mono deadline,
                 struct bb_request **ret_request)
{
    struct bb_request *request, **bucket;

    if (!table->free) {
        int r = grow(table);
        if (r < 0)
            return r;
    }
    request = table->free;
    table->free = request->hash_next;
    *request =
        (struct bb_request){.slot = request->slot, .uses = request->uses + 1, .id = id, .deadline = deadline};
    link_conn(request, conn);
    bucket = &table->buckets[bucket_of(table->n_buckets, conn, id)];
    request->hash_next = *bucket;
    *bucket = request;
    heap_up(table, table->open++, request);
    *ret_request = request;
    return 0;
}

void
bb_requests_close(struct bb_requests *table, struct bb_request *request)
{
    struct bb_request **at = &table->buckets[bucket_of(table->n_buckets, request->conn, request->id)];

    while (*at != request)
        at = &(*at)->hash_next;
    *at = request->hash_next;
    heap_remove(table, request);
    table->open--;
    unlink_conn(request);
    free(request->body);
    request->body = NULL;
    request->state = BB_REQUEST_FREE;
    request->hash_next = table->free;
    table->free = request;
}

struct bb_request *
bb_requests_by_id(const struct bb_requests *table, const struct bb_conn *conn, uint64_t id)
{
    struct bb_request *request;

    if (table->n_buckets == 0 || conn->outstanding == 0)
        return NULL;
    request = table->buckets[bucket_of(table->n_buckets, conn, id)];
    while (request && (request->conn != conn || request->id != id))
        request = request->hash_next;
    return request;
}

struct bb_request *
bb_requests_by_tag(const struct bb_requests *table, uint64_t tag)
{
    uint32_t slot = (uint32_t)tag;
    struct bb_request *request;

    if (slot / SLAB >= table->n_slabs)
        return NULL;
    request = &table->slabs[slot / SLAB][slot % SLAB];
    return request->state != BB_REQUEST_FREE && bb_request_tag(request) == tag ? request : NULL;
}

struct bb_request *
bb_requests_first(const struct bb_requests *table)
{
    return table->open ? table->heap[0] : NULL;
}
