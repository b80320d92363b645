/* Depth is counted by the parents that the file has, whatever it says of levels; what goes round is cut off,
 * and who registers the places says where. */
#include "metadata_places.h"

#include "runtime/buffer.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 100u

static const char section[] = "organisationUnits";

struct unit {
    const json_t *object;
    size_t number; /* from 0, in the file */
    unsigned depth;
};

struct taker {
    const struct bb_metadata *metadata;
    struct bb_definitions *list;
    json_t *named;  /* how many units have this name */
    json_t *parent; /* ids that units have as their parent */
    struct bb_buffer text;
    bool aggregate;
};

static const json_t *
parent_of(const struct taker *t, const json_t *unit)
{
    return bb_metadata_find(t->metadata, section, bb_metadata_reference(unit, "parent"));
}

static unsigned
depth_of(const struct taker *t, const json_t *unit)
{
    unsigned depth = 0;

    while (depth < DEPTH_MAX && (unit = parent_of(t, unit)))
        depth++;
    return depth;
}

static int
compare(const void *left, const void *right)
{
    const struct unit *a = left, *b = right;

    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* --- names ---------------------------------------------------------------------------------------------- */

static struct bb_bytes
trimmed(const char *text)
{
    struct bb_bytes bytes = bb_bytes_str(text);

    while (bytes.len && (bytes.data[0] == ' ' || (bytes.data[0] >= '\t' && bytes.data[0] <= '\r')))
        bytes = bb_bytes(bytes.data + 1, bytes.len - 1);
    while (bytes.len && (bytes.data[bytes.len - 1] == ' ' ||
                         (bytes.data[bytes.len - 1] >= '\t' && bytes.data[bytes.len - 1] <= '\r')))
        bytes.len--;
    return bytes;
}

static int
count_names(struct taker *t, const json_t *units)
{
    size_t i;
    json_t *unit;

    json_array_foreach(units, i, unit)
    {
        struct bb_bytes name = trimmed(bb_metadata_text(unit, "name"));
        const char *parent = bb_metadata_reference(unit, "parent");
        json_t *before = json_object_getn(t->named, (const char *)name.data, name.len);
        json_int_t n = before ? json_integer_value(before) : 0;
        if (name.len &&
            json_object_setn_new(t->named, (const char *)name.data, name.len, json_integer(n + 1)) < 0)
            return -ENOMEM;
        if (parent && json_object_set_new(t->parent, parent, json_true()) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* The name of a unit's place; valid until the next call. Empty: the unit has none. */
static struct bb_bytes
name_of(struct taker *t, const json_t *unit)
{
    struct bb_bytes name = trimmed(bb_metadata_text(unit, "name"));
    const char *code = bb_metadata_text(unit, "code"), *id = bb_metadata_text(unit, "id");
    json_t *n = json_object_getn(t->named, (const char *)name.data, name.len);

    bb_buffer_reset(&t->text);
    if (name.len)
        bb_buffer_append(&t->text, name.data, name.len);
    if (name.len && json_integer_value(n) > 1 && (code || id))
        bb_buffer_printf(&t->text, " (%s)", code ? code : id);
    return bb_buffer_bytes(&t->text);
}

/* --- units ---------------------------------------------------------------------------------------------- */

/* One more alias, unless it is the name. */
static void
add_alias(struct taker *t, struct bb_definition *d, const char *property, const char *alias)
{
    const char *name = bb_definition_get(d, "name");
    struct bb_bytes text = trimmed(alias);

    if (!alias || text.len == 0 || (name && bb_bytes_equal(bb_bytes_str(name), text)))
        return;
    if (memchr(text.data, '|', text.len))
        bb_definition_refuse(t->list, d, property, "BAD_VALUE", "found '|' in it, expected none");
    if (t->text.len)
        bb_buffer_byte(&t->text, '|');
    bb_buffer_append(&t->text, text.data, text.len);
}

static void
set_parent(struct taker *t, struct bb_definition *d, const json_t *unit)
{
    const json_t *parent = parent_of(t, unit);
    const char *id = bb_metadata_reference(unit, "parent");

    if (id)
        bb_definition_set(t->list, d, "parent", parent ? name_of(t, parent) : bb_bytes_str(id));
}

static void
take_unit(struct taker *t, const struct unit *unit)
{
    const char *id = bb_metadata_text(unit->object, "id");
    const char *code = bb_metadata_text(unit->object, "code");
    struct bb_definition *d;
    char nameless[32];

    snprintf(nameless, sizeof nameless, "number %zu", unit->number + 1);
    d = bb_definitions_add(t->list, section, id ? id : nameless);
    if (!bb_definition_set(t->list, d, "name", name_of(t, unit->object)))
        bb_definition_refuse(t->list, d, "name", "BAD_VALUE", "found nothing, expected a name");
    set_parent(t, d, unit->object);
    bb_buffer_reset(&t->text);
    add_alias(t, d, "id", id);
    if (!id || !code || strcmp(id, code) != 0)
        add_alias(t, d, "code", code);
    bb_definition_set(t->list, d, "alias", bb_buffer_bytes(&t->text));
    if (t->aggregate && id && json_object_get(t->parent, id))
        bb_definition_set(t->list, d, "aggregate", bb_bytes_str("yes"));
    if (t->text.error)
        t->list->error = t->text.error;
}

static int
take_units(struct taker *t, const json_t *objects)
{
    size_t n = json_array_size(objects), i;
    struct unit *units = calloc(n + 1, sizeof *units);
    json_t *object;
    int r = units && t->named && t->parent ? count_names(t, objects) : -ENOMEM;

    if (r == 0) {
        json_array_foreach(objects, i, object) units[i] = (struct unit){object, i, depth_of(t, object)};
        qsort(units, n, sizeof *units, compare);
        for (i = 0; i < n; i++)
            take_unit(t, &units[i]);
    }
    free(units);
    return r;
}

int
bb_metadata_places(const struct bb_metadata *metadata, bool aggregate, struct bb_definitions *list,
                   char *error, size_t size)
{
    const json_t *units = bb_metadata_section(metadata, section);
    struct taker t = {metadata, list, json_object(), json_object(), {0}, aggregate};
    int r;

    bb_buffer_init(&t.text, BB_METADATA_BYTES);
    if (units) {
        r = take_units(&t, units);
    } else {
        snprintf(error, size, "found no organisationUnits, expected metadata of DHIS2 with them");
        r = BB_METADATA_BAD;
    }
    bb_buffer_release(&t.text);
    json_decref(t.named);
    json_decref(t.parent);
    return r ? r : list->error;
}
