/* A place that a reading named is a place without registration, and a definition of that name, or with it as
 * an alias, takes it over with its id, so that its readings stay. */
#include "define_core.h"

#include "proto/utf8.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>

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
    return bb_define_refuse(arena, outcome, BB_ROW_CODE_TOO_LONG, "alias", reason);
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
    return bb_define_refuse(arena, outcome, BB_ROW_CODE_BAD_PLACE, column, note.text);
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
    int r = bb_define_find(head, BB_OBJECT_PLACE, alias, &id, &canonical);

    if (r == BB_STORE_E_NOT_FOUND || (r == 0 && id == *own_id))
        return 0;
    if (r != 0)
        return r;
    owner = bb_catalogue_get(&head->catalogue, BB_OBJECT_PLACE, id);
    if (!owner && *own_id == 0) {
        *own_id = id;
        return 0;
    }
    return bb_define_refuse_taken(arena, outcome, "alias", alias,
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
    r = bb_define_find(ascent->head, BB_OBJECT_PLACE, name, &id, &canonical);
    *ret_self = r == 0 && id == ascent->id;
    if (r == 0 && !*ret_self)
        r = bb_define_details(ascent->head, BB_OBJECT_PLACE, id, arena, &bb__place__descriptor,
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
    return bb_define_refuse(arena, outcome, BB_ROW_CODE_BAD_PLACE, "parent", note.text);
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
    r = bb_define_find(head, BB_OBJECT_PLACE, place->name, &id, &canonical);
    if (r == 0 && !canonical) {
        const struct bb_object *owner = bb_catalogue_get(&head->catalogue, BB_OBJECT_PLACE, id);
        return bb_define_refuse_taken(arena, outcome, "name", place->name,
                                      owner ? owner->text : "another place");
    }
    if (r == BB_STORE_E_NOT_FOUND)
        id = 0;
    else if (r == 0)
        r = bb_define_details(head, BB_OBJECT_PLACE, id, arena, &bb__place__descriptor,
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
    int r = bb_define_find(head, BB_OBJECT_PLACE, place->name, ret_id, &canonical);

    for (size_t i = 0; r == BB_STORE_E_NOT_FOUND && i < place->n_alias; i++)
        r = bb_define_find(head, BB_OBJECT_PLACE, place->alias[i], ret_id, &canonical);
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
    return r == 0 ? bb_define_object(head, BB_OBJECT_PLACE, id, place->name, &place->base) : r;
}

int
bb_define_places(struct bb_head *head, struct bb_arena *arena, const Bb__PlaceDefine *request,
                 Bb__EntryPlaces *entry, Bb__DefineReply *reply)
{
    int r = bb_define_outcomes(arena, request->n_place, reply);

    entry->place = bb_arena_alloc(arena, (request->n_place + 1) * sizeof *entry->place);
    if (!entry->place)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < request->n_place; i++) {
        r = judge_place(head, arena, request->place[i], reply->item[i]);
        if (r != 0 || !bb_define_is_kept(reply->item[i]))
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
