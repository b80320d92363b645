/* backbone: the command line of a backbone. */
#include "arguments.h"
#include "streams.h"

#include "runtime/secret.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text is UTF-8 wherever we are, as it is in files; numbers stay as in C (LC_NUMERIC is not touched). True:
 * the locale says the same. */
static bool
set_locale(void)
{
    setlocale(LC_CTYPE, "");
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (!utf8)
        setlocale(LC_CTYPE, "C.UTF-8");
    return utf8;
}

/* argp sorts the arguments, and some parsers cut theirs apart. */
static char **
copy_arguments(int argc, char **argv)
{
    char **copy = calloc((size_t)argc + 1, sizeof *copy);

    for (int i = 0; copy && i < argc; i++) {
        copy[i] = strdup(argv[i]);
        if (!copy[i])
            return NULL;
    }
    return copy;
}

static void
free_arguments(char **copy)
{
    for (char **at = copy; *at; at++)
        free(*at);
    free(copy);
}

static int
run(struct bb_cli *cli, int argc, char **argv)
{
    const struct bb_command *command;
    char name[80];
    int words, r = bb_cli_find(cli, argc, argv, &command, &words);

    if (r != 0)
        return r;
    cli->called_words = (size_t)words;
    snprintf(name, sizeof name, "backbone %s", command->words);
    argv[words - 1] = name; /* what argp calls the program */
    return command->run(cli, argc - words + 1, argv + words - 1);
}

int
main(int argc, char **argv)
{
    struct bb_cli cli = {.context = getenv("BACKBONE_CONTEXT"), .format = BB_OUTPUT_TABLE};
    int status;

    bb_secret_no_core();
    bb_streams_begin();
    cli.utf8 = set_locale();
    cli.called = copy_arguments(argc, argv);
    if (!cli.called)
        return EX_OSERR;
    status = run(&cli, argc, argv);
    free_arguments(cli.called);
    return status;
}
