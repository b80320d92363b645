/* The command line: what every command is given, and the table of commands.
 *
 * A command is one function behind one or two words ("import", "partner add"). It parses its own arguments
 * with bb_cli_parse(), which adds the global options, talks to the broker through backbone.h only, prints
 * data through output.h, and returns an exit code of sysexits. What people should read goes to stderr by
 * bb_cli_say() and bb_cli_error(). */
#ifndef BB_CLI_H
#define BB_CLI_H

#include "client/lib/backbone.h"
#include "output.h"

#include <argp.h>
#include <stdbool.h>
#include <sysexits.h>

struct bb_cli {
    const char *context; /* --context or BACKBONE_CONTEXT; NULL: the selected one */
    enum bb_output_format format;
    const char *asked;   /* ... by -o, as it was written; NULL: it was not */
    bool knows_plain;    /* the command, which says so before it parses its arguments, knows plain (as a table
                            here) and jsonl, and neither table nor csv */
    bool knows_markdown; /* likewise: it knows text (as a table here), json and markdown, nothing else */
    const char *const
        *columns;          /* of the file that the command reads, ended by NULL: what its help tells of */
    size_t columns_needed; /* the first ones of them */
    int color;             /* enum bb_color, as asked */
    uint32_t timeout_ms;   /* --timeout; 0: as long as the command thinks right */
    bool utf8;             /* the terminal's characters are those of UTF-8, by its locale */
    const char *words;     /* of the command that runs: "partner add" */
    char **called;         /* the arguments of the program as they were, ended by NULL */
    size_t called_words;   /* of them, up to and with the words of the command */
};

enum bb_color { BB_COLOR_AUTO, BB_COLOR_ALWAYS, BB_COLOR_NEVER };

struct bb_command {
    const char *words;    /* "partner add" */
    const char *synopsis; /* what follows the words in the help: "CODE --name NAME --role ROLE" */
    const char *about;    /* one line */
    /* argv[0] is the words; returns the exit code. */
    int (*run)(struct bb_cli *cli, int argc, char **argv);
};

/* Tables of commands, one a file; each ends with NULL words. Listed in commands.c. */
extern const struct bb_command bb_commands_access[];
extern const struct bb_command bb_commands_audit[];
extern const struct bb_command bb_commands_context[];
extern const struct bb_command bb_commands_partner[];
extern const struct bb_command bb_commands_join[];
extern const struct bb_command bb_commands_service[]; /* ping, status */
extern const struct bb_command bb_commands_keys[];
extern const struct bb_command bb_commands_doctor[];
extern const struct bb_command *const bb_command_tables[];

/* Parse the arguments of a command. options and parser are the command's own (argp); parser is called with
 * `input`; the global options, -h and --version are handled here. Leaves with EX_USAGE on a mistake. A parser
 * rejects a missing argument by argp_usage() or argp_error(). */
void bb_cli_parse(struct bb_cli *cli, const struct bb_command *command, const struct argp_option *options,
                  argp_parser_t parser, int argc, char **argv, void *input);

/* The same for a command without options of its own that takes exactly one argument: returns it. */
char *bb_cli_parse_one(struct bb_cli *cli, int argc, char **argv);

/* The command of these words, for bb_cli_parse(): run() may be shared by several. Never NULL within run(). */
const struct bb_command *bb_cli_command(const struct bb_cli *cli);

/* A whole number as arguments have it: digits and nothing else. 0 | -EINVAL */
int bb_cli_number(const char *text, uint64_t *ret_number);

/* A date of an argument, as it is. option: "--from". Leaves with EX_USAGE when it is none. */
const char *bb_cli_date(const struct argp_state *state, const char *option, const char *text);

/* Should what goes to this stream have colours? --color, NO_COLOR, and whether it is a terminal. */
bool bb_cli_colored(const struct bb_cli *cli, FILE *stream);

/* An output on stdout as -o and --color ask. NULL without memory, which it says. */
struct bb_output *bb_cli_output(const struct bb_cli *cli, const struct bb_output_column *columns,
                                size_t n_columns, unsigned flags);
/* Finish and destroy it; where a table has no rows, say so. code, or EX_IOERR when stdout could not be
 * written and code was 0. */
int bb_cli_finish(struct bb_output **output, int code);
/* The same for the rows of an answer: when the request failed (code), nothing more is printed, not even the
 * end of a list that had begun, so that a part of an answer is not taken for one. */
int bb_cli_answered(struct bb_output **output, int code);

/* A line on stderr; bb_cli_error() begins it with "backbone: ". */
void bb_cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void bb_cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A client for the selected context. 0 | an exit code, the reason said. */
int bb_cli_connect(const struct bb_cli *cli, struct bb_client **ret_client);
/* The same, inside a shared context with this deadline. */
int bb_cli_connect_with(const struct bb_cli *cli, struct bb_client_options options,
                        struct bb_client **ret_client);

/* The same, for a context that was loaded. */
struct bb_cli_context;
int bb_cli_connect_as(const struct bb_cli *cli, const struct bb_cli_context *context,
                      struct bb_client_options options, struct bb_client **ret_client);

/* How a blocking request ended: says why it failed, if it did, and returns the exit code: 0, 65 (the broker
 * refuses what was asked), 69, 75, 77, 78, 70. r: what the request function returned. */
int bb_cli_ended(const struct bb_client *client, int r);
/* What most commands are: connect, ask, print the answer. columns NULL: there is no output (NULL). ask: gives
 * its rows to the output, if the request succeeds; an exit code, the reason said. */
typedef int bb_cli_ask_fn(struct bb_client *client, struct bb_output *output, void *self);
int bb_cli_ask(const struct bb_cli *cli, const struct bb_output_column *columns, size_t n_columns,
               unsigned flags, bb_cli_ask_fn *ask, void *self);

/* The exit code of a result alone. */
int bb_cli_exit_code(int result);

#endif
