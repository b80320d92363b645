/* Expressions of DHIS2's indicators, as those of computed indicators here (PROTOCOL.md, Definitions).
 *
 *     #{element}              the total                          #{CODE}
 *     #{element.combo}        one categoryOptionCombo            #{CODE.categoryOptionCombo=combo}
 *     #{element.combo.combo}  ... and one attributeOptionCombo   #{CODE.attributeOptionCombo=...;...}
 *     #{element.*}            all of them: the total             #{CODE}
 *     N{indicator}            another indicator                  #{CODE}
 *     C{constant}             its value, where the file has it   (5)
 *
 * The default combination stands for no disaggregation. What else there is (numbers, operators, blanks) stays
 * as it stands; what is not known here, a function or a reporting rate, is left to who defines the indicator
 * to refuse. */
#ifndef BB_FORMATS_METADATA_EXPRESSION_H
#define BB_FORMATS_METADATA_EXPRESSION_H

#include "metadata.h"

#include "runtime/buffer.h"

/* Category option combination of no disaggregation: it has the same uid in every DHIS2. */
#define BB_METADATA_DEFAULT_COMBO "HllvX50cXC0"

struct bb_metadata_names {
    const struct bb_metadata *metadata;
    enum bb_id_scheme scheme;
    const char *default_combo; /* beside those that the file calls "default" */
    json_t *codes;             /* how many elements and indicators have each */
};

/* Count the codes, by metadata and scheme. 0 | -ENOMEM. json_decref() of codes when the names are done with.
 */
int bb_metadata_names_count(struct bb_metadata_names *names);

struct bb_metadata_expression {
    struct bb_buffer text;
    size_t n_inputs; /* operands that are no numbers */
    char wrong[300]; /* found, expected; empty: nothing */
};

void bb_metadata_expression_init(struct bb_metadata_expression *expression);
void bb_metadata_expression_release(struct bb_metadata_expression *expression);

/* Replaces what `expression` has. 0 | BB_METADATA_BAD: `wrong` | -ENOMEM */
int bb_metadata_expression_read(const struct bb_metadata_names *names, const char *text,
                                struct bb_metadata_expression *expression);

/* The ids of the indicators in it, one after the other. at: 0 for the first. False: there is no more. */
bool bb_metadata_expression_indicator(const char *text, size_t *at, char ret_id[static 64]);

/* The code of an object, by the scheme: of a name, '_' stands for what a code may not have, and the id behind
 * those that several then share. False: it has none that can be a code, and why. */
bool bb_metadata_code(const struct bb_metadata_names *names, const json_t *object, char ret_code[static 160],
                      char *wrong, size_t size);

#endif
