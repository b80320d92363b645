/* Sorted by what they go by, codes in front of equal names. Files have many rows of one indicator behind one
 * another, so what was found last is looked at first. */
#include "units.h"

#include "cli.h"

#include <errno.h>
#include <stdlib.h>

struct unit {
    char *name; /* or code */
    bool is_code;
    struct bb_form_indicator indicator;
};

struct bb_units {
    struct bb_client *client;
    struct unit *unit;
    size_t n, size;
    size_t last; /* found, and one; 0: none */
    bool loaded;
    int error;
};

int
bb_units_new(struct bb_client *client, struct bb_units **ret_units)
{
    struct bb_units *units = calloc(1, sizeof *units);

    if (!units)
        return -ENOMEM;
    units->client = client;
    *ret_units = units;
    return 0;
}

static void
forget(struct bb_units *units)
{
    for (size_t i = 0; i < units->n; i++)
        free(units->unit[i].name);
    free(units->unit);
    units->unit = NULL;
    units->n = units->size = units->last = 0;
}

void
bb_units_destroy(struct bb_units **units)
{
    if (!*units)
        return;
    forget(*units);
    free(*units);
    *units = NULL;
}

static int
add(struct bb_units *units, const char *name, bool is_code, struct bb_form_indicator indicator)
{
    if (units->n == units->size) {
        size_t size = units->size ? 2 * units->size : 256;
        struct unit *grown = reallocarray(units->unit, size, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        units->unit = grown;
        units->size = size;
    }
    units->unit[units->n] = (struct unit){strdup(name), is_code, indicator};
    return units->unit[units->n++].name ? 0 : -ENOMEM;
}

static int
on_indicator(void *self, const struct bb_indicator *indicator)
{
    struct bb_units *units = self;
    int frequency =
        indicator->frequency ? bb_period_type_by_frequency(bb_bytes_str(indicator->frequency)) : 0;
    const struct bb_form_indicator said = {
        .boolean = indicator->unit && strcmp(indicator->unit, BB_UNIT_BOOLEAN) == 0,
        .frequency = frequency > 0 ? (enum bb_period_type)frequency : 0,
    };

    units->error = add(units, indicator->code, true, said);
    if (units->error == 0 && indicator->name)
        units->error = add(units, indicator->name, false, said);
    return units->error != 0;
}

static int
compare_text(struct bb_bytes a, const char *b)
{
    size_t len = strlen(b);
    int c = memcmp(a.data, b, a.len < len ? a.len : len);

    return c ? c : (a.len > len) - (a.len < len);
}

static int
compare(const void *a_pointer, const void *b_pointer)
{
    const struct unit *a = a_pointer, *b = b_pointer;
    int c = strcmp(a->name, b->name);

    return c ? c : (int)b->is_code - (int)a->is_code;
}

int
bb_units_load(struct bb_units *units)
{
    const struct bb_indicators_query all = {.code = NULL};
    int r;

    if (units->loaded)
        return 0;
    r = bb_client_indicators(units->client, &all, on_indicator, NULL, units);
    r = bb_cli_ended(units->client, units->error ? units->error : r);
    if (r != 0) {
        forget(units);
        return r;
    }
    qsort(units->unit, units->n, sizeof units->unit[0], compare);
    units->loaded = true;
    return 0;
}

/* The first that goes by this, and one; 0: none does. */
static size_t
find(const struct bb_units *units, struct bb_bytes indicator)
{
    size_t low = 0, high = units->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_text(indicator, units->unit[middle].name) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < units->n && compare_text(indicator, units->unit[low].name) == 0 ? low + 1 : 0;
}

static bool
is_shared(const struct bb_units *units, size_t at)
{
    return !units->unit[at].is_code && at + 1 < units->n &&
           strcmp(units->unit[at].name, units->unit[at + 1].name) == 0;
}

struct bb_form_indicator
bb_units_find(struct bb_units *units, struct bb_bytes indicator)
{
    if (indicator.len == 0)
        return (struct bb_form_indicator){.boolean = false};
    if (!units->last || compare_text(indicator, units->unit[units->last - 1].name) != 0)
        units->last = find(units, indicator);
    if (!units->last || is_shared(units, units->last - 1))
        return (struct bb_form_indicator){.boolean = false};
    return units->unit[units->last - 1].indicator;
}
