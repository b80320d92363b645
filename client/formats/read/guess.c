#include "guess.h"

#include "client/formats/text/peek.h"

static bool
ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), n = strlen(end);

    return len > n && strcasecmp(name + len - n, end) == 0;
}

static struct bb_bytes
first_line(struct bb_bytes text)
{
    size_t len = 0;

    while (len < text.len && text.data[len] != '\n' && text.data[len] != '\r')
        len++;
    return bb_bytes(text.data, len);
}

static bool
has(struct bb_bytes text, const char *what)
{
    return memmem(text.data, text.len, what, strlen(what)) != NULL;
}

/* An object in every line, or one that goes over many? */
static enum bb_format
guess_json(const char *file, struct bb_bytes head)
{
    struct bb_bytes line = first_line(head);

    if (ends_with(file, ".jsonl") || ends_with(file, ".ndjson"))
        return has(line, "\"dataElement\"") ? BB_FORMAT_DHIS2_JSON : BB_FORMAT_JSONL;
    if (bb_peek_is_object(line))
        head = line; /* others have come with it or not */
    if (has(head, "\"dataValues\"") || has(head, "\"dataElement\""))
        return BB_FORMAT_DHIS2_JSON;
    return ends_with(file, ".json") ? BB_FORMAT_DHIS2_JSON : BB_FORMAT_JSONL;
}

static bool
is_dhis2_csv(struct bb_bytes head)
{
    struct bb_bytes line = first_line(head);

    return (has(line, "dataelement") || has(line, "dataElement")) &&
           (has(line, "orgunit") || has(line, "orgUnit"));
}

enum bb_format
bb_format_guess(const char *file, struct bb_bytes head)
{
    size_t at = 0;

    while (at < head.len && memchr(" \t\r\n", head.data[at], 4))
        at++;
    head = bb_bytes(head.data + at, head.len - at);
    if (head.len && head.data[0] == '<')
        return has(head, "<adx") || has(head, ":adx ") ? BB_FORMAT_ADX : BB_FORMAT_XML;
    if (head.len && (head.data[0] == '{' || head.data[0] == '['))
        return guess_json(file, head);
    if (ends_with(file, ".jsonl") || ends_with(file, ".ndjson"))
        return BB_FORMAT_JSONL;
    if (ends_with(file, ".json"))
        return BB_FORMAT_DHIS2_JSON;
    return is_dhis2_csv(head) ? BB_FORMAT_DHIS2_CSV : BB_FORMAT_CSV;
}
