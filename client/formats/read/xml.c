/* expat is given a block at a time and calls back; it is stopped where a value ends, and resumed for the next
 * one, so that a record costs no queue.
 *
 * What would make expat's memory grow with the file has an end: a tag or a comment, which it keeps whole (the
 * distance from what it has told of to what it was given); names, which it keeps for good (xml_values.h); and
 * depth, since what is not of the format ends the file where it begins. A document type may be there but
 * declare nothing, so that no entity can ever be expanded and no attribute comes from elsewhere. */
#include "xml.h"

#include "cells_json.h"
#include "xml_encoding.h"
#include "xml_values.h"

#include <errno.h>
#include <expat.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK (64 << 10)

struct xml {
    struct bb_feed feed;
    XML_Parser parser;
    struct bb_xml_values values;
    struct bb_raw_keeper keeper;
    struct bb_buffer json;
    uint64_t fed, told; /* bytes: given to the parser; up to which it has called back */
    uint64_t number, line;
    bool in_type; /* within <!DOCTYPE> */
    bool final;   /* the end was given to the parser */
    bool stopped; /* ... behind a value: resume it */
    bool record;  /* a value has just ended */
    int error;    /* -errno: nothing goes on */
    char message[600];
};

/* --- how it ends ---------------------------------------------------------------------------------------- */

static void
say(struct xml *xml, const char *what)
{
    if (xml->message[0])
        return;
    snprintf(xml->message, sizeof xml->message, "line %" PRIu64 ", column %" PRIu64 ": %s",
             (uint64_t)XML_GetCurrentLineNumber(xml->parser),
             (uint64_t)XML_GetCurrentColumnNumber(xml->parser) + 1, what);
}

static void
stop(struct xml *xml, const char *what)
{
    say(xml, what);
    XML_StopParser(xml->parser, XML_FALSE);
}

/* What came of an event. */
static void
follow(struct xml *xml, int r)
{
    if (r == BB_XML_WRONG) {
        stop(xml, xml->values.wrong);
    } else if (r == BB_XML_RECORD) {
        xml->record = true;
        XML_StopParser(xml->parser, XML_TRUE);
    } else if (r < 0) {
        xml->error = r;
        XML_StopParser(xml->parser, XML_FALSE);
    }
}

static const struct {
    enum XML_Error error;
    const char *text;
} words[] = {
    {XML_ERROR_INVALID_TOKEN, "found what is no XML in the encoding of the file, expected well-formed XML"},
    {XML_ERROR_SYNTAX, "found what is no XML, expected well-formed XML"},
    {XML_ERROR_BAD_CHAR_REF, "found the number of a character that does not exist, expected one that does"},
    {XML_ERROR_TAG_MISMATCH, "found the end of another element, expected that of the last one"},
    {XML_ERROR_DUPLICATE_ATTRIBUTE, "found an attribute twice in a tag, expected it once"},
    {XML_ERROR_UNDEFINED_ENTITY,
     "found an entity that nobody declared, expected &amp;, &lt;, &gt;, &quot; or &apos;"},
    {XML_ERROR_UNKNOWN_ENCODING, "found an encoding that is not known, expected " BB_XML_ENCODINGS},
    {XML_ERROR_INCORRECT_ENCODING, "found another encoding than the file declares, expected that one"},
    {XML_ERROR_JUNK_AFTER_DOC_ELEMENT, "found more behind the root element, expected the end of the file"},
    {XML_ERROR_UNBOUND_PREFIX, "found a prefix that is not declared, expected its namespace (xmlns:...)"},
};

static void
explain_end(struct xml *xml)
{
    char text[300];

    snprintf(text, sizeof text, "found the end of the file, expected %s",
             bb_xml_values_missing(&xml->values));
    say(xml, text);
}

static bool
is_cut_off(enum XML_Error error)
{
    return error == XML_ERROR_NO_ELEMENTS || error == XML_ERROR_UNCLOSED_TOKEN ||
           error == XML_ERROR_PARTIAL_CHAR || error == XML_ERROR_UNCLOSED_CDATA_SECTION;
}

/* The parser cannot go on: put it into words. */
static void
explain(struct xml *xml)
{
    enum XML_Error error = XML_GetErrorCode(xml->parser);
    char text[200];

    if (xml->message[0] || xml->error)
        return;
    if (error == XML_ERROR_NO_MEMORY) {
        xml->error = -ENOMEM;
        return;
    }
    if (xml->final && is_cut_off(error))
        explain_end(xml);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].error == error)
            say(xml, words[i].text);
    snprintf(text, sizeof text, "found '%s', expected well-formed XML", XML_ErrorString(error));
    say(xml, text);
}

/* --- what the parser tells ------------------------------------------------------------------------------ */

static void
note(struct xml *xml)
{
    XML_Index at = XML_GetCurrentByteIndex(xml->parser);

    if (at >= 0)
        xml->told = (uint64_t)at + (uint64_t)XML_GetCurrentByteCount(xml->parser);
}

static void
on_start(void *self, const XML_Char *name, const XML_Char **attributes)
{
    struct xml *xml = self;

    note(xml);
    if (xml->values.level == BB_XML_GROUP)
        xml->line = XML_GetCurrentLineNumber(xml->parser);
    follow(xml, bb_xml_values_start(&xml->values, name, (const char *const *)attributes));
}

/* An element without content ends even when its start has stopped the parser. */
static void
on_end(void *self, const XML_Char *name)
{
    struct xml *xml = self;

    (void)name;
    note(xml);
    if (!xml->message[0] && !xml->error)
        follow(xml, bb_xml_values_end(&xml->values));
}

static void
on_text(void *self, const XML_Char *text, int len)
{
    struct xml *xml = self;

    note(xml);
    follow(xml, bb_xml_values_text(&xml->values, bb_bytes(text, (size_t)len)));
}

static void
on_prefix(void *self, const XML_Char *prefix, const XML_Char *uri)
{
    struct xml *xml = self;

    (void)uri;
    follow(xml, bb_xml_values_prefix(&xml->values, prefix));
}

/* Comments, blanks, and what else says nothing; but "%p;" in a document type is told of in no other way. */
static void
on_other(void *self, const XML_Char *text, int len)
{
    struct xml *xml = self;

    note(xml);
    if (xml->in_type && len > 0 && *text == '%')
        stop(xml, "found a reference to an entity, expected none");
}

static void
on_doctype(void *self, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
    struct xml *xml = self;

    (void)name;
    (void)internal;
    xml->in_type = true;
    if (system || public)
        stop(xml, "found a document type from outside of the file, expected none");
}

static void
on_doctype_end(void *self)
{
    ((struct xml *)self)->in_type = false;
}

static void
on_entity(void *self, const XML_Char *name, int parameter, const XML_Char *value, int len,
          const XML_Char *base, const XML_Char *system, const XML_Char *public, const XML_Char *notation)
{
    (void)name, (void)parameter, (void)value, (void)len, (void)base, (void)system, (void)public,
        (void)notation;
    stop(self, "found an entity declaration, expected none");
}

static void
on_attribute_list(void *self, const XML_Char *element, const XML_Char *name, const XML_Char *type,
                  const XML_Char *value, int required)
{
    (void)element, (void)name, (void)type, (void)value, (void)required;
    stop(self, "found an attribute declaration, expected none");
}

static void
on_element_declaration(void *self, const XML_Char *name, XML_Content *model)
{
    struct xml *xml = self;

    (void)name;
    XML_FreeContentModel(xml->parser, model);
    stop(xml, "found an element declaration, expected none");
}

static void
on_notation(void *self, const XML_Char *name, const XML_Char *base, const XML_Char *system,
            const XML_Char *public)
{
    (void)name, (void)base, (void)system, (void)public;
    stop(self, "found a notation declaration, expected none");
}

static void
on_skipped(void *self, const XML_Char *name, int parameter)
{
    (void)name, (void)parameter;
    stop(self, "found a reference to an entity, expected none");
}

static void
listen(struct xml *xml)
{
    XML_Parser parser = xml->parser;

    XML_SetUserData(parser, xml);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetDefaultHandler(parser, on_other);
    XML_SetStartNamespaceDeclHandler(parser, on_prefix);
    XML_SetDoctypeDeclHandler(parser, on_doctype, on_doctype_end);
    XML_SetEntityDeclHandler(parser, on_entity);
    XML_SetAttlistDeclHandler(parser, on_attribute_list);
    XML_SetElementDeclHandler(parser, on_element_declaration);
    XML_SetNotationDeclHandler(parser, on_notation);
    XML_SetSkippedEntityHandler(parser, on_skipped);
    XML_SetUnknownEncodingHandler(parser, bb_xml_encoding, NULL);
}

/* --- the reader ----------------------------------------------------------------------------------------- */

/* Give the parser the next block. enum XML_Status; an error of the feed is in xml->error. */
static enum XML_Status
feed_block(struct xml *xml)
{
    uint8_t *block = XML_GetBuffer(xml->parser, BLOCK);
    ssize_t n = block ? xml->feed.read(xml->feed.self, block, BLOCK) : -ENOMEM;

    if (n < 0) {
        xml->error = (int)n;
        return XML_STATUS_ERROR;
    }
    xml->fed += (uint64_t)n;
    xml->final = n == 0;
    return XML_ParseBuffer(xml->parser, (int)n, n == 0);
}

/* Go on up to the end of a value. 0 | BB_READER_END | BB_READER_BAD | -errno */
static int
run(struct xml *xml)
{
    xml->record = false;
    while (!xml->message[0] && xml->error == 0) {
        if (!xml->stopped && xml->final)
            return BB_READER_END;
        enum XML_Status status = xml->stopped ? XML_ResumeParser(xml->parser) : feed_block(xml);
        xml->stopped = status == XML_STATUS_SUSPENDED;
        if (status == XML_STATUS_ERROR)
            explain(xml);
        else if (xml->record)
            return 0;
        else if (xml->fed - xml->told > BB_XML_TAG_BYTES)
            say(xml, "found a tag or comment of more than 524288 bytes, expected fewer");
    }
    return xml->error ? xml->error : BB_READER_BAD;
}

static int
xml_next(void *self, struct bb_cells *ret_cells)
{
    struct xml *xml = self;
    int r = run(xml);

    if (r)
        return r;
    bb_xml_values_cells(&xml->values, ret_cells);
    ret_cells->number = ++xml->number;
    ret_cells->line = xml->line;
    if (!xml->keeper.spool)
        return 0;
    bb_buffer_reset(&xml->json);
    bb_cells_json(ret_cells, xml->values.names.name, &xml->json);
    bb_raw_keeper_reset(&xml->keeper);
    bb_raw_keeper_append(&xml->keeper, bb_buffer_bytes(&xml->json));
    ret_cells->raw = bb_raw_keeper_row(&xml->keeper);
    xml->error = xml->json.error ? xml->json.error : xml->keeper.error;
    return xml->error;
}

static size_t
xml_names(const void *self, const struct bb_bytes **ret_names)
{
    const struct xml *xml = self;

    *ret_names = xml->values.names.name;
    return xml->values.names.count;
}

static uint64_t
xml_position(const void *self)
{
    return ((const struct xml *)self)->fed;
}

static const char *
xml_error(const void *self)
{
    return ((const struct xml *)self)->message;
}

static void
xml_destroy(void *self)
{
    struct xml *xml = self;

    if (xml->parser)
        XML_ParserFree(xml->parser);
    bb_xml_values_release(&xml->values);
    bb_raw_keeper_release(&xml->keeper);
    bb_buffer_release(&xml->json);
    free(xml);
}

int
bb_xml_reader(struct bb_feed feed, bool decoded, struct bb_spool *spool, struct bb_reader *ret_reader)
{
    static const struct bb_reader_kind kind = {xml_next, xml_names, xml_position, xml_error, xml_destroy};
    struct xml *xml = calloc(1, sizeof *xml);

    if (!xml)
        return -ENOMEM;
    xml->feed = feed;
    bb_xml_values_init(&xml->values);
    bb_raw_keeper_init(&xml->keeper, spool);
    bb_buffer_init(&xml->json, 8 * BB_XML_RECORD_BYTES + BB_CELLS_MAX * 8 * BB_NAME_BYTES);
    xml->parser = XML_ParserCreateNS(decoded ? "UTF-8" : NULL, BB_XML_SEPARATOR);
    if (!xml->parser) {
        xml_destroy(xml);
        return -ENOMEM;
    }
    listen(xml);
    *ret_reader = (struct bb_reader){&kind, xml};
    return 0;
}
