/* A text with names of cells in braces: "{year}-{month:2}". `:2` writes a number with at least so many
 * digits.
 * "{{" and "}}" are braces. */
#ifndef BB_FORMATS_TEMPLATE_H
#define BB_FORMATS_TEMPLATE_H

#include "proto/arena.h"

struct bb_piece {
    bool is_name;
    uint8_t digits; /* of a number, at least; 0: as it is */
    struct bb_bytes text;
};

struct bb_template {
    struct bb_bytes text; /* as it was written */
    struct bb_piece *piece;
    size_t count;
};

/* text: borrowed. The pieces are in the arena. 0 | -ENOMEM | -EINVAL and what is wrong at error */
int bb_template_parse(struct bb_template *template, struct bb_bytes text, struct bb_arena *arena, char *error,
                      size_t size);

/* Does it hold any name? */
bool bb_template_is_constant(const struct bb_template *template);

/* Runs of blanks, tabulators and line ends made one blank, none at the ends: names are compared so. To: as
 * long as the text. Returns the length. */
size_t bb_squeeze(struct bb_bytes text, char *to);

#endif
