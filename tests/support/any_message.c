/* The form is protobuf's (https://protobuf.dev/programming-guides/encoding/), written here by hand: a library
 * would not write what is wrong. */
#include "any_message.h"

#define DEPTH 4

uint64_t
any_below(struct any *any, uint64_t n)
{
    uint64_t value = 0;

    if (any->left.len > 0) {
        size_t bytes = n <= 256 ? 1 : n <= 65536 ? 2 : 8;
        while (bytes-- > 0 && any->left.len > 0) {
            value = value << 8 | *any->left.data;
            any->left = bb_bytes(any->left.data + 1, any->left.len - 1);
        }
    } else if (any->state) {
        /* xorshift64*, Vigna 2016 */
        any->state ^= any->state >> 12;
        any->state ^= any->state << 25;
        any->state ^= any->state >> 27;
        value = any->state * 0x2545F4914F6CDD1Du >> 11;
    }
    return value % n;
}

bool
any_chance(struct any *any, unsigned of_1000)
{
    return of_1000 > 0 && any_below(any, 1000) >= 1000 - of_1000; /* no choices left: no */
}

static bool
fault(struct any *any)
{
    if (!any->faults || !any_chance(any, any->faults))
        return false;
    any->made++;
    return true;
}

uint64_t
any_number(struct any *any)
{
    static const uint64_t edges[] = {0,          1,         2,          127,       128,      255,
                                     256,        65535,     65536,      INT32_MAX, 1u << 31, UINT32_MAX,
                                     1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX};

    switch (any_below(any, 4)) {
    case 0:
        return any_below(any, 8);
    case 1:
        return any_below(any, 256);
    case 2:
        return edges[any_below(any, sizeof edges / sizeof edges[0])];
    default:
        return any_below(any, UINT64_MAX);
    }
}

void
any_text(struct any *any, struct bb_buffer *to)
{
    static const char *const words[] = {
        "",          "alpha",       "delta",         "backbone",     "main",
        "grade3",    "The alpha",   "2018-19",       "2026-09",      "2026-09-07",
        "2026-W36",  "2026Q3",      "all",           "group/board",  "group/*",
        "org/alpha", "indicator/x", "org/*",         "32.7",         "-0.50",
        "1e5",       "12 %",        "race=White",    "a=b;c=d",      "ok",
        "missing",   "#{a} + #{b}", "1 / #{a.b=c}",  "sum",          "ratio",
        "percent",   "yearly",      "school_year",   "active",       "<=",
        "5%",        "measurement", "communication", "Ärzte ohne £", "\xF0\x9F\x98\x80",
        "null",      "..",          "2026-09..",     "2016-2020",    "1:10;2:20",
        "submit",    "approved",    "steering",      "announcement", "%s%n",
    };

    if (any_below(any, 4)) {
        const char *word = words[any_below(any, sizeof words / sizeof words[0])];
        bb_buffer_append(to, word, strlen(word));
        return;
    }
    for (uint64_t n = any_below(any, any_below(any, 16) ? 12 : 400); n > 0; n--)
        bb_buffer_byte(to, (uint8_t)(' ' + any_below(any, 95)));
}

static void
varint(struct bb_buffer *to, uint64_t value)
{
    for (; value > 127; value >>= 7)
        bb_buffer_byte(to, (uint8_t)(value | 0x80));
    bb_buffer_byte(to, (uint8_t)value);
}

static void
fixed(struct bb_buffer *to, uint64_t value, unsigned bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        bb_buffer_byte(to, (uint8_t)value);
}

enum { VARINT, FIXED64, LENGTH, FIXED32 = 5 };

static unsigned
wire_type(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return LENGTH;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return FIXED32;
    default:
        return VARINT;
    }
}

static void
number(struct any *any, const ProtobufCFieldDescriptor *field, struct bb_buffer *to)
{
    const ProtobufCEnumDescriptor *words = field->descriptor;
    uint64_t value = any_number(any);

    if (field->type == PROTOBUF_C_TYPE_BOOL)
        value &= 1;
    if (field->type == PROTOBUF_C_TYPE_ENUM && !fault(any))
        value = (uint64_t)words->values[any_below(any, words->n_values)].value;
    else if (field->type == PROTOBUF_C_TYPE_ENUM)
        value |= 1u << 20; /* far above all that there are */
    if (wire_type(field) == VARINT)
        varint(to, value);
    else
        fixed(to, value, wire_type(field) == FIXED64 ? 8 : 4);
}

static void
some_bytes(struct any *any, struct bb_buffer *to)
{
    static const uint8_t lengths[] = {0, 1, 3, 16, 16, 17, 32, 40};
    uint8_t value = (uint8_t)any_below(any, 256);

    for (size_t n = lengths[any_below(any, sizeof lengths)]; n > 0; n--)
        bb_buffer_byte(to, value++);
}

static void write_message(struct any *any, const ProtobufCMessageDescriptor *type, unsigned depth,
                          struct bb_buffer *to);

/* What has a length, behind it. */
static void
content(struct any *any, const ProtobufCFieldDescriptor *field, unsigned depth, struct bb_buffer *to)
{
    struct bb_buffer inner;
    size_t len;

    bb_buffer_init(&inner, to->limit);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        any_text(any, &inner);
        if (fault(any))
            bb_buffer_append(&inner, any_below(any, 2) ? "\xFF" : "\0", 1);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        write_message(any, field->descriptor, depth + 1, &inner);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        some_bytes(any, &inner);
    } else {
        for (uint64_t n = any_below(any, 6); n > 0; n--)
            number(any, field, &inner);
    }
    len = inner.len;
    if (fault(any))
        len += 1 + any_below(any, 300);
    varint(to, len);
    bb_buffer_append(to, inner.data, inner.len);
    if (inner.error)
        to->error = inner.error;
    bb_buffer_release(&inner);
}

static void
write_value(struct any *any, const ProtobufCFieldDescriptor *field, unsigned depth, struct bb_buffer *to)
{
    bool packed = field->flags & PROTOBUF_C_FIELD_FLAG_PACKED;
    unsigned type = packed ? LENGTH : wire_type(field), said = type;

    if (fault(any))
        said = (unsigned)any_below(any, 8);
    varint(to, (uint64_t)field->id << 3 | said);
    if (type == LENGTH)
        content(any, field, depth, to);
    else
        number(any, field, to);
}

static uint64_t
how_often(struct any *any, const ProtobufCFieldDescriptor *field, unsigned depth)
{
    if (field->label == PROTOBUF_C_LABEL_REQUIRED)
        return fault(any) ? 0 : 1;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && depth >= DEPTH)
        return 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED && !(field->flags & PROTOBUF_C_FIELD_FLAG_PACKED))
        return any_below(any, 4);
    return any_below(any, 2);
}

static void
write_message(struct any *any, const ProtobufCMessageDescriptor *type, unsigned depth, struct bb_buffer *to)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        for (uint64_t n = how_often(any, &type->fields[i], depth); n > 0; n--)
            write_value(any, &type->fields[i], depth, to);
    if (fault(any)) { /* of a version to come, which is none: 0 and a group are */
        varint(to, any_below(any, 2) ? 0 : 1000u << 3 | 3);
        varint(to, any_number(any));
    }
}

void
any_message(struct any *any, const ProtobufCMessageDescriptor *type, struct bb_buffer *to)
{
    write_message(any, type, 0, to);
}
