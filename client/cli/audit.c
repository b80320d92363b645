/* backbone audit: the entries of the audit log, of the broker or of a file; as they come; and whether it is
 * whole. */
#include "audit_check.h"
#include "audit_entry.h"
#include "data.h"
#include "interrupt.h"
#include "streams.h"

#include "runtime/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define POLL_MS 1000

struct audit {
    struct bb_cli *cli;
    struct bb_audit_query query;
    const char *file; /* NULL: the log of the broker */
    bool follow, verify, quiet;
    struct bb_audit_check check;
    const char *name; /* of where the lines are from */
    enum bb_audit_style style;
    struct bb_output *output;  /* of rows */
    struct bb_audit_head last; /* as the broker says */
    bool told;                 /* it does */
    bool over;                 /* the request has ended */
    bool down;                 /* it was said that nobody answers */
    int code;
};

/* --- arguments ------------------------------------------------------------------------------------------ */

enum { KEY_FOLLOW = 0x180, KEY_VERIFY, KEY_EXPECT, KEY_SINCE, KEY_LIMIT, KEY_FILE };

static const struct argp_option options[] = {
    {"follow", KEY_FOLLOW, NULL, 0, "then print new entries as they come, until Ctrl-C", 0},
    {"verify", KEY_VERIFY, NULL, 0, "follow the whole chain, and print its head", 0},
    {"expect", KEY_EXPECT, "HEAD", 0, "likewise, and this head, once printed, must be in it", 0},
    {"since", KEY_SINCE, "WHEN", 0, "entries behind a sequence, or since a date or time", 0},
    {"limit", KEY_LIMIT, "N", 0, "the last N entries", 0},
    {"file", KEY_FILE, "FILE", 0,
     "a log, or what -o jsonl printed, instead of the broker's; - is standard input", 0},
    {0},
};

static void
check_options(const struct audit *audit, struct argp_state *state)
{
    bool part = audit->query.after || audit->query.since_us || audit->query.limit;

    if (audit->verify && part)
        argp_error(state,
                   "--verify and --expect look at the whole log: --since and --limit do not go with them");
    if (audit->file && audit->follow)
        argp_error(state, "--follow: a file does not grow here");
    if (audit->file && audit->query.limit)
        argp_error(state, "--limit: of a file, use tail");
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct audit *audit = state->input;
    uint64_t number;

    switch (key) {
    case KEY_FOLLOW:
        audit->follow = true;
        return 0;
    case KEY_EXPECT:
        if (bb_audit_head_of_text(arg, &audit->check.expect) != 0)
            argp_error(state, "--expect: found '%s', expected SEQUENCE:HASH, as --verify prints it", arg);
        audit->verify = true;
        return 0;
    case KEY_VERIFY:
        audit->verify = true;
        return 0;
    case KEY_SINCE:
        if (bb_cli_since(arg, &audit->query.after, &audit->query.since_us) != 0)
            argp_error(state, "--since: found '%s', expected a sequence, a date or a time that is past", arg);
        return 0;
    case KEY_LIMIT:
        if (bb_cli_number(arg, &number) != 0 || number > UINT32_MAX)
            argp_error(state, "--limit: found '%s', expected a number; 0 is all", arg);
        audit->query.limit = (uint32_t)number;
        return 0;
    case KEY_FILE:
        audit->file = arg;
        return 0;
    case ARGP_KEY_END:
        check_options(audit, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- lines ---------------------------------------------------------------------------------------------- */

static int
bad(struct audit *audit)
{
    bb_cli_error("%s", audit->check.wrong);
    audit->code = EX_DATAERR;
    return 1;
}

/* Of a line that is an entry. */
static uint64_t
sequence_of(struct bb_text line)
{
    uint64_t sequence = 0;

    for (size_t i = strlen("{\"sequence\":"); i < line.len && line.data[i] >= '0' && line.data[i] <= '9'; i++)
        sequence = 10 * sequence + (uint64_t)(line.data[i] - '0');
    return sequence;
}

/* 0 | 1: that is the end, with a code */
static int
on_line(void *self, struct bb_text line)
{
    struct audit *audit = self;

    if (audit->verify && bb_audit_check_line(&audit->check, audit->name, line) != 0)
        return bad(audit);
    if (!audit->quiet && bb_audit_print(audit->style, audit->output, line) != 0) {
        bb_cli_error("%s: a line is not in the form of an entry", audit->name);
        audit->code = EX_DATAERR;
        return 1;
    }
    audit->query = (struct bb_audit_query){.after = sequence_of(line)}; /* where the next question begins */
    return 0;
}

static void
on_head(void *self, const struct bb_audit_head *head)
{
    struct audit *audit = self;

    audit->last = *head;
    audit->told = true;
}

/* --- the broker ----------------------------------------------------------------------------------------- */

static void
on_done(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct audit *audit = self;
    bool later = end->result == BB_UNREACHABLE || end->result == BB_TIMED_OUT;

    (void)sequence;
    audit->over = true;
    if (end->result == BB_OK || audit->code != 0) {
        audit->down = false;
        return;
    }
    if (!later || !audit->follow)
        audit->code = end->code == BB_CODE_INTERNAL ? EX_SOFTWARE : bb_cli_exit_code(end->result);
    if (!audit->down)
        bb_cli_error("%s", end->message);
    audit->down = later;
}

/* Process until it is over, or the time is; a signal ends it. */
static void
wait_for(struct audit *audit, struct bb_client *client, const bool *over, bb_mono until)
{
    while (!*over && !bb_interrupt_signal()) {
        bb_mono left = until - bb_clock_mono();
        int due = bb_client_timeout(client), ms = left < POLL_MS ? (int)left : POLL_MS;
        int r = bb_client_process(client, 0);

        if (r < 0) {
            bb_cli_error("%s", strerror(-r));
            audit->code = EX_OSERR;
            return;
        }
        if (*over || left <= 0)
            return;
        bb_interrupt_wait(bb_client_fd(client), due >= 0 && due < ms ? due : ms);
    }
}

static void
ask(struct audit *audit, struct bb_client *client)
{
    int r;

    audit->over = false;
    r = bb_client_audit(client, &audit->query, on_line, on_head, on_done, audit);
    if (r < 0) {
        bb_cli_error("%s", strerror(-r));
        audit->code = EX_OSERR;
        return;
    }
    wait_for(audit, client, &audit->over, BB_NEVER);
}

static int
ask_broker(struct audit *audit)
{
    static const bool never = false;
    struct bb_client *client = NULL;
    int r = bb_interrupt_watch();

    if (r < 0) {
        bb_cli_error("%s", strerror(-r));
        return EX_OSERR;
    }
    audit->code = bb_cli_connect(audit->cli, &client);
    if (audit->code == 0)
        ask(audit, client);
    while (audit->follow && audit->code == 0 && !bb_interrupt_signal()) {
        audit->code = bb_streams_flush(0);
        wait_for(audit, client, &never, bb_clock_mono() + POLL_MS);
        if (audit->code == 0 && !bb_interrupt_signal())
            ask(audit, client);
    }
    bb_client_destroy(&client);
    if (!audit->follow)
        bb_interrupt_pass_on();
    return audit->code;
}

/* --- a file --------------------------------------------------------------------------------------------- */

/* Is it one that is asked for? What is no entry is, so that it is told. */
static bool
is_wanted(const struct audit *audit, struct bb_text line, uint64_t number)
{
    const char *time = memmem(line.data, line.len, "\"time\":\"", 8);
    char text[BB_UTC_TEXT] = "";
    bb_utc then;

    if (number <= audit->query.after)
        return false;
    if (!audit->query.since_us || !time || (size_t)(line.data + line.len - time) < 8 + 27)
        return true;
    memcpy(text, time + 8, 27);
    return bb_utc_parse(text, &then) != 0 || then >= audit->query.since_us;
}

static int
read_lines(struct audit *audit, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    uint64_t number = 0;

    errno = 0;
    while (audit->code == 0 && (n = getline(&line, &size, file)) > 0) {
        struct bb_text text = {line, (size_t)n};

        number++;
        if (line[n - 1] == '\n') {
            text.len--;
        } else {
            bb_cli_error("%s: line %llu is not finished", audit->name, (unsigned long long)number);
            audit->code = EX_DATAERR;
        }
        if (audit->code == 0 && (audit->verify || is_wanted(audit, text, number)))
            on_line(audit, text);
    }
    if (audit->code == 0 && ferror(file)) {
        bb_cli_error("%s: %s", audit->name, strerror(errno ? errno : EIO));
        audit->code = EX_IOERR;
    }
    free(line);
    return audit->code;
}

static int
read_file(struct audit *audit)
{
    FILE *file;
    int fd, code = bb_cli_open(audit->file, &fd, &audit->name);

    if (code != 0)
        return code;
    file = fdopen(fd, "r");
    if (!file) {
        bb_cli_error("%s: %s", audit->name, strerror(errno));
        return EX_NOINPUT;
    }
    code = read_lines(audit, file);
    if (fd > STDERR_FILENO)
        fclose(file);
    return code;
}

/* --- the command ---------------------------------------------------------------------------------------- */

static int
print_verified(const struct audit *audit)
{
    enum { ENTRIES, LAST, HEAD, FIELDS };
    static const struct bb_output_column fields[FIELDS] = {
        {"entries", NULL, 0}, {"time", "last one", 0}, {"head", NULL, 0}};
    struct bb_output *output = bb_cli_output(audit->cli, fields, FIELDS, BB_OUTPUT_OBJECT);
    const struct bb_audit_head *head = &audit->check.head;
    char text[BB_HEAD_TEXT];

    if (!output)
        return EX_OSERR;
    bb_output_uint(output, ENTRIES, head->sequence);
    if (head->sequence) {
        bb_audit_head_text(head, text);
        bb_output_time(output, LAST, head->time_us);
        bb_output_text(output, HEAD, text);
    }
    bb_output_row(output);
    return bb_cli_finish(&output, 0);
}

static int
finish(struct audit *audit, int code)
{
    if (code == 0 && audit->verify &&
        bb_audit_check_end(&audit->check, audit->name, audit->told ? &audit->last : NULL) != 0) {
        bad(audit);
        code = audit->code;
    }
    if (audit->output)
        return bb_cli_answered(&audit->output, code);
    if (code == 0 && audit->quiet)
        code = print_verified(audit);
    return code ? code : bb_streams_flush(0);
}

static int
run_audit(struct bb_cli *cli, int argc, char **argv)
{
    struct audit audit = {.cli = cli, .name = "the log of the broker"};
    int code;

    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &audit);
    audit.quiet = audit.verify && !audit.follow;
    audit.style = cli->format == BB_OUTPUT_JSONL                   ? BB_AUDIT_RAW
                  : audit.follow && cli->format == BB_OUTPUT_TABLE ? BB_AUDIT_PLAIN
                                                                   : BB_AUDIT_ROWS;
    if (!audit.quiet && audit.style == BB_AUDIT_ROWS) {
        audit.output = bb_cli_output(cli, bb_audit_columns, bb_audit_n_columns, 0);
        if (!audit.output)
            return EX_OSERR;
    }
    code = audit.file ? read_file(&audit) : ask_broker(&audit);
    return finish(&audit, code);
}

const struct bb_command bb_commands_audit[] = {
    {"audit", "", "who did what administrative thing when", run_audit},
    {0},
};
