/* A message as one reader gets it: the stored bytes, and behind them by which message it was superseded, and
 * the fields that differ between readers. (Fields of a protobuf message may come in any order, so nothing is
 * decoded or packed again.)
 *
 * Readers with equal views of a record get the same bytes: a fan-out packs them once. */
#ifndef BB_VIEW_H
#define BB_VIEW_H

#include "access.h"

#include "runtime/buffer.h"

struct bb_view {
    uint32_t channel; /* number: the first that the reader may read */
    bool audience;    /* all of them are told */
};

/* How the organization sees the record. False: it may not read it. */
bool bb_view_of(const struct bb_access *access, uint32_t organization, const struct bb_record *record,
                struct bb_view *ret_view);

/* Id of the message that took its place; empty: it stands, or it was withdrawn. */
struct bb_bytes bb_view_superseded_by(const struct bb_record *record);

/* Bytes of the packed Message, exactly: those that every reader gets, and those that differ. The latter
 * depend only on the author and the channels of the record. */
size_t bb_view_shared_bytes(const struct bb_record *record);
size_t bb_view_own_bytes(const struct bb_access *access, const struct bb_record *record, struct bb_view view);
/* Append the packed Message. Errors stick to the buffer. */
void bb_view_write(const struct bb_access *access, const struct bb_record *record, struct bb_view view,
                   struct bb_buffer *out);

#endif
