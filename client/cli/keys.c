/* backbone keys new | show | rotate.
 *
 * Rotation is without a moment at which no key works, and is gone on with by the next run wherever it is
 * interrupted:
 *
 *     1 FILE.new is made     whole and on disk, or not there
 *     2 key.rotate           the broker lets in both; asked again with the same key nothing changes
 *     3 FILE.new is tried
 *     4 FILE.old, then FILE  another name for the old key, then the new one takes its place: there is
 *                            always a FILE
 *     5 key.rotate           if the old key has less than a minute: not before, so that who is cut off
 *                            finds the new one in FILE
 *
 * A FILE.new that is there is what an earlier run has left, and is used. A program that runs has the old key
 * in memory, which works until the overlap is over; when it connects again it reads FILE. */
#include "cli.h"
#include "context.h"
#include "duration.h"
#include "streams.h"

#include "runtime/clock.h"
#include "runtime/file.h"
#include "runtime/keyfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_MS   (UINT64_C(24) * 3600 * 1000)
#define LEAST_MS 60000

/* --- new ---------------------------------------------------------------------------------------------- */

static int
run_new(struct bb_cli *cli, int argc, char **argv)
{
    static const struct bb_output_column columns[] = {{"public", NULL, 0}};
    char public_key[BB_KEY_TEXT];
    struct bb_output *output;
    const char *file = bb_cli_parse_one(cli, argc, argv);
    int r;

    r = bb_key_new(file, public_key);
    if (r < 0) {
        bb_cli_error("%s: %s", file, r == -EEXIST ? "is there already, and stays as it is" : strerror(-r));
        return EX_CANTCREAT;
    }
    if (cli->format == BB_OUTPUT_TABLE) {
        puts(public_key);
        return bb_streams_flush(0);
    }
    output = bb_cli_output(cli, columns, 1, BB_OUTPUT_OBJECT);
    if (output) {
        bb_output_text(output, 0, public_key);
        bb_output_row(output);
    }
    return bb_cli_finish(&output, EX_OK);
}

/* --- show --------------------------------------------------------------------------------------------- */

/* The public half. 0 | an exit code, the reason said */
static int
read_public(const char *file, char ret_public[static BB_KEY_TEXT])
{
    struct bb_keypair keys;
    char error[384];

    if (bb_keyfile_read(file, &keys, error, sizeof error) < 0) {
        bb_cli_error("%s", error);
        return EX_CONFIG;
    }
    memcpy(ret_public, keys.public_key, BB_KEY_TEXT);
    bb_keypair_wipe(&keys);
    return 0;
}

/* The key file of a context. 0 | an exit code, the reason said; free it */
static int
file_of_context(const char *name, char **ret_file)
{
    struct bb_cli_context context;
    int r = bb_cli_context_load(name, &context);

    if (r != 0)
        return r;
    *ret_file = context.key_file ? strdup(context.key_file) : NULL;
    if (!*ret_file) {
        bb_cli_error("context %s has no key: it is of the operators' socket", context.name);
        r = EX_CONFIG;
    }
    bb_cli_context_release(&context);
    return r;
}

static error_t
parse_show(int key, char *arg, struct argp_state *state)
{
    char **what = state->input;

    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return ARGP_ERR_UNKNOWN;
    *what = arg;
    return 0;
}

static int
run_show(struct bb_cli *cli, int argc, char **argv)
{
    static const struct bb_output_column columns[] = {
        {"public", NULL, 0}, {"fingerprint", NULL, 0}, {"key_file", "key file", 0}};
    char public_key[BB_KEY_TEXT], fingerprint[BB_FINGERPRINT_TEXT], *what = NULL, *file = NULL;
    struct bb_output *output;
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, parse_show, argc, argv, &what);
    if (what && !bb_cli_context_exists(what))
        r = (file = strdup(what)) ? 0 : EX_OSERR;
    else
        r = file_of_context(what ? what : cli->context, &file);
    if (r == 0)
        r = read_public(file, public_key);
    if (r == 0) {
        bb_key_fingerprint(public_key, fingerprint);
        output = bb_cli_output(cli, columns, 3, BB_OUTPUT_OBJECT);
        if (output) {
            bb_output_text(output, 0, public_key);
            bb_output_text(output, 1, fingerprint);
            bb_output_text(output, 2, file);
            bb_output_row(output);
        }
        r = bb_cli_finish(&output, EX_OK);
    }
    free(file);
    return r;
}

/* --- rotate ------------------------------------------------------------------------------------------- */

enum { OPT_OVERLAP = 1 };

static const struct argp_option rotate_options[] = {
    {"overlap", OPT_OVERLAP, "D", 0, "how long the old key is let in too: 1d (default), 12h, at most 30d, 0s",
     0},
    {0},
};

struct rotation {
    struct bb_cli *cli;
    uint64_t overlap_ms;
    struct bb_cli_context context;
    char *file, *new_file, *old_file;
    char public_key[BB_KEY_TEXT]; /* the new one */
    int64_t old_until;
};

static error_t
parse_rotate(int key, char *arg, struct argp_state *state)
{
    struct rotation *rotation = state->input;

    if (key != OPT_OVERLAP)
        return ARGP_ERR_UNKNOWN;
    rotation->overlap_ms = bb_cli_duration(state, "--overlap", arg, 30 * DAY_MS, "30d");
    return 0;
}

/* Step 1. */
static int
make_new(struct rotation *rotation)
{
    int r;

    if (access(rotation->new_file, F_OK) == 0) {
        bb_cli_say("%s is there from an earlier run, and is gone on with", rotation->new_file);
        return read_public(rotation->new_file, rotation->public_key);
    }
    r = bb_key_new(rotation->new_file, rotation->public_key);
    if (r == 0)
        return 0;
    bb_cli_error("%s: %s", rotation->new_file, strerror(-r));
    return EX_CANTCREAT;
}

static int
connect_with(const struct rotation *rotation, const char *key_file, struct bb_client **ret_client)
{
    const struct bb_client_options options = {
        .endpoint = rotation->context.endpoint,
        .server_key = rotation->context.server_key,
        .key_file = key_file,
        .agent = "backbone/" BB_VERSION,
        .unreachable_ms = 5000,
        .timeout_ms = rotation->cli->timeout_ms,
    };
    int r = bb_client_new(&options, ret_client);

    if (r > 0)
        bb_cli_error("%s", bb_new_problem()->message);
    else if (r < 0)
        bb_cli_error("%s", strerror(-r));
    return r > 0 ? EX_CONFIG : r < 0 ? EX_OSERR : 0;
}

static void
note_rotated(void *self, int64_t old_key_until_us, bool changed)
{
    struct rotation *rotation = self;

    (void)changed;
    rotation->old_until = old_key_until_us;
}

/* Step 2. The old key may be kept out already, when an earlier run got this far: then the new one says. */
static int
ask_rotate(struct rotation *rotation, uint64_t overlap_ms)
{
    struct bb_client *client = NULL;
    int r = connect_with(rotation, rotation->file, &client);

    if (r != 0)
        return r;
    r = bb_client_rotate(client, rotation->public_key, overlap_ms, note_rotated, NULL, rotation);
    r = r == BB_NOT_ALLOWED && bb_client_problem(client)->code == BB_CODE_UNKNOWN_KEY
            ? 0
            : bb_cli_ended(client, r);
    bb_client_destroy(&client);
    return r;
}

/* Step 3. */
static int
try_new(const struct rotation *rotation)
{
    struct bb_client *client = NULL;
    int r = connect_with(rotation, rotation->new_file, &client);

    if (r == 0)
        r = bb_cli_ended(client, bb_client_ping(client, NULL, NULL));
    bb_client_destroy(&client);
    if (r != 0)
        bb_cli_error("%s stays as it is; run the same again", rotation->file);
    return r;
}

/* Step 4. Where a file cannot have two names there is a moment without FILE, which a next run mends. */
static int
exchange(const struct rotation *rotation)
{
    int r = 0;

    if (access(rotation->file, F_OK) == 0) {
        unlink(rotation->old_file);
        if (link(rotation->file, rotation->old_file) != 0 && rename(rotation->file, rotation->old_file) != 0)
            r = -errno;
    }
    if (r == 0)
        r = bb_file_sync_name(rotation->old_file);
    if (r == 0 && rename(rotation->new_file, rotation->file) != 0)
        r = -errno;
    if (r == 0)
        r = bb_file_sync_name(rotation->file);
    if (r == 0)
        return 0;
    bb_cli_error("%s: %s; run the same again", rotation->file, strerror(-r));
    return EX_CANTCREAT;
}

static int
print_rotated(const struct rotation *rotation)
{
    enum { CONTEXT, PUBLIC, FINGERPRINT, KEY_FILE, OLD_FILE, OLD_UNTIL };
    static const struct bb_output_column columns[] = {
        {"context", NULL, 0},
        {"public", NULL, 0},
        {"fingerprint", NULL, 0},
        {"key_file", "key file", 0},
        {"old_key_file", "old key file", 0},
        {"old_key_until", "old key until", 0},
    };
    struct bb_output *output = bb_cli_output(rotation->cli, columns, 6, BB_OUTPUT_OBJECT);
    char fingerprint[BB_FINGERPRINT_TEXT];

    if (!output)
        return EX_OSERR;
    bb_key_fingerprint(rotation->public_key, fingerprint);
    bb_output_text(output, CONTEXT, rotation->context.name);
    bb_output_text(output, PUBLIC, rotation->public_key);
    bb_output_text(output, FINGERPRINT, fingerprint);
    bb_output_text(output, KEY_FILE, rotation->file);
    bb_output_text(output, OLD_FILE, rotation->old_file);
    if (rotation->old_until)
        bb_output_time(output, OLD_UNTIL, rotation->old_until);
    bb_output_row(output);
    return bb_cli_finish(&output, EX_OK);
}

static int
rotate(struct rotation *rotation)
{
    bool is_short = rotation->overlap_ms < LEAST_MS;
    int r = make_new(rotation);

    if (r == 0 && access(rotation->file, F_OK) == 0)
        r = ask_rotate(rotation, is_short ? LEAST_MS : rotation->overlap_ms);
    if (r == 0)
        r = try_new(rotation);
    if (r == 0)
        r = exchange(rotation);
    if (r == 0 && is_short)
        r = ask_rotate(rotation, rotation->overlap_ms);
    if (r != 0)
        return r;
    bb_cli_say("The new key is in use. Programs that run go on with the old one until its time is over, and "
               "read the "
               "new one when they connect again.");
    return print_rotated(rotation);
}

static char *
beside(const char *file, const char *suffix)
{
    char *name;

    return asprintf(&name, "%s%s", file, suffix) < 0 ? NULL : name;
}

static int
run_rotate(struct bb_cli *cli, int argc, char **argv)
{
    struct rotation rotation = {.cli = cli, .overlap_ms = DAY_MS};
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), rotate_options, parse_rotate, argc, argv, &rotation);
    r = bb_cli_context_load(cli->context, &rotation.context);
    if (r == 0)
        r = file_of_context(rotation.context.name, &rotation.file);
    if (r == 0) {
        rotation.new_file = beside(rotation.file, ".new");
        rotation.old_file = beside(rotation.file, ".old");
        r = rotation.new_file && rotation.old_file ? rotate(&rotation) : EX_OSERR;
    }
    free(rotation.file);
    free(rotation.new_file);
    free(rotation.old_file);
    bb_cli_context_release(&rotation.context);
    return r;
}

const struct bb_command bb_commands_keys[] = {
    {"keys new", "FILE", "make a key pair; prints the public key", run_new},
    {"keys show", "[FILE|CONTEXT]", "show a public key, and the fingerprint to read out", run_show},
    {"keys rotate", "[--overlap D]", "replace the key of this context, without a pause", run_rotate},
    {0},
};
