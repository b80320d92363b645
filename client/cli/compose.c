#include "compose.h"

#include "data.h"
#include "message.h"
#include "partner.h"

#include "proto/limits.h"
#include "proto/utf8.h"
#include "runtime/clock.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- channels ----------------------------------------------------------------------------------------- */

static const char *const kinds[] = {"group", "org", "indicator"};

/* The code behind "group:" or "group/"; NULL: the text does not begin so. ret_kind: its name */
static const char *
split(const char *text, const char **ret_kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i]);
        if (strncmp(text, kinds[i], len) != 0 || (text[len] != ':' && text[len] != '/'))
            continue;
        *ret_kind = kinds[i];
        return text + len + 1;
    }
    return NULL;
}

static char *
spell(const char *text, bool patterns)
{
    const char *kind, *code = split(text, &kind);
    char *spelled;

    if (strcmp(text, "all") == 0)
        return strdup(text);
    if (!code || (!bb_text_is_code(bb_bytes_str(code)) && !(patterns && strcmp(code, "*") == 0)))
        return NULL;
    return asprintf(&spelled, "%s/%s", kind, code) < 0 ? NULL : spelled;
}

static void
add_one(struct bb_channels *channels, const struct argp_state *state, const char *option, const char *text,
        bool patterns)
{
    char **grown = realloc(channels->channel, (channels->n + 1) * sizeof *grown);
    char shown[96];

    if (!grown)
        argp_failure(state, EX_OSERR, ENOMEM, "%s", option);
    channels->channel = grown;
    channels->channel[channels->n] = spell(text, patterns);
    if (!channels->channel[channels->n])
        argp_error(state, "%s: found '%s', expected all, group:CODE, org:CODE or indicator:CODE%s", option,
                   bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 80),
                   patterns ? ", or * for the CODE" : "");
    channels->n++;
}

void
bb_channels_add(struct bb_channels *channels, const struct argp_state *state, const char *option,
                const char *text, bool patterns)
{
    char *copy = strdup(text), *rest = copy, *one;

    if (!copy)
        argp_failure(state, EX_OSERR, ENOMEM, "%s", option);
    while ((one = strsep(&rest, ",")))
        add_one(channels, state, option, one, patterns);
    free(copy);
}

void
bb_channels_add_arguments(struct bb_channels *channels, struct argp_state *state, const char *option,
                          bool patterns)
{
    const char *kind;

    while (state->next < state->argc &&
           (split(state->argv[state->next], &kind) || strcmp(state->argv[state->next], "all") == 0))
        bb_channels_add(channels, state, option, state->argv[state->next++], patterns);
}

void
bb_channels_release(struct bb_channels *channels)
{
    for (size_t i = 0; i < channels->n; i++)
        free(channels->channel[i]);
    free(channels->channel);
    *channels = (struct bb_channels){0};
}

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

/* --- the body ----------------------------------------------------------------------------------------- */

/* One byte more than a body may have, so that a longer one shows. -errno */
static ssize_t
read_up_to(int fd, char *to, size_t size)
{
    size_t at = 0;

    while (at < size) {
        ssize_t n = read(fd, to + at, size - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        at += (size_t)n;
    }
    return (ssize_t)at;
}

/* Windows ends lines with CR LF and begins files with a mark; neither is part of the text. The new length. */
static size_t
tidy(char *text, size_t len)
{
    size_t from = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, to = 0;

    for (; from < len; from++)
        if (text[from] != '\r' || from + 1 == len || text[from + 1] != '\n')
            text[to++] = text[from];
    text[to] = '\0';
    return to;
}

static int
check_body(const char *name, const char *text, size_t len)
{
    size_t good = bb_utf8_prefix(bb_bytes(text, len));

    if (good < len && text[good] != '\0') {
        bb_cli_error("%s: found byte 0x%02X at %zu, which is not UTF-8; expected text in UTF-8", name,
                     (unsigned char)text[good], good);
        return EX_DATAERR;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xC2 && (unsigned char)text[i + 1] < 0xA0;
        if ((c >= 0x20 && c != 0x7F && !c1) || c == '\n' || c == '\t')
            continue;
        bb_cli_error("%s: found the control character 0x%02X at byte %zu, expected none but tab and line "
                     "feed",
                     name, c1 ? (unsigned char)text[i + 1] : c, i);
        return EX_DATAERR;
    }
    return 0;
}

static int
too_long(const char *name, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);

    if (size > 0)
        bb_cli_error("%s: found %lld bytes, expected at most %u", name, (long long)size,
                     BB_LIMIT_MESSAGE_BYTES);
    else
        bb_cli_error("%s: found more than %u bytes, expected at most so many", name, BB_LIMIT_MESSAGE_BYTES);
    return EX_DATAERR;
}

static int
take_body(int fd, const char *name, char *text, size_t size)
{
    ssize_t n = read_up_to(fd, text, size);
    size_t len;

    if (n < 0) {
        bb_cli_error("%s: %s", name, strerror((int)-n));
        return n == -EBADF ? EX_NOINPUT : EX_IOERR;
    }
    if ((size_t)n == size)
        return too_long(name, fd);
    len = tidy(text, (size_t)n);
    return len > BB_LIMIT_MESSAGE_BYTES ? too_long(name, fd) : check_body(name, text, len);
}

/* ret_text: to be freed. 0 | an exit code, the reason said */
static int
read_body(const char *file, char **ret_text)
{
    size_t size = BB_LIMIT_MESSAGE_BYTES * 2 + 4; /* with all that tidying takes away */
    char *text = malloc(size + 1);
    const char *name;
    int fd = -1, r;

    if (!text)
        return EX_OSERR;
    r = bb_cli_open(file, &fd, &name);
    if (r == 0)
        r = take_body(fd, name, text, size);
    if (fd > STDIN_FILENO)
        close(fd);
    if (r == 0)
        *ret_text = text;
    else
        free(text);
    return r;
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

static int
publish(struct bb_cli *cli, struct bb_client *client, const struct bb_compose *compose)
{
    bool dry = compose->publication.dry_run;
    struct bb_output *output =
        bb_cli_output(cli, dry ? columns : published_columns, dry ? COLUMNS : DRY_RUN, BB_OUTPUT_OBJECT);
    int r = EX_OSERR;

    if (output)
        r = ended(client, compose,
                  bb_client_publish(client, &compose->publication, print_published, NULL, output));
    return bb_cli_answered(&output, r);
}

/* The ids that it speaks of, which may be given as sequences. */
static int
find_others(struct bb_client *client, struct bb_compose *compose, uint8_t (*ids)[BB_MESSAGE_ID])
{
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
check_subject(const char *subject)
{
    char reason[256];

    if (bb_cli_is_name(subject, reason, sizeof reason))
        return 0;
    bb_cli_error("SUBJECT: %s", reason);
    return EX_DATAERR;
}

int
bb_compose_send(struct bb_cli *cli, struct bb_compose *compose)
{
    struct bb_client *client = NULL;
    uint8_t ids[3][BB_MESSAGE_ID];
    char *body = NULL;
    int r = check_subject(compose->publication.subject);

    if (r == 0 && compose->body_file)
        r = read_body(compose->body_file, &body);
    compose->publication.body = body;
    compose->publication.channel = (const char *const *)compose->channels.channel;
    compose->publication.n_channels = compose->channels.n;
    if (r == 0)
        r = bb_cli_connect(cli, &client);
    if (r == 0)
        r = find_others(client, compose, ids);
    if (r == 0)
        r = publish(cli, client, compose);
    bb_client_destroy(&client);
    bb_channels_release(&compose->channels);
    free(body);
    return r;
}
