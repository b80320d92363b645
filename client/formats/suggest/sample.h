/* The beginning of a file in memory and in UTF-8, to be looked at (suggest.h). */
#ifndef BB_FORMATS_SAMPLE_H
#define BB_FORMATS_SAMPLE_H

#include "client/formats/text/decode.h"

#include "runtime/buffer.h"

#define BB_SAMPLE_BYTES (1u << 20) /* of the file */

/* The beginning of a file in UTF-8. */
struct bb_sample {
    struct bb_buffer text;
    bool whole; /* all of the file */
    enum bb_encoding encoding;
};

/* Read it. UTF-8 that is none is read as Windows-1252.
 * 0 | -EINVAL and a message at error: it is no text | -errno of the feed. */
int bb_sample_read(struct bb_sample *sample, struct bb_feed feed, char *error, size_t size);
void bb_sample_release(struct bb_sample *sample);

#endif
