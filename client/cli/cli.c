#include "cli.h"

#include "context.h"
#include "streams.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
bb_cli_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void
bb_cli_error(const char *format, ...)
{
    va_list args;

    fputs("backbone: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

bool
bb_cli_colored(const struct bb_cli *cli, FILE *stream)
{
    const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */

    if (cli->color != BB_COLOR_AUTO)
        return cli->color == BB_COLOR_ALWAYS;
    return !(no_color && *no_color) && isatty(fileno(stream));
}

struct bb_output *
bb_cli_output(const struct bb_cli *cli, const struct bb_output_column *columns, size_t n_columns,
              unsigned flags)
{
    struct bb_output *output;
    int r =
        bb_output_new(stdout, cli->format, bb_cli_colored(cli, stdout), columns, n_columns, flags, &output);

    if (r < 0) {
        bb_cli_error("%s", strerror(-r));
        return NULL;
    }
    return output;
}

int
bb_cli_finish(struct bb_output **output, int code)
{
    int r;

    if (!*output)
        return code ? code : EX_OSERR;
    if (code == 0 && bb_output_shows_nothing(*output))
        bb_cli_say("nothing to list");
    r = bb_output_finish(*output);
    bb_output_destroy(output);
    r = r == 0 ? 0 : bb_streams_flush(r);
    return code ? code : r;
}

int
bb_cli_answered(struct bb_output **output, int code)
{
    if (code == 0)
        return bb_cli_finish(output, 0);
    bb_output_destroy(output);
    return code;
}

int
bb_cli_connect_as(const struct bb_cli *cli, const struct bb_cli_context *context,
                  struct bb_client_options options, struct bb_client **ret_client)
{
    int r;

    options.endpoint = context->endpoint;
    options.server_key = context->server_key;
    options.key_file = context->key_file;
    options.signing_key_file = context->signing_key_file;
    if (cli->timeout_ms)
        options.timeout_ms = cli->timeout_ms;
    options.agent = options.agent ? options.agent : "backbone/" BB_VERSION;
    r = bb_client_new(&options, ret_client);
    if (r > 0)
        bb_cli_error("context %s: %s", context->name, bb_new_problem()->message);
    else if (r < 0)
        bb_cli_error("%s", strerror(-r));
    return r > 0 ? EX_CONFIG : r < 0 ? EX_OSERR : 0;
}

int
bb_cli_connect_with(const struct bb_cli *cli, struct bb_client_options options, struct bb_client **ret_client)
{
    struct bb_cli_context context;
    int r = bb_cli_context_load(cli->context, &context);

    if (r != 0)
        return r;
    r = bb_cli_connect_as(cli, &context, options, ret_client);
    bb_cli_context_release(&context);
    return r;
}

int
bb_cli_connect(const struct bb_cli *cli, struct bb_client **ret_client)
{
    /* People wait in front of this: five seconds without a connection are enough to know. */
    return bb_cli_connect_with(cli, (struct bb_client_options){.unreachable_ms = 5000}, ret_client);
}

int
bb_cli_exit_code(int result)
{
    switch (result) {
    case BB_OK:
        return EX_OK;
    case BB_UNREACHABLE:
        return EX_UNAVAILABLE;
    case BB_TIMED_OUT:
        return EX_TEMPFAIL;
    case BB_NOT_ALLOWED:
        return EX_NOPERM;
    case BB_FAILED:
        return EX_DATAERR;
    case BB_CONFIGURATION:
        return EX_CONFIG;
    default:
        return EX_SOFTWARE;
    }
}

int
bb_cli_ended(const struct bb_client *client, int r)
{
    const struct bb_problem *problem = bb_client_problem(client);

    if (r == BB_OK)
        return EX_OK;
    if (r < 0) {
        bb_cli_error("%s", strerror(-r));
        return r == -E2BIG ? EX_DATAERR : EX_OSERR;
    }
    bb_cli_error("%s", problem->message);
    return problem->code == BB_CODE_INTERNAL ? EX_SOFTWARE : bb_cli_exit_code(r);
}

int
bb_cli_ask(const struct bb_cli *cli, const struct bb_output_column *columns, size_t n_columns, unsigned flags,
           bb_cli_ask_fn *ask, void *self)
{
    struct bb_client *client = NULL;
    struct bb_output *output = NULL;
    int r = bb_cli_connect(cli, &client);

    if (r != 0)
        return r;
    if (columns)
        output = bb_cli_output(cli, columns, n_columns, flags);
    r = output || !columns ? ask(client, output, self) : EX_OSERR;
    if (columns)
        r = bb_cli_answered(&output, r);
    bb_client_destroy(&client);
    return r;
}
