/* The members in the order in which people look for them: what it is, where it comes from, what the file
 * holds. Empty lists and objects do not occur but for a query without conditions. */
#include "datapackage.h"

#include "put.h"

#include "runtime/clock.h"

#include <stdio.h>

/* --- layout: members on lines of their own ----------------------------------------------------------------
 */

struct lines {
    struct bb_buffer *out;
    unsigned depth;
    bool any; /* at this depth */
};

static void
begin_line(struct lines *lines)
{
    bb_buffer_printf(lines->out, "%s\n%*s", lines->any ? "," : "", (int)(2 * lines->depth), "");
    lines->any = true;
}

static void
open_with(struct lines *lines, const char *name, char bracket)
{
    begin_line(lines);
    if (name)
        bb_buffer_printf(lines->out, "\"%s\": ", name);
    bb_buffer_byte(lines->out, (uint8_t)bracket);
    lines->depth++;
    lines->any = false;
}

static void
close_with(struct lines *lines, char bracket)
{
    lines->depth--;
    bb_buffer_printf(lines->out, "\n%*s%c", (int)(2 * lines->depth), "", bracket);
    lines->any = true;
}

static void
text(struct lines *lines, const char *name, const char *value)
{
    begin_line(lines);
    bb_buffer_printf(lines->out, "\"%s\": ", name);
    bb_put_text(lines->out, bb_bytes_str(value));
}

static void
number(struct lines *lines, const char *name, uint64_t value)
{
    begin_line(lines);
    bb_buffer_printf(lines->out, "\"%s\": %llu", name, (unsigned long long)value);
}

static void
moment(struct lines *lines, const char *name, int64_t time_us)
{
    char utc[BB_UTC_TEXT];

    bb_utc_format(time_us, utc);
    text(lines, name, utc);
}

/* --- the resource -----------------------------------------------------------------------------------------
 */

/* Names have small letters, digits and these marks only. */
static void
put_resource_name(struct lines *lines, const char *path)
{
    const char *last = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, *dot = strrchr(last, '.');
    size_t len = dot && dot > last ? (size_t)(dot - last) : strlen(last);
    char name[256];
    size_t n = 0;

    for (size_t i = 0; i < len && n + 1 < sizeof name; i++) {
        char c = last[i] >= 'A' && last[i] <= 'Z' ? (char)(last[i] | 0x20) : last[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        name[n++] = plain ? c : '-';
    }
    name[n] = '\0';
    text(lines, "name", n ? name : "readings");
}

static void
put_field(struct lines *lines, const struct bb_form_field *field, bool any)
{
    open_with(lines, NULL, '{');
    text(lines, "name", field->name);
    text(lines, "type", any ? "any" : field->type);
    if (field->required) {
        open_with(lines, "constraints", '{');
        begin_line(lines);
        bb_buffer_printf(lines->out, "\"required\": true");
        close_with(lines, '}');
    }
    close_with(lines, '}');
}

static void
put_schema(struct lines *lines, const struct bb_package *package)
{
    open_with(lines, "schema", '{');
    open_with(lines, "fields", '[');
    for (const struct bb_form_field *field = package->form->field; field->name; field++)
        put_field(lines, field, package->booleans && strcmp(field->name, "value") == 0);
    close_with(lines, ']');
    begin_line(lines);
    bb_buffer_printf(lines->out, "\"missingValues\": [\"\"]");
    open_with(lines, "primaryKey", '[');
    for (const struct bb_form_field *field = package->form->field; field->name; field++)
        if (field->key) {
            begin_line(lines);
            bb_put_text(lines->out, bb_bytes_str(field->name));
        }
    close_with(lines, ']');
    close_with(lines, '}');
}

static void
put_resource(struct lines *lines, const struct bb_package *package)
{
    char hash[sizeof "sha256:" + BB_SHA256_TEXT];

    snprintf(hash, sizeof hash, "sha256:%s", package->sha256);
    open_with(lines, NULL, '{');
    put_resource_name(lines, package->path);
    text(lines, "profile", package->form->field ? "tabular-data-resource" : "data-resource");
    text(lines, "path", package->path);
    text(lines, "format", package->form->format);
    text(lines, "mediatype", package->form->mediatype);
    text(lines, "encoding", "utf-8");
    number(lines, "bytes", package->bytes);
    text(lines, "hash", hash);
    number(lines, "rows", package->rows);
    if (package->form->field)
        put_schema(lines, package);
    close_with(lines, '}');
}

/* --- where it comes from ----------------------------------------------------------------------------------
 */

static void
put_asked(struct lines *lines, const struct bb_readings_query *query)
{
    const struct {
        const char *name, *value;
    } asked[] = {
        {"indicator", query->indicator},
        {"organization", query->organization},
        {"place", query->place},
        {"disaggregation", query->disaggregation},
        {"period_from", query->period_from},
        {"period_to", query->period_to},
    };

    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        if (asked[i].value)
            text(lines, asked[i].name, asked[i].value);
    if (query->since_sequence)
        number(lines, "since_sequence", query->since_sequence);
    if (query->since_us)
        moment(lines, "since_time", query->since_us);
}

static void
put_provenance(struct lines *lines, const struct bb_package *package)
{
    open_with(lines, "backbone", '{');
    text(lines, "format", package->form->name);
    number(lines, "sequence", package->sequence);
    number(lines, "readings", package->rows - package->withdrawn);
    number(lines, "withdrawn", package->withdrawn);
    number(lines, "withheld", package->withheld);
    open_with(lines, "query", '{');
    put_asked(lines, package->query);
    close_with(lines, '}');
    close_with(lines, '}');
}

void
bb_package_write(const struct bb_package *package, struct bb_buffer *out)
{
    struct lines lines = {.out = out};

    bb_buffer_byte(out, '{');
    lines.depth = 1;
    put_resource_name(&lines, package->path);
    text(&lines, "title",
         package->query->since_sequence || package->query->since_us ? "Readings that have changed"
                                                                    : "Readings");
    text(&lines, "profile", package->form->field ? "tabular-data-package" : "data-package");
    moment(&lines, "created", package->created_us);
    put_provenance(&lines, package);
    open_with(&lines, "resources", '[');
    put_resource(&lines, package);
    close_with(&lines, ']');
    close_with(&lines, '}');
    bb_buffer_byte(out, '\n');
}
