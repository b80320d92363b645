/* The chain may be long, the receipts are few: the receipts are held in memory, in the order of their
 * entries, and the chain is walked a line at a time. */
#include "verify.h"

#include "receipts.h"

#include "runtime/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

#define LINE_BYTES 2048 /* of the chain; what it has takes some 420 */

struct bb_receipt_list {
    const char *name;
    json_t *root; /* owns the texts */
    uint8_t batch[BB_BATCH_ID];
    struct bb_submission_receipt *receipt;
    uint8_t *outcomes;                  /* of all, one behind the other */
    uint8_t (*signature)[BB_SIGNATURE]; /* of each; those that were not signed have none */
    size_t n;
};

/* Where a sentence goes. */
struct verdict {
    char *error;
    size_t size;
};

static int bad(const struct verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
bad(const struct verdict *verdict, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(verdict->error, verdict->size, format, arguments);
    va_end(arguments);
    return BB_VERIFY_BAD;
}

/* Only a text that this very time is written as. */
static int
parse_time(const char *text, int64_t *ret_us)
{
    char again[BB_UTC_TEXT];
    bb_utc time;

    if (bb_utc_parse(text, &time) != 0)
        return -EINVAL;
    bb_utc_format(time, again);
    if (strcmp(text, again) != 0)
        return -EINVAL;
    *ret_us = time;
    return 0;
}

/* --- receipts ------------------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
    const struct bb_submission_receipt *left = a, *right = b;

    return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

/* What is wrong with it; NULL: nothing. to, signature: room for its outcomes and signature. */
static const char *
read_receipt(json_t *from, struct bb_submission_receipt *receipt, uint8_t *to,
             uint8_t signature[BB_SIGNATURE])
{
    json_int_t index, sequence, rows;
    const char *time, *hash, *content, *outcomes, *is_signed = NULL;

    if (json_unpack_ex(from, NULL, JSON_STRICT, "{s:I, s:I, s:s, s:s, s:s, s:I, s:s, s?s}", "index", &index,
                       "sequence", &sequence, "time", &time, "hash", &hash, "content", &content, "rows",
                       &rows, "outcomes", &outcomes, "signature", &is_signed) != 0)
        return "expected index, sequence, time, hash, content, rows, outcomes and perhaps signature";
    if (is_signed && bb_signature_parse(is_signed, signature) != 0)
        return "its signature is not written as one";
    receipt->signature = is_signed ? signature : NULL;
    if (index < 0 || index > UINT32_MAX || rows < 1 || rows > UINT32_MAX || sequence < 1)
        return "a number in it is out of range";
    if (parse_time(time, &receipt->time_us) != 0 || bb_hash_parse(hash, receipt->hash) != 0 ||
        bb_hash_parse(content, receipt->content) != 0)
        return "its time, hash or content is not written as one";
    receipt->n_outcomes = strlen(outcomes);
    if (receipt->n_outcomes != 1 && receipt->n_outcomes != (size_t)rows)
        return "it has not as many outcomes as rows";
    for (size_t i = 0; i < receipt->n_outcomes; i++) {
        if (outcomes[i] < '0' || outcomes[i] > '9')
            return "an outcome is no digit";
        to[i] = (uint8_t)(outcomes[i] - '0');
    }
    receipt->outcome = to;
    receipt->index = (uint32_t)index;
    receipt->rows = (uint32_t)rows;
    receipt->sequence = (uint64_t)sequence;
    return NULL;
}

static size_t
outcome_bytes(const json_t *receipts)
{
    size_t total = 0;

    for (size_t i = 0; i < json_array_size(receipts); i++)
        total += json_string_length(json_object_get(json_array_get(receipts, i), "outcomes"));
    return total;
}

static int
read_receipts(struct bb_receipt_list *list, json_t *receipts, const char *organization, const char *member,
              const struct verdict *verdict)
{
    uint8_t *to;

    list->receipt = calloc(json_array_size(receipts) + 1, sizeof *list->receipt);
    list->outcomes = to = malloc(outcome_bytes(receipts) + 1);
    list->signature = calloc(json_array_size(receipts) + 1, sizeof *list->signature);
    if (!list->receipt || !list->outcomes || !list->signature)
        return -ENOMEM;
    for (; list->n < json_array_size(receipts); list->n++) {
        struct bb_submission_receipt *receipt = &list->receipt[list->n];
        const char *wrong =
            read_receipt(json_array_get(receipts, list->n), receipt, to, list->signature[list->n]);
        if (wrong)
            return bad(verdict, "%s: receipt %zu: %s", list->name, list->n + 1, wrong);
        to += receipt->n_outcomes;
        receipt->batch = list->batch;
        receipt->organization = organization;
        receipt->member = member;
    }
    qsort(list->receipt, list->n, sizeof *list->receipt, compare);
    for (size_t i = 1; i < list->n; i++)
        if (list->receipt[i].sequence == list->receipt[i - 1].sequence)
            return bad(verdict, "%s: two receipts are of one entry, %" PRIu64, list->name,
                       list->receipt[i].sequence);
    return 0;
}

static int
read_list(struct bb_receipt_list *list, const struct verdict *verdict)
{
    json_t *organization, *member, *receipts;
    char again[BB_BATCH_TEXT];
    const char *batch;

    if (json_unpack_ex(list->root, NULL, JSON_STRICT, "{s:s, s:o, s:o, s:o}", "batch", &batch, "organization",
                       &organization, "member", &member, "receipts", &receipts) != 0 ||
        !json_is_array(receipts))
        return bad(verdict, "%s: expected batch, organization, member and receipts", list->name);
    if (bb_batch_parse(batch, list->batch) != 0)
        return bad(verdict, "%s: its batch is none", list->name);
    bb_batch_format(list->batch, again);
    if (strcmp(batch, again) != 0)
        return bad(verdict, "%s: its batch is none", list->name);
    if (json_array_size(receipts) == 0)
        return bad(verdict, "%s: there is no receipt in it: nothing was accepted", list->name);
    if (!json_is_string(organization) || !json_is_string(member))
        return bad(verdict, "%s: does not say who has sent it", list->name);
    return read_receipts(list, receipts, json_string_value(organization), json_string_value(member), verdict);
}

int
bb_receipt_list_read(FILE *from, const char *name, struct bb_receipt_list **ret_list, char *error,
                     size_t size)
{
    struct bb_receipt_list *list = calloc(1, sizeof *list);
    const struct verdict verdict = {error, size};
    json_error_t problem;
    int r;

    if (!list)
        return -ENOMEM;
    list->name = name;
    errno = 0;
    list->root = json_loadf(from, JSON_REJECT_DUPLICATES, &problem);
    if (ferror(from))
        r = errno ? -errno : -EIO;
    else if (!list->root)
        r = bad(&verdict, "%s: line %d: %s: is it what import --receipt wrote?", name, problem.line,
                problem.text);
    else
        r = read_list(list, &verdict);
    if (r == 0)
        *ret_list = list;
    else
        bb_receipt_list_destroy(&list);
    return r;
}

void
bb_receipt_list_destroy(struct bb_receipt_list **list_pointer)
{
    struct bb_receipt_list *list = *list_pointer;

    if (!list)
        return;
    json_decref(list->root);
    free(list->receipt);
    free(list->outcomes);
    free(list->signature);
    free(list);
    *list_pointer = NULL;
}

/* --- the chain ------------------------------------------------------------------------------------------ */

struct walk {
    const struct bb_receipt_list *list;
    FILE *chain;
    const char *name;
    const struct verdict *verdict;
    uint64_t line;
    size_t at; /* receipts before this one were found */
    uint64_t first;
    struct bb_chain_entry entry; /* the last one; sequence 0: none yet */
};

/* What is wrong with it; NULL: nothing. */
static const char *
read_entry(json_t *from, struct bb_chain_entry *entry)
{
    json_int_t sequence;
    const char *time, *type, *previous, *mark, *body, *hash;

    if (json_unpack_ex(from, NULL, JSON_STRICT, "{s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "sequence", &sequence,
                       "time", &time, "type", &type, "previous", &previous, "mark", &mark, "body", &body,
                       "hash", &hash) != 0)
        return "expected sequence, time, type, previous, mark, body and hash";
    if (sequence < 1 || strlen(type) >= sizeof entry->type || parse_time(time, &entry->time_us) != 0 ||
        bb_hash_parse(previous, entry->previous) != 0 || bb_hash_parse(mark, entry->mark) != 0 ||
        bb_hash_parse(body, entry->body) != 0 || bb_hash_parse(hash, entry->hash) != 0)
        return "its sequence, time, type or one of its hashes is not written as one";
    entry->sequence = (uint64_t)sequence;
    strcpy(entry->type, type);
    return NULL;
}

static int
take_line(struct walk *walk, const char *line, size_t len)
{
    const struct bb_receipt_list *list = walk->list;
    json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    struct bb_chain_entry entry;
    const char *wrong =
        root ? read_entry(root, &entry) : "it is not a JSON object, as chain export writes one a line";

    json_decref(root);
    if (wrong)
        return bad(walk->verdict, "%s: line %" PRIu64 ": %s", walk->name, walk->line, wrong);
    wrong = bb_chain_entry_check(walk->first ? &walk->entry : NULL, &entry);
    if (wrong)
        return bad(walk->verdict, "%s: line %" PRIu64 ": entry %" PRIu64 ": %s", walk->name, walk->line,
                   entry.sequence, wrong);
    walk->entry = entry;
    walk->first = walk->first ? walk->first : entry.sequence;
    if (walk->at == list->n || list->receipt[walk->at].sequence != entry.sequence)
        return 0;
    wrong = bb_submission_receipt_check(&list->receipt[walk->at], &entry);
    if (wrong)
        return bad(walk->verdict, "%s: receipt of submission %" PRIu32 ", entry %" PRIu64 ": %s", list->name,
                   list->receipt[walk->at].index, entry.sequence, wrong);
    walk->at++;
    return 0;
}

static int
take_lines(struct walk *walk)
{
    char line[LINE_BYTES];
    int r = 0;

    errno = 0;
    while (r == 0 && fgets(line, sizeof line, walk->chain)) {
        size_t len = strlen(line);
        walk->line++;
        if (len > 0 && line[len - 1] == '\n')
            len--;
        else if (!feof(walk->chain))
            return bad(walk->verdict, "%s: line %" PRIu64 ": it is not a line of a chain", walk->name,
                       walk->line);
        r = take_line(walk, line, len);
    }
    if (r == 0 && ferror(walk->chain))
        r = errno ? -errno : -EIO;
    return r;
}

/* Who signed: each key once, as far as there is room. */
static void
note_signer(struct bb_verified *verified, const uint8_t *key)
{
    char text[BB_FINGERPRINT_TEXT];
    size_t len = strlen(verified->signers);

    bb_signing_fingerprint(key, text);
    if (!strstr(verified->signers, text))
        snprintf(verified->signers + len, sizeof verified->signers - len, "%s%s", len ? ", " : "", text);
}

/* Of a row of this outcome: was it taken? */
static bool
is_taken(uint8_t outcome)
{
    return outcome == BB_CREATED || outcome == BB_UPDATED || outcome == BB_UNCHANGED;
}

static void
sum_up(const struct walk *walk, struct bb_verified *verified)
{
    const struct bb_receipt_list *list = walk->list;

    *verified = (struct bb_verified){.organization = list->receipt[0].organization,
                                     .member = list->receipt[0].member,
                                     .receipts = list->n,
                                     .first = walk->first,
                                     .last = walk->entry.sequence};
    bb_batch_format(list->batch, verified->batch);
    memcpy(verified->hash, walk->entry.hash, BB_HASH);
    for (size_t i = 0; i < list->n; i++) {
        const struct bb_submission_receipt *receipt = &list->receipt[i];
        verified->rows += receipt->rows;
        verified->is_signed += receipt->signature != NULL;
        if (receipt->signature)
            note_signer(verified, receipt->signature);
        for (size_t o = 0; o < receipt->n_outcomes; o++)
            verified->accepted +=
                is_taken(receipt->outcome[o]) ? (receipt->n_outcomes == 1 ? receipt->rows : 1) : 0;
    }
}

int
bb_receipt_list_verify(const struct bb_receipt_list *list, FILE *chain, const char *name,
                       struct bb_verified *ret_verified, char *error, size_t size)
{
    const struct verdict verdict = {error, size};
    struct walk walk = {.list = list, .chain = chain, .name = name, .verdict = &verdict};
    int r = take_lines(&walk);

    if (r != 0)
        return r;
    if (!walk.first)
        return bad(&verdict, "%s: there is no entry in it", name);
    if (walk.at < list->n)
        return bad(&verdict,
                   "%s: receipt of submission %" PRIu32 ": its entry %" PRIu64
                   " is not in the chain, which goes from entry %" PRIu64 " to %" PRIu64,
                   list->name, list->receipt[walk.at].index, list->receipt[walk.at].sequence, walk.first,
                   walk.entry.sequence);
    sum_up(&walk, ret_verified);
    return 0;
}
