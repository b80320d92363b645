/* What broker and services say of themselves, in two shapes: lines of part, name and value for tables and
 * CSV, and for JSON an object that programs can pick from:
 *
 *     {"broker":{"uptime_ms":...,"counters":{...}},"services":[{"service":"measurement",...}],
 *      "measurement":{...},"communication":{...}}
 *
 * The object of a service is null when it is not there. */
#include "status.h"

#include "streams.h"

#include <inttypes.h>
#include <string.h>

/* One shape: what to do with a number, a flag, and the beginnings and ends of parts. */
struct status {
    struct bb_output *output; /* NULL: json */
    bool brief;               /* for people: counters at zero are left out */
    const char *part;
    bool first;                      /* of an object in json */
    bool measurement, communication; /* it is there */
};

enum { PART, NAME, VALUE };

/* --- both shapes -------------------------------------------------------------------------------------- */

static void
json_name(struct status *status, const char *name)
{
    if (!status->first)
        putchar(',');
    status->first = false;
    bb_json_string(stdout, name, strlen(name));
    putchar(':');
}

static void
number(struct status *status, const char *name, uint64_t value)
{
    if (status->output) {
        bb_output_text(status->output, PART, status->part);
        bb_output_text(status->output, NAME, name);
        bb_output_uint(status->output, VALUE, value);
        bb_output_row(status->output);
    } else {
        json_name(status, name);
        printf("%" PRIu64, value);
    }
}

/* null in JSON, and no line in the others, when it is not known. */
static void
number_if(struct status *status, bool known, const char *name, uint64_t value)
{
    if (known) {
        number(status, name, value);
    } else if (!status->output) {
        json_name(status, name);
        fputs("null", stdout);
    }
}

static void
flag(struct status *status, const char *name, bool value)
{
    if (status->output) {
        bb_output_text(status->output, PART, status->part);
        bb_output_text(status->output, NAME, name);
        bb_output_bool(status->output, VALUE, value);
        bb_output_mark(status->output, VALUE, value ? BB_MARK_GOOD : BB_MARK_BAD);
        bb_output_row(status->output);
    } else {
        json_name(status, name);
        fputs(value ? "true" : "false", stdout);
    }
}

static void
punctuate(struct status *status, const char *text)
{
    if (status->output)
        return;
    fputs(text, stdout);
    status->first = true;
}

/* --- what they say ------------------------------------------------------------------------------------ */

static void
put_service(struct status *status, const struct bb_service_status *service)
{
    status->part = service->service;
    punctuate(status, "{\"service\":");
    if (!status->output) {
        bb_json_string(stdout, service->service, strlen(service->service));
        status->first = false;
    }
    flag(status, "ready", service->ready);
    number(status, "queued", service->queued);
    number(status, "in_flight", service->in_flight);
    number_if(status, service->has_sequence, "sequence", service->sequence);
    number_if(status, service->has_lag, "lag", service->lag);
    punctuate(status, "}");
    if (strcmp(service->service, "measurement") == 0)
        status->measurement = service->ready;
    if (strcmp(service->service, "communication") == 0)
        status->communication = service->ready;
}

static void
put_broker(void *self, const struct bb_status *broker)
{
    struct status *status = self;

    status->part = "broker";
    punctuate(status, "{\"broker\":{");
    number(status, "uptime_ms", broker->uptime_ms);
    number(status, "connections", broker->connections);
    number(status, "organizations", broker->organizations);
    number(status, "directory_version", broker->directory_version);
    punctuate(status, ",\"counters\":{");
    for (size_t i = 0; i < broker->n_counters; i++)
        if (!status->brief || broker->counter[i].value)
            number(status, broker->counter[i].name, broker->counter[i].value);
    punctuate(status, "}},\"services\":[");
    for (size_t i = 0; i < broker->n_services; i++) {
        if (i)
            punctuate(status, ",");
        put_service(status, &broker->service[i]);
    }
    punctuate(status, "],\"measurement\":");
}

static void
put_measurement(void *self, const struct bb_measurement_status *measurement)
{
    struct status *status = self;

    status->part = "measurement";
    punctuate(status, "{");
    number(status, "head", measurement->head);
    number(status, "applied", measurement->applied);
    number(status, "readings", measurement->readings);
    number(status, "pending_rows", measurement->pending_rows);
    number(status, "journal_bytes", measurement->journal_bytes);
    number(status, "views_bytes", measurement->views_bytes);
    number(status, "free_pages", measurement->free_pages);
    punctuate(status, "}");
}

static void
put_communication(void *self, const struct bb_communication_status *communication)
{
    struct status *status = self;

    status->part = "communication";
    punctuate(status, "{");
    number(status, "head", communication->head);
    number(status, "messages", communication->messages);
    number(status, "cursors", communication->cursors);
    number(status, "sessions", communication->sessions);
    number(status, "behind", communication->behind);
    number(status, "followed", communication->followed);
    number(status, "store_bytes", communication->store_bytes);
    number(status, "gaps", communication->gaps);
    number(status, "taken_over", communication->taken_over);
    punctuate(status, "}");
}

/* --- the command -------------------------------------------------------------------------------------- */

/* A service that is there and does not answer is null, too, and the status a failure. */
static int
ask(struct status *status, struct bb_client *client)
{
    int r = bb_cli_ended(client, bb_client_status(client, put_broker, NULL, status)), other = 0;

    if (r != 0)
        return r;
    if (status->measurement)
        r = bb_cli_ended(client, bb_client_measurement_status(client, put_measurement, NULL, status));
    if (r != 0 || !status->measurement)
        punctuate(status, "null");
    punctuate(status, ",\"communication\":");
    if (status->communication)
        other = bb_cli_ended(client, bb_client_communication_status(client, put_communication, NULL, status));
    if (other != 0 || !status->communication)
        punctuate(status, "null");
    punctuate(status, "}\n");
    return r ? r : other;
}

static bool
is_json(const struct bb_cli *cli)
{
    return cli->format == BB_OUTPUT_JSON || cli->format == BB_OUTPUT_JSONL;
}

int
bb_cli_status(struct bb_cli *cli, int argc, char **argv)
{
    static const struct bb_output_column columns[] = {
        {"part", "PART", 0},
        {"name", "NAME", 0},
        {"value", "VALUE", BB_OUTPUT_RIGHT},
    };
    struct bb_client *client = NULL;
    struct status status = {0};
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    r = bb_cli_connect(cli, &client);
    if (r != 0)
        return r;
    status.brief = cli->format == BB_OUTPUT_TABLE;
    if (!is_json(cli)) {
        status.output = bb_cli_output(cli, columns, 3, 0);
        r = status.output ? 0 : EX_OSERR;
    }
    if (r == 0)
        r = ask(&status, client);
    if (status.output)
        r = bb_cli_finish(&status.output, r);
    else if (r == 0)
        r = bb_streams_flush(0);
    bb_client_destroy(&client);
    return r;
}
