/* Thousands separators are taken out only where they stand in front of groups of three digits: "2,5" read
 * with "," as separator must be refused, for 25 is not what it says.
 *
 * A missing value empties its cell. It becomes the row's status when it stands in the value, or, where there
 * is no value, in a part that the row would need; a status that the row itself gives wins. */
#include "rowmap.h"

#include <string.h>

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct bb_text
trimmed(struct bb_text t)
{
    while (t.len && strchr(" \t\r\n", t.data[0]) && t.data[0]) {
        t.data++;
        t.len--;
    }
    while (t.len && strchr(" \t\r\n", t.data[t.len - 1]) && t.data[t.len - 1])
        t.len--;
    return t;
}

static const char *
label_of(const struct bb_map *map, struct bb_text t)
{
    for (size_t i = 0; i < map->n_missing; i++)
        if (strlen(map->missing[i].text) == t.len &&
            memcmp(map->missing[i].text, t.data ? t.data : "", t.len) == 0)
            return map->missing[i].label;
    return NULL;
}

static void
apply_missing(const struct bb_map *map, struct bb_row_text *row)
{
    struct bb_text *f = row->field;
    const char *label[BB_COLUMNS] = {NULL};
    for (int i = BB_COLUMN_VALUE; i <= BB_COLUMN_DENOMINATOR; i++) {
        bool written = f[i].len > 0;
        label[i] = label_of(map, f[i]);
        if (label[i])
            f[i].len = 0;
        if (i != BB_COLUMN_VALUE || written)
            continue;
        if (f[BB_COLUMN_NUMERATOR].len && f[BB_COLUMN_DENOMINATOR].len &&
            !label_of(map, f[BB_COLUMN_NUMERATOR]) && !label_of(map, f[BB_COLUMN_DENOMINATOR]))
            label[i] = NULL; /* an empty value next to its parts is to be computed */
    }
    const char *found = label[BB_COLUMN_VALUE];
    if (!found && f[BB_COLUMN_VALUE].len == 0 &&
        (!f[BB_COLUMN_NUMERATOR].len || !f[BB_COLUMN_DENOMINATOR].len))
        found = label[BB_COLUMN_NUMERATOR] ? label[BB_COLUMN_NUMERATOR] : label[BB_COLUMN_DENOMINATOR];
    if (found && f[BB_COLUMN_STATUS].len == 0)
        f[BB_COLUMN_STATUS] = bb_text(found);
}

/* Copy the integer part without its separators. Returns the bytes read, 0 when the groups are not of three.
 */
static size_t
copy_groups(struct bb_text t, size_t at, const char *separator, char *to, size_t *len)
{
    size_t gap = strlen(separator), digits = 0, groups = 0, start = at;
    for (;; at++) {
        if (at < t.len && is_digit(t.data[at])) {
            to[(*len)++] = t.data[at];
            digits++;
            continue;
        }
        if (groups && digits != 3)
            return 0;
        if (at + gap > t.len || memcmp(t.data + at, separator, gap) != 0)
            return at > start ? at : 0;
        if (digits == 0 || digits > 3)
            return 0;
        groups++;
        digits = 0;
        at += gap - 1;
    }
}

/* The number as everybody writes it; false: it does not follow the map. */
static bool
rewrite_number(const struct bb_map *map, struct bb_text t, char *to, size_t *ret_len)
{
    size_t at = 0, len = 0;
    if (t.len >= BB_ROWMAP_NUMBER)
        return false;
    if (t.data[0] == '-' || t.data[0] == '+')
        to[len++] = t.data[at++];
    if (map->thousands && at < t.len && is_digit(t.data[at])) {
        at = copy_groups(t, at, map->thousands, to, &len);
        if (at == 0)
            return false;
    }
    for (; at < t.len; at++) {
        char c = t.data[at];
        if (map->decimal_comma && c == '.')
            return false;
        to[len++] = map->decimal_comma && c == ',' ? '.' : c;
    }
    *ret_len = len;
    return true;
}

int
bb_rowmap_apply(const struct bb_map *map, unsigned plain, struct bb_rowmap_scratch *scratch,
                struct bb_row_text *row)
{
    for (int i = 0; i < BB_COLUMNS; i++) {
        if (!row->field[i].data && map->constant[i])
            row->field[i] = bb_text(map->constant[i]);
        if (i != BB_COLUMN_COMMENT)
            row->field[i] = trimmed(row->field[i]);
    }
    if (map->n_missing)
        apply_missing(map, row);
    if (!map->thousands && !map->decimal_comma)
        return -1;
    for (int i = BB_COLUMN_VALUE; i <= BB_COLUMN_DENOMINATOR; i++) {
        struct bb_text *t = &row->field[i];
        size_t len;
        if (t->len == 0 || plain & 1u << i)
            continue;
        if (!rewrite_number(map, *t, scratch->number[i], &len))
            return i;
        *t = (struct bb_text){scratch->number[i], len};
    }
    return -1;
}
