/* Terms lie in an arena, which has the limit; a set of ids for each kind finds them, with an array of
 * pointers beside it, a fraction of what the terms take. */
#include "terms.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "workers/measurement/model/disaggregation.h"

#include "worker.pb-c.h"

#include <errno.h>
#include <stdlib.h>

void
bb_terms_init(struct bb_terms *terms, size_t bytes)
{
    *terms = (struct bb_terms){0};
    bb_arena_init(&terms->arena, bytes);
    bb_arena_init(&terms->scratch, BB_LIMIT_DECODE_BYTES);
    bb_buffer_init(&terms->text, SIZE_MAX);
}

void
bb_terms_release(struct bb_terms *terms)
{
    for (int i = 0; i < BB_OBJECT_KINDS; i++) {
        bb_ids_release(&terms->ids[i]);
        free(terms->term[i]);
    }
    bb_arena_release(&terms->arena);
    bb_arena_release(&terms->scratch);
    bb_buffer_release(&terms->text);
    free(terms->places);
}

void
bb_terms_rest(struct bb_terms *terms)
{
    size_t bytes = terms->arena.cap;

    bb_terms_release(terms);
    bb_terms_init(terms, bytes);
}

void
bb_terms_trim(struct bb_terms *terms)
{
    if (terms->arena.used < terms->arena.cap / 4)
        return;
    for (int i = 0; i < BB_OBJECT_KINDS; i++)
        bb_ids_reset(&terms->ids[i]);
    bb_arena_reset(&terms->arena);
}

int
bb_no_room(const struct bb_arena *arena, size_t bytes)
{
    return bytes > arena->cap || arena->used > arena->cap - bytes ? -EDQUOT : -ENOMEM;
}

static int
copy_text(struct bb_terms *terms, struct bb_bytes text, struct bb_bytes *ret_copy)
{
    const char *copy = bb_arena_text(&terms->arena, text);

    if (!copy)
        return bb_no_room(&terms->arena, text.len + 1);
    *ret_copy = bb_bytes(copy, text.len);
    return 0;
}

static int
read_organization(struct bb_terms *terms, struct bb_bytes details, struct bb_term *term)
{
    Bb__Organization *organization;
    int r;

    if (details.len == 0)
        return 0;
    bb_arena_reset(&terms->scratch);
    r = bb_unpack(bb__organization, details, &terms->scratch, &organization);
    if (r != 0)
        return r;
    term->shares = organization->share_own_line;
    if (organization->joined && bb_date_parse(bb_bytes_str(organization->joined), &term->joined_day) != 0)
        term->joined_day = 0;
    if (organization->left && bb_date_parse(bb_bytes_str(organization->left), &term->left_day) != 0)
        term->left_day = 0;
    return 0;
}

static int
read_details(struct bb_terms *terms, struct bb_bytes details, struct bb_term *term)
{
    switch (term->kind) {
    case BB_OBJECT_ORGANIZATION:
        return read_organization(terms, details, term);
    case BB_OBJECT_DISAGGREGATION:
        bb_disaggregation_dimensions(term->text, &terms->text);
        return terms->text.error ? terms->text.error
                                 : copy_text(terms, bb_buffer_bytes(&terms->text), &term->dimensions);
    case BB_OBJECT_PLACE:
    case BB_OBJECT_INDICATOR:
        break;
    }
    return 0;
}

static int
read_term(struct bb_terms *terms, struct bb_snapshot *snapshot, struct bb_term *term)
{
    uint8_t data[BB_OBJECT_KEY];
    struct bb_bytes key = bb_bytes(data, bb_object_key(term->kind, term->id, data)), payload, text, details;
    int r;

    if (term->id == 0)
        return 0;
    r = bb_snapshot_get(snapshot, BB_VIEW_OBJECT, key, &payload);
    if (r == 0)
        r = bb_object_unpack(payload, &text, &details);
    if (r == 0)
        r = copy_text(terms, text, &term->text);
    if (r == 0)
        r = read_details(terms, details, term);
    if (r > 0 || r == -EBADMSG || r == -EMSGSIZE)
        return bb_snapshot_damaged(snapshot, BB_VIEW_OBJECT, key);
    return r;
}

/* Room for the pointer beside number n. */
static int
reserve(struct bb_terms *terms, int kind, uint32_t n)
{
    uint32_t size = terms->size[kind] ? terms->size[kind] * 2 : 16;
    struct bb_term **grown;

    if (n < terms->size[kind])
        return 0;
    grown = realloc(terms->term[kind], size * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    terms->term[kind] = grown;
    terms->size[kind] = size;
    return 0;
}

static int
add_term(struct bb_terms *terms, struct bb_snapshot *snapshot, enum bb_object_kind kind, uint32_t id,
         uint32_t number)
{
    struct bb_term *term = bb_arena_alloc(&terms->arena, sizeof *term);
    int k = bb_object_index(kind);

    if (!term)
        return bb_no_room(&terms->arena, sizeof *term);
    if (reserve(terms, k, number) != 0)
        return -ENOMEM;
    *term = (struct bb_term){.id = id, .kind = kind, .text = bb_bytes("", 0)};
    terms->term[k][number] = term;
    return read_term(terms, snapshot, term);
}

int
bb_terms_get(struct bb_terms *terms, struct bb_snapshot *snapshot, enum bb_object_kind kind, uint32_t id,
             struct bb_term **ret_term)
{
    int k = bb_object_index(kind);
    uint32_t before = terms->ids[k].count, number;
    int r = bb_ids_add(&terms->ids[k], id, &number);

    if (r == 0 && number == before)
        r = add_term(terms, snapshot, kind, id, number);
    if (r == 0)
        *ret_term = terms->term[k][number];
    return r;
}

int
bb_term_place(struct bb_snapshot *snapshot, uint32_t place, struct bb_arena *arena, Bb__Place **ret_place)
{
    uint8_t data[BB_OBJECT_KEY];
    struct bb_bytes key = bb_bytes(data, bb_object_key(BB_OBJECT_PLACE, place, data)), payload, text, details;
    int r = bb_snapshot_get(snapshot, BB_VIEW_OBJECT, key, &payload);

    if (r == 0)
        r = bb_object_unpack(payload, &text, &details);
    if (r == 0 && details.len == 0)
        *ret_place = NULL;
    else if (r == 0)
        r = bb_unpack(bb__place, details, arena, ret_place);
    if (r > 0 || r == -EBADMSG || r == -EMSGSIZE)
        return bb_snapshot_damaged(snapshot, BB_VIEW_OBJECT, key);
    return r;
}

/* A table with a slot for each id, which the last one that fell into it has: 2 * id + aggregate. */
int
bb_terms_is_aggregate(struct bb_terms *terms, struct bb_snapshot *snapshot, uint32_t place,
                      bool *ret_aggregate)
{
    Bb__Place *message;
    uint32_t *slot;
    int r;

    *ret_aggregate = false;
    if (place == 0)
        return 0;
    if (!terms->places)
        terms->places = calloc(BB_TERMS_PLACES, sizeof *terms->places);
    if (!terms->places)
        return -ENOMEM;
    slot = &terms->places[place % BB_TERMS_PLACES];
    if (*slot >> 1 == place) {
        *ret_aggregate = *slot & 1;
        return 0;
    }
    bb_arena_reset(&terms->scratch);
    r = bb_term_place(snapshot, place, &terms->scratch, &message);
    if (r != 0)
        return r;
    *ret_aggregate = message && message->aggregate;
    *slot = place <= UINT32_MAX >> 1 ? place << 1 | *ret_aggregate : 0;
    return 0;
}

int
bb_terms_rules(struct bb_terms *terms, struct bb_snapshot *snapshot, struct bb_term *term)
{
    Bb__Indicator *definition;
    struct bb_indicator *rules;
    int r;

    if (term->rules)
        return 0;
    rules = bb_arena_alloc(&terms->arena, sizeof *rules);
    if (!rules)
        return bb_no_room(&terms->arena, sizeof *rules);
    bb_arena_reset(&terms->scratch);
    r = bb_term_rules(snapshot, term->id, &terms->scratch, &definition, rules);
    if (r == 0)
        term->rules = rules;
    return r;
}

int
bb_terms_indicator(struct bb_terms *terms, struct bb_snapshot *snapshot, uint32_t id,
                   struct bb_term **ret_term)
{
    int r = bb_terms_get(terms, snapshot, BB_OBJECT_INDICATOR, id, ret_term);

    return r == 0 ? bb_terms_rules(terms, snapshot, *ret_term) : r;
}

static int
find_term(struct bb_snapshot *snapshot, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id,
          bool *ret_canonical)
{
    uint8_t data[BB_NAME_KEY];
    struct bb_bytes key = bb_bytes(data, bb_name_key(kind, text, data)), payload;
    int r;

    if (text.len > BB_LIMIT_NAME_BYTES)
        return BB_STORE_E_NOT_FOUND;
    r = bb_snapshot_get(snapshot, BB_VIEW_NAME, key, &payload);
    if (r == 0 && bb_name_unpack(payload, ret_id, ret_canonical) != 0)
        return bb_snapshot_damaged(snapshot, BB_VIEW_NAME, key);
    return r;
}

int
bb_term_find(struct bb_snapshot *snapshot, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id)
{
    bool canonical;

    return find_term(snapshot, kind, text, ret_id, &canonical);
}

int
bb_term_find_own(struct bb_snapshot *snapshot, enum bb_object_kind kind, struct bb_bytes text,
                 uint32_t *ret_id)
{
    bool canonical;
    uint32_t id;
    int r = find_term(snapshot, kind, text, &id, &canonical);

    if (r == 0 && !canonical)
        return BB_STORE_E_NOT_FOUND;
    if (r == 0)
        *ret_id = id;
    return r;
}

/* The last definition that is not above the snapshot's sequence, or else the first. */
int
bb_term_definition(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_arena *arena,
                   Bb__Indicator **ret_definition)
{
    uint8_t first[8];
    struct bb_bytes key, payload;
    Bb__Indicator *found = NULL;
    int r;

    bb_put_u32(first, indicator);
    bb_put_u32(first + 4, 0);
    r = bb_snapshot_seek(snapshot, BB_VIEW_DEFINITION, bb_bytes(first, sizeof first), &key, &payload);
    while (r == 0 && key.len == sizeof first && bb_get_u32(key.data) == indicator) {
        Bb__Indicator *next;
        r = bb_unpack(bb__indicator, payload, arena, &next);
        if (r != 0)
            return bb_snapshot_damaged(snapshot, BB_VIEW_DEFINITION, key);
        if (found && next->sequence > snapshot->sequence)
            break;
        found = next;
        r = bb_snapshot_move(snapshot, BB_VIEW_DEFINITION, MDB_NEXT, &key, &payload);
    }
    if (r < 0)
        return r;
    if (!found)
        return bb_snapshot_damaged(snapshot, BB_VIEW_DEFINITION, bb_bytes(first, sizeof first));
    *ret_definition = found;
    return 0;
}

static int
parse_definition(struct bb_snapshot *snapshot, const Bb__Indicator *definition,
                 struct bb_indicator *ret_rules)
{
    struct bb_note note;
    const char *column;
    int r = bb_indicator_parse(definition, ret_rules, &note, &column);

    return r > 0 ? bb_snapshot_damaged(snapshot, BB_VIEW_DEFINITION, bb_bytes_str(definition->code)) : r;
}

/* Which readings count, as what, for which periods: may it differ between the two? */
static bool
counts_otherwise(const struct bb_indicator *a, const struct bb_indicator *b)
{
    return a->frequency != b->frequency || a->publish_approved != b->publish_approved ||
           a->organization_aggregation != b->organization_aggregation ||
           a->overlap_maximum != b->overlap_maximum || bb_decimal_compare(a->factor, b->factor) != 0;
}

static int
find_protection(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_arena *arena,
                struct bb_indicator *rules)
{
    const uint64_t sequence = snapshot->sequence;
    struct bb_indicator now;
    Bb__Indicator *definition;
    int r;

    snapshot->sequence = snapshot->position;
    r = bb_term_definition(snapshot, indicator, arena, &definition);
    snapshot->sequence = sequence;
    if (r == 0)
        r = parse_definition(snapshot, definition, &now);
    if (r == 0) {
        rules->suppress_below = now.suppress_below;
        rules->counted_otherwise = counts_otherwise(rules, &now);
    }
    return r;
}

int
bb_term_rules(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_arena *arena,
              Bb__Indicator **ret_definition, struct bb_indicator *ret_rules)
{
    int r = bb_term_definition(snapshot, indicator, arena, ret_definition);

    if (r == 0)
        r = parse_definition(snapshot, *ret_definition, ret_rules);
    return r == 0 && snapshot->sequence < snapshot->position
               ? find_protection(snapshot, indicator, arena, ret_rules)
               : r;
}
