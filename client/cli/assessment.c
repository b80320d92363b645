/* backbone assessment: the periodic assessment for the steering committee.
 *
 * Composed of two answers, which speak of one sequence: progress, and then reporting as of the sequence that
 * progress told. The headline comes first and is known last, so what stands below it is written into memory.
 * As json it is one object; as text and Markdown it differs only in its marks. */
#include "data.h"
#include "streams.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum format { TEXT, MARKDOWN, JSON };

struct part {
    FILE *file;
    char *text;
    size_t len;
};

enum { SECTIONS, LATE, MISSING, PARTS };

struct assessment {
    struct bb_progress_query progress;
    enum format format;
    struct part part[PARTS];
    bool observer; /* is not told who has reported */
    unsigned indicators, improving, worsening, unchanged, on_track, off_track, no_data, corrected;
    unsigned expected, reported, late, missing;
    unsigned told, told_to_all; /* figures, as the caller and as everybody may see them */
    int64_t time_us;
    uint64_t sequence;
};

enum { KEY_FOR_ALL = 0x200 };

static const struct argp_option options[] = {
    {"period", BB_CLI_KEY_PERIOD, "PERIOD", 0, "of this period (needed)", 0},
    {"for-all", KEY_FOR_ALL, NULL, 0, "with what everybody who takes part may see only, to be announced", 0},
    BB_CLI_OPTION_AS_OF,
    {0},
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
    struct bb_progress_query *query = &((struct assessment *)state->input)->progress;
    const struct bb_cli_question question = {.as_of_sequence = &query->as_of_sequence,
                                             .as_of_us = &query->as_of_us};

    switch (key) {
    case BB_CLI_KEY_PERIOD:
        query->period = bb_cli_filled(state, "period", arg);
        return 0;
    case KEY_FOR_ALL:
        query->for_all = true;
        return 0;
    case ARGP_KEY_END:
        if (!query->period)
            argp_error(state, "--period is missing");
        return 0;
    default:
        return bb_cli_parse_question(key, arg, state, &question);
    }
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* A text of somebody: in Markdown it marks nothing. */
static void
put(FILE *to, enum format format, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (format == MARKDOWN && strchr("\\`*_[]<>#|", *c))
            fputc('\\', to);
        fputc(*c, to);
    }
}

/* A member of an object, behind what opens the object or ends the member before. */
static void
put_text_member(FILE *to, const char *before, const char *name, const char *text)
{
    fprintf(to, "%s\"%s\":", before, name);
    if (text)
        bb_json_string(to, text, strlen(text));
    else
        fputs("null", to);
}

/* A decimal: the text is the number. */
static void
put_number_member(FILE *to, const char *before, const char *name, const char *decimal)
{
    if (decimal && !bb_json_is_number(decimal))
        put_text_member(to, before, name, decimal);
    else
        fprintf(to, "%s\"%s\":%s", before, name, decimal ? decimal : "null");
}

/* --- indicators ----------------------------------------------------------------------------------------- */

static bool
has_data(const struct bb_indicator_progress *item)
{
    return item->latest && (item->latest->value || item->latest->withheld);
}

static unsigned
count_figures(const struct bb_indicator_progress *item)
{
    return (item->latest && item->latest->value ? 1u : 0u) +
           (item->previous && item->previous->value ? 1u : 0u);
}

/* Reports and readings are those of what is reported: what is computed from it has them as well, for itself.
 */
static void
count_reports(struct assessment *a, const struct bb_indicator_progress *item)
{
    if (item->indicator->numerator_expression)
        return;
    a->corrected += item->corrected;
    a->expected += item->expected;
    a->reported += item->reported;
}

static void
count(struct assessment *a, const struct bb_indicator_progress *item)
{
    const char *movement = item->movement ? item->movement : "";

    a->indicators++;
    a->no_data += !has_data(item);
    a->improving += strcmp(movement, "improving") == 0;
    a->worsening += strcmp(movement, "worsening") == 0;
    a->unchanged += strcmp(movement, "unchanged") == 0;
    a->on_track += item->is_judged && item->on_track;
    a->off_track += item->is_judged && !item->on_track;
    count_reports(a, item);
    a->time_us = item->time_us;
    a->told += count_figures(item);
}

static void
write_json_item(FILE *to, const struct bb_indicator_progress *item)
{
    const struct bb_point *latest = item->latest, *previous = item->previous;

    put_text_member(to, "{", "indicator", item->indicator->code);
    put_text_member(to, ",", "name", item->indicator->name);
    put_text_member(to, ",", "period", latest ? latest->period : NULL);
    put_number_member(to, ",", "value", latest ? latest->value : NULL);
    fputs(latest && latest->withheld ? ",\"withheld\":true" : "", to);
    put_text_member(to, ",", "previous_period", previous ? previous->period : NULL);
    put_number_member(to, ",", "previous", previous ? previous->value : NULL);
    fputs(previous && previous->withheld ? ",\"previous_withheld\":true" : "", to);
    put_number_member(to, ",", "change", item->change);
    put_number_member(to, ",", "change_since_baseline", item->change_since_baseline);
    put_text_member(to, ",", "movement", item->movement);
    put_text_member(to, ",", "target_period", item->target_period);
    put_number_member(to, ",", "target", item->target_value);
    put_number_member(to, ",", "distance", item->distance);
    fprintf(to,
            ",\"on_track\":%s,\"reported\":%" PRIu32 ",\"expected\":%" PRIu32 ",\"corrected\":%" PRIu32 "}",
            !item->is_judged ? "null"
            : item->on_track ? "true"
                             : "false",
            item->reported, item->expected, item->corrected);
}

static void
write_figure(FILE *to, enum format format, const struct bb_indicator_progress *item)
{
    const struct bb_point *latest = item->latest, *previous = item->previous;
    const char *unit = item->indicator->unit;

    if (!has_data(item)) {
        fputs(item->ambiguous ? "- no total: there are values by several dimensions\n"
              : latest        ? "- no value: what was reported cannot be put together\n"
                              : "- no data\n",
              to);
        return;
    }
    fprintf(to, "- %s: %s", latest->period, latest->value ? latest->value : "withheld");
    if (latest->value && unit && *unit) {
        fputc(' ', to);
        put(to, format, unit);
    }
    if (item->movement)
        fprintf(to, ", %s", item->movement);
    fputc('\n', to);
    if (item->change)
        fprintf(to, "- %s since %s (%s)\n", item->change, previous->period, previous->value);
    if (item->change_since_baseline)
        fprintf(to, "- %s since the baseline (%s%s%s)\n", item->change_since_baseline,
                item->baseline_period ? item->baseline_period : "", item->baseline_period ? ": " : "",
                item->baseline_value);
}

static void
write_item(FILE *to, enum format format, const struct bb_indicator_progress *item)
{
    fputs(format == MARKDOWN ? "\n## " : "\n", to);
    put(to, format, item->indicator->name);
    fputs(" (", to);
    put(to, format, item->indicator->code);
    fputs(format == MARKDOWN ? ")\n\n" : ")\n", to);
    write_figure(to, format, item);
    if (item->target_period)
        fprintf(to, "- target for %s: %s%s%s%s\n", item->target_period, item->target_value,
                item->distance ? ", distance " : "", item->distance ? item->distance : "",
                !item->is_judged ? ""
                : item->on_track ? ", on track"
                                 : ", off track");
    if (item->expected)
        fprintf(to, "- %" PRIu32 " of %" PRIu32 " organizations have reported\n", item->reported,
                item->expected);
    if (item->corrected)
        fprintf(to, "- readings corrected: %" PRIu32 "\n", item->corrected);
}

static int
on_progress(void *self, const struct bb_indicator_progress *item)
{
    struct assessment *a = self;
    FILE *to = a->part[SECTIONS].file;

    if (a->format == JSON && a->indicators > 0)
        fputs(",\n", to);
    count(a, item);
    if (a->format == JSON)
        write_json_item(to, item);
    else
        write_item(to, a->format, item);
    return 0;
}

static int
on_progress_of_all(void *self, const struct bb_indicator_progress *item)
{
    struct assessment *a = self;

    a->told_to_all += count_figures(item);
    return 0;
}

/* --- reports -------------------------------------------------------------------------------------------- */

static void
write_report(FILE *to, enum format format, const struct bb_report *report, bool first)
{
    if (format == JSON) {
        put_text_member(to, first ? "{" : ",\n{", "indicator", report->indicator);
        put_text_member(to, ",", "organization", report->organization);
        put_text_member(to, ",", "period", report->period);
        put_text_member(to, ",", "timeliness", *report->timeliness ? report->timeliness : NULL);
        fputc('}', to);
        return;
    }
    fputs("- ", to);
    put(to, format, report->organization);
    fputs(": ", to);
    put(to, format, report->indicator);
    fprintf(to, ", %s%s%s\n", report->period, *report->timeliness ? ", " : "", report->timeliness);
}

static int
on_report(void *self, const struct bb_report *report)
{
    struct assessment *a = self;

    if (strcmp(report->state, "silent") == 0)
        write_report(a->part[MISSING].file, a->format, report, a->missing++ == 0);
    else if (strcmp(report->timeliness, "late") == 0)
        write_report(a->part[LATE].file, a->format, report, a->late++ == 0);
    return 0;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void
print_json(const struct assessment *a)
{
    put_text_member(stdout, "{", "period", a->progress.period);
    printf(",\"sequence\":%" PRIu64 ",\n\"headline\":{\"indicators\":%u,\"improving\":%u,\"worsening\":%u,"
           "\"unchanged\":%u,\"on_track\":%u,\"off_track\":%u,\"no_data\":%u,\"reported\":%u,\"expected\":%u,"
           "\"corrected\":%u},\n\"indicators\":[\n%s],\n",
           a->sequence, a->indicators, a->improving, a->worsening, a->unchanged, a->on_track, a->off_track,
           a->no_data, a->reported, a->expected, a->corrected, a->part[SECTIONS].text);
    if (a->observer)
        fputs("\"late\":null,\"missing\":null}\n", stdout);
    else
        printf("\"late\":[%s],\n\"missing\":[%s]}\n", a->part[LATE].text, a->part[MISSING].text);
}

static void
print_list(const struct assessment *a, const char *title, const char *text, const char *none)
{
    printf(a->format == MARKDOWN ? "\n## %s\n\n" : "\n%s\n", title);
    printf("%s", *text ? text : none);
}

static void
print_text(const struct assessment *a)
{
    fputs(a->format == MARKDOWN ? "# Assessment of " : "Assessment of ", stdout);
    put(stdout, a->format, a->progress.period);
    printf(
        "\n\nOf %u indicators %u improve, %u worsen, and %u stay as they are; %u are on track and %u are off "
        "track; %u have no data.\n",
        a->indicators, a->improving, a->worsening, a->unchanged, a->on_track, a->off_track, a->no_data);
    printf("%u of %u expected reports have come; readings corrected: %u.\n", a->reported, a->expected,
           a->corrected);
    fputs(a->part[SECTIONS].text, stdout);
    if (a->observer)
        return;
    print_list(a, "Reported late", a->part[LATE].text, "- nothing\n");
    print_list(a, "Missing", a->part[MISSING].text, "- nothing\n");
}

static int
ask_reporting(struct bb_client *client, struct assessment *a)
{
    const struct bb_reporting_query query = {.period_from = a->progress.period,
                                             .period_to = a->progress.period,
                                             .as_of_sequence = a->sequence,
                                             .as_of_us = a->time_us};
    struct bb_identity identity;

    a->observer = bb_client_identity(client, &identity) == 0 && strcmp(identity.role, "observer") == 0;
    return a->observer || !a->sequence
               ? 0
               : bb_cli_ended(client, bb_client_reporting(client, &query, on_report, NULL, a));
}

/* What is written for people may be handed on: does it hold what others may not see? */
static int
ask_for_all(struct bb_client *client, struct assessment *a)
{
    struct bb_progress_query query = a->progress;

    if (a->format == JSON || query.for_all || !a->sequence)
        return 0;
    query.for_all = true;
    query.as_of_us = 0;
    query.as_of_sequence = a->sequence;
    return bb_cli_ended(client, bb_client_progress(client, &query, on_progress_of_all, NULL, a));
}

static void
warn_of_figures(const struct assessment *a)
{
    if (a->format != JSON && !a->progress.for_all && a->told > a->told_to_all)
        bb_cli_say("%u of its figures are not for everybody; for what can be announced: --for-all",
                   a->told - a->told_to_all);
}

static int
ask(struct bb_client *client, struct bb_output *output, void *self)
{
    struct assessment *a = self;
    int code = bb_cli_ended(client, bb_client_progress(client, &a->progress, on_progress, NULL, a));

    (void)output;
    a->sequence = bb_client_sequence(client);
    if (code == 0)
        code = ask_reporting(client, a);
    if (code == 0)
        code = ask_for_all(client, a);
    for (int i = 0; i < PARTS; i++)
        if (code == 0 && fflush(a->part[i].file) != 0)
            code = EX_OSERR;
    if (code != 0)
        return code;
    if (a->format == JSON)
        print_json(a);
    else
        print_text(a);
    bb_cli_say_sequence(a->sequence);
    warn_of_figures(a);
    return bb_streams_flush(0);
}

static int
run_assessment(struct bb_cli *cli, int argc, char **argv)
{
    struct assessment a = {.format = TEXT};
    int code = 0;

    cli->knows_markdown = true;
    bb_cli_parse(cli, bb_cli_command(cli), options, parse, argc, argv, &a);
    if (cli->format == BB_OUTPUT_JSON)
        a.format = JSON;
    else if (cli->asked && strcmp(cli->asked, "markdown") == 0)
        a.format = MARKDOWN;
    for (int i = 0; i < PARTS; i++) {
        a.part[i].file = open_memstream(&a.part[i].text, &a.part[i].len);
        if (!a.part[i].file)
            code = EX_OSERR;
    }
    code = code ? code : bb_cli_ask(cli, NULL, 0, 0, ask, &a);
    for (int i = 0; i < PARTS; i++) {
        if (a.part[i].file)
            fclose(a.part[i].file);
        free(a.part[i].text);
    }
    return code;
}

const struct bb_command bb_commands_assessment[] = {
    {"assessment", "--period PERIOD", "the periodic assessment for the steering committee", run_assessment},
    {0},
};
