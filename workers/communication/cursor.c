/* Free slots are linked by `next`, and have no name. The cursors of one organization are a list: there are at
 * most 64 of them. */
#include "cursor.h"

#include <errno.h>
#include <stdlib.h>

void
bb_cursors_init(struct bb_cursors *cursors)
{
    *cursors = (struct bb_cursors){
        .free = BB_NO_CURSOR,
        .late_first = BB_NO_CURSOR,
        .late_last = BB_NO_CURSOR,
    };
}

static void
release(struct bb_cursor *cursor)
{
    free(cursor->name);
    free(cursor->filter);
    free(cursor->member);
    *cursor = (struct bb_cursor){0};
}

void
bb_cursors_release(struct bb_cursors *cursors)
{
    for (uint32_t i = 0; i < cursors->size; i++)
        release(&cursors->cursor[i]);
    free(cursors->cursor);
    free(cursors->first_of);
    bb_cursors_init(cursors);
}

uint32_t
bb_cursors_first(const struct bb_cursors *cursors, uint32_t organization)
{
    return organization < cursors->organizations ? cursors->first_of[organization] : BB_NO_CURSOR;
}

uint32_t
bb_cursors_find(const struct bb_cursors *cursors, uint32_t organization, struct bb_bytes name)
{
    uint32_t at = bb_cursors_first(cursors, organization);

    while (at != BB_NO_CURSOR && !bb_bytes_equal(bb_bytes_str(cursors->cursor[at].name), name))
        at = cursors->cursor[at].next;
    return at;
}

unsigned
bb_cursors_of(const struct bb_cursors *cursors, uint32_t organization)
{
    unsigned n = 0;

    for (uint32_t at = bb_cursors_first(cursors, organization); at != BB_NO_CURSOR;
         at = cursors->cursor[at].next)
        n++;
    return n;
}

static int
reserve(struct bb_cursors *cursors, uint32_t organization)
{
    if (organization >= cursors->organizations) {
        uint32_t n = organization + 1 + organization / 2;
        uint32_t *first_of = realloc(cursors->first_of, n * sizeof *first_of);
        if (!first_of)
            return -ENOMEM;
        for (uint32_t i = cursors->organizations; i < n; i++)
            first_of[i] = BB_NO_CURSOR;
        cursors->first_of = first_of;
        cursors->organizations = n;
    }
    if (cursors->free == BB_NO_CURSOR) {
        uint32_t n = cursors->size ? cursors->size + cursors->size / 2 : 16;
        struct bb_cursor *cursor = realloc(cursors->cursor, n * sizeof *cursor);
        if (!cursor)
            return -ENOMEM;
        cursors->cursor = cursor;
        for (; cursors->size < n; cursors->free = cursors->size++)
            cursor[cursors->size] = (struct bb_cursor){.next = cursors->free};
    }
    return 0;
}

int
bb_cursors_add(struct bb_cursors *cursors, uint32_t organization, struct bb_bytes name,
               struct bb_filter *filter, uint32_t *ret_number)
{
    char *copy = strndup((const char *)name.data, name.len);
    struct bb_cursor *cursor;
    uint32_t number;

    if (!copy || reserve(cursors, organization)) {
        free(copy);
        return -ENOMEM;
    }
    number = cursors->free;
    cursor = &cursors->cursor[number];
    cursors->free = cursor->next;
    *cursor = (struct bb_cursor){
        .organization = organization,
        .name = copy,
        .filter = filter,
        .next = cursors->first_of[organization],
    };
    cursors->first_of[organization] = number;
    cursors->count++;
    *ret_number = number;
    return 0;
}

void
bb_cursors_remove(struct bb_cursors *cursors, uint32_t number)
{
    struct bb_cursor *cursor = &cursors->cursor[number];
    uint32_t *at = &cursors->first_of[cursor->organization];

    bb_cursors_on_time(cursors, number);
    while (*at != number)
        at = &cursors->cursor[*at].next;
    *at = cursor->next;
    release(cursor);
    cursor->next = cursors->free;
    cursors->free = number;
    cursors->count--;
}

void
bb_cursors_late(struct bb_cursors *cursors, uint32_t number, bb_mono now)
{
    struct bb_cursor *cursor = &cursors->cursor[number];

    if (cursor->is_late)
        return;
    cursor->is_late = true;
    cursor->late_since = now;
    cursor->late_next = BB_NO_CURSOR;
    cursor->late_prev = cursors->late_last;
    if (cursors->late_last == BB_NO_CURSOR)
        cursors->late_first = number;
    else
        cursors->cursor[cursors->late_last].late_next = number;
    cursors->late_last = number;
}

void
bb_cursors_on_time(struct bb_cursors *cursors, uint32_t number)
{
    struct bb_cursor *cursor = &cursors->cursor[number];

    if (!cursor->is_late)
        return;
    cursor->is_late = false;
    if (cursor->late_prev == BB_NO_CURSOR)
        cursors->late_first = cursor->late_next;
    else
        cursors->cursor[cursor->late_prev].late_next = cursor->late_next;
    if (cursor->late_next == BB_NO_CURSOR)
        cursors->late_last = cursor->late_prev;
    else
        cursors->cursor[cursor->late_next].late_prev = cursor->late_prev;
}

int
bb_cursor_set_member(struct bb_cursor *cursor, struct bb_bytes member)
{
    char *copy;

    if (cursor->member && bb_bytes_equal(bb_bytes_str(cursor->member), member))
        return 0;
    copy = strndup((const char *)member.data, member.len);
    if (!copy)
        return -ENOMEM;
    free(cursor->member);
    cursor->member = copy;
    return 0;
}

enum bb_cursor_fate
bb_cursor_fate(const struct bb_cursor *cursor, bb_utc now, bb_utc idle)
{
    bb_utc unused = now - cursor->used;

    if (cursor->session != 0)
        return BB_CURSOR_STAYS;
    if (unused / BB_CURSOR_FORGET >= idle)
        return BB_CURSOR_ENDS;
    return unused >= idle && cursor->expired == 0 ? BB_CURSOR_EXPIRES : BB_CURSOR_STAYS;
}
