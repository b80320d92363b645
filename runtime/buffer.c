/* Memory doubles as it is needed and never goes beyond the limit by more than the NUL of bb_buffer_printf(),
 * which is not counted. Once the error is set nothing is appended, so what is in the buffer is always a whole
 * prefix of what was asked for. */
#include "buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_SIZE ((size_t)256)

void
bb_buffer_init(struct bb_buffer *b, size_t limit)
{
    *b = (struct bb_buffer){.limit = limit};
}

void
bb_buffer_release(struct bb_buffer *b)
{
    free(b->data);
    bb_buffer_init(b, b->limit);
}

void
bb_buffer_reset(struct bb_buffer *b)
{
    b->len = 0;
    b->error = 0;
}

/* Make `room` bytes fit behind len; room may be zero. */
static int
grow(struct bb_buffer *b, size_t room)
{
    size_t need, size = b->size ? b->size : FIRST_SIZE;
    uint8_t *data;

    if (__builtin_add_overflow(b->len, room, &need))
        return -ENOMEM;
    while (size < need)
        size = size > SIZE_MAX / 2 ? need : size * 2;
    if (size > b->limit && need <= b->limit)
        size = b->limit;
    data = realloc(b->data, size ? size : 1);
    if (!data)
        return -ENOMEM;
    b->data = data;
    b->size = size;
    return 0;
}

/* Check the limit for n bytes that count, and find memory for them and `extra` bytes that do not. */
static bool
reserve(struct bb_buffer *b, size_t n, size_t extra)
{
    if (b->error)
        return false;
    if (n > b->limit - b->len) {
        b->error = -EMSGSIZE;
        return false;
    }
    if (b->data && n + extra <= b->size - b->len && n + extra >= n)
        return true;
    b->error = n + extra < n ? -ENOMEM : grow(b, n + extra);
    return b->error == 0;
}

uint8_t *
bb_buffer_extend(struct bb_buffer *b, size_t n)
{
    uint8_t *room;

    if (!reserve(b, n, 0))
        return NULL;
    room = b->data + b->len;
    b->len += n;
    return room;
}

void
bb_buffer_append(struct bb_buffer *b, const void *data, size_t n)
{
    uint8_t *room = bb_buffer_extend(b, n);

    if (room && n > 0)
        memcpy(room, data, n);
}

void
bb_buffer_byte(struct bb_buffer *b, uint8_t byte)
{
    uint8_t *room = bb_buffer_extend(b, 1);

    if (room)
        *room = byte;
}

void
bb_buffer_printf(struct bb_buffer *b, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) {
        b->error = b->error ? b->error : -ENOMEM;
        return;
    }
    if (!reserve(b, (size_t)n, 1))
        return;
    va_start(args, format);
    vsnprintf((char *)b->data + b->len, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
}
