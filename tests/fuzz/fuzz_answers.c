/* What a broker answers to each question that the library asks: the first byte chooses the question, and the
 * answer is made of the rest (typed.h), given once, or twice as two parts. Whatever it is, it is taken or
 * refused, and what is handed out can be read. */
#include "typed.h"

#include "client/lib/call.h"

#include "communication.pb-c.h"
#include "partner.pb-c.h"

#include <errno.h>

static struct bb_call asked; /* the question that was made last */
static uint8_t *body;
static size_t body_len;

int __wrap_bb_call_run(struct bb_client *client, const struct bb_call *call, bb_done_fn *done);

/* Linked with --wrap=bb_call_run: a question is kept instead of sent. */
int
__wrap_bb_call_run(struct bb_client *client, const struct bb_call *call, bb_done_fn *done)
{
    (void)client;
    (void)done;
    asked = *call;
    body_len = call->message ? protobuf_c_message_get_packed_size(call->message) : 0;
    free(body);
    body = malloc(body_len + 1);
    require(body);
    if (call->message)
        protobuf_c_message_pack(call->message, body);
    return 0;
}

/* Reads all of what is handed out; every eighth is enough. */
static int
see(const void *thing, size_t size)
{
    unsigned sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += ((const uint8_t *)thing)[i];
    return sum % 8 == 7;
}

static void
see_text(const char *text)
{
    if (text)
        (void)see(text, strlen(text));
}

#define TAKE(name, type)                                                                                     \
    static int take_##name(void *self, const struct bb_##type *it)                                           \
    {                                                                                                        \
        (void)self;                                                                                          \
        return see(it, sizeof *it);                                                                          \
    }
#define TAKE_LAST(name, type)                                                                                \
    static void take_##name(void *self, const struct bb_##type *it)                                          \
    {                                                                                                        \
        (void)self;                                                                                          \
        (void)see(it, sizeof *it);                                                                           \
    }

TAKE(batch, batch)
TAKE(batch_row, batch_row)
TAKE_LAST(undone, undone)
TAKE_LAST(define, define_outcome)
TAKE(indicator, indicator)
TAKE(place, place)
TAKE(adoption, adoption)
TAKE(chain, chain_entry)
TAKE(cursor, cursor)
TAKE(group, group_info)
TAKE_LAST(published, published)
TAKE_LAST(marked, marked)
TAKE(message_receipt, message_receipt)
TAKE(partner, partner)
TAKE(progress, indicator_progress)
TAKE(report, report)
TAKE_LAST(review_outcome, review_outcome)
TAKE(review, review)
TAKE(rule, rule)
TAKE(broken, broken_rule)
TAKE_LAST(status, status)
TAKE_LAST(measurement_status, measurement_status)
TAKE_LAST(communication_status, communication_status)
TAKE_LAST(head, trend_head)
TAKE(point, point)

static int
take_reading(void *self, const struct bb_reading *it)
{
    const struct bb_text texts[] = {it->indicator, it->organization, it->place, it->period, it->comment};

    (void)self;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        (void)see(texts[i].data, texts[i].len);
    return see(it, sizeof *it);
}

static int
take_listed(void *self, const struct bb_listed_message *it)
{
    (void)self;
    return see(it, sizeof *it);
}

static void
take_outcomes(void *self, const struct bb_outcomes *it)
{
    (void)self;
    (void)see(it->outcome, it->rows);
    for (size_t i = 0; i < it->n_rejected; i++)
        see_text(it->rejected[i].text);
    for (size_t i = 0; i < it->n_warnings; i++)
        see_text(it->warning[i].text);
}

static void
take_changed_cursor(void *self, const struct bb_cursor *it, bool changed)
{
    (void)changed;
    (void)take_cursor(self, it);
}

static void
take_changed_group(void *self, const struct bb_group_info *it, bool changed)
{
    (void)changed;
    (void)take_group(self, it);
}

static void
take_changed_partner(void *self, const struct bb_partner *it, bool changed)
{
    (void)changed;
    (void)take_partner(self, it);
}

static void
take_removed(void *self, bool changed)
{
    (void)self;
    (void)changed;
}

static void
take_withdrawn(void *self, uint64_t sequence, bool duplicate)
{
    (void)self;
    (void)sequence;
    (void)duplicate;
}

static void
done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    (void)self;
    (void)end;
    (void)sequence;
}

/* Three rows. */
static int
submit(struct bb_client *client)
{
    struct bb_row_text row = {.field = {[BB_COLUMN_INDICATOR] = bb_text("x"),
                                        [BB_COLUMN_PERIOD] = bb_text("2019"),
                                        [BB_COLUMN_VALUE] = bb_text("5")}};
    struct bb_submission *s;

    require(bb_submission_new(&s) == 0);
    for (int i = 0; i < 3; i++)
        require(bb_submission_add(s, &row, NULL) == 0);
    int r = bb_client_submit(client, s, take_outcomes, done, NULL);
    bb_submission_destroy(&s);
    return r;
}

static const uint8_t id[BB_MESSAGE_ID] = {1};

#define QUESTIONS(X)                                                                                         \
    X(batch_list_reply, bb_client_batches(c, &(struct bb_batches_query){0}, take_batch, done, NULL))         \
    X(batch_part, bb_client_batch(c, &(struct bb_batch_query){.batch = {0}}, take_batch_row, done, NULL))    \
    X(submission_reply, bb_client_undo(c, &(struct bb_undo){.batch = {0}}, take_undone, done, NULL))         \
    X(submission_reply, submit(c))                                                                           \
    X(define_reply, bb_client_retire(c, "x", "2026-01-01", false, take_define, done, NULL))                  \
    X(define_reply, bb_client_define_places(c, &(struct bb_place){.name = "x"}, 1, take_define, done, NULL)) \
    X(define_reply, bb_client_adopt(c, &(struct bb_adoption){.indicator = "x"}, 1, take_define, done, NULL)) \
    X(indicator_list_reply,                                                                                  \
      bb_client_indicators(c, &(struct bb_indicators_query){0}, take_indicator, done, NULL))                 \
    X(place_list_reply, bb_client_places(c, take_place, done, NULL))                                         \
    X(adoption_list_reply,                                                                                   \
      bb_client_adoptions(c, &(struct bb_adoptions_query){0}, take_adoption, done, NULL))                    \
    X(chain_part, bb_client_chain(c, 1, 9, take_chain, done, NULL))                                          \
    X(subscription_put_reply,                                                                                \
      bb_client_cursor_put(c, &(struct bb_cursor_change){.name = "x"}, take_changed_cursor, done, NULL))     \
    X(subscription_remove_reply, bb_client_cursor_remove(c, "x", take_removed, done, NULL))                  \
    X(subscription_list_reply, bb_client_cursors(c, NULL, take_cursor, done, NULL))                          \
    X(communication_status_reply, bb_client_communication_status(c, take_communication_status, done, NULL))  \
    X(group_put_reply,                                                                                       \
      bb_client_group_put(c, &(struct bb_group_change){.code = "x"}, take_changed_group, done, NULL))        \
    X(group_list_reply, bb_client_groups(c, NULL, take_group, done, NULL))                                   \
    X(publish_reply,                                                                                         \
      bb_client_publish(c, &(struct bb_publication){.subject = "x"}, take_published, done, NULL))            \
    X(withdraw_reply, bb_client_withdraw(c, id, id, take_withdrawn, done, NULL))                             \
    X(message_list_reply, bb_client_messages(c, &(struct bb_messages_query){0}, take_listed, done, NULL))    \
    X(message_mark_reply, bb_client_mark(c, id, BB_READ, take_marked, done, NULL))                           \
    X(message_status_reply, bb_client_receipts(c, id, false, take_message_receipt, done, NULL))              \
    X(partner_put_reply,                                                                                     \
      bb_client_partner_put(c, &(struct bb_partner_change){.code = "x"}, take_changed_partner, done, NULL))  \
    X(partner_list_reply, bb_client_partners(c, NULL, take_partner, done, NULL))                             \
    X(status_reply, bb_client_status(c, take_status, done, NULL))                                            \
    X(measurement_status_reply, bb_client_measurement_status(c, take_measurement_status, done, NULL))        \
    X(progress_reply, bb_client_progress(c, &(struct bb_progress_query){0}, take_progress, done, NULL))      \
    X(readings_part, bb_client_readings(c, &(struct bb_readings_query){0}, take_reading, done, NULL))        \
    X(history_part,                                                                                          \
      bb_client_history(c, &(struct bb_readings_query){.indicator = "x", .period_from = "2019"},             \
                        take_reading, done, NULL))                                                           \
    X(reporting_part, bb_client_reporting(c, &(struct bb_reporting_query){0}, take_report, done, NULL))      \
    X(review_reply, bb_client_review(c, &(struct bb_review_request){.action = "submit", .period = "2019"},   \
                                     take_review_outcome, done, NULL))                                       \
    X(review_list_reply, bb_client_reviews(c, &(struct bb_reviews_query){0}, take_review, done, NULL))       \
    X(rule_list_reply, bb_client_rules(c, &(struct bb_rules_query){0}, take_rule, done, NULL))               \
    X(rule_check_reply, bb_client_check_rules(c, &(struct bb_rule_check_query){0}, take_broken, done, NULL)) \
    X(trend_reply,                                                                                           \
      bb_client_trend(c, &(struct bb_trend_query){.indicator = "x"}, take_head, take_point, done, NULL))

static const ProtobufCMessageDescriptor *const answers[] = {
#define X(type, ask) &bb__##type##__descriptor,
    QUESTIONS(X)
#undef X
};

#define N_QUESTIONS (sizeof answers / sizeof answers[0])

static int
ask(struct bb_client *c, size_t which)
{
    size_t i = 0;

#define X(type, ask)                                                                                         \
    if (which == i++)                                                                                        \
        return ask;
    QUESTIONS(X)
#undef X
    return -1;
}

TYPED_SEEN static uint8_t seen[N_QUESTIONS][2];

/* Behind the first byte: is it given twice? */
static void
answer(struct bb_client *client, size_t which, struct bb_bytes in, bool twice)
{
    struct bb_request request = {.client = client,
                                 .method = asked.method,
                                 .rows = asked.rows,
                                 .index = asked.index,
                                 .each = asked.each,
                                 .head = asked.head,
                                 .body = body,
                                 .len = body_len,
                                 .part = asked.part};
    struct typed_input input;
    int r = 0;

    if (!typed_make(answers[which], in, &input))
        return;
    for (int i = 0; r == 0 && i < 1 + twice; i++) {
        r = request.part(&request, input.packed);
        require(r == 0 || r == BB_REQUEST_STOP || r == -EBADMSG || r == -EMSGSIZE);
    }
    seen[which][r == 0] = 1;
    typed_release(&input);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bb_client client;
    static struct bb_call questions[N_QUESTIONS];
    static uint8_t *bodies[N_QUESTIONS];
    static size_t lengths[N_QUESTIONS];
    size_t which;

    for (size_t i = 0; !bodies[N_QUESTIONS - 1] && i < N_QUESTIONS; i++) {
        bb_arena_init(&client.answers, BB_LIMIT_DECODE_BYTES);
        require(ask(&client, i) == 0);
        questions[i] = asked;
        questions[i].message = NULL; /* it was the caller's */
        questions[i].batch = NULL;
        bodies[i] = body;
        lengths[i] = body_len;
        body = NULL;
    }
    if (size < 2)
        return 0;
    which = (data[0] & 127) % N_QUESTIONS;
    asked = questions[which];
    body = bodies[which];
    body_len = lengths[which];
    answer(&client, which, bb_bytes(data + 1, size - 1), data[0] & 128);
    body = NULL;
    bb_arena_release(&client.answers);
    bb_arena_init(&client.answers, BB_LIMIT_DECODE_BYTES);
    return 0;
}
