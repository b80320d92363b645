/* Rows name texts of their entry's dictionary. Each text that is met is looked up once an entry, so a row
 * costs one probe of the table of cells, or none when it falls into the cell of the row before. Only a row
 * that updated something asks the store: for its reading as of its own entry and as of the one before. That
 * is the change of the row, since an entry changes a reading once at most. */
#include "digest.h"

#include "names.h"
#include "query_review.h"
#include "query_snapshot.h"
#include "query_tally.h"
#include "query_terms.h"

#include "proto/limits.h"
#include "runtime/rowset.h"

#include <errno.h>
#include <stdlib.h>

#define DIGEST_BYTES     ((size_t)64 << 20)
#define ENTRY_BYTES      ((size_t)32 << 20) /* what one entry may add: 10,000 corrections of 2 KB, at most */
#define DEFINITION_BYTES (4 * (size_t)BB_LIMIT_DECODE_BYTES)
#define LEFT_OUT         UINT32_MAX

enum role { INDICATOR, ORGANIZATION, PLACE, DISAGGREGATION, ROLES };

static const enum bb_object_kind kinds[ROLES] = {BB_OBJECT_INDICATOR, BB_OBJECT_ORGANIZATION, BB_OBJECT_PLACE,
                                                 BB_OBJECT_DISAGGREGATION};

/* An entry that is being added. */
struct adding {
    struct bb_digest *digest;
    const Bb__EntrySubmission *entry;
    uint64_t sequence;
    struct bb_rowview view;
    /* By index in the dictionary: number in the digest plus 1, 0 not yet; periods of type 0 not yet */
    uint32_t *indicator, *organization;
    struct bb_period *period;
    uint32_t *id[ROLES]; /* in the store, plus 1; once a row needs it */
    struct bb_snapshot snapshot;
    struct bb_arena definition; /* the one that was looked up last, with all of its versions */
    struct bb_indicator rules;  /* ... its numbers */
    uint32_t rules_of;          /* its id; 0: none was */
    bool looking;               /* the snapshot is open */
    struct bb_digest_cell *last;
};

int
bb_digest_init(struct bb_digest *digest, const struct bb_query_context *context, const char *after,
               struct bb_query_failure *failure)
{
    *digest = (struct bb_digest){
        .context = context, .failure = failure, .bytes = context->bytes ? context->bytes : DIGEST_BYTES};
    bb_arena_init(&digest->arena, digest->bytes + ENTRY_BYTES);
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
    free(digest->indicator);
    free(digest->organization);
    free(digest->cell);
    free(digest->slot);
    digest->indicator = NULL;
    digest->organization = NULL;
    digest->cell = NULL;
    digest->slot = NULL;
    digest->n_indicator = digest->indicator_size = digest->n_organization = digest->organization_size = 0;
    digest->n_cell = digest->cell_size = digest->n_slot = 0;
}

void
bb_digest_release(struct bb_digest *digest)
{
    empty(digest);
    bb_arena_release(&digest->arena);
    free(digest->after);
    free(digest->below);
    *digest = (struct bb_digest){0};
}

/* Texts */

static char *
copy_text(struct bb_digest *digest, struct bb_bytes text)
{
    char *copy = bb_arena_alloc(&digest->arena, text.len + 1);

    if (!copy)
        return NULL;
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

static bool
is_wanted(const struct bb_digest *digest, struct bb_bytes code)
{
    return (!digest->after || bb_bytes_compare(code, bb_bytes_str(digest->after)) > 0) &&
           (!digest->below || bb_bytes_compare(code, bb_bytes_str(digest->below)) < 0);
}

/* The number of a code that may be new; the array behind `items` has room for one more. */
static int
intern(struct bb_map *map, struct bb_bytes code, void **items, size_t item_bytes, uint32_t *size,
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

static int
intern_indicator(struct bb_digest *digest, struct bb_bytes code, uint32_t *ret_number)
{
    const char *text;
    void *items = digest->indicator;
    bool is_new;
    int r;

    if (!is_wanted(digest, code)) {
        *ret_number = LEFT_OUT - 1;
        return 0;
    }
    r = intern(&digest->indicators, code, &items, sizeof *digest->indicator, &digest->indicator_size,
               ret_number, &is_new);
    digest->indicator = items;
    if (r != 0 || !is_new)
        return r;
    text = copy_text(digest, code);
    digest->indicator[digest->n_indicator++] = (struct bb_digest_indicator){.code = text};
    return text ? 0 : -ENOMEM;
}

static int
intern_organization(struct bb_digest *digest, struct bb_bytes code, uint32_t *ret_number)
{
    void *items = digest->organization;
    bool is_new;
    int r = intern(&digest->organizations, code, &items, sizeof *digest->organization,
                   &digest->organization_size, ret_number, &is_new);

    digest->organization = items;
    if (r != 0 || !is_new)
        return r;
    digest->organization[digest->n_organization] = copy_text(digest, code);
    return digest->organization[digest->n_organization++] ? 0 : -ENOMEM;
}

/* The text of a row's organization: the sender's own where it names none. */
static struct bb_bytes
organization_text(const struct adding *adding, uint32_t index)
{
    return index ? adding->view.text[index] : bb_bytes_str(adding->entry->organization);
}

static int
find_numbers(struct adding *adding, const struct bb_rowref *row)
{
    uint32_t *indicator = &adding->indicator[row->indicator],
             *organization = &adding->organization[row->organization];
    int r = 0;

    if (*indicator == 0) {
        r = intern_indicator(adding->digest, adding->view.text[row->indicator], indicator);
        ++*indicator;
    }
    if (r == 0 && *organization == 0 && *indicator != LEFT_OUT) {
        r = intern_organization(adding->digest, organization_text(adding, row->organization), organization);
        ++*organization;
    }
    if (r == 0 && adding->period[row->period].type == 0 &&
        bb_period_parse(adding->view.text[row->period], 0, &adding->period[row->period]) != 0)
        r = -EBADMSG;
    return r;
}

/* Cells */

static bool
same_cell(const struct bb_digest_cell *cell, uint32_t indicator, uint32_t organization,
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
           !same_cell(&digest->cell[digest->slot[at] - 1], indicator, organization, period))
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

/* The cell of a row; valid until the next one is asked for. */
static int
find_cell(struct adding *adding, const struct bb_rowref *row, struct bb_digest_cell **ret_cell)
{
    struct bb_digest *digest = adding->digest;
    uint32_t indicator = adding->indicator[row->indicator] - 1,
             organization = adding->organization[row->organization] - 1, *slot;
    struct bb_period period = adding->period[row->period];

    if (!adding->last || !same_cell(adding->last, indicator, organization, period)) {
        if (digest->n_cell == digest->cell_size && grow(digest) != 0)
            return -ENOMEM;
        slot = find_slot(digest, indicator, organization, period);
        if (!*slot) {
            digest->cell[digest->n_cell] = (struct bb_digest_cell){.indicator = indicator,
                                                                   .organization = organization,
                                                                   .period = period,
                                                                   .old_sequence = UINT64_MAX};
            *slot = ++digest->n_cell;
        }
        adding->last = &digest->cell[*slot - 1];
    }
    *ret_cell = adding->last;
    return 0;
}

/* Corrections */

static int
find_id(struct adding *adding, enum role role, uint32_t index, uint32_t *ret_id)
{
    struct bb_bytes text = role == ORGANIZATION ? organization_text(adding, index) : adding->view.text[index];
    uint32_t *id = &adding->id[role][index];
    int r = 0;

    if (*id == 0 && text.len > 0) {
        r = bb_term_find(&adding->snapshot, kinds[role], text, ret_id);
        if (r != 0)
            return r < 0 ? r : -EBADMSG;
        *id = *ret_id + 1;
    }
    *ret_id = *id ? *id - 1 : 0;
    return r;
}

static int
begin_looking(struct adding *adding)
{
    size_t n = adding->view.n_text + 1;
    int r;

    if (adding->looking)
        return 0;
    for (int role = 0; role < ROLES; role++) {
        adding->id[role] = calloc(n, sizeof **adding->id);
        if (!adding->id[role])
            return -ENOMEM;
    }
    r = bb_snapshot_begin(&adding->snapshot, adding->digest->context, adding->digest->failure);
    adding->looking = r == 0;
    return r;
}

/* The reading as of the row's entry, and as of the one before. */
static int
look(struct adding *adding, const struct bb_rowref *row, struct bb_reading *ret_old,
     struct bb_reading *ret_new, struct bb_reading_key *ret_key)
{
    struct bb_reading_key key = {.period = adding->period[row->period]};
    uint8_t data[BB_READING_KEY];
    struct bb_bytes packed, record;
    int r = begin_looking(adding);

    if (r == 0)
        r = find_id(adding, INDICATOR, row->indicator, &key.indicator);
    if (r == 0)
        r = find_id(adding, ORGANIZATION, row->organization, &key.organization);
    if (r == 0)
        r = find_id(adding, PLACE, row->place, &key.place);
    if (r == 0)
        r = find_id(adding, DISAGGREGATION, row->disaggregation, &key.disaggregation);
    if (r != 0)
        return r;
    packed = bb_bytes(data, bb_reading_key_pack(&key, data, NULL));
    r = bb_snapshot_get(&adding->snapshot, BB_VIEW_READING, packed, &record);
    adding->snapshot.sequence = adding->sequence - 1;
    if (r == 0)
        r = bb_snapshot_revision(&adding->snapshot, packed, record, ret_old);
    adding->snapshot.sequence = adding->sequence;
    if (r == 0)
        r = bb_snapshot_revision(&adding->snapshot, packed, record, ret_new);
    if (r > 0)
        r = bb_snapshot_damaged(&adding->snapshot, BB_VIEW_READING, packed);
    *ret_key = key;
    return r;
}

/* The numbers of a definition as of the entry; those of the one before are kept. */
static int
find_rules(struct adding *adding, uint32_t indicator)
{
    Bb__Indicator *definition;
    struct bb_note note;
    const char *column;
    int r;

    if (adding->rules_of == indicator)
        return 0;
    bb_arena_reset(&adding->definition);
    r = bb_term_definition(&adding->snapshot, indicator, &adding->definition, &definition);
    if (r == 0)
        r = bb_indicator_parse(definition, &adding->rules, &note, &column);
    if (r > 0)
        return bb_snapshot_damaged(&adding->snapshot, BB_VIEW_DEFINITION, bb_bytes_str(definition->code));
    adding->rules_of = r == 0 ? indicator : 0;
    return r;
}

/* Did nobody but its organization and staff know the old one, since it waited for approval? */
static int
was_waiting(struct adding *adding, const struct bb_reading_key *key, bool *ret_waiting)
{
    bool approved = true;
    int r = find_rules(adding, key->indicator);

    adding->snapshot.sequence = adding->sequence - 1;
    if (r == 0 && adding->rules.publish_approved)
        r = bb_snapshot_is_approved(&adding->snapshot, key, &approved);
    adding->snapshot.sequence = adding->sequence;
    *ret_waiting = !approved;
    return r;
}

/* The value as it was shown: as reported, or computed by the definition of then. NULL text: none. */
static int
value_text(struct adding *adding, uint32_t indicator, const struct bb_reading *reading, char **ret_text)
{
    struct bb_decimal value = reading->value;
    char text[BB_DECIMAL_TEXT];
    int r;

    if (!(reading->flags & BB_ROW_VALUE)) {
        r = find_rules(adding, indicator);
        if (r != 0)
            return r;
        if (!bb_reading_computed(&adding->rules, reading, bb_figure_decimals(&adding->rules), &value))
            return 0;
    }
    *ret_text = copy_text(adding->digest, bb_bytes(text, bb_decimal_format(value, text)));
    return *ret_text ? 0 : -ENOMEM;
}

/* Numerator or denominator. NULL text: none. */
static int
part_text(struct adding *adding, const struct bb_reading *reading, uint32_t flag, struct bb_decimal part,
          char **ret_text)
{
    char text[BB_DECIMAL_TEXT];

    if (!(reading->flags & flag))
        return 0;
    *ret_text = copy_text(adding->digest, bb_bytes(text, bb_decimal_format(part, text)));
    return *ret_text ? 0 : -ENOMEM;
}

static int
list_parts(struct adding *adding, const struct bb_reading *old, const struct bb_reading *now,
           Bb__Correction *correction)
{
    int r = part_text(adding, old, BB_ROW_NUMERATOR, old->numerator, &correction->old_numerator);

    if (r == 0)
        r = part_text(adding, now, BB_ROW_NUMERATOR, now->numerator, &correction->new_numerator);
    if (r == 0)
        r = part_text(adding, old, BB_ROW_DENOMINATOR, old->denominator, &correction->old_denominator);
    if (r == 0)
        r = part_text(adding, now, BB_ROW_DENOMINATOR, now->denominator, &correction->new_denominator);
    return r;
}

static int
list_correction(struct adding *adding, const struct bb_rowref *row, uint32_t id, const struct bb_reading *old,
                const struct bb_reading *now)
{
    struct bb_digest *digest = adding->digest;
    struct bb_digest_indicator *indicator = &digest->indicator[adding->indicator[row->indicator] - 1];
    Bb__Correction *correction = bb_arena_alloc(&digest->arena, sizeof *correction);
    char period[BB_PERIOD_TEXT];
    int r;

    if (!indicator->listed)
        indicator->listed =
            bb_arena_alloc(&digest->arena, BB_DIGEST_CORRECTIONS * sizeof(*indicator->listed));
    if (!correction || !indicator->listed)
        return -ENOMEM;
    bb__correction__init(correction);
    correction->organization = copy_text(digest, organization_text(adding, row->organization));
    correction->place = copy_text(digest, adding->view.text[row->place]);
    correction->disaggregation = copy_text(digest, adding->view.text[row->disaggregation]);
    correction->period =
        copy_text(digest, bb_bytes(period, bb_period_format(adding->period[row->period], period)));
    if (!correction->organization || !correction->place || !correction->disaggregation || !correction->period)
        return -ENOMEM;
    correction->old_state = bb_row_state(old->flags);
    correction->new_state = bb_row_state(now->flags);
    correction->old_sequence = old->sequence;
    r = value_text(adding, id, old, &correction->old_value);
    if (r == 0)
        r = value_text(adding, id, now, &correction->new_value);
    if (r == 0)
        r = list_parts(adding, old, now, correction);
    indicator->listed[indicator->n_listed++] = correction;
    return r;
}

/* Is it another value, or state, or other parts? A comment is not what a reading says. */
static bool
same_figures(struct bb_reading a, struct bb_reading b)
{
    a.flags &= ~BB_ROW_COMMENT;
    b.flags &= ~BB_ROW_COMMENT;
    a.comment = b.comment = bb_bytes(NULL, 0);
    return bb_reading_same(&a, &b);
}

static int
add_updated(struct adding *adding, const struct bb_rowref *row, struct bb_digest_cell *cell)
{
    struct bb_digest_indicator *indicator = &adding->digest->indicator[cell->indicator];
    struct bb_reading old, now;
    struct bb_reading_key key;
    bool waiting;
    int r = look(adding, row, &old, &now, &key);

    if (r != 0 || same_figures(old, now))
        return r;
    r = was_waiting(adding, &key, &waiting);
    if (r != 0 || waiting)
        return r;
    if (old.sequence < cell->old_sequence)
        cell->old_sequence = old.sequence;
    cell->corrected++;
    if (indicator->corrections++ < BB_DIGEST_CORRECTIONS)
        r = list_correction(adding, row, key.indicator, &old, &now);
    return r;
}

/* Adding */

static int
add_row(struct adding *adding, uint32_t i, uint8_t outcome)
{
    struct bb_digest_cell *cell;
    struct bb_rowref row;
    int r;

    bb_rowview_get(&adding->view, i, &row);
    r = find_numbers(adding, &row);
    if (r != 0 || adding->indicator[row.indicator] == LEFT_OUT)
        return r;
    r = find_cell(adding, &row, &cell);
    if (r != 0)
        return r;
    if (outcome == BB_OUTCOME_CREATED) {
        cell->created++;
        return 0;
    }
    cell->updated++;
    return add_updated(adding, &row, cell);
}

/* An entry has the rows that were not refused, and the outcomes of all of them, or one for all. */
static int
add_rows(struct adding *adding)
{
    const ProtobufCBinaryData *outcomes = &adding->entry->outcomes;
    uint32_t n = adding->entry->rows->count, row = 0;
    int r = 0;

    if (outcomes->len != 1 && outcomes->len != adding->entry->row_count)
        return -EBADMSG;
    for (uint32_t i = 0; r == 0 && row < n && i < adding->entry->row_count; i++) {
        uint8_t outcome = outcomes->data[outcomes->len == 1 ? 0 : i];
        if (!bb_outcome_is_kept(outcome))
            continue;
        if (outcome == BB_OUTCOME_CREATED || outcome == BB_OUTCOME_UPDATED)
            r = add_row(adding, row, outcome);
        row++;
    }
    return r;
}

static int
compare_indicators(const void *a, const void *b)
{
    return strcmp(((const struct bb_digest_indicator *)a)->code,
                  ((const struct bb_digest_indicator *)b)->code);
}

/* Leave the greater half of the indicators to another digest. 0 there is only one | BB_DIGEST_E_CUT | -ENOMEM
 */
static int
cut(struct bb_digest *digest)
{
    char *below;

    if (digest->n_indicator < 2)
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

static size_t
bytes_taken(const struct bb_digest *digest)
{
    return digest->cell_size * (sizeof *digest->cell + 2 * sizeof *digest->slot) + digest->arena.used;
}

static int
begin_adding(struct adding *adding)
{
    const char *what;
    size_t n;
    int r = bb_rowview_init(&adding->view, adding->entry->rows, &what);

    if (r != 0)
        return r;
    n = adding->view.n_text + 1;
    adding->indicator = calloc(n, sizeof *adding->indicator);
    adding->organization = calloc(n, sizeof *adding->organization);
    adding->period = calloc(n, sizeof *adding->period);
    return adding->indicator && adding->organization && adding->period ? 0 : -ENOMEM;
}

int
bb_digest_add(struct bb_digest *digest, const Bb__EntrySubmission *entry, uint64_t sequence)
{
    struct adding adding = {.digest = digest, .entry = entry, .sequence = sequence};
    int r;

    bb_arena_init(&adding.definition, DEFINITION_BYTES);
    r = begin_adding(&adding);
    if (r == 0)
        r = add_rows(&adding);
    if (adding.looking)
        bb_snapshot_end(&adding.snapshot);
    bb_arena_release(&adding.definition);
    bb_rowview_release(&adding.view);
    free(adding.indicator);
    free(adding.organization);
    free(adding.period);
    for (int role = 0; role < ROLES; role++)
        free(adding.id[role]);
    if (r == 0 && bytes_taken(digest) > digest->bytes)
        r = cut(digest);
    return r;
}

/* Afterwards */

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

void
bb_digest_cells(const struct bb_digest *digest, uint32_t i, uint32_t *ret_from, uint32_t *ret_end)
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
