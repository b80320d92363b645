#include "expression_scan.h"

#include "runtime/text.h"

#include <stdio.h>

bool
bb_scan_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
bb_scan_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

uint8_t
bb_scan_at(const struct bb_scan *s, size_t at)
{
    return at < s->text.len ? s->text.data[at] : 0;
}

uint8_t
bb_scan_peek(struct bb_scan *s)
{
    while (bb_scan_is_blank(bb_scan_at(s, s->at)))
        s->at++;
    return bb_scan_at(s, s->at);
}

size_t
bb_scan_find(const struct bb_scan *s, size_t from, uint8_t byte)
{
    const uint8_t *found = from < s->text.len ? memchr(s->text.data + from, byte, s->text.len - from) : NULL;

    return found ? (size_t)(found - s->text.data) : s->text.len;
}

struct bb_scan_part
bb_scan_trim(const struct bb_scan *s, struct bb_scan_part part)
{
    while (part.from < part.to && bb_scan_is_blank(s->text.data[part.from]))
        part.from++;
    while (part.from < part.to && bb_scan_is_blank(s->text.data[part.to - 1]))
        part.to--;
    return part;
}

struct bb_bytes
bb_scan_bytes(const struct bb_scan *s, struct bb_scan_part part)
{
    return bb_bytes(s->text.data + part.from, part.to - part.from);
}

/* --- what is wrong --- */

int
bb_scan_refuse(struct bb_scan *s, struct bb_scan_part found, const char *remark, const char *expected)
{
    char quoted[48] = "the end";

    if (found.from < found.to) {
        quoted[0] = '\'';
        bb_text_quote(bb_scan_bytes(s, found), quoted + 1, sizeof quoted - 2, 40);
        strcat(quoted, "'");
    }
    s->error->position = found.from;
    snprintf(s->error->text, sizeof s->error->text, "at byte %zu: found %s%s, expected %s", found.from + 1,
             quoted, remark, expected);
    return BB_EXPRESSION_E_MALFORMED;
}

struct bb_scan_part
bb_scan_token(const struct bb_scan *s, size_t from)
{
    size_t to = from;
    uint8_t first = bb_scan_at(s, from);

    while (is_letter(bb_scan_at(s, to)) || bb_scan_is_digit(bb_scan_at(s, to)) ||
           (bb_scan_at(s, to) && strchr("_.:", bb_scan_at(s, to))))
        to++;
    if (bb_scan_at(s, to) == '{' || (first == '#' && bb_scan_at(s, from + 1) == '{'))
        to = bb_scan_find(s, to, '}') + 1;
    else if (to > from && bb_scan_at(s, to) == '(')
        to++;
    else if (first == '[' || first == '"' || first == '\'')
        to = bb_scan_find(s, from + 1, first == '[' ? ']' : first) + 1;
    else if (to == from)
        for (to++; (bb_scan_at(s, to) & 0xC0) == 0x80;)
            to++;
    return (struct bb_scan_part){from, to < s->text.len ? to : s->text.len};
}

/* What DHIS2 has and this has not, by how it begins. */
static const char *
foreign(struct bb_bytes token)
{
    static const struct {
        const char *start, *remark;
    } items[] = {
        {"C{", " (a constant of DHIS2: not supported)"},
        {"N{", " (an indicator of DHIS2: not supported, #{code} stands for indicators too)"},
        {"R{", " (a reporting rate of DHIS2: not supported)"},
        {"OUG{", " (a group of organisation units of DHIS2: not supported)"},
        {"D{", " (a program's data element of DHIS2: not supported)"},
        {"A{", " (a program's attribute of DHIS2: not supported)"},
        {"I{", " (a program indicator of DHIS2: not supported)"},
        {"V{", " (a program's variable of DHIS2: not supported)"},
        {"[", " (a variable of DHIS2: not supported)"},
        {"\"", " (a text: not supported)"},
    };

    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        size_t len = strlen(items[i].start);
        if (token.len >= len && memcmp(token.data, items[i].start, len) == 0)
            return items[i].remark;
    }
    if (token.len > 1 && (token.data[token.len - 1] == '(' || memchr(token.data, ':', token.len)))
        return " (a function: not supported)";
    if (token.len == 1 && strchr("^%<>=!&|", token.data[0]))
        return " (an operator of DHIS2: not supported)";
    return "";
}

int
bb_scan_refuse_here(struct bb_scan *s, const char *expected)
{
    bool more = bb_scan_peek(s) != 0;
    struct bb_scan_part found = more ? bb_scan_token(s, s->at) : (struct bb_scan_part){s->at, s->at};

    return bb_scan_refuse(s, found, foreign(bb_scan_bytes(s, found)), expected);
}
