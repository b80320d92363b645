#include "patient.h"

#include "interrupt.h"

static ssize_t
read_patiently(void *self, uint8_t *to, size_t size)
{
    const struct bb_feed feed = bb_feed_fd(self);
    int r = bb_interrupt_wait(*(int *)self, -1);
    return r < 0 ? r : feed.read(feed.self, to, size);
}

struct bb_feed
bb_patient_feed(int *fd)
{
    return (struct bb_feed){read_patiently, fd};
}
