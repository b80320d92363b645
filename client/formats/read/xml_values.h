/* What the elements of DHIS2's dataValueSet and of ADX mean: one value after the other, its cells by name.
 *
 * No XML is parsed here: xml.c says what begins, what text there is, and what ends, in the order of the file
 * and well-formed. A value begins with what its set or group says of all of them (period, orgUnit, ...), and
 * each cell that it has itself goes before that, unless it is empty. Names of cells are those of attributes;
 * an element within a value is a cell, too, where the value has no such attribute; `annotation` is `comment`.
 * What is not of these two formats is refused with the words for it. */
#ifndef BB_FORMATS_XML_VALUES_H
#define BB_FORMATS_XML_VALUES_H

#include "names.h"

#define BB_XML_SEPARATOR    '\n'          /* between the namespace of a name and the name */
#define BB_XML_TEXT_BYTES   (64u << 10)   /* of an attribute, of an element within a value */
#define BB_XML_RECORD_BYTES (1024u << 10) /* of all that a value, or a group, has */

/* Outcomes beside 0 and -ENOMEM. */
enum bb_xml_result {
    BB_XML_RECORD = 1, /* a value has ended: bb_xml_values_cells() */
    BB_XML_WRONG = 2,  /* wrong: `wrong` says what was found and expected */
};

enum bb_xml_level { BB_XML_OUTSIDE, BB_XML_ROOT, BB_XML_GROUP, BB_XML_VALUE, BB_XML_CHILD, BB_XML_BEHIND };

struct bb_xml_dialect;

/* Cells of a value, or of its group, by index of name. */
struct bb_xml_cells {
    struct bb_buffer text;
    struct bb_xml_span {
        uint32_t at, len;
        bool there, by_element;
    } span[BB_CELLS_MAX];
};

struct bb_xml_values {
    const struct bb_xml_dialect *dialect; /* NULL: nothing has begun */
    enum bb_xml_level level;
    struct bb_names names;
    struct bb_names others; /* names that are no cells: all that a parser keeps is counted */
    struct bb_xml_cells group, value;
    struct bb_cell cell[BB_CELLS_MAX]; /* of the last value */
    int child;                         /* cell of the element within a value; -1: it is passed over */
    size_t child_bytes;
    int twice; /* cell that two elements of the value have; -1: none */
    char wrong[400];
};

void bb_xml_values_init(struct bb_xml_values *values);
void bb_xml_values_release(struct bb_xml_values *values);

/* name: NAMESPACE BB_XML_SEPARATOR NAME, or NAME. attributes: names and texts in turn, ended by NULL.
 * 0 | BB_XML_WRONG | -ENOMEM */
int bb_xml_values_start(struct bb_xml_values *values, const char *name, const char *const *attributes);
int bb_xml_values_text(struct bb_xml_values *values, struct bb_bytes text);
/* 0 | BB_XML_RECORD | BB_XML_WRONG | -ENOMEM */
int bb_xml_values_end(struct bb_xml_values *values);
/* A prefix of namespaces was declared: there is a limit to how many. */
int bb_xml_values_prefix(struct bb_xml_values *values, const char *prefix);

/* The value that has ended: cell, count, and code, column and reason where it is a broken one. Valid until
 * the next call. */
void bb_xml_values_cells(struct bb_xml_values *values, struct bb_cells *ret_cells);

/* What is to come before the file may end: "</group>". */
const char *bb_xml_values_missing(const struct bb_xml_values *values);

#endif
