/* Data elements and indicators of DHIS2, as indicators to define.
 *
 * A data element is reported: its valueType says what its values may be, its aggregationType how they add up,
 * the period type of its data sets how often it is reported. An indicator is computed from its expressions,
 * times the factor of its type. Elements come first, then indicators, each behind those that it is computed
 * from. What readings cannot be (texts, dates, events) and what is no computation (a number alone, which
 * stands for data that is not there) is refused, with the reason.
 *
 * decimals of an indicator of DHIS2 is not taken: it is about how a table shows it, and would round here what
 * others go on to compute with. */
#ifndef BB_FORMATS_METADATA_INDICATORS_H
#define BB_FORMATS_METADATA_INDICATORS_H

#include "definitions.h"
#include "metadata_expression.h"

/* 0 | BB_METADATA_BAD: the file has neither, at error | -ENOMEM */
int bb_metadata_indicators(const struct bb_metadata_names *names, struct bb_definitions *list, char *error,
                           size_t size);

#endif
