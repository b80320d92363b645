/* What is wrong with a line of JSON, in the words in which this program says what is wrong: found, expected.
 */
#ifndef BB_FORMATS_JSON_WORDS_H
#define BB_FORMATS_JSON_WORDS_H

#include <jansson.h>

/* where: as jansson left it when it did not take the text. out: always terminated. */
void bb_json_explain(const json_error_t *where, char *out, size_t size);

/* "an object", "a list", "a text", "a number", "true", "false" or "null". Static. */
const char *bb_json_kind(const json_t *value);

#endif
