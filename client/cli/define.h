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

/* What the arguments of such a command say: its file, and how metadata is to be taken. */
struct bb_define_arguments {
    const char *file;
    struct bb_list_metadata metadata;
};

/* Parse them, with options of its own that are about metadata: the parser, which is called with `input`,
 * notes in metadata.option which one was given, and leaves what it does not know to bb_define_argument(). */
void bb_define_parse(struct bb_cli *cli, const struct bb_definable *what, const struct argp_option *options,
                     argp_parser_t parser, int argc, char **argv, void *input);
/* Takes the file, of which there is one. Leaves with EX_USAGE on a mistake. 0 | ARGP_ERR_UNKNOWN */
error_t bb_define_argument(int key, char *arg, const struct argp_state *state,
                           struct bb_define_arguments *arguments);

/* Define all of the file, and print the counts. Returns the exit code. */
int bb_define_file(struct bb_cli *cli, const struct bb_definable *what,
                   const struct bb_define_arguments *arguments);

#endif
