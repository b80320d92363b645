/* What a command prints on stdout: one table of columns, in four renderings.
 *
 * A command declares its columns once, then gives rows cell by cell; `-o` decides what they look like:
 *
 *     table  for people: aligned, headed by the titles, control characters escaped (libsmartcols)
 *     json   an array of objects (or one object, see BB_OUTPUT_OBJECT); the keys are the columns' names
 *     jsonl  the same objects, one a line
 *     csv    RFC 4180, headed by the names
 *
 * A number is given as the decimal text it has and is printed as that text: no number passes through floating
 * point. json, jsonl and csv are written as the rows come; only the table is held in memory, because its
 * widths are known at the end. Cells that are not given are null (empty in a table and in csv).
 *
 * Nothing but data goes through here; talk goes to stderr (cli.h). */
#ifndef BB_OUTPUT_H
#define BB_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum bb_output_format { BB_OUTPUT_TABLE, BB_OUTPUT_JSON, BB_OUTPUT_JSONL, BB_OUTPUT_CSV };

/* The format of this name, or -1. */
int bb_output_format_by_name(const char *name);

enum bb_column_flag {
    BB_OUTPUT_RIGHT = 1,      /* aligned to the right in a table: numbers */
    BB_OUTPUT_DATA_ONLY = 2,  /* not shown in a table */
    BB_OUTPUT_TABLE_ONLY = 4, /* shown only in a table: a sparkline */
    BB_OUTPUT_WRAP = 8,       /* long text: wrapped to the terminal's width in a table */
    BB_OUTPUT_OMIT = 32,      /* left out of a json object in which it is not given, instead of null */
    BB_OUTPUT_LIST = 16, /* a list of texts: an array in json, joined by '|' in csv, by ', ' in a table */
};

struct bb_output_column {
    const char *name;  /* key in json, header in csv */
    const char *title; /* header in a table; NULL: the name */
    unsigned flags;
};

enum bb_output_flag {
    BB_OUTPUT_OBJECT = 1, /* there is one row: json prints an object, a table prints a line for each column */
};

/* Colour of a cell, where colours are on. */
enum bb_output_mark { BB_MARK_NONE, BB_MARK_GOOD, BB_MARK_BAD, BB_MARK_WARN, BB_MARK_DIM, BB_MARK_STRONG };

struct bb_output;

/* columns: borrowed until destroyed. flags: enum bb_output_flag. 0 | -ENOMEM */
int bb_output_new(FILE *to, enum bb_output_format format, bool color, const struct bb_output_column *columns,
                  size_t n_columns, unsigned flags, struct bb_output **ret_output);
void bb_output_destroy(struct bb_output **output);

/* Cells of the current row, in any order; column is an index into the columns. A cell that is given again is
 * replaced, except in a list, which grows. Memory that runs out is told by bb_output_finish(). */
void bb_output_text(struct bb_output *output, size_t column, const char *text); /* NULL: null */
void bb_output_bytes(struct bb_output *output, size_t column, const void *data,
                     size_t len); /* data NULL: null */
void bb_output_number(struct bb_output *output, size_t column,
                      const char *decimal); /* plain decimal text or NULL */
void bb_output_int(struct bb_output *output, size_t column, int64_t value);
void bb_output_uint(struct bb_output *output, size_t column, uint64_t value);
void bb_output_bool(struct bb_output *output, size_t column, bool value); /* yes and no in a table */
void bb_output_time(struct bb_output *output, size_t column, int64_t utc_us);
/* A list that is given no item is empty: say so, otherwise it is null. */
void bb_output_list(struct bb_output *output, size_t column);
void bb_output_item(struct bb_output *output, size_t column, const char *text);
/* What is json already, a list or an object: as it is in json, a text in a table and in csv. */
void bb_output_json(struct bb_output *output, size_t column, const char *json);
void bb_output_mark(struct bb_output *output, size_t column, enum bb_output_mark mark);

/* The row is complete. */
void bb_output_row(struct bb_output *output);

/* A table without a row prints nothing, not even its titles: is that so? */
bool bb_output_shows_nothing(const struct bb_output *output);

/* Everything was given: print what is left, flush. 0 | -ENOMEM | -errno of writing. Once. */
int bb_output_finish(struct bb_output *output);

/* Write one JSON string, quotes and all; what is not UTF-8 becomes U+FFFD. */
void bb_json_string(FILE *to, const void *data, size_t len);
/* Is this text, as it stands, a JSON number that keeps its digits? "+5", ".5", "5." and "007" are not. */
bool bb_json_is_number(const char *text);

#endif
