#include "pattern.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

struct bb_pattern {
    regex_t regex;
    char *text;
};

int
bb_pattern_new(const char *text, struct bb_pattern **ret_pattern, char *error, size_t size)
{
    struct bb_pattern *pattern = calloc(1, sizeof *pattern);
    char why[200];
    int r;

    if (!pattern || !(pattern->text = strdup(text))) {
        free(pattern);
        return -ENOMEM;
    }
    r = regcomp(&pattern->regex, text, REG_EXTENDED);
    if (r == 0 && pattern->regex.re_nsub <= BB_PATTERN_GROUPS) {
        *ret_pattern = pattern;
        return 0;
    }
    if (r == 0) {
        snprintf(error, size, "found \"%.100s\" with %zu groups, expected at most %u", text,
                 pattern->regex.re_nsub, BB_PATTERN_GROUPS);
        regfree(&pattern->regex);
    } else {
        regerror(r, &pattern->regex, why, sizeof why);
        snprintf(error, size, "found \"%.100s\" (%s), expected an extended regular expression", text, why);
    }
    free(pattern->text);
    free(pattern);
    return r == REG_ESPACE ? -ENOMEM : -EINVAL;
}

void
bb_pattern_destroy(struct bb_pattern **pattern)
{
    if (!*pattern)
        return;
    regfree(&(*pattern)->regex);
    free((*pattern)->text);
    free(*pattern);
    *pattern = NULL;
}

const char *
bb_pattern_text(const struct bb_pattern *pattern)
{
    return pattern->text;
}

size_t
bb_pattern_groups(const struct bb_pattern *pattern)
{
    return pattern->regex.re_nsub;
}

bool
bb_pattern_match(const struct bb_pattern *pattern, struct bb_bytes text,
                 struct bb_bytes group[BB_PATTERN_GROUPS + 1])
{
    regmatch_t match[BB_PATTERN_GROUPS + 1] = {{.rm_so = 0, .rm_eo = (regoff_t)text.len}};
    const char *data = text.data ? (const char *)text.data : "";

    if (regexec(&pattern->regex, data, BB_PATTERN_GROUPS + 1, match, REG_STARTEND) != 0)
        return false;
    for (size_t i = 0; group && i <= BB_PATTERN_GROUPS; i++)
        group[i] = match[i].rm_so < 0
                       ? bb_bytes("", 0)
                       : bb_bytes(data + match[i].rm_so, (size_t)(match[i].rm_eo - match[i].rm_so));
    return true;
}
