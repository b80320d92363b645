#include "layout.h"

#include "header_words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static int
field_of(struct bb_bytes name, const char *const *fields)
{
    for (int i = 0; name.data && fields[i]; i++)
        if (bb_bytes_equal(bb_bytes_str(fields[i]), name))
            return i;
    return -1;
}

/* Note which column holds a field; two of them for one is a mistake. */
static int
place_column(struct bb_layout *layout, const struct bb_csv_row *header, size_t i, int field,
             const char *const *fields, char *error, size_t size)
{
    if (layout->column[field] >= 0) {
        snprintf(error, size, "line %" PRIu64 ": columns %d and %zu are both \"%s\"", header->line,
                 layout->column[field] + 1, i + 1, fields[field]);
        return -EINVAL;
    }
    layout->column[field] = (int16_t)i;
    layout->meaning[i] = (int16_t)field;
    return 0;
}

int
bb_layout_init(struct bb_layout *layout, const struct bb_csv_row *header, const char *const *fields,
               char *error, size_t size)
{
    bool unknown[BB_CSV_COLUMNS];
    const struct bb_header words = {header->cell, unknown, header->count, header->line, ',', false};
    size_t known = 0;
    int r = 0;

    *layout = (struct bb_layout){.columns = header->count};
    for (size_t i = 0; i < BB_LAYOUT_FIELDS; i++)
        layout->column[i] = -1;
    if (header->count > BB_CSV_COLUMNS) {
        snprintf(error, size, "line %" PRIu64 ": found %zu columns, expected at most %u", header->line,
                 header->count, BB_CSV_COLUMNS);
        return -EINVAL;
    }
    for (size_t i = 0; r == 0 && i < header->count; i++) {
        int field = field_of(header->cell[i], fields);
        unknown[i] = field < 0;
        known += field >= 0;
        if (field >= 0)
            r = place_column(layout, header, i, field, fields, error, size);
    }
    if (r == 0 && (header->problem || known == 0))
        return bb_header_none(&words, fields, error, size);
    return r == 0 && known < header->count ? bb_header_unknown(&words, fields, error, size) : r;
}

bool
bb_layout_row(const struct bb_layout *layout, const struct bb_csv_row *row, char *reason, size_t size)
{
    if (!bb_csv_is_sound(row, reason, size))
        return false;
    if (row->count != layout->columns)
        snprintf(reason, size, "found %zu column%s, expected %zu as in the header", row->count,
                 row->count == 1 ? "" : "s", layout->columns);
    return row->count == layout->columns;
}
