/* Regular expressions, compiled once: with the allocator of AddressSanitizer glibc takes a hundred times as
 * long for one as for matching it, and what proposes a map tries the same ones for every file. Linked with
 * --wrap=regcomp,--wrap=regfree in builds for libFuzzer. Patterns that come later than PATTERNS others are
 * compiled each time. One thread. */
#include "fuzz.h"

#include <regex.h>

#define PATTERNS 512

int __real_regcomp(regex_t *to, const char *pattern, int flags);
void __real_regfree(regex_t *pattern);
int __wrap_regcomp(regex_t *to, const char *pattern, int flags);
void __wrap_regfree(regex_t *pattern);

static struct pattern {
    char *text;
    int flags;
    regex_t compiled;
} patterns[PATTERNS];
static size_t n_patterns;

int
__wrap_regcomp(regex_t *to, const char *text, int flags)
{
    int r;

    for (size_t i = 0; i < n_patterns; i++) {
        if (patterns[i].flags == flags && strcmp(patterns[i].text, text) == 0) {
            *to = patterns[i].compiled;
            return 0;
        }
    }
    r = __real_regcomp(to, text, flags);
    if (r == 0 && n_patterns < PATTERNS && strlen(text) < 1000) {
        patterns[n_patterns] = (struct pattern){strdup(text), flags, *to};
        require(patterns[n_patterns].text);
        n_patterns++;
    }
    return r;
}

void
__wrap_regfree(regex_t *pattern)
{
    for (size_t i = 0; i < n_patterns; i++)
        if (patterns[i].compiled.buffer == pattern->buffer)
            return;
    __real_regfree(pattern);
}
