#include "peek.h"

static bool
is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool
bb_peek_is_object(struct bb_bytes line)
{
    bool quoted = false;
    int depth = 0;

    for (size_t i = 0; i < line.len; i++) {
        uint8_t byte = line.data[i];
        if (quoted && byte == '\\')
            i++;
        else if (byte == '"')
            quoted = !quoted;
        else if (!quoted && (byte == '{' || byte == '['))
            depth++;
        else if (!quoted && (byte == '}' || byte == ']'))
            depth--;
    }
    return line.len > 0 && line.data[0] == '{' && depth == 0 && !quoted;
}

/* Is there all that its format is told by? That is the first line; but a document's says little, and there is
 * no waiting for the next line of what is of one piece. */
static bool
is_enough(struct bb_bytes head)
{
    const uint8_t *end;

    while (head.len && is_blank(*head.data))
        head = bb_bytes(head.data + 1, head.len - 1);
    end = head.len ? memchr(head.data, '\n', head.len) : NULL;
    if (!end)
        return false;
    if (*head.data == '{')
        return bb_peek_is_object(bb_bytes(head.data, (size_t)(end - head.data)));
    return *head.data != '[' && *head.data != '<';
}

struct bb_bytes
bb_peek_init(struct bb_peek *peek, struct bb_feed from)
{
    ssize_t n = 1;

    peek->from = from;
    peek->at = peek->len = 0;
    peek->error = 0;
    /* a pipe may be quiet for long behind its first line */
    while (n > 0 && peek->len < BB_PEEK_BYTES && !is_enough(bb_bytes(peek->head, peek->len))) {
        n = from.read(from.self, peek->head + peek->len, BB_PEEK_BYTES - peek->len);
        if (n > 0)
            peek->len += (size_t)n;
    }
    peek->error = n < 0 ? (int)n : 0;
    return bb_bytes(peek->head, peek->len);
}

static ssize_t
read_on(void *self, uint8_t *to, size_t size)
{
    struct bb_peek *peek = self;
    size_t n = peek->len - peek->at;

    if (n == 0)
        return peek->error ? peek->error : peek->from.read(peek->from.self, to, size);
    n = n < size ? n : size;
    memcpy(to, peek->head + peek->at, n);
    peek->at += n;
    return (ssize_t)n;
}

struct bb_feed
bb_peek_feed(struct bb_peek *peek)
{
    return (struct bb_feed){read_on, peek};
}
