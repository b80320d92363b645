#include "bars.h"

#include "sparkline.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
bb_bars_add(struct bb_bars *bars, const char *group, const char *value)
{
    struct bb_bar *bar;

    if (bars->n == bars->size) {
        size_t size = bars->size ? bars->size * 2 : 64;
        struct bb_bar *grown = reallocarray(bars->bar, size, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        bars->bar = grown;
        bars->size = size;
    }
    bar = &bars->bar[bars->n++];
    *bar = (struct bb_bar){.group = group ? strdup(group) : NULL, .value = value ? strdup(value) : NULL};
    return (group && !bar->group) || (value && !bar->value) ? -ENOMEM : 0;
}

void
bb_bars_release(struct bb_bars *bars)
{
    for (size_t i = 0; i < bars->n; i++) {
        free(bars->bar[i].group);
        free(bars->bar[i].value);
    }
    free(bars->bar);
    *bars = (struct bb_bars){0};
}

static const char *
first_value(const char *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (values[i])
            return values[i];
    return "";
}

static const char *
last_value(const char *const *values, size_t n)
{
    while (n)
        if (values[--n])
            return values[n];
    return "";
}

/* The values of one group; behind an empty line when it is the first. */
static void
print_group(const struct bb_bars *bars, const char *group, const char **values, bool *begun)
{
    char text[BB_SPARKLINE_TEXT];
    size_t n = 0;

    for (size_t i = 0; i < bars->n; i++)
        if (!group || strcmp(bars->bar[i].group, group) == 0)
            values[n++] = bars->bar[i].value;
    if (!*bb_sparkline(values, n, text))
        return;
    printf("%s%s%s%s  first %s, last %s\n", *begun ? "" : "\n", text, group ? "  " : "", group ? group : "",
           first_value(values, n), last_value(values, n));
    *begun = true;
}

static bool
is_first_of_group(const struct bb_bars *bars, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(bars->bar[i].group, bars->bar[at].group) == 0)
            return false;
    return true;
}

void
bb_bars_print(const struct bb_bars *bars)
{
    const char **values = calloc(bars->n + 1, sizeof *values);
    size_t groups = 0;
    bool begun = false;

    if (values && bars->n > 0 && !bars->bar[0].group)
        print_group(bars, NULL, values, &begun);
    for (size_t i = 0; values && i < bars->n && bars->bar[0].group && groups < BB_BARS_GROUPS; i++) {
        if (!is_first_of_group(bars, i))
            continue;
        print_group(bars, bars->bar[i].group, values, &begun);
        groups++;
    }
    free(values);
}
