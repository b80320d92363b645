/* backbone ping | keys new; status is in status.c. */
#include "cli.h"
#include "status.h"
#include "streams.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- ping --------------------------------------------------------------------------------------------- */

static int64_t
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
print_ping(struct bb_cli *cli, const struct bb_client *client, int64_t took_us)
{
    enum { ORGANIZATION, ROLE, ROUND_TRIP };
    static const struct bb_output_column columns[] = {
        {"organization", NULL, 0},
        {"role", NULL, 0},
        {"round_trip_us", "round trip", BB_OUTPUT_RIGHT},
    };
    struct bb_output *output = bb_cli_output(cli, columns, 3, BB_OUTPUT_OBJECT);
    struct bb_identity identity = {0};
    char text[32];

    if (!output)
        return EX_OSERR;
    bb_client_identity(client, &identity);
    bb_output_text(output, ORGANIZATION, identity.organization);
    bb_output_text(output, ROLE, identity.role);
    snprintf(text, sizeof text, "%" PRId64 " µs", took_us);
    if (cli->format == BB_OUTPUT_TABLE)
        bb_output_text(output, ROUND_TRIP, text);
    else
        bb_output_int(output, ROUND_TRIP, took_us);
    bb_output_row(output);
    return bb_cli_finish(&output, EX_OK);
}

static int
run_ping(struct bb_cli *cli, int argc, char **argv)
{
    struct bb_client *client = NULL;
    int64_t start;
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    r = bb_cli_connect(cli, &client);
    if (r != 0)
        return r;
    r = bb_client_ping(client, NULL, NULL); /* connects, too */
    start = now_us();
    if (r == BB_OK)
        r = bb_client_ping(client, NULL, NULL);
    r = r == BB_OK ? print_ping(cli, client, now_us() - start) : bb_cli_ended(client, r);
    bb_client_destroy(&client);
    return r;
}

/* --- keys new ----------------------------------------------------------------------------------------- */

static int
run_keys_new(struct bb_cli *cli, int argc, char **argv)
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

const struct bb_command bb_commands_service[] = {
    {"ping", "", "ask the broker for a sign of life", run_ping},
    {"status", "", "how broker and services are doing (staff and operators)", bb_cli_status},
    {"keys new", "FILE", "make a key pair; prints the public key", run_keys_new},
    {0},
};
