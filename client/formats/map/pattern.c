#include "pattern.h"

#include "pattern_size.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#define SMALL_BYTES 512u /* of a text that is copied without asking for memory */

struct bb_pattern {
    regex_t regex;
    char *text;
};

int
bb_pattern_new(const char *text, struct bb_pattern **ret_pattern, char *error, size_t size)
{
    struct bb_pattern *pattern;
    char why[200];
    int r;

    if (!bb_pattern_is_small(text, error, size))
        return -EINVAL;
    pattern = calloc(1, sizeof *pattern);
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

/* The text is copied, for regexec(3) takes texts that end with NUL: with REG_STARTEND the C library looks no
 * further than that says, but the sanitizers do. */
bool
bb_pattern_match(const struct bb_pattern *pattern, struct bb_bytes text,
                 struct bb_bytes group[BB_PATTERN_GROUPS + 1])
{
    regmatch_t match[BB_PATTERN_GROUPS + 1] = {{.rm_so = 0, .rm_eo = (regoff_t)text.len}};
    char small[SMALL_BYTES], *copy = text.len < sizeof small ? small : malloc(text.len + 1);
    bool matches = false;

    if (!copy)
        return false;
    if (!text.data)
        text = bb_bytes("", 0);
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    matches = regexec(&pattern->regex, copy, BB_PATTERN_GROUPS + 1, match, REG_STARTEND) == 0;
    for (size_t i = 0; matches && group && i <= BB_PATTERN_GROUPS; i++)
        group[i] = match[i].rm_so < 0
                       ? bb_bytes("", 0)
                       : bb_bytes(text.data + match[i].rm_so, (size_t)(match[i].rm_eo - match[i].rm_so));
    if (copy != small)
        free(copy);
    return matches;
}
