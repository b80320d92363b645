#include "annotation.h"

#include "proto/rows.h"

#include <string.h>

#define CODES 128u

const char *const bb_annotations[BB_ANNOTATIONS] = {"row", "code", "field", "reason"};

static size_t
count_digits(struct bb_bytes text)
{
    size_t n = 0;

    while (n < text.len && text.data[n] >= '0' && text.data[n] <= '9')
        n++;
    return n;
}

static bool
is_code(struct bb_bytes text)
{
    for (uint32_t code = 1; code < CODES; code++)
        if (bb_bytes_equal(text, bb_bytes_str(bb_row_code_name(code))))
            return text.len > 0;
    return false;
}

static bool
is_field(struct bb_bytes text)
{
    for (uint32_t field = 0; field < BB_FIELD_COUNT; field++)
        if (bb_bytes_equal(text, bb_bytes_str(bb_field_name(field))))
            return true;
    return false;
}

bool
bb_annotation_is(const struct bb_bytes cell[BB_ANNOTATIONS])
{
    size_t digits = count_digits(cell[0]);

    return digits > 0 && digits == cell[0].len && cell[3].len > 0 && is_field(cell[2]) && is_code(cell[1]);
}

bool
bb_annotation_ends(const struct bb_bytes *cell, size_t count, size_t *ret_own)
{
    while (count && cell[count - 1].len == 0)
        count--;
    for (size_t i = 1; i <= BB_ANNOTATIONS; i++)
        if (count < BB_ANNOTATIONS || (!cell[count - i].data && cell[count - i].len))
            return false;
    if (!bb_annotation_is(cell + count - BB_ANNOTATIONS))
        return false;
    *ret_own = count - BB_ANNOTATIONS;
    return true;
}

bool
bb_annotation_names(const struct bb_bytes *name, size_t count)
{
    for (size_t i = 0; i < BB_ANNOTATIONS; i++)
        if (count < BB_ANNOTATIONS ||
            !bb_bytes_equal(name[count - BB_ANNOTATIONS + i], bb_bytes_str(bb_annotations[i])))
            return false;
    return true;
}

/* "7, BAD_NUMBER, value: ..." */
static bool
is_note(struct bb_bytes text)
{
    size_t digits = count_digits(text), end;

    if (digits == 0 || text.len < digits + 2 || text.data[digits] != ',' || text.data[digits + 1] != ' ')
        return false;
    text = bb_bytes(text.data + digits + 2, text.len - digits - 2);
    for (end = 0; end < text.len && text.data[end] != ',' && text.data[end] != ':';)
        end++;
    return end < text.len && is_code(bb_bytes(text.data, end));
}

struct bb_bytes
bb_annotation_cut(struct bb_bytes line)
{
    const size_t mark = strlen(BB_ANNOTATION_MARK);

    for (size_t at = 0; at + mark <= line.len; at++)
        if (memcmp(line.data + at, BB_ANNOTATION_MARK, mark) == 0 &&
            is_note(bb_bytes(line.data + at + mark, line.len - at - mark)))
            return bb_bytes(line.data, at);
    return line;
}
