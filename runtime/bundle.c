/* Layout of the buffer, which is the message as it travels:
 *
 *     0      4        8             8+n
 *     BUNDLE | length | frame 1 ... | length | frame 2 ... |
 *
 * so a bundle goes out from offset 0 and a lone frame from offset 8, and nothing ever moves. The limit is
 * checked against the plain size for the first frame and against the bundle's for the others. */
#include "bundle.h"

#include "proto/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_BYTES 4u
#define FIRST_FRAME  (BB_ENVELOPE_BYTES + LENGTH_BYTES)
#define FIRST_SIZE   256u

void
bb_bundle_init(struct bb_bundle *bundle, size_t limit)
{
    *bundle = (struct bb_bundle){.limit = limit};
}

void
bb_bundle_release(struct bb_bundle *bundle)
{
    free(bundle->data);
    bb_bundle_init(bundle, bundle->limit);
}

void
bb_bundle_clear(struct bb_bundle *bundle)
{
    if (bundle->size > BB_BUNDLE_KEEP)
        bb_bundle_release(bundle);
    bundle->len = 0;
    bundle->frames = 0;
}

static int
grow(struct bb_bundle *bundle, size_t need)
{
    size_t size = bundle->size ? bundle->size : FIRST_SIZE;
    uint8_t *data;

    while (size < need)
        size *= 2;
    if (size == bundle->size)
        return 0;
    data = realloc(bundle->data, size);
    if (!data)
        return -ENOMEM;
    bundle->data = data;
    bundle->size = size;
    return 0;
}

int
bb_bundle_extend(struct bb_bundle *bundle, size_t n, uint8_t **ret_frame)
{
    size_t start = bundle->frames ? bundle->len : BB_ENVELOPE_BYTES;
    int r;

    if (n > bundle->limit || n > UINT32_MAX)
        return -EMSGSIZE;
    if (bundle->frames >= BB_LIMIT_BUNDLE_FRAMES)
        return BB_BUNDLE_E_FULL;
    if (bundle->frames && start + LENGTH_BYTES + n > bundle->limit)
        return BB_BUNDLE_E_FULL;
    r = grow(bundle, start + LENGTH_BYTES + n);
    if (r < 0)
        return r;
    bb_put_u32(bundle->data + start, (uint32_t)n);
    bundle->len = start + LENGTH_BYTES + n;
    bundle->frames++;
    *ret_frame = bundle->data + start + LENGTH_BYTES;
    return 0;
}

int
bb_bundle_add(struct bb_bundle *bundle, enum bb_kind kind, const ProtobufCMessage *message)
{
    uint8_t *frame;
    int r = bb_bundle_extend(bundle, bb_frame_size(message), &frame);

    if (r == 0)
        bb_frame_write(frame, kind, message);
    return r;
}

int
bb_bundle_add_frame(struct bb_bundle *bundle, struct bb_bytes in)
{
    uint8_t *frame;
    int r = bb_bundle_extend(bundle, in.len, &frame);

    if (r == 0 && in.len)
        memcpy(frame, in.data, in.len);
    return r;
}

static void
free_buffer(void *data, void *buffer)
{
    (void)data;
    free(buffer);
}

int
bb_bundle_take(struct bb_bundle *bundle, zmq_msg_t *ret_message)
{
    size_t start = bundle->frames == 1 ? FIRST_FRAME : 0;
    size_t len = bundle->len - start;

    if (bundle->frames == 0)
        return BB_BUNDLE_E_EMPTY;
    if (bundle->frames > 1)
        bb_frame_header(bundle->data, BB_KIND_BUNDLE);
    if (bundle->size > BB_BUNDLE_KEEP) {
        if (zmq_msg_init_data(ret_message, bundle->data + start, len, free_buffer, bundle->data) != 0)
            return -ENOMEM;
        bb_bundle_init(bundle, bundle->limit);
        return 0;
    }
    if (zmq_msg_init_size(ret_message, len) != 0)
        return -ENOMEM;
    memcpy(zmq_msg_data(ret_message), bundle->data + start, len);
    bb_bundle_clear(bundle);
    return 0;
}

int
bb_unbundle_init(struct bb_unbundle *walk, struct bb_bytes in)
{
    struct bb_frame frame;
    int r = bb_frame_parse(in, &frame);

    if (r < 0)
        return r;
    if (frame.kind == BB_KIND_BUNDLE && frame.major != BB_VERSION_MAJOR)
        return -EBADMSG;
    *walk = (struct bb_unbundle){.body = frame.body, .plain = frame.kind != BB_KIND_BUNDLE, .frame = frame};
    return 0;
}

int
bb_unbundle_next(struct bb_unbundle *walk, struct bb_frame *ret_frame)
{
    int r;

    if (walk->plain) {
        if (walk->frames)
            return 1;
        walk->frames = 1;
        *ret_frame = walk->frame;
        return 0;
    }
    r = bb_bundle_next(walk->body, &walk->at, ret_frame);
    if (r == 0 && ++walk->frames > BB_LIMIT_BUNDLE_FRAMES)
        return -EBADMSG;
    return r;
}
