/* backbone map suggest: a map for a file that nobody has described yet, to be looked at and corrected. */
#include "context.h"
#include "data.h"
#include "known.h"
#include "patient.h"
#include "target.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 1000
#define QUICK_MS      3000 /* names are compared with what is registered if it is told within this */

enum { KEY_SAVE = 0x200 };

static const struct argp_option options[] = {
    {"save", KEY_SAVE, "MAP.json", 0,
     "where the map goes, what was seen being told; by default standard output", 0},
    {0},
};

struct suggest {
    const char *file, *save;
    const char *name; /* of the file, for messages */
    int fd;
    struct bb_catalogue *catalogue; /* NULL: nothing is known */
    json_t *map;
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct suggest *suggest = state->input;

    switch (key) {
    case KEY_SAVE:
        suggest->save = bb_cli_filled(state, "save", arg);
        return 0;
    case ARGP_KEY_ARG:
        if (suggest->file)
            argp_error(state, "found a second file, %s, expected one", arg);
        suggest->file = arg;
        return 0;
    case ARGP_KEY_END:
        if (!suggest->file)
            argp_error(state, "FILE is missing; - is standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- what is registered -----------------------------------------------------------------------------------
 */

static bool
has_context(const struct bb_cli *cli)
{
    char *selected = cli->context ? NULL : bb_cli_context_selected();
    bool has = cli->context || selected;

    free(selected);
    return has;
}

/* Without a service the map is a poorer one, and no mistake. */
static void
ask_service(struct bb_cli *cli, struct suggest *suggest)
{
    const struct bb_client_options quick = {.timeout_ms = QUICK_MS, .unreachable_ms = QUICK_MS / 2};
    struct bb_client *client = NULL;

    if (!has_context(cli)) {
        bb_cli_say("%s: there is no context, so names are not compared with what is registered",
                   suggest->name);
        return;
    }
    if (bb_cli_connect_with(cli, quick, &client) == 0 &&
        bb_catalogue_ask(client, &suggest->catalogue) != BB_OK)
        bb_cli_say("%s: names are not compared with what is registered: %s", suggest->name,
                   bb_client_problem(client)->message);
    bb_client_destroy(&client);
}

/* --- the map ----------------------------------------------------------------------------------------------
 */

static int
look(struct bb_cli *cli, struct suggest *suggest)
{
    char error[MESSAGE_BYTES] = "";
    struct bb_sample sample;
    struct bb_known known;
    int r = bb_sample_read(&sample, bb_patient_feed(&suggest->fd), error, sizeof error);

    if (r == 0) {
        const char *slash = strrchr(suggest->file, '/');
        ask_service(cli, suggest);
        if (suggest->catalogue)
            known = bb_catalogue_known(suggest->catalogue);
        r = bb_suggest(&sample, slash ? slash + 1 : suggest->file, suggest->catalogue ? &known : NULL,
                       &suggest->map, error, sizeof error);
        bb_sample_release(&sample);
    }
    if (r == 0)
        return 0;
    bb_cli_error("%s: %s", suggest->name, *error ? error : strerror(-r));
    return *error ? EX_DATAERR : r == -ENOMEM ? EX_OSERR : EX_NOINPUT;
}

static int
put(FILE *to, const json_t *map)
{
    if (json_dumpf(map, to, JSON_INDENT(2)) != 0 || fputc('\n', to) == EOF || fflush(to) != 0)
        return -EIO;
    return 0;
}

static int
save(const struct suggest *suggest)
{
    struct bb_target target;
    int r = bb_target_open(suggest->save, &target), closed;

    if (r == 0) {
        r = put(target.to, suggest->map);
        closed = bb_target_close(&target, r == 0);
        r = r < 0 ? r : closed;
    }
    if (r < 0)
        bb_cli_error("%s: %s", suggest->save, strerror(-r));
    return r < 0 ? EX_CANTCREAT : 0;
}

/* What stood in the file goes to a terminal only as text. */
static void
say_line(const struct suggest *suggest, const char *line)
{
    struct bb_bytes left = bb_bytes_str(line);
    struct bb_buffer shown;
    char piece[8];
    size_t n;

    bb_buffer_init(&shown, SIZE_MAX);
    while ((n = bb_text_shown(left, piece)) > 0) {
        bb_buffer_append(&shown, piece, strlen(piece));
        left = bb_bytes(left.data + n, left.len - n);
    }
    bb_cli_say("%s: %.*s", suggest->name, (int)shown.len, (const char *)shown.data);
    bb_buffer_release(&shown);
}

static void
say_seen(const struct suggest *suggest)
{
    const json_t *line;
    size_t i;

    json_array_foreach(json_object_get(suggest->map, "seen"), i, line)
        say_line(suggest, json_string_value(line));
}

static int
give(const struct suggest *suggest)
{
    int code = 0;

    if (suggest->save) {
        code = save(suggest);
        if (code == 0)
            say_seen(suggest);
    } else if (put(stdout, suggest->map) < 0) {
        bb_cli_error("standard output: %s", strerror(EIO));
        code = EX_IOERR;
    }
    return code;
}

static int
run_suggest(struct bb_cli *cli, int argc, char **argv)
{
    struct suggest suggest = {.fd = -1};

    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &suggest);
    int code = bb_cli_open(suggest.file, &suggest.fd, &suggest.name);
    if (code == 0)
        code = look(cli, &suggest);
    if (code == 0)
        code = give(&suggest);
    json_decref(suggest.map);
    bb_catalogue_destroy(&suggest.catalogue);
    if (suggest.fd > STDERR_FILENO)
        close(suggest.fd);
    return code;
}

const struct bb_command bb_commands_map[] = {
    {"map suggest", "FILE|-", "a map for a file, with what was seen in it", run_suggest},
    {0},
};
