/* Sessions live in slabs that never move and are used again; a number is how often its slot was used, and the
 * slot, so it never comes twice and is found without a search. It is short as a varint: 4 bytes until a slot
 * was used 16 times.
 *
 * A session that was gone before the worker was told of it is taken out of the queue by leaving it there as a
 * husk: the queue is walked from its head only, and a husk is freed when it comes out. So opening and closing
 * in a loop leaves at most as many husks as the rate lets through. */
#include "sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLAB      256u
#define SLOT_BITS 24u
#define SLOTS     (1u << SLOT_BITS)
#define TOKEN     1000 /* a session: buckets count thousandths, so that a millisecond is a whole number */

/* An organization's. */
struct account {
    uint32_t open;
    bool known;
    int64_t tokens;
    bb_mono at; /* when they were counted */
};

struct bb_sessions {
    struct bb_sessions_limits limits;
    struct bb_subscription **slabs;
    uint32_t n_slabs;
    struct bb_subscription *free;
    struct bb_subscription *head, *tail; /* the queue */
    struct account *accounts;            /* by number of the organization */
    uint32_t n_accounts;
    size_t waiting_bytes;
    uint8_t *spent; /* the last subscription that was handed out */
    uint32_t open;
};

int
bb_sessions_new(const struct bb_sessions_limits *limits, struct bb_sessions **ret_sessions)
{
    struct bb_sessions *s = calloc(1, sizeof *s);

    if (!s)
        return -ENOMEM;
    s->limits = *limits;
    *ret_sessions = s;
    return 0;
}

void
bb_sessions_destroy(struct bb_sessions **sessions)
{
    struct bb_sessions *s = *sessions;

    if (!s)
        return;
    for (uint32_t i = 0; i < s->n_slabs; i++) {
        for (uint32_t k = 0; k < SLAB; k++)
            free(s->slabs[i][k].subscribe);
        free(s->slabs[i]);
    }
    free(s->slabs);
    free(s->accounts);
    free(s->spent);
    free(s);
    *sessions = NULL;
}

/* Slots. */

static int
add_slab(struct bb_sessions *s)
{
    struct bb_subscription **slabs, *slab;

    if (s->n_slabs == SLOTS / SLAB)
        return -ENOMEM;
    slabs = realloc(s->slabs, (s->n_slabs + 1) * sizeof(struct bb_subscription *));
    if (!slabs)
        return -ENOMEM;
    s->slabs = slabs;
    slab = calloc(SLAB, sizeof *slab);
    if (!slab)
        return -ENOMEM;
    for (uint32_t k = SLAB; k-- > 0;) {
        slab[k].slot = s->n_slabs * SLAB + k;
        slab[k].queue_next = s->free;
        s->free = &slab[k];
    }
    s->slabs[s->n_slabs++] = slab;
    return 0;
}

static void
forget_subscribe(struct bb_sessions *s, struct bb_subscription *one)
{
    s->waiting_bytes -= one->subscribe_len;
    free(one->subscribe);
    one->subscribe = NULL;
    one->subscribe_len = 0;
}

static void
free_slot(struct bb_sessions *s, struct bb_subscription *one)
{
    forget_subscribe(s, one);
    one->session = 0;
    one->queue_next = s->free;
    s->free = one;
}

struct bb_subscription *
bb_sessions_find(const struct bb_sessions *s, uint64_t session)
{
    uint32_t slot = (uint32_t)session & (SLOTS - 1);
    struct bb_subscription *one;

    if (slot / SLAB >= s->n_slabs)
        return NULL;
    one = &s->slabs[slot / SLAB][slot % SLAB];
    return one->session == session && session && one->listener ? one : NULL;
}

/* The queue of those of whom there is something to tell. */

static void
enqueue(struct bb_sessions *s, struct bb_subscription *one)
{
    if (one->queued)
        return;
    one->queued = true;
    one->queue_next = NULL;
    if (s->tail)
        s->tail->queue_next = one;
    else
        s->head = one;
    s->tail = one;
}

static struct bb_subscription *
dequeue(struct bb_sessions *s)
{
    struct bb_subscription *one = s->head;

    s->head = one->queue_next;
    if (!s->head)
        s->tail = NULL;
    one->queued = false;
    return one;
}

/* The connection's list. */

static void
attach(struct bb_sessions *s, struct bb_subscription *one, struct bb_listener *listener)
{
    one->listener = listener;
    one->prev = NULL;
    one->next = listener->first;
    if (listener->first)
        listener->first->prev = one;
    listener->first = one;
    listener->count++;
    s->accounts[one->organization].open++;
    s->open++;
}

static void
detach(struct bb_sessions *s, struct bb_subscription *one)
{
    struct bb_listener *listener = one->listener;

    if (one->prev)
        one->prev->next = one->next;
    else
        listener->first = one->next;
    if (one->next)
        one->next->prev = one->prev;
    listener->count--;
    one->listener = NULL;
    s->accounts[one->organization].open--;
    s->open--;
}

static struct bb_subscription *
by_subscription(const struct bb_listener *listener, uint64_t subscription)
{
    struct bb_subscription *one = listener->first;

    while (one && one->subscription != subscription)
        one = one->next;
    return one;
}

/* Limits. */

/* NULL: no memory. */
static struct account *
account_of(struct bb_sessions *s, bb_mono now, uint32_t organization)
{
    const int64_t most = (int64_t)s->limits.burst * TOKEN;
    struct account *account;

    if (organization >= s->n_accounts) {
        uint32_t n = organization + 1 > 2 * s->n_accounts ? organization + 1 : 2 * s->n_accounts;
        struct account *accounts = realloc(s->accounts, n * sizeof *accounts);

        if (!accounts)
            return NULL;
        memset(accounts + s->n_accounts, 0, (n - s->n_accounts) * sizeof *accounts);
        s->accounts = accounts;
        s->n_accounts = n;
    }
    account = &s->accounts[organization];
    if (!account->known)
        *account = (struct account){.known = true, .tokens = most, .at = now};
    account->tokens += (int64_t)(now - account->at) * s->limits.per_second;
    if (account->tokens > most)
        account->tokens = most;
    account->at = now;
    return account;
}

int
bb_sessions_judge(struct bb_sessions *s, bb_mono now, const struct bb_listener *listener,
                  uint64_t subscription, size_t bytes)
{
    const struct account *account = account_of(s, now, listener->organization);

    if (!account)
        return BB_SESSIONS_E_WAITING;
    if (by_subscription(listener, subscription))
        return BB_SESSIONS_E_OPEN;
    if (listener->count >= s->limits.connection)
        return BB_SESSIONS_E_CONNECTION;
    if (account->open >= s->limits.organization)
        return BB_SESSIONS_E_ORGANIZATION;
    if (account->tokens < TOKEN)
        return BB_SESSIONS_E_RATE;
    return bytes > s->limits.waiting_bytes - s->waiting_bytes ? BB_SESSIONS_E_WAITING : 0;
}

/* What clients do. */

int
bb_sessions_open(struct bb_sessions *s, bb_mono now, struct bb_listener *listener, uint64_t subscription,
                 struct bb_bytes subscribe)
{
    int r = bb_sessions_judge(s, now, listener, subscription, subscribe.len);
    struct bb_subscription *one;
    uint8_t *copy;

    if (r == 0 && !s->free)
        r = add_slab(s);
    if (r != 0)
        return r;
    copy = malloc(subscribe.len ? subscribe.len : 1);
    if (!copy)
        return -ENOMEM;
    if (subscribe.len)
        memcpy(copy, subscribe.data, subscribe.len);
    one = s->free;
    s->free = one->queue_next;
    *one = (struct bb_subscription){
        .slot = one->slot,
        .uses = one->uses + 1,
        .session = (one->uses + 1) << SLOT_BITS | one->slot,
        .subscription = subscription,
        .subscribe = copy,
        .subscribe_len = (uint32_t)subscribe.len,
        .organization = listener->organization,
    };
    s->waiting_bytes += subscribe.len;
    s->accounts[one->organization].tokens -= TOKEN;
    attach(s, one, listener);
    enqueue(s, one);
    return 0;
}

bool
bb_sessions_ack(struct bb_sessions *s, struct bb_listener *listener, uint64_t subscription,
                const struct bb_progress *progress)
{
    struct bb_subscription *one = by_subscription(listener, subscription);

    if (!one)
        return false;
    one->progress = *progress;
    one->ack_due = true;
    enqueue(s, one);
    return true;
}

/* Its connection has no more to do with it. What the worker does not know it need not be told. */
static void
leave(struct bb_sessions *s, struct bb_subscription *one)
{
    detach(s, one);
    if (!one->told)
        forget_subscribe(s, one);
    enqueue(s, one);
}

bool
bb_sessions_close(struct bb_sessions *s, struct bb_listener *listener, uint64_t subscription)
{
    struct bb_subscription *one = by_subscription(listener, subscription);

    if (one)
        leave(s, one);
    return one != NULL;
}

void
bb_sessions_listener_gone(struct bb_sessions *s, struct bb_listener *listener)
{
    while (listener->first)
        leave(s, listener->first);
}

/* What the worker does. */

void
bb_sessions_end(struct bb_sessions *s, struct bb_subscription *one)
{
    detach(s, one);
    one->told = one->ack_due = false;
    if (one->queued)
        forget_subscribe(s, one); /* it is a husk now */
    else
        free_slot(s, one);
}

void
bb_sessions_end_all(struct bb_sessions *s,
                    void (*over)(void *self, struct bb_listener *listener, uint64_t subscription), void *self)
{
    s->head = s->tail = NULL;
    for (uint32_t i = 0; i < s->n_slabs; i++)
        for (uint32_t k = 0; k < SLAB; k++) {
            struct bb_subscription *one = &s->slabs[i][k];
            struct bb_listener *listener = one->listener;
            uint64_t subscription = one->subscription;

            if (one->session == 0)
                continue;
            if (listener)
                detach(s, one);
            one->queued = false;
            free_slot(s, one);
            if (listener)
                over(self, listener, subscription);
        }
}

/* Telling. */

static void
tell_up(struct bb_sessions *s, struct bb_subscription *one, struct bb_session_news *ret_news)
{
    *ret_news = (struct bb_session_news){
        .kind = BB_SESSION_NEWS_UP,
        .session = one->session,
        .listener = one->listener,
        .subscribe = bb_bytes(one->subscribe, one->subscribe_len),
    };
    s->spent = one->subscribe;
    one->subscribe = NULL;
    forget_subscribe(s, one);
    one->told = true;
    if (one->ack_due)
        enqueue(s, one);
}

static void
tell_ack(struct bb_sessions *s, struct bb_subscription *one, struct bb_session_news *ret_news)
{
    *ret_news = (struct bb_session_news){
        .kind = BB_SESSION_NEWS_ACK, .session = one->session, .progress = one->progress};
    one->ack_due = false;
    if (!one->listener)
        enqueue(s, one);
}

static void
tell_down(struct bb_sessions *s, struct bb_subscription *one, struct bb_session_news *ret_news)
{
    *ret_news = (struct bb_session_news){.kind = BB_SESSION_NEWS_DOWN, .session = one->session};
    free_slot(s, one);
}

bool
bb_sessions_next(struct bb_sessions *s, struct bb_session_news *ret_news)
{
    free(s->spent);
    s->spent = NULL;
    while (s->head) {
        struct bb_subscription *one = dequeue(s);

        if (!one->told && !one->listener) {
            free_slot(s, one); /* a husk */
            continue;
        }
        if (!one->told)
            tell_up(s, one, ret_news);
        else if (one->ack_due)
            tell_ack(s, one, ret_news);
        else
            tell_down(s, one, ret_news);
        return true;
    }
    return false;
}

bool
bb_sessions_have_news(const struct bb_sessions *s)
{
    return s->head != NULL;
}

uint32_t
bb_sessions_count(const struct bb_sessions *s)
{
    return s->open;
}
