/* A receipt is the organization's: the second member who reads a message changes nothing, and is told who was
 * the first. Whoever acknowledges has read. */
#include "mark.h"

#include "readable.h"
#include "receipt.h"

#include "proto/errors.h"

static int
check(struct bb_communication *c, const struct bb_call *call, const Bb__MessageMark *mark,
      struct bb_record *ret_record, struct bb_problem *problem)
{
    int r;

    if (mark->state != BB__RECEIPT_STATE__READ && mark->state != BB__RECEIPT_STATE__ACKNOWLEDGED)
        return bb_problem(problem, BB_ERROR_INVALID, "state: expected READ or ACKNOWLEDGED");
    r = bb_readable(c, call->organization, "id", bb_bytes(mark->id.data, mark->id.len), ret_record, problem);
    if (r == 0 && bb_bytes_equal(ret_record->author, call->caller->code))
        r = bb_problem(problem, BB_ERROR_INVALID, "id: your organization wrote this message itself");
    return r;
}

int
bb_handle_mark(struct bb_communication *c, const struct bb_call *call)
{
    Bb__MessageMarkReply reply = BB__MESSAGE_MARK_REPLY__INIT;
    struct bb_problem problem;
    struct bb_receipt receipt;
    struct bb_record record;
    Bb__MessageMark *mark;
    Bb__ReceiptState before;
    int r = bb_call_unpack(c, call, bb__message_mark, &mark);

    if (r != 0)
        return r > 0 ? 0 : r;
    r = check(c, call, mark, &record, &problem);
    if (r > 0)
        return bb_refuse_problem(c, call, &problem);
    if (r == 0)
        r = bb_receipt_get(c, record.sequence, &record, call->organization, &receipt);
    if (r != 0)
        return r;
    before = receipt.state;
    r = bb_receipt_mark(c, record.sequence, call->organization, mark->state, call->member, &receipt);
    if (r != 0)
        return r;
    reply.state = receipt.state;
    reply.time_us = (uint64_t)receipt.stamp[receipt.state].time;
    reply.member = receipt.stamp[receipt.state].member;
    reply.changed = receipt.state != before;
    return bb_answer(&c->answers, call->tag, &reply.base);
}
