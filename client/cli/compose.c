#include "compose.h"

#include "body.h"
#include "data.h"
#include "message_name.h"
#include "partner.h"

#include "runtime/clock.h"
#include "runtime/text.h"

#include <stdlib.h>
#include <string.h>

/* --- dates and the other options ---------------------------------------------------------------------- */

const char *
bb_compose_date(const struct argp_state *state, const char *option, const char *text)
{
    char shown[64];
    bb_utc time;

    if (strlen(text) != strlen("2026-09-07") || bb_utc_parse(text, &time) < 0)
        argp_error(state, "--%s: found '%s', expected a date such as 2026-09-07", option,
                   bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 48));
    return text;
}

void
bb_compose_subject(struct bb_compose *compose, const struct argp_state *state, const char *text)
{
    if (compose->publication.subject)
        argp_error(state, "found a second subject, '%s', expected one", text);
    compose->publication.subject = text;
}

static const char *
check_id(const struct argp_state *state, const char *text)
{
    uint8_t id[BB_MESSAGE_ID];
    char shown[64];

    if (bb_batch_parse(text, id) < 0)
        argp_error(state, "--id: found '%s', expected a UUID",
                   bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 48));
    return text;
}

error_t
bb_compose_parse(struct bb_compose *compose, int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case BB_COMPOSE_KEY_BODY:
        compose->body_file = bb_cli_filled(state, "body", arg);
        return 0;
    case BB_COMPOSE_KEY_ID:
        compose->id = check_id(state, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- sending ------------------------------------------------------------------------------------------ */

enum { ID, SEQUENCE, RECIPIENTS, DRY_RUN, ORGANIZATIONS, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [ID] = {"id", NULL, 0},
    [SEQUENCE] = {"sequence", NULL, 0},
    [RECIPIENTS] = {"recipients", NULL, 0},
    [DRY_RUN] = {"dry_run", NULL, BB_OUTPUT_DATA_ONLY | BB_OUTPUT_OMIT},
    [ORGANIZATIONS] = {"organizations", NULL, BB_OUTPUT_LIST | BB_OUTPUT_WRAP | BB_OUTPUT_OMIT},
};

static const struct bb_output_column published_columns[DRY_RUN] = {
    [ID] = {"id", NULL, 0},
    [SEQUENCE] = {"sequence", NULL, 0},
    [RECIPIENTS] = {"recipients", NULL, 0},
};

static void
print_published(void *self, const struct bb_published *published)
{
    struct bb_output *output = self;
    char id[BB_BATCH_TEXT];

    bb_batch_format(published->id, id);
    bb_output_text(output, ID, id);
    if (published->sequence)
        bb_output_uint(output, SEQUENCE, published->sequence);
    bb_output_uint(output, RECIPIENTS, published->recipients);
    if (!published->sequence) {
        bb_output_bool(output, DRY_RUN, true);
        bb_output_list(output, ORGANIZATIONS);
        for (size_t i = 0; i < published->n_recipients_named; i++)
            bb_output_item(output, ORGANIZATIONS, published->recipient[i]);
    }
    bb_output_row(output);
}

/* Who does not know whether it was published repeats it, as the same message. */
static int
ended(const struct bb_client *client, const struct bb_compose *compose, int r)
{
    char id[BB_BATCH_TEXT];
    int code = bb_cli_ended(client, r);

    if (code != EX_TEMPFAIL || compose->publication.dry_run)
        return code;
    bb_batch_format(compose->publication.id, id);
    bb_cli_say("it may have been published; the same command with --id %s publishes it once", id);
    return code;
}

/* Its own id, and those that it speaks of, which may be given as sequences. */
static int
find_others(struct bb_client *client, struct bb_compose *compose)
{
    uint8_t(*ids)[BB_MESSAGE_ID] = compose->ids;
    int r = 0;

    if (compose->id)
        bb_batch_parse(compose->id, ids[0]);
    else
        bb_batch_new(ids[0]);
    compose->publication.id = ids[0];
    if (compose->reply_to) {
        r = bb_message_find(client, compose->reply_to, ids[1]);
        compose->publication.in_reply_to = ids[1];
    }
    if (r == 0 && compose->supersedes) {
        r = bb_message_find(client, compose->supersedes, ids[2]);
        compose->publication.supersedes = ids[2];
    }
    return r;
}

static int
publish(struct bb_client *client, struct bb_output *output, void *self)
{
    struct bb_compose *compose = self;
    int r = find_others(client, compose);

    if (r != 0)
        return r;
    return ended(client, compose,
                 bb_client_publish(client, &compose->publication, print_published, NULL, output));
}

int
bb_compose_send(struct bb_cli *cli, struct bb_compose *compose)
{
    bool dry = compose->publication.dry_run;
    char *body = NULL;
    int r = bb_cli_check_name("SUBJECT", compose->publication.subject);

    if (r == 0 && compose->body_file)
        r = bb_body_read(compose->body_file, &body);
    compose->publication.body = body;
    compose->publication.channel = (const char *const *)compose->channels.channel;
    compose->publication.n_channels = compose->channels.n;
    if (r == 0)
        r = bb_cli_ask(cli, dry ? columns : published_columns, dry ? COLUMNS : DRY_RUN, BB_OUTPUT_OBJECT,
                       publish, compose);
    bb_channels_release(&compose->channels);
    free(body);
    return r;
}
