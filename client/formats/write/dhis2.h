/* How DHIS2 spells what a reading is about (DHIS2 developer's manual, "Data values" and "Date and period
 * format"): periods, and combinations of category options. */
#ifndef BB_FORMATS_DHIS2_H
#define BB_FORMATS_DHIS2_H

#include "proto/bytes.h"
#include "runtime/period.h"

/* 2019, 201912, 2012Q2, 2012S1, 2012W9, 20120407, 2012April, 2012July, 2012Oct. A span of years has no
 * spelling there: the interval of ISO 8601, 2016-01-01/P5Y. Returns its length. */
#define BB_DHIS2_PERIOD 24
size_t bb_dhis2_period(struct bb_period period, char out[static BB_DHIS2_PERIOD]);

/* Of a canonical disaggregation: `categoryOptionCombo=UID` and `attributeOptionCombo=UID` are these UIDs;
 * what else there is stands as it is as the category option combination, between the others where there are
 * two. Both are empty where there is none, and borrowed. */
void bb_dhis2_combinations(struct bb_bytes disaggregation, struct bb_bytes *ret_category,
                           struct bb_bytes *ret_attribute);

#endif
