/* The arguments are parsed twice: first the global options up to the words of the command, then everything
 * behind the words by the command itself, where the global options are accepted again. So both
 * `backbone -o json trend X` and `backbone trend X -o json` do what they say. */
#include "arguments.h"

#include "runtime/period.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_CONTEXT = 0x100, KEY_COLOR, KEY_JSON, KEY_TIMEOUT };

static const struct argp_option global_options[] = {
    {"context", KEY_CONTEXT, "NAME", 0, "the context to use, instead of the selected one", -2},
    {"output", 'o', "FORMAT", 0, "table (default), json, jsonl or csv", -2},
    {"json", KEY_JSON, NULL, 0, "the same as -o json", -2},
    {"color", KEY_COLOR, "WHEN", 0, "auto (default), always or never", -2},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "how long a request may take, 1 to 86400 (default 30)", -2},
    {NULL, 'h', NULL, 0, "the same as --help", -1},
    {0},
};

const char *argp_program_version = "backbone " BB_VERSION;

static int
parse_color(const char *text)
{
    static const char *const names[] = {"auto", "always", "never"};

    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    return -1;
}

/* 0: it is none. */
static uint32_t
parse_seconds(const char *text)
{
    uint64_t seconds;

    return bb_cli_number(text, &seconds) == 0 && seconds <= 86400 ? (uint32_t)seconds : 0;
}

static const char *
formats(const struct bb_cli *cli)
{
    return cli->knows_markdown ? "text, json or markdown"
           : cli->knows_plain  ? "jsonl or plain"
                               : "table, json, jsonl or csv";
}

static bool
is_prose(const char *format)
{
    return strcmp(format, "text") == 0 || strcmp(format, "markdown") == 0;
}

static bool
knows_format(const struct bb_cli *cli)
{
    if (!cli->asked)
        return true;
    if (cli->knows_plain)
        return strcmp(cli->asked, "table") != 0 && strcmp(cli->asked, "csv") != 0 && !is_prose(cli->asked);
    if (cli->knows_markdown)
        return is_prose(cli->asked) || strcmp(cli->asked, "json") == 0;
    return strcmp(cli->asked, "plain") != 0 && !is_prose(cli->asked);
}

static error_t
parse_global(int key, char *arg, struct argp_state *state)
{
    struct bb_cli *cli = state->input;
    int choice;

    switch (key) {
    case KEY_CONTEXT:
        cli->context = arg;
        return 0;
    case KEY_JSON:
        cli->format = BB_OUTPUT_JSON;
        cli->asked = "json";
        return 0;
    case 'o':
        cli->asked = arg; /* does the command know it? bb_cli_parse() */
        choice =
            strcmp(arg, "plain") == 0 || is_prose(arg) ? (int)BB_OUTPUT_TABLE : bb_output_format_by_name(arg);
        if (choice < 0)
            argp_error(state, "-o %s: expected %s", arg, formats(cli));
        cli->format = (enum bb_output_format)choice;
        return 0;
    case KEY_COLOR:
        choice = parse_color(arg);
        if (choice < 0)
            argp_error(state, "--color %s: expected auto, always or never", arg);
        cli->color = choice;
        return 0;
    case KEY_TIMEOUT:
        cli->timeout_ms = parse_seconds(arg) * 1000;
        if (!cli->timeout_ms)
            argp_error(state, "--timeout %s: expected whole seconds, from 1 to 86400", arg);
        return 0;
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What the help says about an option: of -o, what this command knows. The text itself: as it is above. */
static char *
describe(int key, const char *text, void *input)
{
    const struct bb_cli *cli = input;

    if (key == 'o' && cli && cli->knows_plain)
        return strdup("jsonl, or plain (default on a terminal)");
    if (key == 'o' && cli && cli->knows_markdown)
        return strdup("text (default), json or markdown");
    return (char *)(uintptr_t)text;
}

static const struct argp global_argp = {
    .options = global_options, .parser = parse_global, .help_filter = describe};

/* --- the words of a command --------------------------------------------------------------------------- */

typedef bool match_fn(const struct bb_command *command, const void *with);

static const struct bb_command *
find(match_fn *match, const void *with)
{
    for (const struct bb_command *const *table = bb_command_tables; *table; table++)
        for (const struct bb_command *command = *table; command->words; command++)
            if (match(command, with))
                return command;
    return NULL;
}

static bool
has_words(const struct bb_command *command, const void *words)
{
    return strcmp(command->words, words) == 0;
}

static bool
begins_with(const struct bb_command *command, const void *word)
{
    size_t len = strlen(word);

    return strncmp(command->words, word, len) == 0 && command->words[len] == ' ';
}

/* The command that argv begins with; ret_used: how many arguments are its words. */
static const struct bb_command *
find_command(int argc, char **argv, int *ret_used)
{
    const struct bb_command *command = NULL;
    char two[64];

    if (argc > 1 && snprintf(two, sizeof two, "%s %s", argv[0], argv[1]) < (int)sizeof two) {
        *ret_used = 2;
        command = find(has_words, two);
    }
    if (!command) {
        *ret_used = 1;
        command = find(has_words, argv[0]);
    }
    return command;
}

const struct bb_command *
bb_cli_command(const struct bb_cli *cli)
{
    return find(has_words, cli->words);
}

/* --- the first parse ---------------------------------------------------------------------------------- */

struct first {
    struct bb_cli *cli;
    const char *group; /* the word that its commands begin with; NULL: all commands */
    int words_at;      /* index of the first word in argv; 0: none */
};

static error_t
parse_first(int key, char *arg, struct argp_state *state)
{
    struct first *first = state->input;

    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = first->cli;
        return 0;
    case ARGP_KEY_ARG:
        first->words_at = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
list_all(FILE *to)
{
    for (const struct bb_command *const *table = bb_command_tables; *table; table++)
        for (const struct bb_command *command = *table; command->words; command++)
            fprintf(to, "  %-20s %s\n", command->words, command->about);
    fputs("\n`backbone COMMAND --help` tells more of one; backbone(1) tells all.", to);
}

/* A line for each command that begins with this word. */
static void
list_group(const char *word, FILE *to)
{
    for (const struct bb_command *const *table = bb_command_tables; *table; table++)
        for (const struct bb_command *command = *table; command->words; command++)
            if (begins_with(command, word))
                fprintf(to, "  backbone %s%s%s\n      %s\n", command->words, *command->synopsis ? " " : "",
                        command->synopsis, command->about);
}

/* Behind the options: the commands. */
static char *
list_commands(int key, const char *text, void *input)
{
    const struct first *first = input;
    char *list = NULL;
    size_t size;
    FILE *to;

    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    to = open_memstream(&list, &size);
    if (!to)
        return NULL;
    fputs("Commands:\n", to);
    if (first->group)
        list_group(first->group, to);
    else
        list_all(to);
    fclose(to);
    return list;
}

/* Global options up to the first word. Returns its index in argv; 0: there is none. */
static int
parse_words(struct bb_cli *cli, int argc, char **argv, const char *doc, const char *group)
{
    const struct argp_child children[] = {{.argp = &global_argp}, {0}};
    const struct argp argp = {
        .parser = parse_first,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = doc,
        .children = children,
        .help_filter = list_commands,
    };
    struct first first = {.cli = cli, .group = group};

    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &first);
    return first.words_at;
}

/* --- a word that several commands begin with ---------------------------------------------------------- */

/* `backbone readings` and what is no command of that group. With --help this prints the help and leaves. */
static int
run_group(struct bb_cli *cli, int argc, char **argv)
{
    const char *word = argv[0];
    char name[80];
    int at;

    snprintf(name, sizeof name, "backbone %s", word);
    argv[0] = name;
    at = parse_words(cli, argc, argv, " \v ", word);
    if (at)
        bb_cli_error("there is no command '%s %s'; expected one of", word, argv[at]);
    else
        bb_cli_error("which command of '%s'? Expected one of", word);
    list_group(word, stderr);
    return EX_USAGE;
}

static int
unknown_command(struct bb_cli *cli, int argc, char **argv)
{
    if (find(begins_with, argv[0]))
        return run_group(cli, argc, argv);
    bb_cli_error("there is no command '%s'; see backbone --help", argv[0]);
    return EX_USAGE;
}

/* --- the second parse --------------------------------------------------------------------------------- */

struct second {
    struct bb_cli *cli;
    void *input;
};

static error_t
parse_second(int key, char *arg, struct argp_state *state)
{
    struct second *second = state->input;

    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = second->input;
    state->child_inputs[1] = second->cli;
    return 0;
}

/* Behind the options: the columns of the file that the command reads. */
static char *
list_columns(int key, const char *text, void *input)
{
    const struct second *second = input;
    const struct bb_cli *cli = second->cli;
    char *list = NULL;
    size_t size;
    FILE *to;

    if (key != ARGP_KEY_HELP_POST_DOC || !cli->columns)
        return (char *)(uintptr_t)text;
    to = open_memstream(&list, &size);
    if (!to)
        return NULL;
    fputs("The first line of the file names its columns:", to);
    for (size_t i = 0; cli->columns[i]; i++)
        fprintf(to, "%s %s%s", i ? "," : "", cli->columns[i], i < cli->columns_needed ? " (needed)" : "");
    fputs(". The manual says what they hold.", to);
    fclose(to);
    return list;
}

void
bb_cli_parse(struct bb_cli *cli, const struct bb_command *command, const struct argp_option *options,
             argp_parser_t parser, int argc, char **argv, void *input)
{
    const struct argp own = {.options = options, .parser = parser};
    const struct argp_child children[] = {
        {.argp = &own},
        {.argp = &global_argp, .header = "Of every command:", .group = -2},
        {0},
    };
    const struct argp argp = {
        .parser = parse_second,
        .args_doc = command->synopsis,
        .doc = command->about,
        .children = children,
        .help_filter = list_columns,
    };
    struct second second = {.cli = cli, .input = input};

    if (argp_parse(&argp, argc, argv, 0, NULL, &second) != 0)
        exit(EX_USAGE);
    if (knows_format(cli))
        return;
    bb_cli_error("-o %s: expected %s", cli->asked, formats(cli));
    exit(EX_USAGE);
}

struct one {
    const struct bb_command *command;
    char *argument;
};

static error_t
parse_one(int key, char *arg, struct argp_state *state)
{
    struct one *one = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (one->argument)
            argp_error(state, "found a second argument, %s, expected one", arg);
        one->argument = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "%s is missing", one->command->synopsis);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

char *
bb_cli_parse_one(struct bb_cli *cli, int argc, char **argv)
{
    struct one one = {.command = bb_cli_command(cli)};

    bb_cli_parse(cli, one.command, NULL, parse_one, argc, argv, &one);
    return one.argument;
}

int
bb_cli_number(const char *text, uint64_t *ret_number)
{
    unsigned long long number;
    char *end;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end)
        return -EINVAL;
    *ret_number = number;
    return 0;
}

const char *
bb_cli_date(const struct argp_state *state, const char *option, const char *text)
{
    uint32_t day;

    if (bb_date_parse(bb_bytes_str(text), &day) != 0)
        argp_error(state, "%s: found '%s', expected a date such as 2026-09-07", option, text);
    return text;
}

static bool
asks_for_help(char *const *argv)
{
    for (; *argv; argv++)
        if (strncmp(*argv, "--h", 3) == 0 || strncmp(*argv, "--u", 3) == 0 || strcmp(*argv, "-h") == 0 ||
            strcmp(*argv, "-?") == 0)
            return true;
    return false;
}

/* argp folds the line that it puts below a mistake ("Try ...") at the margin of its help. */
static void
unfold_mistakes(char *const *argv)
{
    if (!asks_for_help(argv))
        setenv("ARGP_HELP_FMT", "rmargin=1000", 0);
}

int
bb_cli_find(struct bb_cli *cli, int argc, char **argv, const struct bb_command **ret_command, int *ret_words)
{
    const struct bb_command *command;
    int at, used;

    argp_err_exit_status = EX_USAGE;
    unfold_mistakes(argv);
    at = parse_words(cli, argc, argv,
                     "The command line of a backbone: shared measurement of partner organizations.\v ", NULL);
    if (at == 0) {
        bb_cli_error("which command? See backbone --help");
        return EX_USAGE;
    }
    command = find_command(argc - at, argv + at, &used);
    if (!command)
        return unknown_command(cli, argc - at, argv + at);
    cli->words = command->words;
    *ret_command = command;
    *ret_words = at + used;
    return 0;
}
