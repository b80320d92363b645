/* A replay does the second half of what a request does (bb_apply_*), and both halves see the same head: an
 * item is applied as soon as it is judged, so the order of items is the order of ids and versions.
 *
 * Names. A code leads to its object for ever. Another name leads to the object that goes by it; where several
 * indicators do it leads to nobody (BB_ID_NONE) and who uses it is told to give the code; a place's name or
 * alias that is taken is refused. A name that an organization gives up leads to nobody too, rather than to
 * whom it meant before. A place that a reading named is a place without registration, and a definition of
 * that name, or with it as an alias, takes it over with its id, so that its readings stay.
 *
 * Versions of an indicator count from 1 and every one stays (view `definition`), since a query of an earlier
 * moment reads with the definition of that moment. Same as before in all fields: unchanged, and no version.
 */
#include "define.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "proto/utf8.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>

/* Messages and details */

/* The packed form of a message, in a buffer that the caller releases. */
static int
pack(const ProtobufCMessage *message, struct bb_buffer *out)
{
    uint8_t *to;

    bb_buffer_init(out, BB_LIMIT_ENTRY_BYTES);
    to = bb_buffer_extend(out, protobuf_c_message_get_packed_size(message));
    if (!to)
        return out->error;
    protobuf_c_message_pack(message, to);
    return 0;
}

static int
set_object(struct bb_head *head, enum bb_object_kind kind, uint32_t id, const char *text,
           const ProtobufCMessage *details)
{
    struct bb_buffer packed;
    int r = pack(details, &packed);

    if (r == 0)
        r = bb_names_describe(head->names, head->filling, kind, id, bb_bytes_str(text),
                              bb_buffer_bytes(&packed));
    if (r == 0)
        r = bb_catalogue_set(&head->catalogue, kind, id, bb_bytes_str(text), bb_buffer_bytes(&packed));
    bb_buffer_release(&packed);
    return r;
}

static int
unpack_details(const struct bb_head *head, enum bb_object_kind kind, uint32_t id, struct bb_arena *arena,
               const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message)
{
    const struct bb_object *object = bb_catalogue_get(&head->catalogue, kind, id);

    if (!object)
        return BB_STORE_E_NOT_FOUND;
    return bb_message_unpack(type, bb_bytes(object->details, object->details_len), arena, ret_message);
}

static int
find(struct bb_head *head, enum bb_object_kind kind, const char *text, uint32_t *ret_id, bool *ret_canonical)
{
    return bb_names_find(head->names, head->txn, kind, bb_bytes_str(text), ret_id, ret_canonical);
}

static char *
copy_text(struct bb_arena *arena, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = bb_arena_alloc(arena, len);

    return copy ? memcpy(copy, text, len) : NULL;
}

static int
refuse(struct bb_arena *arena, Bb__DefineOutcome *outcome, enum bb_row_code code, const char *column,
       const char *text)
{
    outcome->outcome = BB_OUTCOME_REJECTED;
    outcome->has_code = true;
    outcome->code = code;
    outcome->field = copy_text(arena, column);
    outcome->text = copy_text(arena, text);
    return outcome->field && outcome->text ? 0 : -ENOMEM;
}

/* A text that another object of the kind goes by now. */
static int
refuse_taken(struct bb_arena *arena, Bb__DefineOutcome *outcome, const char *column, const char *text,
             const char *owner)
{
    struct bb_note note;

    bb_note_found(&note, BB_ROW_CODE_NAME_TAKEN, BB_FIELD_NONE, bb_bytes_str(text),
                  "a name that is free: '%s' goes by this one", owner);
    return refuse(arena, outcome, BB_ROW_CODE_NAME_TAKEN, column, note.text);
}

static int
new_outcomes(struct bb_arena *arena, size_t n, Bb__DefineReply *reply)
{
    Bb__DefineOutcome *item = bb_arena_alloc(arena, (n + 1) * sizeof *item);

    reply->item = bb_arena_alloc(arena, (n + 1) * sizeof *reply->item);
    if (!item || !reply->item)
        return -ENOMEM;
    reply->n_item = n;
    for (size_t i = 0; i < n; i++) {
        bb__define_outcome__init(&item[i]);
        reply->item[i] = &item[i];
    }
    return 0;
}

/* Indicators */

/* The present definition with this code; NULL none. */
static int
previous_definition(struct bb_head *head, struct bb_arena *arena, const char *code, uint32_t *ret_id,
                    Bb__Indicator **ret_previous)
{
    bool canonical;
    int r = find(head, BB_OBJECT_INDICATOR, code, ret_id, &canonical);

    *ret_previous = NULL;
    if (r == 0 && canonical)
        r = unpack_details(head, BB_OBJECT_INDICATOR, *ret_id, arena, &bb__indicator__descriptor,
                           (ProtobufCMessage **)ret_previous);
    else
        *ret_id = 0;
    return r > 0 ? 0 : r;
}

static int
judge_indicator(struct bb_head *head, struct bb_arena *arena, Bb__Indicator *definition,
                Bb__DefineOutcome *outcome)
{
    struct bb_indicator parsed;
    struct bb_note note;
    const char *column;
    Bb__Indicator *previous;
    uint32_t id;
    int r;

    if (bb_indicator_parse(definition, &parsed, &note, &column) != 0)
        return refuse(arena, outcome, note.code, column, note.text);
    r = previous_definition(head, arena, definition->code, &id, &previous);
    if (r != 0)
        return r;
    outcome->outcome = BB_OUTCOME_CREATED;
    definition->has_version = true;
    definition->version = previous ? previous->version : 1;
    if (previous && bb_indicator_same(previous, definition)) {
        outcome->outcome = BB_OUTCOME_UNCHANGED;
    } else if (previous) {
        outcome->outcome = BB_OUTCOME_UPDATED;
        definition->version++;
    }
    return 0;
}

static int
put_definition(struct bb_head *head, uint32_t id, const Bb__Indicator *definition)
{
    uint8_t key[8];
    struct bb_buffer packed;
    int r = pack(&definition->base, &packed);

    bb_put_u32(key, id);
    bb_put_u32(key + 4, definition->version);
    if (r == 0)
        r = bb_generation_put(head->filling, BB_VIEW_DEFINITION, bb_bytes(key, sizeof key),
                              bb_buffer_bytes(&packed));
    bb_buffer_release(&packed);
    return r;
}

/* Does another indicator go by this name now? 0 no | 1 yes | <0 */
static int
is_name_of_another(struct bb_head *head, uint32_t other, const char *name)
{
    struct bb_arena arena;
    Bb__Indicator *definition;
    int r;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    r = unpack_details(head, BB_OBJECT_INDICATOR, other, &arena, &bb__indicator__descriptor,
                       (ProtobufCMessage **)&definition);
    if (r == 0)
        r = strcmp(definition->name, name) == 0;
    else if (r > 0)
        r = 0;
    bb_arena_release(&arena);
    return r;
}

/* The name leads to the indicator, unless it is the code of another (a code wins), or several go by it: then
 * it leads to none. Real catalogues have indicators that share a name. */
static int
name_indicator(struct bb_head *head, const char *name, uint32_t id)
{
    bool canonical = false;
    uint32_t other = id;
    int r = find(head, BB_OBJECT_INDICATOR, name, &other, &canonical);

    if (r < 0 || (r == 0 && (other == id || other == BB_ID_NONE || canonical)))
        return r;
    r = r == 0 ? is_name_of_another(head, other, name) : 0;
    if (r < 0)
        return r;
    return bb_names_set(head->names, head->filling, BB_OBJECT_INDICATOR, bb_bytes_str(name),
                        r > 0 ? BB_ID_NONE : id, false);
}

static int
apply_indicator(struct bb_head *head, Bb__Indicator *definition, uint64_t sequence)
{
    bool canonical = false;
    uint32_t id;
    int r = find(head, BB_OBJECT_INDICATOR, definition->code, &id, &canonical);

    if (r == BB_STORE_E_NOT_FOUND || (r == 0 && !canonical))
        r = bb_names_add(head->names, head->filling, BB_OBJECT_INDICATOR, bb_bytes_str(definition->code),
                         &id);
    if (r == 0)
        r = name_indicator(head, definition->name, id);
    definition->has_sequence = true;
    definition->sequence = sequence;
    if (r == 0)
        r = put_definition(head, id, definition);
    if (r == 0)
        r = set_object(head, BB_OBJECT_INDICATOR, id, definition->code, &definition->base);
    return r;
}

static bool
is_kept(const Bb__DefineOutcome *outcome)
{
    return outcome->outcome == BB_OUTCOME_CREATED || outcome->outcome == BB_OUTCOME_UPDATED;
}

int
bb_define_indicators(struct bb_head *head, struct bb_arena *arena, const Bb__IndicatorDefine *request,
                     uint64_t sequence, Bb__EntryIndicators *entry, Bb__DefineReply *reply)
{
    int r = new_outcomes(arena, request->n_indicator, reply);

    entry->indicator = bb_arena_alloc(arena, (request->n_indicator + 1) * sizeof *entry->indicator);
    if (!entry->indicator)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < request->n_indicator; i++) {
        r = judge_indicator(head, arena, request->indicator[i], reply->item[i]);
        if (r != 0 || !is_kept(reply->item[i]))
            continue;
        r = apply_indicator(head, request->indicator[i], sequence);
        entry->indicator[entry->n_indicator++] = request->indicator[i];
    }
    return r;
}

int
bb_apply_indicators(struct bb_head *head, const Bb__EntryIndicators *entry, uint64_t sequence)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < entry->n_indicator; i++)
        r = apply_indicator(head, entry->indicator[i], sequence);
    return r;
}

/* Places */

static bool
has_alias(const Bb__Place *place, const char *text)
{
    for (size_t i = 0; i < place->n_alias; i++)
        if (strcmp(place->alias[i], text) == 0)
            return true;
    return false;
}

/* previous (NULL: none) and next as one: fields that are absent stay, aliases are added. */
static int
merge_place(struct bb_arena *arena, const Bb__Place *previous, Bb__Place *next)
{
    static const Bb__Place none = BB__PLACE__INIT;
    Bb__Place merged = BB__PLACE__INIT;

    previous = previous ? previous : &none;
    merged.alias = bb_arena_alloc(arena, (previous->n_alias + next->n_alias + 1) * sizeof *merged.alias);
    if (!merged.alias)
        return -ENOMEM;
    for (size_t i = 0; i < previous->n_alias; i++)
        merged.alias[merged.n_alias++] = previous->alias[i];
    for (size_t i = 0; i < next->n_alias; i++)
        if (!has_alias(&merged, next->alias[i]))
            merged.alias[merged.n_alias++] = next->alias[i];
    next->alias = merged.alias;
    next->n_alias = merged.n_alias;
    if (!next->parent)
        next->parent = previous->parent;
    if (!next->has_aggregate) {
        next->has_aggregate = previous->has_aggregate;
        next->aggregate = previous->aggregate;
    }
    return 0;
}

static int
check_aliases(struct bb_arena *arena, Bb__DefineOutcome *outcome, const Bb__Place *place)
{
    char reason[96];

    if (place->n_alias <= BB_LIMIT_ALIASES)
        return 0;
    snprintf(reason, sizeof reason, "found %zu aliases with those it has, expected at most %u",
             place->n_alias, BB_LIMIT_ALIASES);
    return refuse(arena, outcome, BB_ROW_CODE_TOO_LONG, "alias", reason);
}

static bool
same_place(const Bb__Place *a, const Bb__Place *b)
{
    return a->n_alias == b->n_alias && a->aggregate == b->aggregate &&
           strcmp(a->parent ? a->parent : "", b->parent ? b->parent : "") == 0;
}

static int
check_place_text(struct bb_arena *arena, Bb__DefineOutcome *outcome, const char *column, const char *text)
{
    struct bb_note note;

    if (bb_text_is_name(bb_bytes_str(text)))
        return 0;
    bb_note_found(&note, BB_ROW_CODE_BAD_PLACE, BB_FIELD_NONE, bb_bytes_str(text), BB_TEXT_NAME_EXPECTED);
    return refuse(arena, outcome, BB_ROW_CODE_BAD_PLACE, column, note.text);
}

/* An alias may be new, the place's own, or the name of a place that nobody registered while this one is new:
 * then the readings under that name become this place's. */
static int
check_alias(struct bb_head *head, struct bb_arena *arena, const char *alias, uint32_t *own_id,
            Bb__DefineOutcome *outcome)
{
    const struct bb_object *owner;
    bool canonical;
    uint32_t id;
    int r = find(head, BB_OBJECT_PLACE, alias, &id, &canonical);

    if (r == BB_STORE_E_NOT_FOUND || (r == 0 && id == *own_id))
        return 0;
    if (r != 0)
        return r;
    owner = bb_catalogue_get(&head->catalogue, BB_OBJECT_PLACE, id);
    if (!owner && *own_id == 0) {
        *own_id = id;
        return 0;
    }
    return refuse_taken(arena, outcome, "alias", alias,
                        owner ? owner->text : "a place with readings of its own");
}

/* Parents. A place must not be within itself, by whatever names its parents are given. */

#define PARENTS_MAX 100 /* more than that is taken for a loop that this place is not part of */

struct ascent {
    struct bb_head *head;
    const Bb__Place *place;
    uint32_t id;     /* of the place; 0: it is new */
    char chain[100]; /* "Hartford > Connecticut > Hartford", as much as fits */
};

static void
add_to_chain(struct ascent *ascent, const char *name)
{
    size_t len = strlen(ascent->chain);

    snprintf(ascent->chain + len, sizeof ascent->chain - len, "%s%s", len ? " > " : "", name);
    while (!bb_utf8_is_text(bb_bytes_str(ascent->chain))) /* cut within a character */
        ascent->chain[strlen(ascent->chain) - 1] = '\0';
}

/* One step up, to the place of this name. ret_parent: its own parent in the arena, NULL when it has none or
 * nobody registered it. ret_self: it is the place that we come from. */
static int
ascend(struct ascent *ascent, struct bb_arena *arena, const char *name, const char **ret_parent,
       bool *ret_self)
{
    Bb__Place *above;
    bool canonical;
    uint32_t id;
    int r;

    *ret_parent = NULL;
    *ret_self = strcmp(name, ascent->place->name) == 0 || has_alias(ascent->place, name);
    if (*ret_self)
        return 0;
    r = find(ascent->head, BB_OBJECT_PLACE, name, &id, &canonical);
    *ret_self = r == 0 && id == ascent->id;
    if (r == 0 && !*ret_self)
        r = unpack_details(ascent->head, BB_OBJECT_PLACE, id, arena, &bb__place__descriptor,
                           (ProtobufCMessage **)&above);
    if (r == 0 && !*ret_self && above->parent && *above->parent)
        *ret_parent = above->parent;
    return r > 0 ? 0 : r;
}

static int
check_parents(struct bb_head *head, struct bb_arena *arena, const Bb__Place *place, uint32_t id,
              Bb__DefineOutcome *outcome)
{
    struct ascent ascent = {.head = head, .place = place, .id = id};
    const char *above = place->parent && *place->parent ? place->parent : NULL;
    struct bb_note note;
    bool self = false;
    int r = 0;

    add_to_chain(&ascent, place->name);
    for (unsigned i = 0; r == 0 && above && !self && i < PARENTS_MAX; i++) {
        add_to_chain(&ascent, above);
        r = ascend(&ascent, arena, above, &above, &self);
    }
    if (r != 0 || (!above && !self))
        return r;
    bb_note_found(&note, BB_ROW_CODE_BAD_PLACE, BB_FIELD_NONE, bb_bytes_str(place->parent),
                  "a parent that is not within this place: %s", ascent.chain);
    return refuse(arena, outcome, BB_ROW_CODE_BAD_PLACE, "parent", note.text);
}

static int
judge_place(struct bb_head *head, struct bb_arena *arena, Bb__Place *place, Bb__DefineOutcome *outcome)
{
    Bb__Place *previous = NULL;
    bool canonical = false;
    uint32_t id = 0;
    int r = check_place_text(arena, outcome, "name", place->name);

    outcome->outcome = outcome->has_code ? BB_OUTCOME_REJECTED : BB_OUTCOME_CREATED;
    for (size_t i = 0; r == 0 && !outcome->has_code && i < place->n_alias; i++)
        r = check_place_text(arena, outcome, "alias", place->alias[i]);
    if (r == 0 && !outcome->has_code && place->parent && *place->parent)
        r = check_place_text(arena, outcome, "parent", place->parent);
    if (r != 0 || outcome->has_code)
        return r;
    r = find(head, BB_OBJECT_PLACE, place->name, &id, &canonical);
    if (r == 0 && !canonical) {
        const struct bb_object *owner = bb_catalogue_get(&head->catalogue, BB_OBJECT_PLACE, id);
        return refuse_taken(arena, outcome, "name", place->name, owner ? owner->text : "another place");
    }
    if (r == BB_STORE_E_NOT_FOUND)
        id = 0;
    else if (r == 0)
        r = unpack_details(head, BB_OBJECT_PLACE, id, arena, &bb__place__descriptor,
                           (ProtobufCMessage **)&previous);
    if (r < 0)
        return r;
    r = 0;
    for (size_t i = 0; r == 0 && !outcome->has_code && i < place->n_alias; i++)
        r = check_alias(head, arena, place->alias[i], &id, outcome);
    if (r == 0 && !outcome->has_code)
        r = merge_place(arena, previous, place);
    if (r == 0 && !outcome->has_code)
        r = check_aliases(arena, outcome, place);
    if (r != 0 || outcome->has_code)
        return r;
    if (previous)
        outcome->outcome = same_place(previous, place) ? BB_OUTCOME_UNCHANGED : BB_OUTCOME_UPDATED;
    return outcome->outcome == BB_OUTCOME_UNCHANGED ? 0 : check_parents(head, arena, place, id, outcome);
}

/* The id of a place: by its name, else by an alias that is a place without registration. 0 none. */
static int
place_id(struct bb_head *head, const Bb__Place *place, uint32_t *ret_id)
{
    bool canonical;
    int r = find(head, BB_OBJECT_PLACE, place->name, ret_id, &canonical);

    for (size_t i = 0; r == BB_STORE_E_NOT_FOUND && i < place->n_alias; i++)
        r = find(head, BB_OBJECT_PLACE, place->alias[i], ret_id, &canonical);
    return r;
}

static int
apply_place(struct bb_head *head, const Bb__Place *place)
{
    struct bb_bytes name = bb_bytes_str(place->name);
    uint32_t id;
    int r = place_id(head, place, &id);

    if (r == BB_STORE_E_NOT_FOUND)
        r = bb_names_add(head->names, head->filling, BB_OBJECT_PLACE, name, &id);
    else if (r == 0)
        r = bb_names_set(head->names, head->filling, BB_OBJECT_PLACE, name, id, true);
    for (size_t i = 0; r == 0 && i < place->n_alias; i++)
        if (strcmp(place->alias[i], place->name) != 0)
            r = bb_names_set(head->names, head->filling, BB_OBJECT_PLACE, bb_bytes_str(place->alias[i]), id,
                             false);
    return r == 0 ? set_object(head, BB_OBJECT_PLACE, id, place->name, &place->base) : r;
}

int
bb_define_places(struct bb_head *head, struct bb_arena *arena, const Bb__PlaceDefine *request,
                 Bb__EntryPlaces *entry, Bb__DefineReply *reply)
{
    int r = new_outcomes(arena, request->n_place, reply);

    entry->place = bb_arena_alloc(arena, (request->n_place + 1) * sizeof *entry->place);
    if (!entry->place)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < request->n_place; i++) {
        r = judge_place(head, arena, request->place[i], reply->item[i]);
        if (r != 0 || !is_kept(reply->item[i]))
            continue;
        r = apply_place(head, request->place[i]);
        entry->place[entry->n_place++] = request->place[i];
    }
    return r;
}

int
bb_apply_places(struct bb_head *head, const Bb__EntryPlaces *entry)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < entry->n_place; i++)
        r = apply_place(head, entry->place[i]);
    return r;
}

/* Directory */

bool
bb_directory_same(const struct bb_head *head, const Bb__Organization *organization, uint32_t id)
{
    const struct bb_object *known = bb_catalogue_get(&head->catalogue, BB_OBJECT_ORGANIZATION, id);
    struct bb_buffer packed;
    bool same = false;

    if (pack(&organization->base, &packed) == 0)
        same =
            known && bb_bytes_equal(bb_bytes(known->details, known->details_len), bb_buffer_bytes(&packed));
    bb_buffer_release(&packed);
    return same;
}

static bool
organization_goes_by(const Bb__Organization *organization, const char *text)
{
    if (strcmp(organization->code, text) == 0 || strcmp(organization->name, text) == 0)
        return true;
    for (size_t i = 0; i < organization->n_alias; i++)
        if (strcmp(organization->alias[i], text) == 0)
            return true;
    return false;
}

/* A name that the organization does not go by any more leads to nobody, until somebody else takes it: a file
 * with the old name is refused rather than taken for another's. */
static int
give_up_name(struct bb_head *head, uint32_t id, const char *text)
{
    bool canonical;
    uint32_t owner;
    int r = find(head, BB_OBJECT_ORGANIZATION, text, &owner, &canonical);

    if (r != 0 || owner != id || canonical)
        return r < 0 ? r : 0;
    return bb_names_set(head->names, head->filling, BB_OBJECT_ORGANIZATION, bb_bytes_str(text), BB_ID_NONE,
                        false);
}

static int
give_up_names(struct bb_head *head, uint32_t id, const Bb__Organization *next)
{
    struct bb_arena arena;
    Bb__Organization *before;
    int r;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    r = unpack_details(head, BB_OBJECT_ORGANIZATION, id, &arena, &bb__organization__descriptor,
                       (ProtobufCMessage **)&before);
    if (r == 0 && !organization_goes_by(next, before->name))
        r = give_up_name(head, id, before->name);
    for (size_t i = 0; r == 0 && i < before->n_alias; i++)
        if (!organization_goes_by(next, before->alias[i]))
            r = give_up_name(head, id, before->alias[i]);
    bb_arena_release(&arena);
    return r > 0 ? 0 : r;
}

static int
apply_organization(struct bb_head *head, const Bb__Organization *organization)
{
    bool canonical = false;
    uint32_t id;
    int r = find(head, BB_OBJECT_ORGANIZATION, organization->code, &id, &canonical);

    if (r == BB_STORE_E_NOT_FOUND || (r == 0 && !canonical))
        r = bb_names_add(head->names, head->filling, BB_OBJECT_ORGANIZATION, bb_bytes_str(organization->code),
                         &id);
    else if (r == 0)
        r = give_up_names(head, id, organization);
    if (r == 0 && strcmp(organization->name, organization->code) != 0)
        r = bb_names_set(head->names, head->filling, BB_OBJECT_ORGANIZATION, bb_bytes_str(organization->name),
                         id, false);
    for (size_t i = 0; r == 0 && i < organization->n_alias; i++)
        if (strcmp(organization->alias[i], organization->code) != 0)
            r = bb_names_set(head->names, head->filling, BB_OBJECT_ORGANIZATION,
                             bb_bytes_str(organization->alias[i]), id, false);
    return r == 0 ? set_object(head, BB_OBJECT_ORGANIZATION, id, organization->code, &organization->base) : r;
}

int
bb_apply_directory(struct bb_head *head, const Bb__EntryDirectory *entry)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < entry->n_organization; i++)
        r = apply_organization(head, entry->organization[i]);
    return r;
}
