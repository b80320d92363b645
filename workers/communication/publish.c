/* The order in which a message is judged decides what its writer learns: a repeat gets its first answer,
 * whatever has changed since; then what the message says by itself; then what it names, where an unreadable
 * message is one that is not there; then where it goes. Room on the disk is looked at last, so that a dry run
 * says what the real run would.
 *
 * Whoever withdraws a message that was withdrawn before gets the first notice: it is as it should be.
 *
 * The ids of what the service writes by itself follow from what it says, so they could be foretold, and a
 * message that had one first would be taken for what the service was about to write: a member gets none of
 * that version of UUIDs. */
#include "publish.h"

#include "draft.h"
#include "indicators.h"
#include "post.h"
#include "readable.h"
#include "recipients.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "proto/utf8.h"
#include "runtime/uuid.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool
is_staff(const struct bb_call *call)
{
    return bb_role_class(call->caller->role) == BB__ROLE__ROLE_STAFF;
}

static ProtobufCBinaryData
binary(struct bb_bytes bytes)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)bytes.data, .len = bytes.len};
}

static struct bb_bytes
bytes_of(ProtobufCBinaryData data)
{
    return bb_bytes(data.data, data.len);
}

/* Repeats */

/* May a member give it? 0 | 1 refused | <0 */
static int
check_id(struct bb_communication *c, const struct bb_call *call, struct bb_bytes id)
{
    int r;

    if (id.len != BB_MESSAGE_ID)
        r = bb_refuse(c, call, BB_ERROR_INVALID, "id: found %zu bytes, expected 16", id.len);
    else if (bb_uuid_is_shaped(id.data))
        r = bb_refuse(c, call, BB_ERROR_INVALID,
                      "id: found a UUID of version 8, which the service gives to what it writes itself; "
                      "expected another, such as version 7");
    else
        return 0;
    return r == 0 ? 1 : r;
}

/* Has this id come before? 0 no | 1 the answer is staged | <0. answer: makes the one of the first time. */
static int
look_for_repeat(struct bb_communication *c, const struct bb_call *call, struct bb_bytes id,
                const uint8_t hash[static BB_CONTENT_HASH],
                int (*answer)(struct bb_communication *, const struct bb_call *, struct bb_bytes,
                              const struct bb_known *))
{
    struct bb_known known;
    int r = check_id(c, call, id);

    if (r != 0)
        return r;
    r = bb_msglog_known(c->log, id, &known);
    if (r == BB_STORE_E_NOT_FOUND)
        return 0;
    if (r == 0 && memcmp(known.hash, hash, sizeof known.hash) != 0)
        r = bb_refuse(c, call, BB_ERROR_CONFLICT,
                      "id: it came before, with another content or from another author");
    else if (r == 0)
        r = answer(c, call, id, &known);
    return r == 0 ? 1 : r;
}

/* Publishing */

static int
hash_publish(const Bb__Publish *publish, const struct bb_call *call, uint8_t out[static BB_CONTENT_HASH])
{
    Bb__Publish real = *publish;
    uint8_t *packed;
    size_t size;

    real.has_dry_run = false;
    real.dry_run = false;
    size = bb__publish__get_packed_size(&real);
    packed = malloc(size + 1);
    if (!packed)
        return -ENOMEM;
    bb__publish__pack(&real, packed);
    bb_post_hash(call->method, call->caller->code, bb_bytes(packed, size), out);
    free(packed);
    return 0;
}

static int
answer_published(struct bb_communication *c, const struct bb_call *call, struct bb_bytes id,
                 const struct bb_known *known)
{
    Bb__PublishReply reply = BB__PUBLISH_REPLY__INIT;

    reply.id = binary(id);
    reply.sequence = known->sequence;
    reply.recipients = known->recipients;
    reply.has_duplicate = reply.duplicate = true;
    return bb_answer(&c->answers, call->tag, &reply.base);
}

/* What may happen to a message that is to be superseded. */
static int
check_superseded(struct bb_communication *c, const struct bb_call *call, const struct bb_record *record,
                 struct bb_problem *problem)
{
    int r = bb_writable(c, call->organization, record, "supersede", problem);

    if (r != 0)
        return r;
    if (bb_post_is_of_service(record->kind))
        return bb_problem(problem, BB_ERROR_INVALID,
                          "supersedes: found an update or a notice of the service, "
                          "expected an announcement, a post or a story");
    if (record->flags & BB_RECORD_WITHDRAWN)
        return bb_problem(problem, BB_ERROR_INVALID, "supersedes: that message was withdrawn");
    if (record->flags & BB_RECORD_SUPERSEDED)
        return bb_problem(problem, BB_ERROR_INVALID, "supersedes: that message was superseded before");
    return 0;
}

static int
check_channel(struct bb_communication *c, const struct bb_call *call, const struct bb_channel *channel,
              const struct bb_record *in_reply_to, struct bb_problem *problem)
{
    return bb_access_explain(bb_access_writes(&c->access, call->organization, channel, in_reply_to), channel,
                             "write to", problem);
}

/* What depends on the store. 0 | 1 a problem | <0 */
static int
judge(struct bb_communication *c, const struct bb_call *call, const struct bb_draft *draft,
      struct bb_problem *problem)
{
    const Bb__Publish *publish = draft->publish;
    struct bb_record record, *in_reply_to = NULL;
    int r = 0;

    if (publish->kind == BB__MESSAGE_KIND__ANNOUNCEMENT && !is_staff(call))
        return bb_problem(problem, BB_ERROR_NOT_ALLOWED, "kind: only staff announces; a post may be written");
    if (publish->has_supersedes) {
        r = bb_readable(c, call->organization, "supersedes", bytes_of(publish->supersedes), &record, problem);
        if (r == 0)
            r = check_superseded(c, call, &record, problem);
    }
    if (r == 0 && publish->has_in_reply_to) {
        in_reply_to = &record;
        r = bb_readable(c, call->organization, "in_reply_to", bytes_of(publish->in_reply_to), &record,
                        problem);
    }
    for (size_t i = 0; r == 0 && i < draft->n_channels; i++)
        r = check_channel(c, call, &draft->channel[i], in_reply_to, problem);
    if (r == 0 && publish->indicator &&
        (!bb_organization_takes_part(call->caller, bb_bytes_str(publish->indicator)) ||
         !bb_indicators_has(c->indicators, bb_bytes_str(publish->indicator))))
        r = bb_problem(problem, BB_ERROR_NOT_FOUND,
                       "indicator: there is no %s (indicator ls shows the codes)", publish->indicator);
    return r;
}

static int
answer_dry_run(struct bb_communication *c, const struct bb_call *call, const Bb__Publish *publish,
               struct bb_recipients *recipients)
{
    Bb__PublishReply reply = BB__PUBLISH_REPLY__INIT;
    size_t bytes = 0;

    reply.id = publish->id;
    reply.recipients = recipients->count;
    reply.recipient = bb_arena_alloc(&c->arena, (recipients->count + 1) * sizeof *reply.recipient);
    if (!reply.recipient)
        return -ENOMEM;
    bb_recipients_sort(c, recipients);
    for (uint32_t i = 0; i < recipients->count && bytes < BB_LIMIT_PART_BYTES; i++) {
        struct bb_bytes code = bb_directory_at(c->directory, recipients->organization[i])->code;
        reply.recipient[i] = bb_keep(c, code);
        if (!reply.recipient[i])
            return -ENOMEM;
        reply.n_recipient++;
        bytes += code.len + 3;
    }
    return bb_answer(&c->answers, call->tag, &reply.base);
}

/* The message as it is kept. 0 | -ENOMEM */
static int
make_message(struct bb_communication *c, const struct bb_call *call, struct bb_draft *draft,
             Bb__Message *message)
{
    const Bb__Publish *publish = draft->publish;

    bb__message__init(message);
    message->id = publish->id;
    message->kind = publish->kind;
    message->organization = bb_keep(c, call->caller->code);
    message->member = bb_keep(c, call->member);
    message->subject = publish->subject;
    message->body = publish->body && *publish->body ? publish->body : NULL;
    message->has_priority = publish->priority != BB__PRIORITY__NORMAL;
    message->priority = publish->priority;
    message->has_requested_ack = message->requested_ack = draft->requested_ack;
    message->ack_by = publish->ack_by;
    message->has_in_reply_to = publish->has_in_reply_to;
    message->in_reply_to = publish->in_reply_to;
    message->has_supersedes = publish->has_supersedes;
    message->supersedes = publish->supersedes;
    message->expires_at = publish->expires_at;
    message->indicator = publish->indicator;
    message->period = draft->period[0] ? draft->period : NULL;
    return message->organization && message->member ? 0 : -ENOMEM;
}

/* Mark the message that is not current any more; one that came with the same round as well. */
static int
supersede(struct bb_communication *c, const Bb__Publish *publish)
{
    struct bb_record record;
    struct bb_known known;
    int r = bb_msglog_known(c->log, bytes_of(publish->supersedes), &known);

    if (r == 0)
        r = bb_msglog_at(c->log, known.sequence, &record);
    if (r == 0)
        r = bb_msglog_change(c->log, &record, BB_RECORD_SUPERSEDED, c->now, publish->id.data, record.message);
    return r > 0 ? -EBADMSG : r;
}

static int
keep(struct bb_communication *c, const struct bb_call *call, struct bb_draft *draft,
     const uint8_t hash[static BB_CONTENT_HASH], uint32_t recipients)
{
    Bb__PublishReply reply = BB__PUBLISH_REPLY__INIT;
    Bb__Message message;
    struct bb_posting posting = {
        .message = &message,
        .channel = draft->channel,
        .n_channels = draft->n_channels,
        .ack_day = draft->ack_day,
        .expires_day = draft->expires_day,
        .hash = hash,
        .recipients = recipients,
    };
    int r = bb_post_has_room(c, call);

    if (r != 0)
        return r > 0 ? 0 : r;
    r = make_message(c, call, draft, &message);
    if (r == 0)
        r = bb_post(c, &posting, &reply.sequence);
    if (r == 0 && draft->publish->has_supersedes)
        r = supersede(c, draft->publish);
    if (r != 0)
        return r;
    reply.id = draft->publish->id;
    reply.recipients = recipients;
    return bb_answer(&c->answers, call->tag, &reply.base);
}

static int
publish_new(struct bb_communication *c, const struct bb_call *call, const Bb__Publish *publish,
            const uint8_t hash[static BB_CONTENT_HASH])
{
    struct bb_draft *draft = bb_arena_alloc(&c->arena, sizeof *draft);
    struct bb_recipients recipients;
    struct bb_problem problem;
    int r = draft ? bb_draft_check(publish, c->today, draft, &problem) : -ENOMEM;

    if (r == 0)
        r = judge(c, call, draft, &problem);
    if (r > 0)
        return bb_refuse_problem(c, call, &problem);
    if (r == 0)
        r = bb_recipients_find(c, draft->channel, draft->n_channels, call->organization, &recipients);
    if (r != 0)
        return r;
    if (publish->dry_run)
        return answer_dry_run(c, call, publish, &recipients);
    return keep(c, call, draft, hash, recipients.count);
}

int
bb_handle_publish(struct bb_communication *c, const struct bb_call *call)
{
    uint8_t hash[BB_CONTENT_HASH];
    Bb__Publish *publish;
    int r = bb_call_unpack(c, call, bb__publish, &publish);

    if (r == 0)
        r = hash_publish(publish, call, hash);
    if (r == 0)
        r = look_for_repeat(c, call, bytes_of(publish->id), hash, answer_published);
    if (r == 0)
        return publish_new(c, call, publish, hash);
    return r > 0 ? 0 : r;
}

/* Withdrawing */

static int
answer_withdrawn(struct bb_communication *c, const struct bb_call *call, struct bb_bytes id,
                 const struct bb_known *known)
{
    Bb__WithdrawReply reply = BB__WITHDRAW_REPLY__INIT;

    (void)id;
    reply.sequence = known->sequence;
    reply.has_duplicate = reply.duplicate = true;
    return bb_answer(&c->answers, call->tag, &reply.base);
}

/* It was withdrawn before, by whomever: the notice of then, or what is left of it. */
static int
answer_again(struct bb_communication *c, const struct bb_call *call, const struct bb_record *record)
{
    struct bb_known known = {0};
    int r = bb_msglog_known(c->log, record->by, &known);

    if (r < 0)
        return r;
    return answer_withdrawn(c, call, record->by, &known);
}

static int
check_withdrawn(const struct bb_communication *c, const struct bb_call *call, const struct bb_record *record,
                struct bb_problem *problem)
{
    int r = bb_writable(c, call->organization, record, "withdraw", problem);

    if (r == 0 && bb_post_is_of_service(record->kind))
        r = bb_problem(problem, BB_ERROR_INVALID,
                       "message: updates and notices of the service are not withdrawn");
    return r;
}

/* "Withdrawn: " and the subject, as much of it as there is room for. */
static char *
notice_subject(struct bb_communication *c, const char *subject)
{
    static const char intro[] = "Withdrawn: ";
    size_t room = BB_LIMIT_SUBJECT_BYTES - (sizeof intro - 1), len = strlen(subject);
    char *text = bb_arena_alloc(&c->arena, BB_LIMIT_SUBJECT_BYTES + 1);

    if (!text)
        return NULL;
    len = bb_utf8_prefix(bb_bytes(subject, len < room ? len : room));
    memcpy(text, intro, sizeof intro - 1);
    memcpy(text + sizeof intro - 1, subject, len);
    text[sizeof intro - 1 + len] = '\0';
    return text;
}

/* The channels of a record, as a posting wants them. */
static struct bb_channel *
channels_of(struct bb_communication *c, const struct bb_record *record)
{
    struct bb_channel *channel = bb_arena_alloc(&c->arena, (record->n_channels + 1) * sizeof *channel);

    for (unsigned i = 0; channel && i < record->n_channels; i++)
        channel[i] = bb_channels_at(c->channels, bb_record_channel(record, i))->channel;
    return channel;
}

/* The notice, and the message without its body. message: the record's, decoded. */
static int
write_notice(struct bb_communication *c, const Bb__Withdraw *withdraw, const struct bb_record *record,
             const Bb__Message *message, const uint8_t hash[static BB_CONTENT_HASH], uint64_t *ret_sequence)
{
    static char author[] = BB_SERVICE_AUTHOR;
    Bb__Message notice = BB__MESSAGE__INIT;
    struct bb_posting posting = {.message = &notice,
                                 .channel = channels_of(c, record),
                                 .n_channels = record->n_channels,
                                 .expires_day = record->expires_day,
                                 .hash = hash};

    notice.id = withdraw->id;
    notice.kind = BB__MESSAGE_KIND__NOTICE;
    notice.organization = notice.member = author;
    notice.subject = notice_subject(c, message->subject);
    notice.has_withdraws = true;
    notice.withdraws = withdraw->message;
    notice.expires_at = message->expires_at;
    notice.indicator = message->indicator;
    notice.period = message->period;
    if (!posting.channel || !notice.subject)
        return -ENOMEM;
    return bb_post(c, &posting, ret_sequence);
}

static int
remove_body(struct bb_communication *c, const Bb__Withdraw *withdraw, Bb__Message *message)
{
    struct bb_record record;
    uint8_t *packed;
    size_t size;
    int r = bb_msglog_at(c->log, message->sequence, &record);

    if (r != 0)
        return r > 0 ? -EBADMSG : r;
    message->body = NULL;
    size = bb__message__get_packed_size(message);
    packed = bb_arena_alloc(&c->arena, size + 1);
    if (!packed)
        return -ENOMEM;
    bb__message__pack(message, packed);
    return bb_msglog_change(c->log, &record, BB_RECORD_WITHDRAWN, c->now, withdraw->id.data,
                            bb_bytes(packed, size));
}

static int
withdraw_it(struct bb_communication *c, const struct bb_call *call, const Bb__Withdraw *withdraw,
            const struct bb_record *record, const uint8_t hash[static BB_CONTENT_HASH])
{
    Bb__WithdrawReply reply = BB__WITHDRAW_REPLY__INIT;
    Bb__Message *message;
    int r = bb_unpack(bb__message, record->message, &c->arena, &message);

    if (r == 0)
        r = write_notice(c, withdraw, record, message, hash, &reply.sequence);
    if (r == 0)
        r = remove_body(c, withdraw, message);
    return r == 0 ? bb_answer(&c->answers, call->tag, &reply.base) : r;
}

static int
withdraw_new(struct bb_communication *c, const struct bb_call *call, const Bb__Withdraw *withdraw,
             const uint8_t hash[static BB_CONTENT_HASH])
{
    struct bb_problem problem;
    struct bb_record record;
    int r = bb_readable(c, call->organization, "message", bytes_of(withdraw->message), &record, &problem);

    if (r == 0)
        r = check_withdrawn(c, call, &record, &problem);
    if (r > 0)
        return bb_refuse_problem(c, call, &problem);
    if (r == 0 && (record.flags & BB_RECORD_WITHDRAWN))
        return answer_again(c, call, &record);
    return r == 0 ? withdraw_it(c, call, withdraw, &record, hash) : r;
}

int
bb_handle_withdraw(struct bb_communication *c, const struct bb_call *call)
{
    uint8_t hash[BB_CONTENT_HASH];
    Bb__Withdraw *withdraw;
    int r = bb_call_unpack(c, call, bb__withdraw, &withdraw);

    if (r != 0)
        return r > 0 ? 0 : r;
    bb_post_hash(call->method, call->caller->code, bytes_of(withdraw->message), hash);
    r = look_for_repeat(c, call, bytes_of(withdraw->id), hash, answer_withdrawn);
    if (r == 0)
        return withdraw_new(c, call, withdraw, hash);
    return r > 0 ? 0 : r;
}
