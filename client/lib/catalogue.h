/* The indicator of an answer as the public structure. */
#ifndef BB_CATALOGUE_H
#define BB_CATALOGUE_H

#include "backbone.h"

#include "measurement.pb-c.h"

/* Borrowed from `from`. */
void bb_indicator_read(const Bb__Indicator *from, struct bb_indicator *ret_indicator);

#endif
