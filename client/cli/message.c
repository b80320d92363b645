#include "message.h"

#include "proto/limits.h"
#include "runtime/clock.h"
#include "runtime/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- columns ------------------------------------------------------------------------------------------ */

#define DATA BB_OUTPUT_DATA_ONLY
#define MAY  (BB_OUTPUT_DATA_ONLY | BB_OUTPUT_OMIT)

/* X(inbox): flags of the columns that only one of the tables has. */
#define COLUMNS(inbox, outbox)                                                                               \
    {                                                                                                        \
        [BB_MSG_ID] = {"id", NULL, DATA}, [BB_MSG_SEQUENCE] = {"sequence", "SEQUENCE", BB_OUTPUT_RIGHT},     \
        [BB_MSG_CHANNEL] = {"channel", "CHANNEL", BB_OUTPUT_WRAP}, [BB_MSG_KIND] = {"kind", "KIND", inbox},  \
        [BB_MSG_AUTHOR] = {"author", "AUTHOR", inbox}, [BB_MSG_TIME] = {"time", "TIME", 0},                  \
        [BB_MSG_SUBJECT] = {"subject", "SUBJECT", BB_OUTPUT_WRAP}, [BB_MSG_BODY] = {"body", NULL, DATA},     \
        [BB_MSG_PRIORITY] = {"priority", NULL, DATA}, [BB_MSG_ACK_BY] = {"ack_by", "ACKNOWLEDGE BY", 0},     \
        [BB_MSG_STATE] = {"state", "STATE", 0}, [BB_MSG_REQUESTED_ACK] = {"requested_ack", NULL, DATA},      \
        [BB_MSG_EXPIRES_AT] = {"expires_at", NULL, DATA},                                                    \
        [BB_MSG_IN_REPLY_TO] = {"in_reply_to", NULL, DATA},                                                  \
        [BB_MSG_SUPERSEDES] = {"supersedes", NULL, DATA},                                                    \
        [BB_MSG_SUPERSEDED_BY] = {"superseded_by", NULL, MAY},                                               \
        [BB_MSG_WITHDRAWS] = {"withdraws", NULL, MAY}, [BB_MSG_INDICATOR] = {"indicator", NULL, DATA},       \
        [BB_MSG_PERIOD] = {"period", NULL, DATA},                                                            \
        [BB_MSG_AUDIENCE] = {"audience", NULL, MAY | BB_OUTPUT_LIST},                                        \
        [BB_MSG_CHANGES] = {"changes", NULL, MAY},                                                           \
        [BB_MSG_RECIPIENTS] = {"recipients", "RECIPIENTS", BB_OUTPUT_OMIT | BB_OUTPUT_RIGHT | (outbox)},     \
        [BB_MSG_DELIVERED] = {"delivered", "DELIVERED", BB_OUTPUT_OMIT | BB_OUTPUT_RIGHT | (outbox)},        \
        [BB_MSG_READ] = {"read", "READ", BB_OUTPUT_OMIT | BB_OUTPUT_RIGHT | (outbox)},                       \
        [BB_MSG_ACKNOWLEDGED] = {"acknowledged", "ACKNOWLEDGED",                                             \
                                 BB_OUTPUT_OMIT | BB_OUTPUT_RIGHT | (outbox)},                               \
        [BB_MSG_REDELIVERED] = {"redelivered", NULL, MAY},                                                   \
    }

const struct bb_output_column bb_message_inbox[BB_MSG_COLUMNS] = COLUMNS(0, DATA);
const struct bb_output_column bb_message_outbox[BB_MSG_COLUMNS] = COLUMNS(DATA, 0);

/* --- cells -------------------------------------------------------------------------------------------- */

static void
put_id(struct bb_output *output, size_t column, const uint8_t *id)
{
    char text[BB_BATCH_TEXT];

    if (id)
        bb_batch_format(id, text);
    bb_output_text(output, column, id ? text : NULL);
}

static void
write_member(FILE *to, const char *name, const char *text)
{
    if (!text)
        return;
    fprintf(to, ",\"%s\":", name);
    bb_json_string(to, text, strlen(text));
}

static void
write_periods(FILE *to, const struct bb_message_change *change)
{
    fputs(",\"periods\":[", to);
    for (size_t i = 0; i < change->n_periods_named; i++) {
        if (i)
            fputc(',', to);
        bb_json_string(to, change->period[i], strlen(change->period[i]));
    }
    fprintf(to, "],\"n_periods\":%" PRIu32, change->periods);
}

/* Values are decimals already, as everywhere printed with the digits that they have. */
static void
write_value(FILE *to, const char *name, const char *value)
{
    if (value && bb_json_is_number(value))
        fprintf(to, ",\"%s\":%s", name, value);
    else
        write_member(to, name, value);
}

static void
write_change(FILE *to, const struct bb_message_change *change)
{
    fputs("{\"organization\":", to);
    bb_json_string(to, change->organization, strlen(change->organization));
    write_periods(to, change);
    fprintf(to, ",\"created\":%" PRIu64 ",\"updated\":%" PRIu64, change->created, change->updated);
    write_member(to, "place", change->place);
    write_member(to, "disaggregation", change->disaggregation);
    write_value(to, "old_value", change->old_value);
    write_value(to, "new_value", change->new_value);
    write_member(to, "old_status", change->old_status);
    write_member(to, "new_status", change->new_status);
    write_value(to, "old_numerator", change->old_numerator);
    write_value(to, "new_numerator", change->new_numerator);
    write_value(to, "old_denominator", change->old_denominator);
    write_value(to, "new_denominator", change->new_denominator);
    fputc('}', to);
}

static void
put_changes(struct bb_output *output, const struct bb_message *message)
{
    char *text = NULL;
    size_t size;
    FILE *to = message->n_changes ? open_memstream(&text, &size) : NULL;

    if (!to)
        return;
    fputc('[', to);
    for (size_t i = 0; i < message->n_changes; i++) {
        if (i)
            fputc(',', to);
        write_change(to, &message->change[i]);
    }
    fputc(']', to);
    fclose(to);
    bb_output_json(output, BB_MSG_CHANGES, text);
    free(text);
}

void
bb_message_cells(struct bb_output *output, const struct bb_message *message, const char *state)
{
    char author[2 * BB_LIMIT_CODE_BYTES + 2];

    snprintf(author, sizeof author, "%s/%s", message->organization, message->member);
    put_id(output, BB_MSG_ID, message->id);
    bb_output_uint(output, BB_MSG_SEQUENCE, message->sequence);
    bb_output_text(output, BB_MSG_CHANNEL, message->channel);
    bb_output_text(output, BB_MSG_KIND, message->kind_name);
    bb_output_text(output, BB_MSG_AUTHOR, author);
    bb_output_time(output, BB_MSG_TIME, message->time_us);
    bb_output_text(output, BB_MSG_SUBJECT, message->subject);
    bb_output_text(output, BB_MSG_BODY, message->body);
    bb_output_text(output, BB_MSG_PRIORITY, message->priority_name);
    bb_output_text(output, BB_MSG_ACK_BY, message->ack_by);
    bb_output_text(output, BB_MSG_STATE, state);
    bb_output_bool(output, BB_MSG_REQUESTED_ACK, message->requested_ack);
    bb_output_text(output, BB_MSG_EXPIRES_AT, message->expires_at);
    put_id(output, BB_MSG_IN_REPLY_TO, message->in_reply_to);
    put_id(output, BB_MSG_SUPERSEDES, message->supersedes);
    put_id(output, BB_MSG_SUPERSEDED_BY, message->superseded_by);
    put_id(output, BB_MSG_WITHDRAWS, message->withdraws);
    bb_output_text(output, BB_MSG_INDICATOR, message->indicator);
    bb_output_text(output, BB_MSG_PERIOD, message->period);
    for (size_t i = 0; i < message->n_audience; i++)
        bb_output_item(output, BB_MSG_AUDIENCE, message->audience[i]);
    put_changes(output, message);
    bb_output_mark(output, BB_MSG_SUBJECT,
                   message->priority == BB_PRIORITY_HIGH ? BB_MARK_STRONG : BB_MARK_NONE);
}

void
bb_message_counts(struct bb_output *output, const struct bb_listed_message *listed)
{
    if (!listed->is_counted)
        return;
    bb_output_uint(output, BB_MSG_RECIPIENTS, listed->recipients);
    bb_output_uint(output, BB_MSG_DELIVERED, listed->delivered);
    bb_output_uint(output, BB_MSG_READ, listed->read);
    bb_output_uint(output, BB_MSG_ACKNOWLEDGED, listed->acknowledged);
}

/* All of them where they are told, else the one through which it came. */
static void
print_channels(FILE *to, const struct bb_message *message)
{
    if (!message->n_audience)
        fputs(message->channel, to);
    for (size_t i = 0; i < message->n_audience; i++)
        fprintf(to, "%s%s", i ? ", " : "", message->audience[i]);
}

void
bb_message_channels(struct bb_output *output, const struct bb_message *message)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    if (!to)
        return;
    print_channels(to, message);
    fclose(to);
    bb_output_text(output, BB_MSG_CHANNEL, text);
    free(text);
}

const char *
bb_message_reader_state(const struct bb_listed_message *listed)
{
    return listed->state == BB_MESSAGE_ACTIVE ? listed->receipt_name : listed->state_name;
}

const char *
bb_message_author_state(const struct bb_listed_message *listed)
{
    return listed->state_name;
}

/* --- text for people ---------------------------------------------------------------------------------- */

/* What somebody else wrote stands behind it, and no line of ours does: so nobody writes a header line. */
#define MARGIN "    "

static void
print_lines(FILE *to, const char *text)
{
    struct bb_bytes left = bb_bytes_str(text);
    bool begins = true; /* a line */
    char piece[8];
    size_t n;

    while ((n = bb_text_shown(left, piece)) > 0) {
        if (begins && *piece != '\n')
            fputs(MARGIN, to);
        begins = *piece == '\n';
        fputs(piece, to);
        left.data += n;
        left.len -= n;
    }
    if (!begins)
        fputc('\n', to);
}

/* Within a line of ours: it stays one line. */
static void
print_word(FILE *to, const char *text)
{
    struct bb_bytes left = bb_bytes_str(text ? text : "");
    char piece[8];
    size_t n;

    if (left.len > 0)
        fputc(' ', to);
    while ((n = bb_text_shown(left, piece)) > 0) {
        fputs(*piece == '\n' ? "\\n" : piece, to);
        left.data += n;
        left.len -= n;
    }
}

static void
print_change(FILE *to, const struct bb_message_change *change)
{
    fprintf(to, "  %s:", change->organization);
    for (size_t i = 0; i < change->n_periods_named; i++)
        fprintf(to, "%s %s", i ? "," : "", change->period[i]);
    if (change->periods > change->n_periods_named)
        fprintf(to, " and %zu periods more", (size_t)change->periods - change->n_periods_named);
    print_word(to, change->place);
    print_word(to, change->disaggregation);
    if (change->created || change->updated)
        fprintf(to, ": %" PRIu64 " created, %" PRIu64 " updated", change->created, change->updated);
    if (change->old_value || change->old_status || change->new_value || change->new_status)
        fprintf(to, ": %s became %s",
                change->old_value    ? change->old_value
                : change->old_status ? change->old_status
                                     : "?",
                change->new_value    ? change->new_value
                : change->new_status ? change->new_status
                                     : "?");
    fputc('\n', to);
}

static void
print_header(FILE *to, const struct bb_message *message)
{
    char time[BB_UTC_TEXT];

    bb_utc_format(message->time_us, time);
    memcpy(time + 19, "Z", 2); /* no fraction */
    fprintf(to, "%s %" PRIu64 " of %s/%s to ", message->kind_name, message->sequence, message->organization,
            message->member);
    print_channels(to, message);
    fprintf(to, ", %s", time);
    if (message->priority != BB_PRIORITY_NORMAL)
        fprintf(to, ", priority %s", message->priority_name);
    fputc('\n', to);
}

/* "supersedes ID" */
static void
print_relation(FILE *to, const char *relation, const uint8_t *id)
{
    char text[BB_BATCH_TEXT];

    bb_batch_format(id, text);
    fprintf(to, "%s %s\n", relation, text);
}

/* Whose place it takes. Where it is no longer active, that; otherwise what is asked of its reader. */
static void
print_standing(FILE *to, const struct bb_message *message, const struct bb_listed_message *listed)
{
    if (message->supersedes)
        print_relation(to, "supersedes", message->supersedes);
    if (message->superseded_by)
        print_relation(to, "superseded by", message->superseded_by);
    else if (listed && listed->state != BB_MESSAGE_ACTIVE)
        fprintf(to, "%s\n", listed->state_name);
    else if (message->requested_ack)
        fprintf(to, "please acknowledge%s%s: backbone inbox ack %" PRIu64 "\n", message->ack_by ? " by " : "",
                message->ack_by ? message->ack_by : "", message->sequence);
}

void
bb_message_print(FILE *to, const struct bb_message *message, const struct bb_listed_message *listed)
{
    print_header(to, message);
    print_lines(to, message->subject);
    if (message->indicator)
        fprintf(to, "about %s%s%s\n", message->indicator, message->period ? ", " : "",
                message->period ? message->period : "");
    print_standing(to, message, listed);
    for (size_t i = 0; i < message->n_changes; i++)
        print_change(to, &message->change[i]);
    if (*message->body) {
        fputc('\n', to);
        print_lines(to, message->body);
    }
    fputc('\n', to);
}
