/* An id is a UUIDv8 (RFC 9562, 5.8): the time of the entry in milliseconds, and BLAKE2b over its sequence and
 * the organization for its other bits. */
#include "reviewed.h"

#include "post.h"

#include "proto/limits.h"
#include "runtime/buffer.h"
#include "runtime/period.h"
#include "runtime/uuid.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

static bool
is_sound(const Bb__ReviewSaid *said)
{
    struct bb_period period;

    if (strlen(said->reporter) > BB_LIMIT_CODE_BYTES || strlen(said->period) >= BB_PERIOD_TEXT ||
        bb_period_parse(bb_bytes_str(said->period), 0, &period) != 0 || said->n_indicator == 0)
        return false;
    for (size_t i = 0; i < said->n_indicator; i++)
        if (strlen(said->indicator[i]) > BB_LIMIT_CODE_BYTES)
            return false;
    return true;
}

static void
make_id(const Bb__ClosedBatch *batch, uint8_t out[static BB_MESSAGE_ID])
{
    const char *reporter = batch->review->reporter;
    crypto_generichash_state state;
    uint8_t sequence[8];

    bb_put_u64(sequence, batch->sequence);
    crypto_generichash_init(&state, NULL, 0, BB_MESSAGE_ID);
    crypto_generichash_update(&state, sequence, sizeof sequence);
    crypto_generichash_update(&state, (const uint8_t *)"review", sizeof "review");
    crypto_generichash_update(&state, (const uint8_t *)reporter, strlen(reporter) + 1);
    crypto_generichash_final(&state, out, BB_MESSAGE_ID);
    bb_uuid_shape(out, batch->time_us / 1000);
}

/* A reason is given to unlock, and to nothing else. */
static const char *
word(const Bb__ReviewSaid *said)
{
    return said->reason ? "unlocked" : said->state;
}

static void
write_subject(const Bb__ReviewSaid *said, char subject[static BB_LIMIT_SUBJECT_BYTES + 1])
{
    if (said->indicators == 1)
        snprintf(subject, BB_LIMIT_SUBJECT_BYTES + 1, "%s of %s: %s", said->indicator[0], said->period,
                 word(said));
    else
        snprintf(subject, BB_LIMIT_SUBJECT_BYTES + 1, "%u indicators of %s: %s", (unsigned)said->indicators,
                 said->period, word(said));
}

/* What somebody wrote, as a quotation. Bodies have no control characters but tab and line feed. */
static void
quote(struct bb_buffer *body, const char *text)
{
    if (!text || !*text)
        return;
    bb_buffer_printf(body, "\n> ");
    for (; *text; text++) {
        bool control = ((uint8_t)*text < ' ' && *text != '\n' && *text != '\t') || *text == 0x7F;
        bb_buffer_byte(body, control ? ' ' : (uint8_t)*text);
        if (*text == '\n')
            bb_buffer_printf(body, "> ");
    }
    bb_buffer_byte(body, '\n');
}

static void
describe(const Bb__ClosedBatch *batch, struct bb_buffer *body)
{
    const Bb__ReviewSaid *said = batch->review;

    bb_buffer_printf(body, "`%s/%s`: %s\n\n", batch->organization, batch->member, word(said));
    for (size_t i = 0; i < said->n_indicator; i++)
        bb_buffer_printf(body, "- `%s`\n", said->indicator[i]);
    if (said->indicators > said->n_indicator)
        bb_buffer_printf(body, "\nand %zu more indicators\n", said->indicators - said->n_indicator);
    quote(body, said->reason);
    quote(body, said->comment);
    bb_buffer_byte(body, '\0');
}

/* What of it the organization is told: of indicators that are there for it. Of those that are not named it
 * is not known, and they are not counted where it has a limit. 0 | -ENOMEM */
static int
limit(struct bb_communication *c, const struct bb_organization *organization, Bb__ReviewSaid *said)
{
    char **indicator = bb_arena_alloc(&c->arena, (said->n_indicator + 1) * sizeof *indicator);
    size_t n = 0;

    if (!indicator)
        return -ENOMEM;
    for (size_t i = 0; i < said->n_indicator; i++)
        if (bb_organization_takes_part(organization, bb_bytes_str(said->indicator[i])))
            indicator[n++] = said->indicator[i];
    if (organization->limit) {
        said->indicator = indicator;
        said->n_indicator = n;
        said->indicators = (uint32_t)n;
    }
    return 0;
}

static int
post(struct bb_communication *c, const Bb__ClosedBatch *batch, const uint8_t id[static BB_MESSAGE_ID],
     struct bb_buffer *body)
{
    const Bb__ReviewSaid *said = batch->review;
    const struct bb_channel channel = {.kind = BB_CHANNEL_ORGANIZATION, .code = bb_bytes_str(said->reporter)};
    Bb__Message message = BB__MESSAGE__INIT;
    struct bb_posting posting = {.message = &message, .channel = &channel, .n_channels = 1};
    char subject[BB_LIMIT_SUBJECT_BYTES + 1];
    uint64_t sequence;

    describe(batch, body);
    if (body->error)
        return body->error;
    write_subject(said, subject);
    message.id = (ProtobufCBinaryData){.len = BB_MESSAGE_ID, .data = (uint8_t *)(uintptr_t)id};
    message.kind = BB__MESSAGE_KIND__NOTICE;
    message.organization = message.member = (char *)(uintptr_t)BB_SERVICE_AUTHOR;
    message.subject = subject;
    message.body = (char *)body->data;
    message.indicator = said->indicators == 1 ? said->indicator[0] : NULL;
    message.period = said->period;
    return bb_post(c, &posting, &sequence);
}

int
bb_reviewed_write(struct bb_communication *c, const Bb__ClosedBatch *batch, size_t *ret_count)
{
    const struct bb_organization *organization;
    Bb__ClosedBatch told = *batch;
    uint8_t id[BB_MESSAGE_ID];
    struct bb_buffer body;
    struct bb_known known;
    Bb__ReviewSaid said;
    int r;

    if (!is_sound(batch->review))
        return -EBADMSG;
    organization = bb_directory_by_code(c->directory, bb_bytes_str(batch->review->reporter));
    if (!organization || !bb_organization_enabled(organization, c->today))
        return 0;
    make_id(batch, id);
    r = bb_msglog_known(c->log, bb_bytes(id, sizeof id), &known);
    if (r != BB_STORE_E_NOT_FOUND)
        return r;
    said = *batch->review;
    told.review = &said;
    r = limit(c, organization, &said);
    if (r != 0 || said.n_indicator == 0)
        return r;
    bb_buffer_init(&body, SIZE_MAX);
    r = post(c, &told, id, &body);
    bb_buffer_release(&body);
    *ret_count += r == 0;
    return r;
}
