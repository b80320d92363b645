/* Units: what the catalogue says of how the readings of an indicator are written, in files out and in:
 * whether its values are true and false, and by which frequency its periods are read.
 *
 * The catalogue is loaded once, when it is asked for the first time, over the client's connection: not from
 * within a callback of the client. Indicators that are defined later are not found. */
#ifndef BB_CLI_UNITS_H
#define BB_CLI_UNITS_H

#include "client/formats/write/form.h"
#include "proto/bytes.h"

/* The unit of indicators whose values are true and false. */
#define BB_UNIT_BOOLEAN "boolean"

struct bb_units;

/* client: borrowed. 0 | -ENOMEM */
int bb_units_new(struct bb_client *client, struct bb_units **ret_units);
void bb_units_destroy(struct bb_units **units);

/* Load the catalogue, if it was not. 0 | an exit code, the reason said */
int bb_units_load(struct bb_units *units);

/* By code or name; what is not found, or goes by a name that several have, is neither boolean nor has it a
 * frequency. Loaded before. */
struct bb_form_indicator bb_units_find(struct bb_units *units, struct bb_bytes indicator);

#endif
