/* backbone ping; status is in status.c. */
#include "cli.h"
#include "status.h"

#include <inttypes.h>
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

const struct bb_command bb_commands_service[] = {
    {"ping", "", "ask the broker for a sign of life", run_ping},
    {"status", "", "how broker and services are doing (staff and operators)", bb_cli_status},
    {0},
};
