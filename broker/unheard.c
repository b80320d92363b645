/* Descriptors above the table are not counted: they are more than connections may be (settings.c). The table
 * is zero pages until it is used. */
#include "unheard.h"

#include "runtime/faults.h"

#include <stdatomic.h>

#define DESCRIPTORS    (1 << 20)
#define GREETING_BYTES 64u
#define FLAG_LARGE     2u
#define LARGE_BYTES    8u

struct counting {
    atomic_bool on;
    uint8_t frames;
    uint8_t
        length_bytes; /* of the length that is being read, still to come; 0 between frames and within one */
    uint64_t left;    /* of the greeting, or of the frame; while a length is read: that, so far */
};

static struct counting table[DESCRIPTORS];

static struct counting *
counting_of(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS ? &table[fd] : NULL;
}

void
bb_unheard_begins(int fd)
{
    struct counting *c = counting_of(fd);

    if (!c || bb_fault("any-unheard"))
        return;
    c->frames = 0;
    c->length_bytes = 0;
    c->left = GREETING_BYTES;
    atomic_store(&c->on, true);
}

void
bb_unheard_is_heard(int fd)
{
    struct counting *c = counting_of(fd);

    if (c)
        atomic_store(&c->on, false);
}

/* The bytes of a frame or greeting that are at hand. */
static size_t
pass_over(struct counting *c, size_t len)
{
    size_t n = c->left < len ? (size_t)c->left : len;

    c->left -= n;
    return n;
}

bool
bb_unheard_takes(int fd, const uint8_t *data, size_t len)
{
    struct counting *c = counting_of(fd);

    if (!c || !atomic_load(&c->on))
        return true;
    for (size_t at = 0; at < len;) {
        if (c->length_bytes) {
            c->left = c->left << 8 | data[at++];
            c->length_bytes--;
        } else if (c->left) {
            at += pass_over(c, len - at);
        } else { /* a frame begins with its flags */
            c->length_bytes = data[at++] & FLAG_LARGE ? LARGE_BYTES : 1;
            if (++c->frames > BB_UNHEARD_FRAMES)
                return false;
        }
    }
    return true;
}
