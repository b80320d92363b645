/* Lists of things to define, as CSV: indicators, places.
 *
 * Short files, UTF-8 or UTF-16, with a header of known names, read row by row into texts that the caller
 * keeps as long as it wants. What is wrong is said on stderr with file, row, field, what was found and what
 * is expected. */
#ifndef BB_CLI_LIST_FILE_H
#define BB_CLI_LIST_FILE_H

#include "client/formats/metadata/definitions.h"
#include "client/formats/metadata/metadata.h"
#include "client/formats/read/layout.h"

struct bb_list_file;

/* What a list makes of metadata. */
struct bb_list_metadata {
    /* 0 | BB_METADATA_BAD: found, expected at error | -ENOMEM */
    int (*take)(const void *how, const struct bb_metadata *metadata, struct bb_definitions *list, char *error,
                size_t size);
    const void *how;
    const char *section; /* what CSV of DHIS2 holds: bb_metadata_read_csv() */
    const char *option;  /* one that was given and that only metadata has, "--id-scheme"; NULL: none */
};

/* One row; every cell ends with NUL; an empty one, or one whose column is absent, is NULL. */
struct bb_list_row {
    uint64_t number;   /* 1 is the first row below the header, or the first object */
    uint64_t line;     /* of the file where it starts; 0: unknown */
    const char *where; /* "indicators dy1a1mseGR7"; NULL: number and line say it */
    const char *cell[BB_LAYOUT_FIELDS];
    char text[]; /* where they stand */
};

/* fields: names of columns, ended by NULL; the first n_required must be there. file: "-" is standard input.
 * metadata: borrowed for the call; NULL: it is CSV, whatever it starts with.
 * 0 | an exit code of sysexits, the reason said */
int bb_list_open(const char *file, const char *const *fields, size_t n_required,
                 const struct bb_list_metadata *metadata, struct bb_list_file **ret_list);
void bb_list_close(struct bb_list_file **list);

enum bb_list_result {
    BB_LIST_END = 1,
    BB_LIST_REFUSED = 2, /* said; the next row may be a good one */
};

/* ret_row: to be freed. 0 | enum bb_list_result | -errno, said */
int bb_list_next(struct bb_list_file *list, struct bb_list_row **ret_row);

/* Say what is wrong with a row: field "" for the row as a whole. Only the first ones are said;
 * bb_list_close() says how many were left out. */
void bb_list_refuse(struct bb_list_file *list, const struct bb_list_row *row, const char *field,
                    const char *code, const char *reason);
/* ... and what may be wrong with one that was taken. */
void bb_list_warn(struct bb_list_file *list, const struct bb_list_row *row, const char *field,
                  const char *code, const char *reason);

#endif
