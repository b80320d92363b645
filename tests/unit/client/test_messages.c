/* Answers about messages, from their bytes to the caller's callbacks; broken ones, which must do no harm; and
 * what questions look like on the wire. */
#include "answers_fixture.h"

#include "proto/message.h"
#include "proto/methods.h"

#include "communication.pb-c.h"
#include "wire.pb-c.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static uint8_t one[16] = {1}, two[16] = {2};

#define ID(bytes)                                                                                            \
    (ProtobufCBinaryData)                                                                                    \
    {                                                                                                        \
        .len = 16, .data = (bytes)                                                                           \
    }

/* --- callbacks that write down what they get ---------------------------------------------------------- */

static void
say_published(void *self, const struct bb_published *p)
{
    (void)self;
    fprintf(said, "published %u at %" PRIu64 " to %u%s", p->id[0], p->sequence, p->recipients,
            p->duplicate ? " duplicate" : "");
    for (size_t i = 0; i < p->n_recipients_named; i++)
        fprintf(said, " %s", p->recipient[i]);
    fprintf(said, "\n");
}

static void
say_withdrawn(void *self, uint64_t sequence, bool duplicate)
{
    (void)self;
    fprintf(said, "withdrawn at %" PRIu64 "%s\n", sequence, duplicate ? " duplicate" : "");
}

static unsigned
first(const uint8_t *id)
{
    return id ? id[0] : 0;
}

static int
say_listed(void *self, const struct bb_listed_message *l)
{
    const struct bb_message *m = l->message;

    (void)self;
    fprintf(said, "%" PRIu64 " %u %s %s/%s %s|%s|%s %s %s %u %u %u %s %s %s %s\n", m->sequence, m->id[0],
            m->kind_name, m->organization, m->member, m->subject, m->body, m->priority_name,
            m->requested_ack ? "ack" : "-", or_null(m->ack_by), first(m->in_reply_to), first(m->supersedes),
            first(m->withdraws), or_null(m->expires_at), or_null(m->indicator), or_null(m->period),
            m->channel);
    for (size_t i = 0; i < m->n_changes; i++)
        fprintf(said, "  %s %u periods %s +%" PRIu64 " ~%" PRIu64 " %s %s>%s\n", m->change[i].organization,
                m->change[i].periods, m->change[i].n_periods_named ? m->change[i].period[0] : "none",
                m->change[i].created, m->change[i].updated, or_null(m->change[i].place),
                or_null(m->change[i].old_value), or_null(m->change[i].new_value));
    fprintf(said, "  %s %s %s %u, %u %u %u %u%s, %zu channels\n", l->state_name, l->receipt_name,
            or_null(l->receipt_member), first(m->superseded_by), l->recipients, l->delivered, l->read,
            l->acknowledged, l->is_counted ? "" : " uncounted", m->n_audience);
    return 0;
}

static void
say_marked(void *self, const struct bb_marked *m)
{
    (void)self;
    fprintf(said, "marked %s by %s at %" PRId64 "%s\n", m->state_name, m->member, m->time_us,
            m->changed ? "" : ", as before");
}

static int
say_receipt(void *self, const struct bb_message_receipt *r)
{
    (void)self;
    fprintf(said, "receipt %s %s %s%s %u %" PRIu64 " %s %s\n", r->organization, r->state_name,
            or_null(r->member), r->overdue ? " overdue" : "", first(r->message), r->sequence,
            or_null(r->ack_by), or_null(r->subject));
    return 0;
}

/* --- answers ------------------------------------------------------------------------------------------ */

static size_t
publish_answer(uint8_t *to)
{
    Bb__PublishReply reply = BB__PUBLISH_REPLY__INIT;
    char *recipients[] = {(char *)"bridgeport", (char *)"hartford"};

    reply.id = ID(one);
    reply.sequence = 7;
    reply.recipients = 2;
    reply.has_duplicate = reply.duplicate = true;
    reply.n_recipient = 2;
    reply.recipient = recipients;
    return bb__publish_reply__pack(&reply, to);
}

static size_t
withdraw_answer(uint8_t *to)
{
    Bb__WithdrawReply reply = BB__WITHDRAW_REPLY__INIT;

    reply.sequence = 8;
    return bb__withdraw_reply__pack(&reply, to);
}

static void
fill_message(Bb__Message *m)
{
    bb__message__init(m);
    m->sequence = 7;
    m->id = ID(one);
    m->kind = BB__MESSAGE_KIND__ANNOUNCEMENT;
    m->organization = (char *)"backbone";
    m->member = (char *)"main";
    m->subject = (char *)"Data day";
    m->body = (char *)"Bring yours.";
    m->has_priority = true;
    m->priority = BB__PRIORITY__HIGH;
    m->ack_by = (char *)"2026-09-30";
    m->has_supersedes = true;
    m->supersedes = ID(two);
    m->channel = (char *)"all";
}

static size_t
messages_answer(uint8_t *to)
{
    Bb__MessageListReply reply = BB__MESSAGE_LIST_REPLY__INIT;
    Bb__ListedMessage listed[2] = {BB__LISTED_MESSAGE__INIT, BB__LISTED_MESSAGE__INIT};
    Bb__ListedMessage *list[] = {&listed[0], &listed[1]};
    Bb__Change change = BB__CHANGE__INIT, *changes[] = {&change};
    Bb__Message message[2];
    char *periods[] = {(char *)"2026-Q3"}, *audience[] = {(char *)"all", (char *)"org/x"};

    fill_message(&message[0]);
    fill_message(&message[1]);
    message[0].has_superseded_by = true;
    message[0].superseded_by = ID(two);
    message[0].n_audience = 2;
    message[0].audience = audience;
    message[1].sequence = 9;
    message[1].kind = BB__MESSAGE_KIND__UPDATE;
    message[1].ack_by = NULL;
    message[1].body = NULL;
    message[1].has_priority = message[1].has_supersedes = false;
    message[1].indicator = (char *)"reading";
    message[1].n_change = 1;
    message[1].change = changes;
    change.organization = (char *)"hartford";
    change.n_period = 1;
    change.period = periods;
    change.has_created = change.has_periods = true;
    change.created = 4;
    change.periods = 21;
    change.old_value = (char *)"1.50";
    listed[0].message = &message[0];
    listed[0].state = BB__MESSAGE_STATE__SUPERSEDED;
    listed[0].receipt = BB__RECEIPT_STATE__READ;
    listed[0].receipt_member = (char *)"desk";
    listed[0].has_recipients = true;
    listed[0].recipients = 10;
    listed[0].has_read = true;
    listed[0].read = 3;
    listed[1].message = &message[1];
    reply.sequence = 9;
    reply.n_message = 2;
    reply.message = list;
    return bb__message_list_reply__pack(&reply, to);
}

static size_t
mark_answer(uint8_t *to)
{
    Bb__MessageMarkReply reply = BB__MESSAGE_MARK_REPLY__INIT;

    reply.state = BB__RECEIPT_STATE__ACKNOWLEDGED;
    reply.time_us = 5;
    reply.member = (char *)"main";
    return bb__message_mark_reply__pack(&reply, to);
}

static size_t
status_answer(uint8_t *to)
{
    Bb__MessageStatusReply reply = BB__MESSAGE_STATUS_REPLY__INIT;
    Bb__Receipt receipt[2] = {BB__RECEIPT__INIT, BB__RECEIPT__INIT}, *list[] = {&receipt[0], &receipt[1]};

    receipt[0].organization = (char *)"bridgeport";
    receipt[1].organization = (char *)"hartford";
    receipt[1].state = BB__RECEIPT_STATE__DELIVERED;
    receipt[1].member = (char *)"main";
    receipt[1].has_overdue = receipt[1].overdue = true;
    receipt[1].has_message = true;
    receipt[1].message = ID(one);
    receipt[1].subject = (char *)"Data day";
    receipt[1].has_sequence = true;
    receipt[1].sequence = 7;
    receipt[1].ack_by = (char *)"2026-09-07";
    reply.sequence = 9;
    reply.n_receipt = 2;
    reply.receipt = list;
    return bb__message_status_reply__pack(&reply, to);
}

/* --- questions ---------------------------------------------------------------------------------------- */

static const char *const channels[] = {"group/early", "org/hartford"};

static int
ask_publish(struct bb_client *c)
{
    const struct bb_publication publication = {
        .channel = channels, .n_channels = 2, .kind = BB_MESSAGE_POST, .subject = "Data day"};

    return bb_client_publish(c, &publication, say_published, say_end, NULL);
}

static int
ask_withdraw(struct bb_client *c)
{
    return bb_client_withdraw(c, NULL, one, say_withdrawn, say_end, NULL);
}

static int
ask_messages(struct bb_client *c)
{
    return bb_client_messages(c, &(struct bb_messages_query){.inbox = true}, say_listed, say_end, NULL);
}

static int
ask_mark(struct bb_client *c)
{
    return bb_client_mark(c, one, BB_ACKNOWLEDGED, say_marked, say_end, NULL);
}

static int
ask_receipts(struct bb_client *c)
{
    return bb_client_receipts(c, NULL, false, say_receipt, say_end, NULL);
}

static const struct answer_case cases[] = {
    {"publish", ask_publish, publish_answer,
     "published 1 at 7 to 2 duplicate bridgeport hartford\nend OK  at 7\n"},
    {"withdraw", ask_withdraw, withdraw_answer, "withdrawn at 8\nend OK  at 8\n"},
    {"messages", ask_messages, messages_answer,
     "7 1 announcement backbone/main Data day|Bring yours.|high ack 2026-09-30 0 2 0 null null null all\n"
     "  superseded read desk 2, 10 0 3 0, 2 channels\n"
     "9 1 update backbone/main Data day||normal - null 0 0 0 null reading null all\n"
     "  hartford 21 periods 2026-Q3 +4 ~0 null 1.50>null\n"
     "  active queued null 0, 0 0 0 0 uncounted, 0 channels\n"
     "end OK  at 9\n"},
    {"mark", ask_mark, mark_answer, "marked acknowledged by main at 5, as before\nend OK  at 0\n"},
    {"receipts", ask_receipts, status_answer,
     "receipt bridgeport queued null 0 0 null null\n"
     "receipt hartford delivered main overdue 1 7 2026-09-07 Data day\n"
     "end OK  at 9\n"},
    {0},
};

/* --- tests -------------------------------------------------------------------------------------------- */

/* What the request holds that was made last. */
static void
open_question(const ProtobufCMessageDescriptor *type, uint32_t method, struct bb_arena *arena,
              ProtobufCMessage **ret_message)
{
    struct bb_request *request = TAILQ_LAST(&asker->session.ready, bb_request_list);

    assert_non_null(request);
    assert_int_equal(request->method, method);
    assert_int_equal(bb_message_unpack(type, bb_bytes(request->body, request->len), arena, ret_message), 0);
}

static void
a_publication_says_what_it_was_given_and_nothing_else(void **state)
{
    const struct bb_publication publication = {
        .id = one,
        .channel = channels,
        .n_channels = 2,
        .kind = BB_MESSAGE_STORY,
        .subject = "A story",
        .body = "Text",
        .priority = BB_PRIORITY_LOW,
        .ack_by = "2026-09-30",
        .in_reply_to = two,
        .indicator = "reading",
        .period = "2026",
    };
    struct bb_arena arena;
    Bb__Publish *m;

    (void)state;
    bb_arena_init(&arena, 1 << 16);
    said = fopen("/dev/null", "w");
    assert_int_equal(bb_client_publish(asker, &publication, NULL, say_end, NULL), 0);
    open_question(&bb__publish__descriptor, BB_METHOD_MESSAGE_PUBLISH, &arena,
                  (ProtobufCMessage **)(void *)&m);
    assert_memory_equal(m->id.data, one, 16);
    assert_int_equal(m->n_channel, 2);
    assert_string_equal(m->channel[1], "org/hartford");
    assert_int_equal(m->kind, BB__MESSAGE_KIND__STORY);
    assert_int_equal(m->priority, BB__PRIORITY__LOW);
    assert_true(m->requested_ack);
    assert_memory_equal(m->in_reply_to.data, two, 16);
    assert_false(m->has_supersedes);
    assert_null(m->expires_at);
    assert_int_equal(ask_publish(asker), 0);
    open_question(&bb__publish__descriptor, BB_METHOD_MESSAGE_PUBLISH, &arena,
                  (ProtobufCMessage **)(void *)&m);
    assert_int_equal(m->id.len, 16); /* a fresh one */
    assert_int_equal(m->id.data[6] >> 4, 7);
    assert_false(m->has_priority || m->has_requested_ack);
    assert_null(m->body);
    bb_session_lost(&asker->session, 0, BB_LOSS_REFUSED);
    fclose(said);
    bb_arena_release(&arena);
}

static void
what_is_impossible_is_not_sent(void **state)
{
    const int kinds[6] = {0};

    (void)state;
    assert_int_equal(bb_client_publish(asker, &(struct bb_publication){0}, NULL, say_end, NULL), -EINVAL);
    assert_int_equal(bb_client_mark(asker, one, BB_DELIVERED, NULL, say_end, NULL), -EINVAL);
    assert_int_equal(bb_client_messages(asker, &(struct bb_messages_query){.kind = kinds, .n_kinds = 6}, NULL,
                                        say_end, NULL),
                     -EINVAL);
    assert_int_equal(bb_client_open(asker), 0);
}

static void
a_message_without_an_id_is_none(void **state)
{
    Bb__PublishReply reply = BB__PUBLISH_REPLY__INIT;
    uint8_t body[64];
    char *text = NULL;
    size_t size;

    (void)state;
    said = open_memstream(&text, &size);
    reply.id = (ProtobufCBinaryData){.len = 15, .data = one};
    assert_int_equal(ask_publish(asker), 0);
    assert_int_equal(answers_give(answers_send(), body, bb__publish_reply__pack(&reply, body)), 0);
    fclose(said);
    assert_string_equal(text, "end MALFORMED the answer cannot be decoded at 0\n");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ANSWERS_TESTS(cases, answers_setup, answers_teardown),
        cmocka_unit_test_setup_teardown(a_publication_says_what_it_was_given_and_nothing_else, answers_setup,
                                        answers_teardown),
        cmocka_unit_test_setup_teardown(what_is_impossible_is_not_sent, answers_setup, answers_teardown),
        cmocka_unit_test_setup_teardown(a_message_without_an_id_is_none, answers_setup, answers_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
