/* reach: asks for what is not its own.
 *
 *     reach ask --endpoint E --server-key K --key FILE --values FILE [--rounds N] [--seed N] [--queries]
 *     reach submit --endpoint E --server-key K --key FILE --batch HEX --index N [--last] --indicator C
 *         --period P --value V [--organization O]
 *     reach undo --endpoint E --server-key K --key FILE --batch HEX --undoes HEX --index N
 *
 * ask: of each method so many requests, and so many SUBSCRIBEs, in which every field has one of the values of
 * a file, or is absent: by the fields of the messages, so that none is left out. A line of the file is `text
 * T`, `bytes HEX` or `number N`, which fields may have; `field NAME T`, which fields of this name mostly
 * have; or `secret T` or `figure N`, which must be in no answer. It prints the methods in whose answers one
 * was, each with the request's fields; nothing is what should be. With
 * --queries only methods that change nothing are called.
 *
 * submit: one submission of one row, as a frame of its own; prints what came of it. undo: that of a batch,
 * from its submission N on. */
#include "tests/broker/fixture.h"

#include "runtime/clock.h"
#include "runtime/rowset.h"

#include "communication.pb-c.h"

#include <err.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#define MOST      64u  /* values of a kind */
#define BODY      4096 /* of a request */
#define SETTLE_MS 120  /* what is delivered comes by then */

struct values {
    char *text[MOST], *secret[MOST];
    char *field[MOST], *of_field[MOST]; /* its name, and the text */
    struct bb_bytes bytes[MOST];
    uint64_t number[MOST], figure[MOST];
    size_t n_text, n_fields, n_secret, n_bytes, n_number, n_figure;
};

static struct values values;
static struct broker broker;
static struct raw raw;

/* What each method is asked with. */
static const struct {
    uint32_t method;
    const ProtobufCMessageDescriptor *request;
} requests[] = {
    {BB_METHOD_STATUS, &bb__status_query__descriptor},
    {BB_METHOD_PARTNER_PUT, &bb__partner_put__descriptor},
    {BB_METHOD_PARTNER_LIST, &bb__partner_list__descriptor},
    {BB_METHOD_MEMBER_PUT, &bb__member_put__descriptor},
    {BB_METHOD_PARTNER_INVITE, &bb__partner_invite__descriptor},
    {BB_METHOD_INVITATION_LIST, &bb__invitation_list__descriptor},
    {BB_METHOD_PARTNER_APPROVE, &bb__partner_approve__descriptor},
    {BB_METHOD_PARTNER_REVOKE, &bb__partner_revoke__descriptor},
    {BB_METHOD_KEY_ROTATE, &bb__key_rotate__descriptor},
    {BB_METHOD_AUDIT_LIST, &bb__audit_query__descriptor},
    {BB_METHOD_ACCESS_EXPLAIN, &bb__access_query__descriptor},
    {BB_METHOD_SUBMIT, &bb__submission__descriptor},
    {BB_METHOD_INDICATOR_DEFINE, &bb__indicator_define__descriptor},
    {BB_METHOD_INDICATOR_LIST, &bb__indicator_list__descriptor},
    {BB_METHOD_PLACE_DEFINE, &bb__place_define__descriptor},
    {BB_METHOD_PLACE_LIST, &bb__place_list__descriptor},
    {BB_METHOD_READINGS_LIST, &bb__readings_query__descriptor},
    {BB_METHOD_READINGS_HISTORY, &bb__history_query__descriptor},
    {BB_METHOD_TREND, &bb__trend_query__descriptor},
    {BB_METHOD_MEASUREMENT_STATUS, &bb__measurement_status__descriptor},
    {BB_METHOD_MEASUREMENT_FOLLOW, &bb__follow_query__descriptor},
    {BB_METHOD_ADOPT, &bb__adopt__descriptor},
    {BB_METHOD_ADOPTION_LIST, &bb__adoption_list__descriptor},
    {BB_METHOD_RETIRE, &bb__indicator_retire__descriptor},
    {BB_METHOD_REVIEW, &bb__review__descriptor},
    {BB_METHOD_REVIEW_LIST, &bb__review_list__descriptor},
    {BB_METHOD_RULE_DEFINE, &bb__rule_define__descriptor},
    {BB_METHOD_RULE_LIST, &bb__rule_list__descriptor},
    {BB_METHOD_RULE_CHECK, &bb__rule_check__descriptor},
    {BB_METHOD_REPORTING, &bb__reporting_query__descriptor},
    {BB_METHOD_PROGRESS, &bb__progress_query__descriptor},
    {BB_METHOD_BATCH_LIST, &bb__batch_list__descriptor},
    {BB_METHOD_BATCH_SHOW, &bb__batch_show__descriptor},
    {BB_METHOD_BATCH_UNDO, &bb__batch_undo__descriptor},
    {BB_METHOD_CHAIN, &bb__chain_query__descriptor},
    {BB_METHOD_SIGNING_PUT, &bb__signing_put__descriptor},
    {BB_METHOD_SIGNING_LIST, &bb__signing_list__descriptor},
    {BB_METHOD_MESSAGE_PUBLISH, &bb__publish__descriptor},
    {BB_METHOD_MESSAGE_WITHDRAW, &bb__withdraw__descriptor},
    {BB_METHOD_MESSAGE_MARK, &bb__message_mark__descriptor},
    {BB_METHOD_MESSAGE_LIST, &bb__message_query__descriptor},
    {BB_METHOD_MESSAGE_STATUS, &bb__message_status_query__descriptor},
    {BB_METHOD_SUBSCRIPTION_PUT, &bb__subscription_put__descriptor},
    {BB_METHOD_SUBSCRIPTION_REMOVE, &bb__subscription_remove__descriptor},
    {BB_METHOD_SUBSCRIPTION_LIST, &bb__subscription_list__descriptor},
    {BB_METHOD_GROUP_PUT, &bb__group_put__descriptor},
    {BB_METHOD_GROUP_MEMBER, &bb__group_member__descriptor},
    {BB_METHOD_GROUP_LIST, &bb__group_list__descriptor},
    {BB_METHOD_COMMUNICATION_STATUS, &bb__communication_status__descriptor},
};

static void
check_all_methods(void)
{
    for (uint32_t method = 0; method <= BB_METHOD_MAX; method++) {
        bool there = bb_method_info(method) == NULL;
        for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
            there |= requests[i].method == method;
        if (!there)
            errx(EX_SOFTWARE, "%s is not asked: it is missing in reach.c", bb_method_info(method)->name);
    }
}

/* Values */

static struct bb_bytes
from_hex(const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = malloc(len + 1);

    if (!bytes)
        err(EX_OSERR, "malloc");
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            errx(EX_DATAERR, "'%s' is not hexadecimal", hex);
        bytes[i] = (uint8_t)byte;
    }
    return bb_bytes(bytes, len);
}

static void
take_field(char *name)
{
    char *text = strchr(name, ' ');

    if (!text || values.n_fields == MOST)
        errx(EX_DATAERR, "'%s' has no value, or there are too many", name);
    values.field[values.n_fields] = strndup(name, (size_t)(text - name));
    values.of_field[values.n_fields++] = strdup(text + 1);
}

static void
take_value(const char *kind, char *value)
{
    if (strcmp(kind, "field") == 0)
        take_field(value);
    else if (strcmp(kind, "text") == 0 && values.n_text < MOST)
        values.text[values.n_text++] = strdup(value);
    else if (strcmp(kind, "secret") == 0 && values.n_secret < MOST)
        values.secret[values.n_secret++] = strdup(value);
    else if (strcmp(kind, "bytes") == 0 && values.n_bytes < MOST)
        values.bytes[values.n_bytes++] = from_hex(value);
    else if (strcmp(kind, "number") == 0 && values.n_number < MOST)
        values.number[values.n_number++] = strtoull(value, NULL, 10);
    else if (strcmp(kind, "figure") == 0 && values.n_figure < MOST)
        values.figure[values.n_figure++] = strtoull(value, NULL, 10);
    else
        errx(EX_DATAERR, "'%s' is no kind of value, or there are too many", kind);
}

static void
read_values(const char *path)
{
    char line[512], *value;
    FILE *file = fopen(path, "r");

    if (!file)
        err(EX_NOINPUT, "%s", path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        value = strchr(line, ' ');
        if (!value)
            errx(EX_DATAERR, "'%s' is not a value", line);
        *value++ = '\0';
        take_value(line, value);
    }
    fclose(file);
}

static void
release_values(void)
{
    for (size_t i = 0; i < values.n_text; i++)
        free(values.text[i]);
    for (size_t i = 0; i < values.n_secret; i++)
        free(values.secret[i]);
    for (size_t i = 0; i < values.n_bytes; i++)
        free((uint8_t *)(uintptr_t)values.bytes[i].data);
    for (size_t i = 0; i < values.n_fields; i++) {
        free(values.field[i]);
        free(values.of_field[i]);
    }
}

/* Secrets */

static size_t
varint(uint64_t value, uint8_t out[static 10])
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

/* A figure as text, and as it stands in columns of numbers. */
static bool
has_figure(struct bb_bytes in, uint64_t figure)
{
    uint8_t packed[10];
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)figure);

    return memmem(in.data, in.len, text, (size_t)len) ||
           memmem(in.data, in.len, packed, varint(figure, packed)) ||
           memmem(in.data, in.len, packed, varint(figure << 1, packed));
}

static bool
has_secret(struct bb_bytes in)
{
    for (size_t i = 0; in.len && i < values.n_secret; i++)
        if (memmem(in.data, in.len, values.secret[i], strlen(values.secret[i])))
            return true;
    for (size_t i = 0; in.len && i < values.n_figure; i++)
        if (has_figure(in, values.figure[i]))
            return true;
    return false;
}

/* Requests: written field by field as protobuf packs them,
 * https://protobuf.dev/programming-guides/encoding/ */

static unsigned
below(unsigned n)
{
    return (unsigned)random() % n;
}

static void
put_varint(struct bb_buffer *out, uint64_t value)
{
    uint8_t packed[10];

    bb_buffer_append(out, packed, varint(value, packed));
}

static void
put_tag(struct bb_buffer *out, uint32_t field, unsigned type)
{
    put_varint(out, (uint64_t)field << 3 | type);
}

static void
put_bytes(struct bb_buffer *out, uint32_t field, struct bb_bytes bytes)
{
    put_tag(out, field, 2);
    put_varint(out, bytes.len);
    bb_buffer_append(out, bytes.data, bytes.len);
}

static struct bb_bytes
some_text(const char *field)
{
    const char *of_field[MOST];
    unsigned n = 0;

    for (size_t i = 0; i < values.n_fields; i++)
        if (strcmp(values.field[i], field) == 0)
            of_field[n++] = values.of_field[i];
    return bb_bytes_str(n && below(8) ? of_field[below(n)] : values.text[below((unsigned)values.n_text)]);
}

/* A table of one row. */
static void
put_rows(struct bb_buffer *out, uint32_t field)
{
    struct bb_row row = {.indicator = some_text("indicator"),
                         .period = some_text("period"),
                         .flags = BB_ROW_VALUE,
                         .value = {.mantissa = 5}};
    struct bb_rowset *set;
    uint8_t packed[BODY];
    Bb__Rows rows;

    if (below(2))
        row.organization = some_text("organization");
    if (below(2))
        row.place = some_text("place");
    if (below(3) == 0)
        row.disaggregation = some_text("disaggregation");
    if (bb_rowset_new(&set) != 0 || bb_rowset_add(set, &row) != 0)
        errx(EX_OSERR, "no memory");
    bb_rowset_message(set, &rows);
    put_bytes(out, field, bb_bytes(packed, bb__rows__pack(&rows, packed)));
    bb_rowset_destroy(&set);
}

static void put_message(struct bb_buffer *out, const ProtobufCMessageDescriptor *type, unsigned depth);

static void
put_inner(struct bb_buffer *out, const ProtobufCFieldDescriptor *field, unsigned depth)
{
    struct bb_buffer inner;

    if (field->descriptor == &bb__rows__descriptor) {
        put_rows(out, field->id);
        return;
    }
    bb_buffer_init(&inner, BODY);
    put_message(&inner, field->descriptor, depth + 1);
    put_bytes(out, field->id, bb_buffer_bytes(&inner));
    bb_buffer_release(&inner);
}

static void
put_field(struct bb_buffer *out, const ProtobufCFieldDescriptor *field, unsigned depth)
{
    const ProtobufCEnumDescriptor *words;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        put_bytes(out, field->id, some_text(field->name));
        return;
    case PROTOBUF_C_TYPE_BYTES:
        put_bytes(out, field->id, values.bytes[below((unsigned)values.n_bytes)]);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        put_inner(out, field, depth);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        words = field->descriptor;
        put_tag(out, field->id, 0);
        put_varint(out, (uint64_t)words->values[below(words->n_values)].value);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        put_tag(out, field->id, 0);
        put_varint(out, below(2));
        return;
    default:
        put_tag(out, field->id, 0);
        put_varint(out, below(3) ? values.number[below((unsigned)values.n_number)] : below(3));
        return;
    }
}

/* What is required always, else every third time; of what may come several times up to two. */
static void
put_message(struct bb_buffer *out, const ProtobufCMessageDescriptor *type, unsigned depth)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        unsigned n = field->label == PROTOBUF_C_LABEL_REQUIRED ? 1 : below(3) == 0;

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            n += below(3) == 0;
        if (strcmp(field->name, "signature") == 0 && below(8))
            continue;
        for (; n > 0; n--)
            put_field(out, field, depth);
    }
}

/* What a request said, for people. */
static void
print_request(const char *name, const ProtobufCMessageDescriptor *type, struct bb_bytes body)
{
    printf("%s (%s):", name, type->short_name);
    for (size_t i = 0; i < body.len; i++)
        if (body.data[i] >= ' ' && body.data[i] < 127 && body.data[i] != '\\')
            putchar(body.data[i]);
        else
            printf("\\%02x", body.data[i]);
    putchar('\n');
}

/* Asking */

/* The end of the request. Returns whether something of it should not have come. */
static bool
read_answer(uint64_t id)
{
    struct bb_frame frame;
    bool leaked = false;

    for (;;) {
        Bb__Reply *reply;
        Bb__Error *error;

        if (!raw_next(&raw, &frame, WAIT_MS))
            errx(EX_SOFTWARE, "request %llu was not answered", (unsigned long long)id);
        bb_arena_reset(&raw.arena);
        if (frame.kind == BB_KIND_PING) {
            raw_pong(&raw, &frame);
            continue;
        }
        if (frame.kind == BB_KIND_GOAWAY)
            errx(EX_SOFTWARE, "request %llu ended the connection", (unsigned long long)id);
        leaked |= has_secret(frame.body);
        if (frame.kind == BB_KIND_REPLY && bb_unpack(bb__reply, frame.body, &raw.arena, &reply) == 0 &&
            reply->id == id && reply->final)
            return leaked;
        if (frame.kind == BB_KIND_ERROR && bb_unpack(bb__error, frame.body, &raw.arena, &error) == 0 &&
            error->has_id && error->id == id)
            return leaked;
    }
}

static bool
ask_once(size_t which, uint64_t id)
{
    struct bb_buffer body;
    bool leaked;

    bb_buffer_init(&body, BODY);
    put_message(&body, requests[which].request, 0);
    raw_request(&raw, id, requests[which].method, bb_buffer_bytes(&body));
    leaked = read_answer(id);
    if (leaked)
        print_request(bb_method_info(requests[which].method)->name, requests[which].request,
                      bb_buffer_bytes(&body));
    bb_buffer_release(&body);
    return leaked;
}

/* A subscription, and what is delivered to it. */
static void
subscribe_once(uint64_t number)
{
    struct bb_buffer body, frame;
    bb_mono end;
    struct bb_frame in;
    uint8_t header[4];
    bool leaked = false;

    bb_buffer_init(&body, BODY);
    bb_buffer_init(&frame, BODY);
    put_tag(&body, 1, 0);
    put_varint(&body, number);
    put_bytes(&body, 2, some_text("cursor"));
    for (unsigned n = below(4); n > 0; n--)
        put_bytes(&body, 3, some_text("channel"));
    put_tag(&body, 4, 0);
    put_varint(&body, 1); /* from_start */
    bb_frame_header(header, BB_KIND_SUBSCRIBE);
    bb_buffer_append(&frame, header, sizeof header);
    bb_buffer_append(&frame, body.data, body.len);
    raw_send_bytes(&raw, frame.data, frame.len, false);
    for (end = bb_clock_mono() + SETTLE_MS; bb_clock_mono() < end;) {
        if (!raw_next(&raw, &in, (int)(end - bb_clock_mono())))
            continue;
        if (in.kind == BB_KIND_PING)
            raw_pong(&raw, &in);
        leaked |= has_secret(in.body);
        if (in.kind == BB_KIND_ERROR)
            break;
    }
    if (leaked)
        print_request("SUBSCRIBE", &bb__subscribe__descriptor, bb_buffer_bytes(&body));
    bb_buffer_release(&body);
    bb_buffer_release(&frame);
}

/* The command line */

struct options {
    const char *key, *batch, *undoes, *indicator, *period, *value, *organization, *values;
    unsigned long rounds, seed, index;
    bool queries, last;
};

static void
connect_to(const char *endpoint, const char *server_key, const char *file)
{
    struct bb_keypair keys;
    char error[256];

    if (bb_keyfile_read(file, &keys, error, sizeof error) != 0)
        errx(EX_NOINPUT, "%s", error);
    snprintf(broker.endpoint, sizeof broker.endpoint, "%s", endpoint);
    snprintf(broker.server.public_key, sizeof broker.server.public_key, "%s", server_key);
    broker.context = zmq_ctx_new();
    raw_greeted(&broker, &raw, &keys);
}

static int
ask_all(const struct options *options)
{
    uint64_t id = 0;

    check_all_methods();
    read_values(options->values);
    srandom((unsigned)options->seed);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if (options->queries && bb_method_info(requests[i].method)->lane != BB_LANE_QUERY)
            continue;
        for (unsigned long n = 0; n < options->rounds; n++)
            if (ask_once(i, ++id))
                break;
    }
    for (unsigned n = 1; n <= 5; n++)
        subscribe_once(n);
    return 0;
}

static int
print_outcome(uint64_t id)
{
    Bb__SubmissionReply *outcome;
    struct bb_frame frame;
    Bb__Reply *reply;
    Bb__Error *error;

    do {
        if (!raw_next(&raw, &frame, WAIT_MS))
            errx(EX_SOFTWARE, "it was not answered");
        if (frame.kind == BB_KIND_PING)
            raw_pong(&raw, &frame);
    } while (frame.kind == BB_KIND_PING);
    bb_arena_reset(&raw.arena);
    if (frame.kind == BB_KIND_ERROR && bb_unpack(bb__error, frame.body, &raw.arena, &error) == 0) {
        printf("%s %s\n", bb_error_name(error->code), error->message);
        return 0;
    }
    if (bb_unpack(bb__reply, frame.body, &raw.arena, &reply) != 0 || reply->id != id ||
        bb_unpack(bb__submission_reply, bb_bytes(reply->body.data, reply->body.len), &raw.arena, &outcome) !=
            0)
        errx(EX_SOFTWARE, "the answer cannot be read");
    printf("OK sequence=%llu outcome=%s%s%s receipt=", (unsigned long long)outcome->sequence,
           outcome->outcomes.len ? bb_outcome_name(outcome->outcomes.data[0]) : "none",
           outcome->duplicate ? " duplicate" : "", outcome->n_rejected ? " rejected" : "");
    for (size_t i = 0; outcome->receipt && i < outcome->receipt->hash.len; i++)
        printf("%02x", outcome->receipt->hash.data[i]);
    putchar('\n');
    return 0;
}

static int
submit(const struct options *options)
{
    struct bb_row row = {.indicator = bb_bytes_str(options->indicator),
                         .organization = bb_bytes_str(options->organization),
                         .period = bb_bytes_str(options->period),
                         .flags = BB_ROW_VALUE};
    Bb__Submission message = BB__SUBMISSION__INIT;
    struct bb_bytes batch = from_hex(options->batch);
    struct bb_rowset *set;
    uint8_t packed[BODY];
    Bb__Rows rows;

    if (bb_decimal_parse(bb_bytes_str(options->value), &row.value) != 0)
        errx(EX_USAGE, "'%s' is not a number", options->value);
    if (bb_rowset_new(&set) != 0 || bb_rowset_add(set, &row) != 0)
        errx(EX_OSERR, "no memory");
    bb_rowset_message(set, &rows);
    message.batch = (ProtobufCBinaryData){.len = batch.len, .data = (uint8_t *)(uintptr_t)batch.data};
    message.index = (uint32_t)options->index;
    message.has_last = message.last = options->last;
    message.rows = &rows;
    raw_request(&raw, 1, BB_METHOD_SUBMIT, bb_bytes(packed, bb__submission__pack(&message, packed)));
    bb_rowset_destroy(&set);
    free((uint8_t *)(uintptr_t)batch.data);
    return print_outcome(1);
}

static int
undo(const struct options *options)
{
    struct bb_bytes batch = from_hex(options->batch), undoes = from_hex(options->undoes);
    Bb__BatchUndo message = BB__BATCH_UNDO__INIT;
    uint8_t packed[BODY];

    message.batch = (ProtobufCBinaryData){.len = batch.len, .data = (uint8_t *)(uintptr_t)batch.data};
    message.undoes = (ProtobufCBinaryData){.len = undoes.len, .data = (uint8_t *)(uintptr_t)undoes.data};
    message.has_submission = true;
    message.submission = (uint32_t)options->index;
    raw_request(&raw, 1, BB_METHOD_BATCH_UNDO, bb_bytes(packed, bb__batch_undo__pack(&message, packed)));
    free((uint8_t *)(uintptr_t)batch.data);
    free((uint8_t *)(uintptr_t)undoes.data);
    return print_outcome(1);
}

int
main(int argc, char **argv)
{
    static const struct option names[] = {
        {"endpoint", 1, NULL, 'e'}, {"server-key", 1, NULL, 's'}, {"key", 1, NULL, 'k'},
        {"values", 1, NULL, 'v'},   {"rounds", 1, NULL, 'r'},     {"seed", 1, NULL, 'd'},
        {"queries", 0, NULL, 'q'},  {"batch", 1, NULL, 'b'},      {"undoes", 1, NULL, 'u'},
        {"index", 1, NULL, 'i'},    {"last", 0, NULL, 'l'},       {"indicator", 1, NULL, 'c'},
        {"period", 1, NULL, 'p'},   {"value", 1, NULL, 'V'},      {"organization", 1, NULL, 'o'},
        {NULL, 0, NULL, 0}};
    struct options options = {.rounds = 100, .seed = 1};
    const char *endpoint = NULL, *server_key = NULL;
    int option, status;

    if (argc < 2)
        errx(EX_USAGE, "ask or submit?");
    while ((option = getopt_long(argc - 1, argv + 1, "", names, NULL)) != -1)
        switch (option) {
        case 'e':
            endpoint = optarg;
            break;
        case 's':
            server_key = optarg;
            break;
        case 'k':
            options.key = optarg;
            break;
        case 'v':
            options.values = optarg;
            break;
        case 'r':
            options.rounds = strtoul(optarg, NULL, 10);
            break;
        case 'd':
            options.seed = strtoul(optarg, NULL, 10);
            break;
        case 'q':
            options.queries = true;
            break;
        case 'b':
            options.batch = optarg;
            break;
        case 'u':
            options.undoes = optarg;
            break;
        case 'i':
            options.index = strtoul(optarg, NULL, 10);
            break;
        case 'l':
            options.last = true;
            break;
        case 'c':
            options.indicator = optarg;
            break;
        case 'p':
            options.period = optarg;
            break;
        case 'V':
            options.value = optarg;
            break;
        case 'o':
            options.organization = optarg;
            break;
        default:
            return EX_USAGE;
        }
    if (!endpoint || !server_key || !options.key)
        errx(EX_USAGE, "--endpoint, --server-key and --key are needed");
    connect_to(endpoint, server_key, options.key);
    if (strcmp(argv[1], "ask") == 0)
        status = ask_all(&options);
    else
        status = strcmp(argv[1], "undo") == 0 ? undo(&options) : submit(&options);
    raw_close(&raw);
    zmq_ctx_term(broker.context);
    release_values();
    return status;
}
