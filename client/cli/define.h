/* Defining what a list file holds: indicators or places, as many a request as fit. */
#ifndef BB_CLI_DEFINE_H
#define BB_CLI_DEFINE_H

#include "cli.h"
#include "data.h"
#include "list_file.h"
#include "once.h"

#define BB_DEFINE_ONCE 2u

struct bb_definable {
    const char *const *fields; /* columns, ended by NULL */
    size_t n_required;         /* of them, from the first */
    /* Bytes that this row takes of a request. */
    size_t (*bytes)(const struct bb_list_row *row);
    /* Is the row one? Otherwise the field and a sentence (found, expected). May be NULL. */
    bool (*check)(const struct bb_list_row *row, const char **ret_field, char *reason, size_t size);
    /* Does the row contradict an earlier one of the file? Then the field and a sentence. once: what was said
     * so far, [BB_DEFINE_ONCE], to be used as it likes. 0 | 1 it does | -ENOMEM */
    int (*compare)(struct bb_once *once, const struct bb_list_row *row, const char **ret_field, char *reason,
                   size_t size);
    /* Blocking; as bb_client_define_indicators(). */
    int (*send)(struct bb_client *client, struct bb_list_row *const *rows, size_t n, bb_define_fn *each,
                void *self);
};

struct bb_define_counts {
    uint64_t rows, created, updated, unchanged, rejected;
};

/* Print {"rows","created","updated","unchanged","rejected"}. Returns the exit code. */
int bb_define_print(struct bb_cli *cli, const struct bb_define_counts *counts);

/* What the command line says of one thing, or of several in the same words. */
struct bb_define_said {
    struct bb_cli_texts code; /* of each */
    struct bb_define_counts counts;
};

/* A bb_define_fn: counts, and says why one is refused. */
void bb_define_said_outcome(void *self_said, const struct bb_define_outcome *outcome);

/* Connect, send it (blocking), print the counts, and free the codes. Returns the exit code. */
int bb_define_said(struct bb_cli *cli, struct bb_define_said *said,
                   int (*send)(struct bb_client *client, struct bb_define_said *said, void *self),
                   void *self);

/* Define all of the file that the arguments name, and print the counts. Returns the exit code. */
int bb_define_file(struct bb_cli *cli, const struct bb_definable *what, int argc, char **argv);

#endif
