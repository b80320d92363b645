/* Things to define, as a file that is no table says them: columns of a list file by name, one thing after the
 * other, or why it cannot be one. */
#ifndef BB_FORMATS_DEFINITIONS_H
#define BB_FORMATS_DEFINITIONS_H

#include "proto/arena.h"

#define BB_DEFINITION_COLUMNS 16u

/* Texts are there as long as the list is. */
struct bb_definition {
    const char *section, *id; /* where it stands: "indicators", "dy1a1mseGR7" */
    size_t n;
    const char *column[BB_DEFINITION_COLUMNS], *text[BB_DEFINITION_COLUMNS];
    const char *field, *code, *reason; /* why it is refused: found, expected; reason NULL: it is not */
    const char *left_out;              /* what of it is not taken, and why; NULL: nothing */
};

/* Zeroed, it is empty but for bb_definitions_init(). Running out of memory is sticky: see `error` at the end.
 */
struct bb_definitions {
    struct bb_arena arena;
    struct bb_definition **item;
    size_t n, size;
    int error; /* 0 | -ENOMEM */
};

void bb_definitions_init(struct bb_definitions *list);
void bb_definitions_release(struct bb_definitions *list);

/* One more, at the end. Never NULL: without memory it is one that nobody sees. */
struct bb_definition *bb_definitions_add(struct bb_definitions *list, const char *section, const char *id);

/* What a column says; blanks at the ends are dropped, and NULL or nothing but blanks says nothing. Returns
 * the text, or NULL. */
const char *bb_definition_set(struct bb_definitions *list, struct bb_definition *definition,
                              const char *column, struct bb_bytes text);
/* What it said, or NULL. */
const char *bb_definition_get(const struct bb_definition *definition, const char *column);

/* The first reason stands. */
void bb_definition_refuse(struct bb_definitions *list, struct bb_definition *definition, const char *field,
                          const char *code, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
