/* An account stays in the ring until its turn finds it empty: taking a request out of the middle never
 * searches the ring. */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
bb_queue_release(struct bb_queue *queue)
{
    for (uint32_t i = 0; i < queue->n_accounts; i++)
        free(queue->accounts[i]);
    free(queue->accounts);
    *queue = (struct bb_queue){.accounts = NULL};
}

static struct bb_account *
account_of(struct bb_queue *queue, uint32_t number)
{
    if (number >= queue->n_accounts) {
        uint32_t n = number + 1 > 2 * queue->n_accounts ? number + 1 : 2 * queue->n_accounts;
        struct bb_account **accounts = realloc(queue->accounts, n * sizeof(struct bb_account *));
        if (!accounts)
            return NULL;
        memset(accounts + queue->n_accounts, 0, (n - queue->n_accounts) * sizeof *accounts);
        queue->accounts = accounts;
        queue->n_accounts = n;
    }
    if (!queue->accounts[number])
        queue->accounts[number] = calloc(1, sizeof(struct bb_account));
    return queue->accounts[number];
}

static void
ring_add(struct bb_queue *queue, struct bb_account *account)
{
    account->ring_next = NULL;
    account->in_ring = true;
    if (queue->last)
        queue->last->ring_next = account;
    else
        queue->turn = account;
    queue->last = account;
}

static struct bb_account *
ring_take(struct bb_queue *queue)
{
    struct bb_account *account = queue->turn;

    queue->turn = account->ring_next;
    if (!queue->turn)
        queue->last = NULL;
    account->in_ring = false;
    return account;
}

static int
keep_body(struct bb_request *request, struct bb_bytes body)
{
    if (body.len == 0)
        return 0;
    request->body = malloc(body.len);
    if (!request->body)
        return -ENOMEM;
    memcpy(request->body, body.data, body.len);
    request->body_len = (uint32_t)body.len;
    return 0;
}

int
bb_queue_push(struct bb_queue *queue, const struct bb_router_limits *limits, struct bb_request *request,
              struct bb_bytes body)
{
    struct bb_account *account = account_of(queue, request->conn->who.number);
    int r;

    if (!account)
        return -ENOMEM;
    if (queue->messages >= limits->lane_messages || queue->bytes + body.len > limits->lane_bytes)
        return BB_QUEUE_E_LANE;
    if (account->messages >= limits->organization_messages ||
        account->bytes + body.len > limits->organization_bytes)
        return BB_QUEUE_E_ORGANIZATION;
    r = keep_body(request, body);
    if (r < 0)
        return r;
    request->state = BB_REQUEST_QUEUED;
    request->next = NULL;
    request->prev = account->tail;
    if (account->tail)
        account->tail->next = request;
    else
        account->head = request;
    account->tail = request;
    account->messages++;
    account->bytes += body.len;
    queue->messages++;
    queue->bytes += body.len;
    if (!account->in_ring)
        ring_add(queue, account);
    return 0;
}

static void
take_out(struct bb_queue *queue, struct bb_account *account, struct bb_request *request)
{
    if (request->prev)
        request->prev->next = request->next;
    else
        account->head = request->next;
    if (request->next)
        request->next->prev = request->prev;
    else
        account->tail = request->prev;
    request->prev = request->next = NULL;
    account->messages--;
    account->bytes -= request->body_len;
    queue->messages--;
    queue->bytes -= request->body_len;
}

struct bb_request *
bb_queue_pop(struct bb_queue *queue)
{
    while (queue->turn) {
        struct bb_account *account = ring_take(queue);
        struct bb_request *request = account->head;

        if (!request)
            continue;
        take_out(queue, account, request);
        if (account->head)
            ring_add(queue, account);
        return request;
    }
    return NULL;
}

void
bb_queue_remove(struct bb_queue *queue, struct bb_request *request)
{
    take_out(queue, queue->accounts[request->conn->who.number], request);
}
