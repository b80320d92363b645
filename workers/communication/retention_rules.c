/* The exceptions are words: a pattern, then numbers with their unit, and `;` between them. */
#include "retention_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define WORD 160

/* The next word of a clause, which ends at ';' or NUL. False: there is none. */
static bool
next_word(const char **at, char word[static WORD])
{
    size_t len;

    *at += strspn(*at, " \t\n");
    len = strcspn(*at, " \t\n;");
    snprintf(word, WORD, "%.*s", (int)len, *at);
    *at += len;
    return len > 0;
}

static int
say(char *error, size_t size, const char *word, const char *expected)
{
    snprintf(error, size, "retain: found \"%s\", expected %s", word, expected);
    return -EINVAL;
}

/* "400 days", "100000 messages" */
static int
parse_limit(const char **at, const char *number, struct bb_keep *keep, char *error, size_t size)
{
    char unit[WORD] = "", *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(number, &end, 10);
    if (*number < '1' || *number > '9' || *end || errno || value > UINT32_MAX)
        return say(error, size, number, "a number above 0 of days or messages, or forever");
    next_word(at, unit);
    if (strcmp(unit, "days") == 0 || strcmp(unit, "day") == 0)
        keep->days = (uint32_t)value;
    else if (strcmp(unit, "messages") == 0 || strcmp(unit, "message") == 0)
        keep->messages = value;
    else
        return say(error, size, unit, "days or messages behind a number");
    return 0;
}

/* One clause: a pattern and what is kept. */
static int
parse_rule(const char **at, const char *pattern, struct bb_retention *retention, char *error, size_t size)
{
    struct bb_keep keep = {0};
    struct bb_channel channel;
    char word[WORD];
    bool forever = false, limited = false;

    if (bb_channel_parse_filter(bb_bytes_str(pattern), &channel) != 0)
        return say(error, size, pattern, "a channel, or a pattern as group/*");
    while (next_word(at, word)) {
        if (strcmp(word, "forever") == 0)
            forever = true;
        else if (parse_limit(at, word, &keep, error, size) != 0)
            return -EINVAL;
        else
            limited = true;
    }
    if (forever == limited)
        return say(error, size, pattern, "days, messages, or forever behind it");
    if (retention->n_rules == BB_RETENTION_RULES)
        return say(error, size, pattern, "no more than 64 exceptions");
    bb_channel_format(&channel, retention->rule[retention->n_rules].pattern);
    retention->rule[retention->n_rules++].keep = keep;
    return 0;
}

int
bb_retention_parse(const char *exceptions, struct bb_keep keep, struct bb_retention *ret_retention,
                   char *error, size_t size)
{
    const char *at = exceptions ? exceptions : "";
    char word[WORD];

    ret_retention->keep = keep;
    ret_retention->n_rules = 0;
    for (;;) {
        if (next_word(&at, word) && parse_rule(&at, word, ret_retention, error, size) != 0)
            return -EINVAL;
        at += strspn(at, " \t\n");
        if (*at == '\0')
            return 0;
        at++; /* ';' */
    }
}

struct bb_keep
bb_retention_of(const struct bb_retention *retention, const struct bb_channel *channel)
{
    for (size_t i = 0; i < retention->n_rules; i++) {
        struct bb_channel pattern;
        if (bb_channel_parse_filter(bb_bytes_str(retention->rule[i].pattern), &pattern) == 0 &&
            bb_channel_selects(&pattern, channel))
            return retention->rule[i].keep;
    }
    return retention->keep;
}
