/* Cells are found by indicator, organization and period in a table of open addresses; indicators and
 * organizations are numbers, in the order in which they were met, until all is brought into order. */
#include "digest_core.h"

#include <errno.h>
#include <stdlib.h>

#define DIGEST_BYTES ((size_t)64 << 20)
#define ENTRY_BYTES  ((size_t)32 << 20) /* what one entry may add: 10,000 corrections of 2 KB, at most */

int
bb_digest_init(struct bb_digest *digest, const struct bb_query_context *context, uint64_t sequence,
               const char *after, struct bb_query_failure *failure)
{
    *digest = (struct bb_digest){.context = context,
                                 .sequence = sequence,
                                 .failure = failure,
                                 .bytes = context->bytes ? context->bytes : DIGEST_BYTES};
    bb_arena_init(&digest->arena, digest->bytes + ENTRY_BYTES);
    bb_arena_init(&digest->figures, ENTRY_BYTES);
    digest->after = after ? strdup(after) : NULL;
    return after && !digest->after ? -ENOMEM : 0;
}

static void
empty(struct bb_digest *digest)
{
    bb_arena_release(&digest->arena);
    bb_arena_init(&digest->arena, digest->bytes + ENTRY_BYTES);
    bb_map_release(&digest->indicators);
    bb_map_release(&digest->organizations);
    bb_map_release(&digest->inputs);
    free(digest->indicator);
    free(digest->organization);
    free(digest->cell);
    free(digest->slot);
    free(digest->input);
    digest->indicator = NULL;
    digest->organization = NULL;
    digest->cell = NULL;
    digest->slot = NULL;
    digest->input = NULL;
    digest->n_input = digest->input_size = 0;
    digest->n_indicator = digest->indicator_size = digest->n_organization = digest->organization_size = 0;
    digest->n_cell = digest->cell_size = digest->n_slot = 0;
}

void
bb_digest_release(struct bb_digest *digest)
{
    empty(digest);
    bb_arena_release(&digest->arena);
    bb_arena_release(&digest->figures);
    free(digest->after);
    free(digest->below);
    *digest = (struct bb_digest){0};
}

/* Texts */

char *
bb_digest_text(struct bb_digest *digest, struct bb_bytes text)
{
    return bb_arena_text(&digest->arena, text);
}

static bool
is_wanted(const struct bb_digest *digest, struct bb_bytes code)
{
    return (!digest->after || bb_bytes_compare(code, bb_bytes_str(digest->after)) > 0) &&
           (!digest->below || bb_bytes_compare(code, bb_bytes_str(digest->below)) < 0);
}

int
bb_digest_intern(struct bb_map *map, struct bb_bytes code, void **items, size_t item_bytes, uint32_t *size,
                 uint32_t *ret_number, bool *ret_new)
{
    const struct bb_map_entry *entry = bb_map_find(map, code);

    *ret_new = !entry;
    *ret_number = entry ? (uint32_t)entry->value : map->count;
    if (entry)
        return 0;
    if (map->count == *size) {
        uint32_t grown_size = *size ? *size * 2 : 16;
        void *grown = realloc(*items, grown_size * item_bytes);
        if (!grown)
            return -ENOMEM;
        *items = grown;
        *size = grown_size;
    }
    return bb_map_set(map, code, map->count);
}

int
bb_digest_intern_indicator(struct bb_digest *digest, struct bb_bytes code, uint32_t *ret_number)
{
    const char *text;
    void *items = digest->indicator;
    bool is_new;
    int r;

    if (!is_wanted(digest, code)) {
        *ret_number = BB_DIGEST_LEFT_OUT - 1;
        return 0;
    }
    r = bb_digest_intern(&digest->indicators, code, &items, sizeof *digest->indicator,
                         &digest->indicator_size, ret_number, &is_new);
    digest->indicator = items;
    if (r != 0 || !is_new)
        return r;
    text = bb_digest_text(digest, code);
    digest->indicator[digest->n_indicator++] = (struct bb_digest_indicator){.code = text};
    return text ? 0 : -ENOMEM;
}

int
bb_digest_intern_organization(struct bb_digest *digest, struct bb_bytes code, uint32_t *ret_number)
{
    void *items = digest->organization;
    bool is_new;
    int r = bb_digest_intern(&digest->organizations, code, &items, sizeof *digest->organization,
                             &digest->organization_size, ret_number, &is_new);

    digest->organization = items;
    if (r != 0 || !is_new)
        return r;
    digest->organization[digest->n_organization] = bb_digest_text(digest, code);
    return digest->organization[digest->n_organization++] ? 0 : -ENOMEM;
}

/* Cells */

bool
bb_digest_same_cell(const struct bb_digest_cell *cell, uint32_t indicator, uint32_t organization,
                    struct bb_period period)
{
    return cell->indicator == indicator && cell->organization == organization &&
           bb_period_same(cell->period, period);
}

static uint32_t
hash(uint32_t indicator, uint32_t organization, struct bb_period period)
{
    uint64_t h = (uint64_t)indicator << 32 | organization;

    h = (h ^ h >> 29) * 0x9E3779B97F4A7C15u;
    h ^= (uint64_t)period.day << 24 | (uint64_t)period.type << 16 | period.years;
    h = (h ^ h >> 32) * 0xD6E8FEB86659FD93u;
    return (uint32_t)(h >> 32);
}

static uint32_t *
find_slot(const struct bb_digest *digest, uint32_t indicator, uint32_t organization, struct bb_period period)
{
    uint32_t mask = digest->n_slot - 1, at = hash(indicator, organization, period) & mask;

    while (digest->slot[at] &&
           !bb_digest_same_cell(&digest->cell[digest->slot[at] - 1], indicator, organization, period))
        at = (at + 1) & mask;
    return &digest->slot[at];
}

static int
grow(struct bb_digest *digest)
{
    uint32_t size = digest->cell_size ? digest->cell_size * 2 : 64;
    struct bb_digest_cell *cell = realloc(digest->cell, size * sizeof *cell);
    uint32_t *slot;

    if (!cell)
        return -ENOMEM;
    digest->cell = cell;
    slot = calloc(2 * (size_t)size, sizeof *slot);
    if (!slot)
        return -ENOMEM;
    free(digest->slot);
    digest->slot = slot;
    digest->n_slot = 2 * size;
    digest->cell_size = size;
    for (uint32_t i = 0; i < digest->n_cell; i++)
        *find_slot(digest, cell[i].indicator, cell[i].organization, cell[i].period) = i + 1;
    return 0;
}

int
bb_digest_find_cell(struct bb_digest *digest, uint32_t indicator, uint32_t organization,
                    struct bb_period period, uint32_t *ret_number)
{
    uint32_t *slot;

    if (digest->n_cell == digest->cell_size && grow(digest) != 0)
        return -ENOMEM;
    slot = find_slot(digest, indicator, organization, period);
    if (!*slot) {
        digest->cell[digest->n_cell] = (struct bb_digest_cell){.indicator = indicator,
                                                               .organization = organization,
                                                               .period = period,
                                                               .old_sequence = UINT64_MAX,
                                                               .before = UINT64_MAX};
        *slot = ++digest->n_cell;
    }
    *ret_number = *slot;
    return 0;
}

/* Order */

static int
compare_indicators(const void *a, const void *b)
{
    return strcmp(((const struct bb_digest_indicator *)a)->code,
                  ((const struct bb_digest_indicator *)b)->code);
}

static size_t
bytes_taken(const struct bb_digest *digest)
{
    return digest->cell_size * (sizeof *digest->cell + 2 * sizeof *digest->slot) + digest->arena.used;
}

/* The greater half of the indicators is left to another digest; one indicator may be as large as it is. */
int
bb_digest_cut(struct bb_digest *digest)
{
    char *below;

    if (bytes_taken(digest) <= digest->bytes || digest->n_indicator < 2)
        return 0;
    qsort(digest->indicator, digest->n_indicator, sizeof *digest->indicator, compare_indicators);
    below = strdup(digest->indicator[digest->n_indicator / 2].code);
    if (!below)
        return -ENOMEM;
    free(digest->below);
    digest->below = below;
    empty(digest);
    return BB_DIGEST_E_CUT;
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
compare_cells(const void *a, const void *b)
{
    const struct bb_digest_cell *x = a, *y = b;

    if (x->indicator != y->indicator)
        return x->indicator < y->indicator ? -1 : 1;
    if (x->organization != y->organization)
        return x->organization < y->organization ? -1 : 1;
    if (x->period.day != y->period.day)
        return x->period.day < y->period.day ? -1 : 1;
    if (x->period.type != y->period.type)
        return x->period.type < y->period.type ? -1 : 1;
    return (x->period.years > y->period.years) - (x->period.years < y->period.years);
}

/* Codes are put into order; the maps still know the number that each had, and cells get the new one. */
void
bb_digest_sort(struct bb_digest *digest)
{
    uint32_t *number = digest->slot; /* by the old one; of no other use any more, and longer than n_cell */

    if (digest->n_cell == 0)
        return;
    qsort(digest->indicator, digest->n_indicator, sizeof *digest->indicator, compare_indicators);
    for (uint32_t i = 0; i < digest->n_indicator; i++) {
        struct bb_map_entry *entry =
            bb_map_find(&digest->indicators, bb_bytes_str(digest->indicator[i].code));
        number[entry->value] = i;
    }
    for (uint32_t i = 0; i < digest->n_cell; i++)
        digest->cell[i].indicator = number[digest->cell[i].indicator];
    qsort(digest->organization, digest->n_organization, sizeof *digest->organization, compare_texts);
    for (uint32_t i = 0; i < digest->n_organization; i++) {
        struct bb_map_entry *entry =
            bb_map_find(&digest->organizations, bb_bytes_str(digest->organization[i]));
        number[entry->value] = i;
    }
    for (uint32_t i = 0; i < digest->n_cell; i++)
        digest->cell[i].organization = number[digest->cell[i].organization];
    qsort(digest->cell, digest->n_cell, sizeof *digest->cell, compare_cells);
}

static void
find_cells(const struct bb_digest *digest, uint32_t i, uint32_t *ret_from, uint32_t *ret_end)
{
    uint32_t low = 0, high = digest->n_cell;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (digest->cell[middle].indicator < i)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_from = low;
    while (low < digest->n_cell && digest->cell[low].indicator == i)
        low++;
    *ret_end = low;
}

int
bb_digest_cells(struct bb_digest *digest, uint32_t i, uint32_t *ret_from, uint32_t *ret_end)
{
    find_cells(digest, i, ret_from, ret_end);
    return digest->indicator[i].computed ? bb_digest_settle(digest, i, *ret_from, ret_end) : 0;
}

int
bb_digest_old(const struct bb_digest *digest, uint32_t from, uint32_t end, struct bb_given_old **ret_old,
              size_t *ret_n)
{
    struct bb_given_old *old = malloc((end - from + 1) * sizeof *old);
    size_t n = 0;

    if (!old)
        return -ENOMEM;
    for (uint32_t i = from; i < end; i++) {
        const struct bb_digest_cell *cell = &digest->cell[i];
        if (cell->old_sequence != UINT64_MAX)
            old[n++] =
                (struct bb_given_old){bb_bytes_str(digest->organization[cell->organization]),
                                      cell->period.day, bb_period_end(cell->period), cell->old_sequence};
    }
    *ret_old = old;
    *ret_n = n;
    return 0;
}
