#include "data.h"

#include "runtime/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
bb_cli_period_range(char *text, const char **ret_from, const char **ret_to)
{
    char *dots = strstr(text, "..");
    if (dots)
        *dots = '\0';
    const char *to = dots ? dots + 2 : text;
    *ret_from = *text ? text : NULL;
    *ret_to = *to ? to : NULL;
}

const char *
bb_cli_filled(const struct argp_state *state, const char *option, const char *text)
{
    if (!*text)
        argp_error(state, "--%s: found an empty text, expected one, or no --%s", option, option);
    return text;
}

const char *
bb_cli_argument(const struct argp_state *state, const char *what, const char *text)
{
    if (!*text)
        argp_error(state, "%s: found an empty text, expected one", what);
    return text;
}

/* Before the first entry, sequence 0, is what any time before it is: the library has no other word for it. */
static int
parse_sequence(const char *text, uint64_t *ret_sequence, int64_t *ret_us)
{
    int r = bb_cli_number(text, ret_sequence);
    if (r == 0 && *ret_sequence == 0)
        *ret_us = 1;
    return r;
}

/* An answer as of next year would be today's, and another one tomorrow: the year is mistyped. What has come
 * somewhere on earth (14 hours before UTC) has come. */
static bool
is_ahead(int64_t us)
{
    return us > bb_clock_utc() + 14 * (BB_UTC_DAY / 24);
}

int
bb_cli_as_of(const char *text, uint64_t *ret_sequence, int64_t *ret_us)
{
    if (strncmp(text, "seq:", 4) == 0)
        return parse_sequence(text + 4, ret_sequence, ret_us);
    if (bb_utc_parse(text, ret_us) < 0)
        return -EINVAL;
    if (is_ahead(*ret_us))
        return -ERANGE;
    if (strlen(text) == strlen("2026-09-07"))
        *ret_us += BB_UTC_DAY - 1; /* a date: what was known at its end */
    return 0;
}

int
bb_cli_since(const char *text, uint64_t *ret_sequence, int64_t *ret_us)
{
    bool is_date = strlen(text) == strlen("2026-09-07");
    int r;

    if (*text && text[strspn(text, "0123456789")] == '\0')
        return parse_sequence(text, ret_sequence, ret_us);
    r = bb_cli_as_of(text, ret_sequence, ret_us);
    if (r == 0 && is_date && strncmp(text, "seq:", 4) != 0)
        *ret_us -= BB_UTC_DAY;
    return r;
}

static void
parse_moment(const struct argp_state *state, const char *option, const char *arg, int r)
{
    if (r == -ERANGE)
        argp_error(state, "--%s %s: is still to come, expected a day or a time that has been", option, arg);
    else if (r < 0)
        argp_error(state, "--%s %s: expected a date, a time such as 2026-09-07T14:03:00Z, or seq:N", option,
                   arg);
}

error_t
bb_cli_parse_question(int key, char *arg, struct argp_state *state, const struct bb_cli_question *question)
{
    switch (key) {
    case BB_CLI_KEY_DISAGGREGATION:
        *question->disaggregation = arg;
        return 0;
    case BB_CLI_KEY_PERIOD:
        bb_cli_filled(state, "period", arg);
        bb_cli_period_range(arg, question->period_from, question->period_to);
        return 0;
    case BB_CLI_KEY_AS_OF:
        parse_moment(state, "as-of", arg, bb_cli_as_of(arg, question->as_of_sequence, question->as_of_us));
        return 0;
    case BB_CLI_KEY_SINCE:
        parse_moment(state, "since", arg, bb_cli_since(arg, question->since_sequence, question->since_us));
        return 0;
    case BB_CLI_KEY_INDICATOR:
        *question->indicator = bb_cli_filled(state, "indicator", arg);
        return 0;
    case BB_CLI_KEY_ORGANIZATION:
        *question->organization = bb_cli_filled(state, "organization", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void
bb_cli_texts_add(struct bb_cli_texts *texts, const struct argp_state *state, const char *text)
{
    const char **grown = reallocarray(texts->text, texts->n + 1, sizeof *grown);

    if (!grown)
        argp_failure(state, EX_OSERR, ENOMEM, "%s", text);
    texts->text = grown;
    grown[texts->n++] = text;
}

void
bb_cli_answer_done(void *self_answer, const struct bb_problem *end, uint64_t sequence)
{
    struct bb_cli_answer *answer = self_answer;
    answer->ended = true;
    answer->result = end->result;
    answer->code = end->code;
    answer->sequence = sequence;
    snprintf(answer->message, sizeof answer->message, "%s", end->message ? end->message : "");
}

int
bb_cli_answer_wait(struct bb_client *client, struct bb_cli_answer *answer, int made)
{
    int r = made;
    while (r == 0 && !answer->ended)
        r = bb_client_process(client, -1);
    if (r < 0) {
        bb_cli_error("%s", strerror(-r));
        return EX_OSERR;
    }
    if (answer->result == BB_OK)
        return EX_OK;
    bb_cli_error("%s", answer->message);
    return answer->code == BB_CODE_INTERNAL ? EX_SOFTWARE : bb_cli_exit_code(answer->result);
}

void
bb_cli_say_withheld(void)
{
    bb_cli_say("withheld: figures of a single organization that are not for others, or from which small "
               "numbers could "
               "be worked out");
}

void
bb_cli_say_whose(const struct bb_client *client)
{
    struct bb_identity who;

    if (bb_client_identity(client, &who) == 0 && strcmp(who.organization_role, "staff") == 0)
        bb_cli_say("without --organization this is about %s, your own organization", who.organization);
}

void
bb_cli_say_sequence(uint64_t sequence)
{
    bb_cli_say("as of sequence %" PRIu64, sequence);
}

int
bb_cli_open(const char *file, int *ret_fd, const char **ret_name)
{
    struct stat status;
    if (strcmp(file, "-") == 0) {
        *ret_fd = STDIN_FILENO;
        *ret_name = "standard input";
        return 0;
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(fd);
        errno = EISDIR;
        fd = -1;
    }
    if (fd < 0) {
        bb_cli_error("%s: %s", file, strerror(errno));
        return EX_NOINPUT;
    }
    *ret_fd = fd;
    *ret_name = file;
    return 0;
}
