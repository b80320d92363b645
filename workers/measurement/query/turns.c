/* Accounts are as many as organizations that have work here, so they are found by going through the list. An
 * account that was served goes to the end of the list; that is all the memory of turns there is. An account
 * without work is freed, and begins at the end when it comes again. */
#include "turns.h"

#include <errno.h>
#include <stdlib.h>

struct bb_turns_account {
    struct bb_turns_account *prev, *next;
    struct bb_turn *head, *tail; /* what waits */
    unsigned works;              /* pieces that entered and have not left */
    unsigned done;               /* of these, being done */
    size_t len;
    uint8_t organization[];
};

void
bb_turns_init(struct bb_turns *turns, unsigned places)
{
    *turns = (struct bb_turns){.most = places > 1 ? places - 1 : 1};
}

static void
list_add(struct bb_turns *turns, struct bb_turns_account *account)
{
    account->next = NULL;
    account->prev = turns->last;
    if (turns->last)
        turns->last->next = account;
    else
        turns->first = account;
    turns->last = account;
}

static void
list_remove(struct bb_turns *turns, struct bb_turns_account *account)
{
    if (account->prev)
        account->prev->next = account->next;
    else
        turns->first = account->next;
    if (account->next)
        account->next->prev = account->prev;
    else
        turns->last = account->prev;
}

void
bb_turns_release(struct bb_turns *turns)
{
    for (struct bb_turns_account *account = turns->first, *next; account; account = next) {
        next = account->next;
        free(account);
    }
    turns->first = turns->last = NULL;
}

static struct bb_turns_account *
find_account(const struct bb_turns *turns, struct bb_bytes organization)
{
    for (struct bb_turns_account *account = turns->first; account; account = account->next)
        if (bb_bytes_equal(bb_bytes(account->organization, account->len), organization))
            return account;
    return NULL;
}

static struct bb_turns_account *
new_account(struct bb_turns *turns, struct bb_bytes organization)
{
    struct bb_turns_account *account = calloc(1, sizeof *account + organization.len);

    if (!account)
        return NULL;
    account->len = organization.len;
    if (organization.len)
        memcpy(account->organization, organization.data, organization.len);
    list_add(turns, account);
    return account;
}

int
bb_turns_enter(struct bb_turns *turns, struct bb_bytes organization, struct bb_turn *turn)
{
    struct bb_turns_account *account = find_account(turns, organization);

    if (!account)
        account = new_account(turns, organization);
    if (!account)
        return -ENOMEM;
    account->works++;
    *turn = (struct bb_turn){.account = account};
    return 0;
}

void
bb_turns_leave(struct bb_turns *turns, struct bb_turn *turn)
{
    struct bb_turns_account *account = turn->account;

    bb_turns_withdraw(turn);
    turn->account = NULL;
    if (--account->works > 0)
        return;
    list_remove(turns, account);
    free(account);
}

void
bb_turns_wait(struct bb_turn *turn)
{
    struct bb_turns_account *account = turn->account;

    turn->waits = true;
    turn->next = NULL;
    turn->prev = account->tail;
    if (account->tail)
        account->tail->next = turn;
    else
        account->head = turn;
    account->tail = turn;
}

static void
wait_first(struct bb_turn *turn)
{
    struct bb_turns_account *account = turn->account;

    turn->waits = true;
    turn->prev = NULL;
    turn->next = account->head;
    if (account->head)
        account->head->prev = turn;
    else
        account->tail = turn;
    account->head = turn;
}

void
bb_turns_withdraw(struct bb_turn *turn)
{
    struct bb_turns_account *account = turn->account;

    if (!turn->waits)
        return;
    turn->waits = false;
    if (turn->prev)
        turn->prev->next = turn->next;
    else
        account->head = turn->next;
    if (turn->next)
        turn->next->prev = turn->prev;
    else
        account->tail = turn->prev;
}

/* The account whose turn it is, or NULL. */
static struct bb_turns_account *
next_account(const struct bb_turns *turns)
{
    struct bb_turns_account *least = NULL;

    for (struct bb_turns_account *account = turns->first; account; account = account->next)
        if (account->head && account->done < turns->most && (!least || account->done < least->done))
            least = account;
    return least;
}

struct bb_turn *
bb_turns_take(struct bb_turns *turns)
{
    struct bb_turns_account *account = next_account(turns);
    struct bb_turn *turn;

    if (!account)
        return NULL;
    turn = account->head;
    bb_turns_withdraw(turn);
    account->done++;
    list_remove(turns, account);
    list_add(turns, account);
    return turn;
}

void
bb_turns_stop(struct bb_turn *turn, bool yields)
{
    turn->account->done--;
    if (yields)
        wait_first(turn);
}

bool
bb_turns_should_yield(const struct bb_turns *turns, const struct bb_turn *turn)
{
    const struct bb_turns_account *other = next_account(turns);

    return other && other != turn->account && other->done < turn->account->done;
}
