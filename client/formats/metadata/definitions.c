#include "definitions.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_BYTES                                                                                           \
    ((size_t)256 << 20) /* a metadata file says no more than BB_METADATA_BYTES, once or twice */

void
bb_definitions_init(struct bb_definitions *list)
{
    *list = (struct bb_definitions){0};
    bb_arena_init(&list->arena, TEXT_BYTES);
}

void
bb_definitions_release(struct bb_definitions *list)
{
    bb_arena_release(&list->arena);
    free(list->item);
    list->item = NULL;
    list->n = list->size = 0;
}

static bool
has_room(struct bb_definitions *list)
{
    size_t size = list->size ? 2 * list->size : 64;
    struct bb_definition **grown;

    if (list->n < list->size)
        return true;
    grown = realloc(list->item, size * sizeof(*grown));
    if (!grown)
        return false;
    list->item = grown;
    list->size = size;
    return true;
}

static const char *
keep(struct bb_definitions *list, struct bb_bytes text)
{
    const char *copy = bb_arena_text(&list->arena, text);

    if (!copy)
        list->error = -ENOMEM;
    return copy;
}

struct bb_definition *
bb_definitions_add(struct bb_definitions *list, const char *section, const char *id)
{
    static struct bb_definition nowhere;
    struct bb_definition *definition = bb_arena_alloc(&list->arena, sizeof *definition);

    if (!definition || !has_room(list)) {
        list->error = -ENOMEM;
        nowhere = (struct bb_definition){.section = "", .id = ""};
        return &nowhere;
    }
    *definition = (struct bb_definition){.section = section, .id = keep(list, bb_bytes_str(id))};
    list->item[list->n++] = definition;
    return definition;
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *
bb_definition_set(struct bb_definitions *list, struct bb_definition *definition, const char *column,
                  struct bb_bytes text)
{
    while (text.len && is_blank(text.data[0]))
        text = bb_bytes(text.data + 1, text.len - 1);
    while (text.len && is_blank(text.data[text.len - 1]))
        text.len--;
    if (text.len == 0 || definition->n == BB_DEFINITION_COLUMNS)
        return NULL;
    definition->column[definition->n] = column;
    definition->text[definition->n] = keep(list, text);
    return definition->text[definition->n++];
}

const char *
bb_definition_get(const struct bb_definition *definition, const char *column)
{
    for (size_t i = 0; i < definition->n; i++)
        if (strcmp(definition->column[i], column) == 0)
            return definition->text[i];
    return NULL;
}

void
bb_definition_refuse(struct bb_definitions *list, struct bb_definition *definition, const char *field,
                     const char *code, const char *format, ...)
{
    char reason[400];
    va_list arguments;

    if (definition->reason)
        return;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    definition->field = field;
    definition->code = code;
    definition->reason = keep(list, bb_bytes_str(reason));
}
