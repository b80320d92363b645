#include "disaggregation.h"

#include "runtime/text.h"

#include <stdlib.h>

struct part {
    struct bb_bytes dimension;
    struct bb_bytes code;
};

static struct bb_bytes
trim(struct bb_bytes t)
{
    while (t.len && (t.data[0] == ' ' || t.data[0] == '\t'))
        t = bb_bytes(t.data + 1, t.len - 1);
    while (t.len && (t.data[t.len - 1] == ' ' || t.data[t.len - 1] == '\t'))
        t.len--;
    return t;
}

/* Split "dimension=code" at the first '='. */
static bool
split_part(struct bb_bytes text, struct part *ret_part)
{
    const uint8_t *equals = text.len ? memchr(text.data, '=', text.len) : NULL;
    size_t at;

    if (!equals)
        return false;
    at = (size_t)(equals - text.data);
    ret_part->dimension = trim(bb_bytes(text.data, at));
    ret_part->code = trim(bb_bytes(equals + 1, text.len - at - 1));
    return bb_text_is_code(ret_part->dimension);
}

/* Length of the first part: up to ';', or up to a ',' behind which another dimension= starts. */
static size_t
part_length(struct bb_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct part next;
        if (text.data[i] == ';')
            return i;
        if (text.data[i] == ',' && split_part(bb_bytes(text.data + i + 1, text.len - i - 1), &next))
            return i;
    }
    return text.len;
}

static int
compare_parts(const void *a_pointer, const void *b_pointer)
{
    const struct part *a = a_pointer, *b = b_pointer;
    size_t n = a->dimension.len < b->dimension.len ? a->dimension.len : b->dimension.len;
    int c = memcmp(a->dimension.data, b->dimension.data, n);

    return c ? c : (a->dimension.len > b->dimension.len) - (a->dimension.len < b->dimension.len);
}

static const char *
check_part(const struct part *part)
{
    if (part->code.len == 0)
        return "a dimension without a code";
    for (size_t i = 0; i < part->code.len; i++)
        if (part->code.data[i] < 0x20 || part->code.data[i] == 0x7F)
            return "a control character";
    return NULL;
}

static const char *
split(struct bb_bytes text, struct part *parts, size_t *ret_n)
{
    size_t n = 0;

    for (;;) {
        size_t len = part_length(text);
        const char *what;

        if (n == BB_DISAGGREGATION_PARTS)
            return "more than 8 dimensions";
        if (!split_part(bb_bytes(text.data, len), &parts[n]))
            return "a part that is not dimension=code";
        what = check_part(&parts[n]);
        if (what)
            return what;
        n++;
        if (len == text.len)
            break;
        text = bb_bytes(text.data + len + 1, text.len - len - 1);
    }
    *ret_n = n;
    return NULL;
}

int
bb_disaggregation_parse(struct bb_bytes text, struct bb_buffer *out, const char **ret_what)
{
    struct part parts[BB_DISAGGREGATION_PARTS];
    size_t n = 0;

    bb_buffer_reset(out);
    text = trim(text);
    if (text.len == 0)
        return 0;
    *ret_what = split(text, parts, &n);
    if (*ret_what)
        return 1;
    qsort(parts, n, sizeof parts[0], compare_parts);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare_parts(&parts[i - 1], &parts[i]) == 0) {
            *ret_what = "the same dimension twice";
            return 1;
        }
        if (i > 0)
            bb_buffer_byte(out, ';');
        bb_buffer_append(out, parts[i].dimension.data, parts[i].dimension.len);
        bb_buffer_byte(out, '=');
        bb_buffer_append(out, parts[i].code.data, parts[i].code.len);
    }
    if (out->error || out->len > BB_LIMIT_DISAGGREGATION_BYTES) {
        *ret_what = "more than 300 bytes";
        return 1;
    }
    return 0;
}

void
bb_disaggregation_dimensions(struct bb_bytes canonical, struct bb_buffer *out)
{
    bool in_code = false;

    bb_buffer_reset(out);
    for (size_t i = 0; i < canonical.len; i++) {
        if (canonical.data[i] == ';')
            in_code = false;
        else if (canonical.data[i] == '=')
            in_code = true;
        if (!in_code)
            bb_buffer_byte(out, canonical.data[i]);
    }
}
