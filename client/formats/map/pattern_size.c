/* One pass, with the size of each open group. A part (a character, a set, a group) is copied as often as the
 * repeat behind it says; + copies it once more. */
#include "pattern_size.h"

#include "pattern.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct measure {
    const char *at;
    uint64_t open[BB_PATTERN_BYTES + 1]; /* parts of the groups around, the whole first */
    size_t depth;
    uint64_t part; /* the last one, which a repeat is of */
    uint64_t repeat;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* At '[': behind its end. Classes as [:alpha:] have brackets of their own. */
static const char *
behind_set(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    for (bool first = true; *at && (*at != ']' || first); first = false) {
        if (*at == '[' && at[1] && strchr(":=.", at[1])) {
            const char end[3] = {at[1], ']', '\0'}, *close = strstr(at + 2, end);
            at = close ? close + 1 : at;
        }
        at++;
    }
    return *at ? at + 1 : at;
}

/* At '{': how often, and behind it. False: it is no repeat. */
static bool
read_repeat(const char *at, const char **ret_behind, uint64_t *ret_times)
{
    char *end;
    uint64_t least, most;

    if (!is_digit(at[1]) && at[1] != ',')
        return false;
    least = strtoull(at + 1, &end, 10);
    if (at[1] == ',')
        end = (char *)at + 1;
    most = least;
    if (*end == ',')
        most = is_digit(end[1]) ? strtoull(end + 1, &end, 10) : (end++, least + 1);
    if (*end != '}')
        return false;
    *ret_behind = end + 1;
    *ret_times = most > least ? most : least;
    return true;
}

static void
add(struct measure *m, uint64_t part)
{
    m->part = part;
    m->open[m->depth] += part;
}

/* The last part is there so many times: bounded, for products of many repeats do not fit. */
static void
multiply(struct measure *m, uint64_t times)
{
    uint64_t more = times > 1 ? m->part * (times - 1) : 0;

    m->part += more;
    m->open[m->depth] += more;
}

static void
step(struct measure *m)
{
    const char c = *m->at;
    uint64_t times;

    if (c == '{' && read_repeat(m->at, &m->at, &times)) {
        if (times > m->repeat)
            m->repeat = times;
        if (times <= BB_PATTERN_REPEAT)
            multiply(m, times);
        return;
    }
    if (c == '[') {
        m->at = behind_set(m->at);
        add(m, 1);
        return;
    }
    m->at += c == '\\' && m->at[1] ? 2 : 1;
    if (c == '(') {
        m->open[++m->depth] = 1;
    } else if (c == ')' && m->depth) {
        uint64_t group = m->open[m->depth--];
        add(m, group);
    } else if (c == '+') {
        multiply(m, 2);
    } else if (c != '*' && c != '?') {
        add(m, 1);
    }
}

bool
bb_pattern_is_small(const char *text, char *error, size_t size)
{
    struct measure m = {.at = text};
    size_t len = strlen(text);

    if (len > BB_PATTERN_BYTES) {
        snprintf(error, size, "found a pattern of %zu bytes, expected at most %u", len, BB_PATTERN_BYTES);
        return false;
    }
    while (*m.at && m.repeat <= BB_PATTERN_REPEAT && m.open[m.depth] <= BB_PATTERN_PARTS)
        step(&m);
    if (m.repeat > BB_PATTERN_REPEAT)
        snprintf(error, size, "found \"%.100s\" with a repeat of more than %u, expected at most so many",
                 text, BB_PATTERN_REPEAT);
    else if (m.open[m.depth] > BB_PATTERN_PARTS)
        snprintf(error, size,
                 "found \"%.100s\" whose repeats come to more than %u characters, expected fewer", text,
                 BB_PATTERN_PARTS);
    return m.repeat <= BB_PATTERN_REPEAT && m.open[m.depth] <= BB_PATTERN_PARTS;
}
