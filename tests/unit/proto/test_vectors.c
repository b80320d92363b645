/* The golden vectors, tests/fixtures/wire: one frame a file, at least one for every kind, written by hand and
 * not by this code. Each decodes and encodes again to the same bytes; each malformed one has the error that
 * it states.
 *
 * A file has "name: KIND" (of a malformed one: words), then for some "body: message type" of what the frame
 * carries or "error: NAME" as in PROTOCOL.md, a comment, and the bytes in hex; '#' starts a comment anywhere.
 */
#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"

#include "tests/unit/check.h"
#include "tests/wire_kinds.h"

#include "measurement.pb-c.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER    BB_SOURCE_DIR "/tests/fixtures/wire"
#define MAX_BYTES 4096

struct vector {
    char file[300];
    char name[64];
    char body[64];
    char error[64];
    uint8_t bytes[MAX_BYTES];
    size_t len;
};

static void
read_hex(struct vector *v, const char *line)
{
    for (; *line && *line != '#'; line++) {
        unsigned byte;

        if (isspace((unsigned char)*line))
            continue;
        check(v->len < MAX_BYTES && sscanf(line, "%2x", &byte) == 1, v->file);
        v->bytes[v->len++] = (uint8_t)byte;
        line++;
    }
}

static void
read_vector(struct vector *v)
{
    FILE *file = fopen(v->file, "r");
    char line[500];

    check(file != NULL, v->file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "name: %63[^\n]", v->name) != 1 && sscanf(line, "body: %63[^\n]", v->body) != 1 &&
            sscanf(line, "error: %63[^\n]", v->error) != 1)
            read_hex(v, line);
    fclose(file);
    check(*v->name, v->file);
}

static int
is_hex_file(const struct dirent *entry)
{
    const char *suffix = strrchr(entry->d_name, '.');

    return suffix && strcmp(suffix, ".hex") == 0;
}

/* Call judge for each vector of the folder. Returns how many there are. */
static int
each_vector(const char *folder, void (*judge)(const struct vector *v))
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_hex_file, alphasort);

    check(n > 0, folder);
    for (int i = 0; i < n; i++) {
        struct vector v = {.len = 0};

        snprintf(v.file, sizeof v.file, "%s/%s", folder, entries[i]->d_name);
        read_vector(&v);
        judge(&v);
        free(entries[i]);
    }
    free(entries);
    return n;
}

/* --- decoding as a receiver does --- */

/* One frame that is not a bundle, decoded and encoded again to `out` (with room for it, or NULL).
 * Returns an error of PROTOCOL.md, or 0. */
static enum bb_error
frame_again(const struct bb_frame *frame, struct bb_arena *arena, uint8_t *out, size_t *ret_len)
{
    const struct wire_kind *kind = wire_kind(frame->kind);
    ProtobufCMessage *message;
    int r;

    if (frame->major != BB_VERSION_MAJOR)
        return BB_ERROR_VERSION;
    if (!kind)
        return BB_ERROR_STATE;
    r = bb_message_unpack(kind->type, frame->body, arena, &message);
    if (r)
        return BB_ERROR_MALFORMED;
    *ret_len = bb_frame_size(message);
    assert_true(*ret_len <= MAX_BYTES);
    assert_int_equal(bb_frame_write(out, (enum bb_kind)frame->kind, message), *ret_len);
    return BB_ERROR_NONE;
}

static enum bb_error
bundle_again(struct bb_bytes body, struct bb_arena *arena, uint8_t *out, size_t *ret_len)
{
    struct bb_frame frame;
    size_t at = 0, len = 0, n;
    enum bb_error error;
    int r;

    bb_frame_header(out, BB_KIND_BUNDLE);
    len = BB_ENVELOPE_BYTES;
    while ((r = bb_bundle_next(body, &at, &frame)) == 0) {
        assert_true(len + 4 + frame.body.len + BB_ENVELOPE_BYTES <= MAX_BYTES);
        error = frame_again(&frame, arena, out + len + 4, &n);
        if (error)
            return error;
        bb_put_u32(out + len, (uint32_t)n);
        len += 4 + n;
    }
    *ret_len = len;
    return r < 0 ? BB_ERROR_MALFORMED : BB_ERROR_NONE;
}

static enum bb_error
again(struct bb_bytes in, struct bb_arena *arena, uint8_t *out, size_t *ret_len)
{
    struct bb_frame frame;

    if (bb_frame_parse(in, &frame) < 0)
        return BB_ERROR_MALFORMED;
    return frame.kind == BB_KIND_BUNDLE && frame.major == BB_VERSION_MAJOR
               ? bundle_again(frame.body, arena, out, ret_len)
               : frame_again(&frame, arena, out, ret_len);
}

/* --- bodies --- */

static const ProtobufCMessageDescriptor *const bodies[] = {
    &bb__submission__descriptor,  &bb__submission_reply__descriptor, &bb__readings_part__descriptor,
    &bb__trend_query__descriptor, &bb__follow_query__descriptor,     &bb__follow_reply__descriptor,
    &bb__signing_put__descriptor,
};

static struct bb_bytes
body_of(const struct vector *v, struct bb_arena *arena)
{
    const ProtobufCFieldDescriptor *field;
    ProtobufCBinaryData body;
    struct bb_frame frame;
    ProtobufCMessage *message;

    assert_int_equal(bb_frame_parse(bb_bytes(v->bytes, v->len), &frame), 0);
    assert_int_equal(bb_message_unpack(wire_kind(frame.kind)->type, frame.body, arena, &message), 0);
    field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "body");
    memcpy(&body, (const char *)message + field->offset, sizeof body);
    return bb_bytes(body.data, body.len);
}

static void
judge_body(const struct vector *v, struct bb_arena *arena)
{
    struct bb_bytes body = body_of(v, arena);
    uint8_t out[MAX_BYTES];

    for (size_t i = 0; i < COUNT(bodies); i++) {
        ProtobufCMessage *message;

        if (strcmp(bodies[i]->name, v->body) != 0)
            continue;
        check_int(bb_message_unpack(bodies[i], body, arena, &message), 0, v->file);
        check_int(protobuf_c_message_pack(message, out), body.len, v->file);
        check(memcmp(out, body.data, body.len) == 0, v->file);
        return;
    }
    fail_msg("%s: no such body: %s", v->file, v->body);
}

/* --- the tests --- */

static bool kind_seen[256];

static void
judge_good(const struct vector *v)
{
    uint8_t out[MAX_BYTES];
    const struct wire_kind *kind;
    struct bb_arena arena;
    size_t len = 0;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    check_text(*v->error ? v->error : "none", "none", v->file);
    check_text(bb_error_name(again(bb_bytes(v->bytes, v->len), &arena, out, &len)), "UNKNOWN", v->file);
    check_int(len, v->len, v->file);
    check(memcmp(out, v->bytes, len) == 0, v->file);
    kind = wire_kind(v->bytes[3]);
    check_text(kind ? kind->name : "BUNDLE", v->name, v->file);
    kind_seen[v->bytes[3]] = true;
    if (*v->body)
        judge_body(v, &arena);
    bb_arena_release(&arena);
}

static void
judge_malformed(const struct vector *v)
{
    uint8_t out[MAX_BYTES];
    struct bb_arena arena;
    size_t len;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    check_text(bb_error_name(again(bb_bytes(v->bytes, v->len), &arena, out, &len)), v->error, v->file);
    bb_arena_release(&arena);
}

static void
test_good(void **state)
{
    (void)state;
    each_vector(FOLDER, judge_good);
    for (size_t i = 0; i < COUNT(wire_kinds); i++)
        check(kind_seen[wire_kinds[i].kind], wire_kinds[i].name);
    assert_true(kind_seen[BB_KIND_BUNDLE]);
}

static void
test_malformed(void **state)
{
    (void)state;
    each_vector(FOLDER "/malformed", judge_malformed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
