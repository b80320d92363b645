/* The cursors: who reads what, and how far each has come. In memory; cursor_store.h keeps them.
 *
 * A cursor has a number, which is used again after it was removed. What a cursor has that the store does not
 * know yet makes it *late*: late cursors wait in a queue, the longest first, because acknowledgements come by
 * the thousand and are written a second later at the earliest. What is lost of them by a crash is delivered
 * again, and marked.
 *
 * Pure: no store, no clock. */
#ifndef BB_CURSOR_H
#define BB_CURSOR_H

#include "filter.h"

#include "runtime/clock.h"

#define BB_CURSORS_OF_ORGANIZATION 64u

struct bb_cursor {
    uint32_t organization; /* number in the directory; the table's owner sets the rest */
    char *name;
    struct bb_filter *filter;
    uint64_t acked;       /* everything up to here has been taken care of */
    uint64_t sent;        /* ... may have been sent */
    uint64_t floor;       /* what was removed up to here is no loss: it was set to begin with what is kept */
    uint64_t notable;     /* highest sequence sent of a message whose delivery is recorded */
    bb_utc used, expired; /* expired: put aside then; 0 */
    uint64_t session;     /* the broker's number of who is fed from it; 0 nobody */
    char *member;         /* who acknowledged last; NULL */
    struct {
        bool online; /* as having a session */
        uint64_t acked;
    } stored;
    bb_mono late_since;
    bool is_late;
    uint32_t late_next, late_prev;
    uint32_t next; /* of the organization; or the next free one */
};

#define BB_NO_CURSOR UINT32_MAX

struct bb_cursors {
    struct bb_cursor *cursor;
    uint32_t size, count, free;
    uint32_t *first_of; /* organization -> its first cursor */
    uint32_t organizations;
    uint32_t late_first, late_last;
};

void bb_cursors_init(struct bb_cursors *cursors);
void bb_cursors_release(struct bb_cursors *cursors);

/* Pointers are valid until the next bb_cursors_add(). */
static inline struct bb_cursor *
bb_cursors_at(const struct bb_cursors *cursors, uint32_t number)
{
    return &cursors->cursor[number];
}

/* The number, or BB_NO_CURSOR. */
uint32_t bb_cursors_find(const struct bb_cursors *cursors, uint32_t organization, struct bb_bytes name);
/* Walks the cursors of an organization, in no order. */
uint32_t bb_cursors_first(const struct bb_cursors *cursors, uint32_t organization);
/* How many it has. */
unsigned bb_cursors_of(const struct bb_cursors *cursors, uint32_t organization);

/* One that is not there: its filter, which is taken, and nothing else. 0 | -ENOMEM (the filter stays) */
int bb_cursors_add(struct bb_cursors *cursors, uint32_t organization, struct bb_bytes name,
                   struct bb_filter *filter, uint32_t *ret_number);
void bb_cursors_remove(struct bb_cursors *cursors, uint32_t number);
/* Is the number in use? */
static inline bool
bb_cursors_is(const struct bb_cursors *cursors, uint32_t number)
{
    return number < cursors->size && cursors->cursor[number].name;
}

/* It has what the store has not, from now on; unless it has already. */
void bb_cursors_late(struct bb_cursors *cursors, uint32_t number, bb_mono now);
/* The store has it all. */
void bb_cursors_on_time(struct bb_cursors *cursors, uint32_t number);
/* The one that has been late for longest, or BB_NO_CURSOR. */
static inline uint32_t
bb_cursors_latest(const struct bb_cursors *cursors)
{
    return cursors->late_first;
}

/* Who acknowledged. 0 | -ENOMEM */
int bb_cursor_set_member(struct bb_cursor *cursor, struct bb_bytes member);

/* What becomes of a cursor that nobody uses. */
enum bb_cursor_fate {
    BB_CURSOR_STAYS,
    BB_CURSOR_EXPIRES, /* put it aside */
    BB_CURSOR_ENDS,    /* forget it */
};
#define BB_CURSOR_FORGET 10 /* times the time after which it is put aside */
enum bb_cursor_fate bb_cursor_fate(const struct bb_cursor *cursor, bb_utc now, bb_utc idle);

#endif
