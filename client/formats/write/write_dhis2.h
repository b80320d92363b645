/* What both forms of DHIS2's dataValueSets write of a reading. */
#ifndef BB_FORMATS_WRITE_DHIS2_H
#define BB_FORMATS_WRITE_DHIS2_H

#include "dhis2.h"
#include "form.h"

struct bb_dhis2_value {
    struct bb_bytes element, period, place, category, attribute, organization, comment;
    const char *value, *numerator, *denominator, *status; /* NULL: none */
    bool deleted, computed;
    char period_text[BB_DHIS2_PERIOD];
};

/* Borrows from the reading and from itself. */
void bb_dhis2_value(const struct bb_reading *reading, const struct bb_form_indicator *indicator,
                    struct bb_dhis2_value *ret_value);

#endif
