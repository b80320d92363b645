/* The signature of a request that changes readings: found when its content is hashed, and checked when it is
 * no repeat. What came before is answered whoever signed it then, and with whatever. */
#include "writer_core.h"

int
bb_writer_read_signature(struct bb_writer *writer, struct bb_submit *submit)
{
    struct bb_bytes before;

    if (bb_signature_split(submit->work->body, &before, &submit->signature) != 0) {
        bb_writer_fail(writer, submit->work->tag, BB_ERROR_MALFORMED,
                       "a signature is the last field of a request, and has 96 bytes");
        return 1;
    }
    bb_chain_digest(before, submit->sent);
    memcpy(submit->content, submit->sent, sizeof submit->content);
    return 0;
}

int
bb_writer_check_signature(struct bb_writer *writer, const struct bb_submit *submit,
                          struct bb_guard *ret_guard)
{
    const struct bb_signature_subject subject = {
        .method = submit->work->method,
        .batch = submit->message->batch.data,
        .index = submit->message->index,
        .content = submit->sent,
    };
    struct bb_failure failure;

    if (bb_signing_check(&writer->head, submit->organization, &subject, submit->signature,
                         writer->config.signatures_required, ret_guard, &failure) == 0)
        return 0;
    bb_writer_fail(writer, submit->work->tag, failure.code, failure.message);
    return 1;
}
