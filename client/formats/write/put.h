/* Texts at the end of a buffer, as CSV and JSON write them. */
#ifndef BB_FORMATS_PUT_H
#define BB_FORMATS_PUT_H

#include "runtime/buffer.h"

/* A cell: between quotes where it could be read as something else, and those within it doubled. */
void bb_put_cell(struct bb_buffer *out, struct bb_bytes text);

/* A delimiter, and a number or a word that needs no quotes; NULL: an empty cell. */
void bb_put_plain(struct bb_buffer *out, const char *text);

/* A text between quotes, what may not stand in it escaped. text: UTF-8. */
void bb_put_text(struct bb_buffer *out, struct bb_bytes text);

/* An object of JSON on one line, member by member. */
struct bb_put_object {
    struct bb_buffer *out;
    bool any;
};

struct bb_put_object bb_put_object(struct bb_buffer *out);
/* The name with its colon: what follows is the value. name: needs no escape. */
void bb_put_name(struct bb_put_object *object, const char *name);
void bb_put_member(struct bb_put_object *object, const char *name, struct bb_bytes text);
/* Left out where there is nothing in it. */
void bb_put_filled(struct bb_put_object *object, const char *name, struct bb_bytes text);
/* number: decimal text, which stands as it is; NULL: left out. */
void bb_put_number(struct bb_put_object *object, const char *name, const char *number);
void bb_put_end(struct bb_put_object *object);

#endif
