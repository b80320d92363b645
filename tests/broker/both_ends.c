#include "both_ends.h"

#include <string.h>

void
open_both(struct raw *client, struct raw *worker, uint32_t messages)
{
    raw_worker(&broker, worker);
    raw_ready(worker, messages, 1 << 20, 0);
    raw_greeted(&broker, client, &broker.partner);
}

void
close_both(struct raw *client, struct raw *worker)
{
    raw_close(client);
    raw_close(worker);
    broker_stop(&broker);
}

uint64_t
expect_work(struct raw *worker, const char *organization, const char *body)
{
    Bb__Work *work = expect_kind(worker, BB_KIND_WORK, work, Work);

    assert_string_equal(work->organization, organization);
    assert_string_equal(work->member, "main");
    assert_int_equal(work->body.len, strlen(body));
    assert_memory_equal(work->body.data, body, strlen(body));
    assert_true(work->timeout_ms > 0 && work->timeout_ms <= (uint32_t)WAIT_MS);
    assert_true(work->has_window_bytes);
    return work->tag;
}

void
work_reply(struct raw *worker, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    Bb__WorkReply reply = BB__WORK_REPLY__INIT;

    reply.tag = tag;
    reply.has_part = reply.has_final = reply.has_body = true;
    reply.part = part;
    reply.final = final;
    reply.body = (ProtobufCBinaryData){.len = body.len, .data = (uint8_t *)body.data};
    raw_send(worker, BB_KIND_WORK_REPLY, &reply.base);
}

void
expect_reply(struct raw *client, uint64_t id, const char *body)
{
    Bb__Reply *reply = expect_kind(client, BB_KIND_REPLY, reply, Reply);

    assert_int_equal(reply->id, id);
    assert_int_equal(reply->body.len, strlen(body));
    assert_memory_equal(reply->body.data, body, strlen(body));
}
