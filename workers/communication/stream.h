/* Answers of several parts, made one after the other as the caller's window lets them.
 *
 * A stream is a request that is being answered: it holds where it is, never the answer. In each round some
 * streams make a slice of work, at most a part each; those of an organization that had its turn wait for the
 * others, so that nobody who asks for much delays the rest, nor the messages that are delivered meanwhile. */
#ifndef BB_STREAM_H
#define BB_STREAM_H

#include "communication_core.h"

struct bb_stream;

/* One slice. */
struct bb_slice {
    unsigned budget;       /* records that may be looked at; count down, and stop at 0 or a little later */
    struct bb_buffer *out; /* the part, empty at first; a whole reply message when it is not */
    bool final;            /* to be set: this part is the last, and not empty */
};

/* Make a slice. The arena of `c` is empty, and is for it. 0 | <0 */
typedef int bb_stream_make(struct bb_communication *c, struct bb_stream *stream, struct bb_slice *slice);

/* The beginning of every stream's own struct. */
struct bb_stream {
    struct bb_stream *next;
    bb_stream_make *make;
    uint64_t tag;
    int64_t window;
    uint32_t part;
    uint32_t organization; /* of the caller; BB_NOBODY an operator */
    char member[UINT8_MAX + 1];
    void *memory; /* freed at the end; or NULL */
};

#define BB_STREAMS_OF_ONE 128 /* of an organization, whose windows are used up */

/* Begin to answer a call: size bytes, zeroed but for the head. NULL and an answer is staged when the
 * organization has too many; or -ENOMEM in ret_error. */
struct bb_stream *bb_stream_new(struct bb_communication *c, const struct bb_call *call, size_t size,
                                bb_stream_make *make, int *ret_error);

/* Slices for some of them. ret_more: others could go on at once. 0 | <0 */
int bb_streams_run(struct bb_communication *c, bool *ret_more);
void bb_streams_pull(struct bb_communication *c, uint64_t tag, uint32_t bytes);
void bb_streams_cancel(struct bb_communication *c, uint64_t tag);
void bb_streams_cancel_all(struct bb_communication *c);

/* Pack a reply as the part of this slice. 0 | -ENOMEM */
int bb_slice_pack(struct bb_slice *slice, const ProtobufCMessage *reply);

#endif
