#include "answers_fixture.h"

#include "proto/message.h"

#include "wire.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

FILE *said;
struct bb_client *asker;

void
say_end(void *self, const struct bb_problem *end, uint64_t sequence)
{
    (void)self;
    fprintf(said, "end %s %s at %" PRIu64 "\n", end->name, end->result ? end->message : "", sequence);
}

const char *
or_null(const char *text)
{
    return text ? text : "null";
}

void
answers_indicator(Bb__Indicator *ret_indicator)
{
    bb__indicator__init(ret_indicator);
    ret_indicator->code = (char *)"reading";
    ret_indicator->name = (char *)"Reading";
    ret_indicator->unit = (char *)"percent";
    ret_indicator->has_version = true;
    ret_indicator->version = 2;
}

void
say_indicator_head(const struct bb_indicator *i)
{
    fprintf(said, "indicator %s %s %s version %u\n", i->code, i->name, or_null(i->unit), i->version);
}

int
answers_setup(void **state)
{
    const struct bb_client_options options = {.endpoint = "ipc:///nonexistent/socket"};

    (void)state;
    assert_int_equal(bb_client_new(&options, &asker), 0);
    bb_session_opening(&asker->session, 0);
    bb_session_up(&asker->session, 0);
    return 0;
}

int
answers_teardown(void **state)
{
    (void)state;
    bb_client_destroy(&asker);
    return 0;
}

uint64_t
answers_send(void)
{
    struct bb_request *request;

    while (bb_session_fill(&asker->session, 0))
        bb_bundle_clear(&asker->session.out);
    request = TAILQ_LAST(&asker->session.sent, bb_request_list);
    assert_non_null(request);
    return request->id;
}

int
answers_give(uint64_t id, const uint8_t *body, size_t len)
{
    Bb__Reply reply = BB__REPLY__INIT;
    uint8_t frame[FRAME_BYTES + 64];

    reply.id = id;
    reply.has_body = true;
    reply.body.data = (uint8_t *)(uintptr_t)body;
    reply.body.len = len;
    return bb_session_receive(&asker->session, 0,
                              bb_bytes(frame, bb_frame_write(frame, BB_KIND_REPLY, &reply.base)));
}

void
every_answer_reaches_the_caller(void **state)
{
    for (const struct answer_case *one = *state; one->what; one++) {
        uint8_t body[FRAME_BYTES];
        char *text = NULL;
        size_t size;
        said = open_memstream(&text, &size);
        assert_int_equal(one->ask(asker), 0);
        assert_int_equal(answers_give(answers_send(), body, one->answer(body)), 0);
        fclose(said);
        if (strcmp(text, one->expected) != 0)
            fail_msg("%s:\n%s\nexpected:\n%s", one->what, text, one->expected);
        free(text);
    }
}

static uint32_t
draw(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223; /* Numerical Recipes */
    return *random >> 8;
}

size_t
answers_spoil(uint8_t *body, size_t len, uint32_t *random)
{
    for (uint32_t times = 1 + draw(random) % 3; times && len; times--)
        switch (draw(random) % 4) {
        case 0:
            len = draw(random) % len;
            break;
        case 1:
            body[draw(random) % len] = (uint8_t)draw(random);
            break;
        case 2:
            body[draw(random) % len] ^= (uint8_t)(1u << draw(random) % 8);
            break;
        default:
            if (len < FRAME_BYTES)
                body[len++] = (uint8_t)draw(random);
        }
    return len;
}

void
broken_answers_do_no_harm(void **state)
{
    uint32_t random = 20260907;

    said = fopen("/dev/null", "w");
    for (int round = 0; round < 400; round++)
        for (const struct answer_case *one = *state; one->what; one++) {
            uint8_t body[FRAME_BYTES];
            size_t len = one->answer(body);
            assert_int_equal(one->ask(asker), 0);
            len = answers_spoil(body, len, &random);
            assert_int_equal(answers_give(answers_send(), body, len), 0);
            assert_int_equal(bb_client_open(asker), 0);
        }
    fclose(said);
}

void
broken_frames_do_no_harm(void **state)
{
    const struct answer_case *cases = *state, *one = cases;
    uint32_t random = 20260908;

    said = fopen("/dev/null", "w");
    for (int round = 0; round < 4000; round++, one = one[1].what ? one + 1 : cases) {
        uint8_t body[FRAME_BYTES], frame[FRAME_BYTES + 64];
        Bb__Reply reply = BB__REPLY__INIT;
        size_t len;
        assert_int_equal(one->ask(asker), 0);
        reply.id = answers_send();
        reply.has_body = true;
        reply.body.data = body;
        reply.body.len = one->answer(body);
        len = answers_spoil(frame, bb_frame_write(frame, BB_KIND_REPLY, &reply.base), &random);
        bb_session_receive(&asker->session, 0, bb_bytes(frame, len));
        if (bb_client_open(asker) > 100) {
            bb_session_lost(&asker->session, 0, BB_LOSS_REFUSED);
            assert_int_equal(bb_client_open(asker), 0);
            bb_session_opening(&asker->session, 0);
            bb_session_up(&asker->session, 0);
        }
    }
    bb_session_lost(&asker->session, 0, BB_LOSS_REFUSED);
    fclose(said);
}
