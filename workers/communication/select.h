/* Who sees messages of an audience, and as what: a filter, and what its organization may read.
 *
 * An audience is an author and the channels that he addressed: messages of the same audience are seen by the
 * same readers, for as long as nobody's date of joining lies between them. These are the questions that a
 * turn of the fan-out asks (fanout.h). */
#ifndef BB_SELECT_H
#define BB_SELECT_H

#include "cursor.h"
#include "fanout.h"
#include "view.h"

struct bb_audience {
    struct bb_record record; /* the first of it; without the message */
    uint8_t kinds;           /* bit 1 << enum bb_channel_kind, of its channels */
    bool hidden;             /* from the organization whose channel it is (access.h) */
};

struct bb_select {
    const struct bb_access *access;
    const struct bb_cursors *cursors;
};

/* Is the record hidden from the organization that it is addressed to? Those that are make another audience
 * than those that are not. */
bool bb_audience_hidden(const struct bb_access *access, const struct bb_record *record);

/* Bytes are borrowed from the record. */
void bb_audience_init(struct bb_audience *audience, const struct bb_access *access,
                      const struct bb_record *record);

/* `self` of these is a struct bb_select, their audience a struct bb_audience. */
extern const struct bb_fanout_ops bb_select_ops;

/* A view as the fan-out numbers it, and back. */
static inline uint32_t
bb_select_pack(struct bb_view view)
{
    return view.channel << 1 | view.audience;
}

static inline struct bb_view
bb_select_unpack(uint32_t number)
{
    return (struct bb_view){.channel = number >> 1, .audience = number & 1};
}

#endif
