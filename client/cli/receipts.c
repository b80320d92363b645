#include "receipts.h"

#include "output.h"
#include "target.h"

#include "runtime/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct bb_receipts {
    struct bb_target target;
    uint8_t batch[BB_BATCH_ID];
    char *organization, *member; /* who sends; NULL: no answer has come */
    bool begun;
};

/* --- hashes as text ------------------------------------------------------------------------------------- */

static void
format_bytes(const uint8_t *bytes, size_t n, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[2 * n] = '\0';
}

void
bb_hash_format(const uint8_t hash[BB_HASH], char ret_text[BB_HASH_TEXT])
{
    format_bytes(hash, BB_HASH, ret_text);
}

static uint8_t
digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static int
parse_bytes(const char *text, size_t n, uint8_t *ret_bytes)
{
    if (strlen(text) != 2 * n || strspn(text, "0123456789abcdef") != 2 * n)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        ret_bytes[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return 0;
}

int
bb_hash_parse(const char *text, uint8_t ret_hash[BB_HASH])
{
    return parse_bytes(text, BB_HASH, ret_hash);
}

int
bb_signature_parse(const char *text, uint8_t ret_signature[BB_SIGNATURE])
{
    return parse_bytes(text, BB_SIGNATURE, ret_signature);
}

/* --- the file ------------------------------------------------------------------------------------------- */

int
bb_receipts_new(const char *file, const uint8_t batch[BB_BATCH_ID], struct bb_receipts **ret_receipts)
{
    struct bb_receipts *receipts = calloc(1, sizeof *receipts);
    int r;

    if (!receipts)
        return -ENOMEM;
    memcpy(receipts->batch, batch, BB_BATCH_ID);
    r = bb_target_open(file, &receipts->target);
    if (r < 0)
        free(receipts);
    else
        *ret_receipts = receipts;
    return r;
}

void
bb_receipts_destroy(struct bb_receipts **receipts_pointer)
{
    struct bb_receipts *receipts = *receipts_pointer;

    if (!receipts)
        return;
    bb_target_close(&receipts->target, false);
    free(receipts->organization);
    free(receipts->member);
    free(receipts);
    *receipts_pointer = NULL;
}

/* Who sends is the same in all of them. */
static int
note_sender(struct bb_receipts *receipts, const struct bb_submission_receipt *receipt)
{
    if (!receipts->organization)
        receipts->organization = strdup(receipt->organization);
    if (!receipts->member)
        receipts->member = strdup(receipt->member);
    return receipts->organization && receipts->member ? 0 : -ENOMEM;
}

static int
append_outcomes(struct bb_buffer *text, const struct bb_submission_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_outcomes; i++) {
        if (receipt->outcome[i] > 9)
            return -EBADMSG;
        bb_buffer_byte(text, (uint8_t)('0' + receipt->outcome[i]));
    }
    return 0;
}

static void
append_signature(struct bb_buffer *text, const struct bb_submission_receipt *receipt)
{
    char signature[2 * BB_SIGNATURE + 1], line[sizeof signature + 32];

    if (!receipt->signature)
        return;
    format_bytes(receipt->signature, BB_SIGNATURE, signature);
    bb_buffer_append(text, line, (size_t)snprintf(line, sizeof line, "\"signature\": \"%s\", ", signature));
}

int
bb_receipts_take(struct bb_receipts *receipts, const struct bb_outcomes *outcomes, struct bb_buffer *text)
{
    char line[400], time[BB_UTC_TEXT], hash[BB_HASH_TEXT], content[BB_HASH_TEXT];
    struct bb_submission_receipt receipt;
    int r = bb_submission_receipt(outcomes, &receipt), n;

    if (r != 0)
        return r == BB_RECEIPT_NONE ? 0 : -EBADMSG;
    r = note_sender(receipts, &receipt);
    if (r != 0)
        return r;
    bb_utc_format(receipt.time_us, time);
    bb_hash_format(receipt.hash, hash);
    bb_hash_format(receipt.content, content);
    n = snprintf(line, sizeof line,
                 "{\"index\": %" PRIu32 ", \"sequence\": %" PRIu64 ", \"time\": \"%s\", \"hash\": \"%s\", "
                 "\"content\": \"%s\", \"rows\": %" PRIu32 ", ",
                 receipt.index, receipt.sequence, time, hash, content, receipt.rows);
    bb_buffer_append(text, line, (size_t)n);
    append_signature(text, &receipt);
    bb_buffer_append(text, "\"outcomes\": \"", strlen("\"outcomes\": \""));
    r = append_outcomes(text, &receipt);
    bb_buffer_append(text, "\"}", 2);
    return r ? r : text->error;
}

/* All that stands before the receipts. */
static void
begin(struct bb_receipts *receipts)
{
    const char *const names[] = {"organization", "member"};
    const char *const texts[] = {receipts->organization, receipts->member};
    FILE *to = receipts->target.to;
    char batch[BB_BATCH_TEXT];

    bb_batch_format(receipts->batch, batch);
    fprintf(to, "{\"batch\": \"%s\"", batch);
    for (size_t i = 0; i < 2; i++) {
        fprintf(to, ", \"%s\": ", names[i]);
        if (texts[i])
            bb_json_string(to, texts[i], strlen(texts[i]));
        else
            fputs("null", to);
    }
    fputs(", \"receipts\": [", to);
    receipts->begun = true;
}

void
bb_receipts_put(struct bb_receipts *receipts, struct bb_bytes text)
{
    bool first = !receipts->begun;

    if (text.len == 0)
        return;
    if (first)
        begin(receipts);
    fputs(first ? "\n" : ",\n", receipts->target.to);
    fwrite(text.data, 1, text.len, receipts->target.to);
}

int
bb_receipts_finish(struct bb_receipts *receipts, bool keep)
{
    if (!receipts)
        return 0;
    if (!receipts->begun) {
        begin(receipts);
        fputs("]}\n", receipts->target.to);
    } else {
        fputs("\n]}\n", receipts->target.to);
    }
    return bb_target_close(&receipts->target, keep);
}
