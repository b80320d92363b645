/* --verify: is the store what its journal says?
 *
 * The journal is replayed into an empty store in a temporary folder beside the views. On the way the hash
 * chain is checked, and the outcomes of every row are computed again and compared with the journalled ones.
 * Then every record of every view is compared with the replayed one, every rollup is computed again by a
 * plain scan of the readings, and the organization index is compared with the readings. The daemon must not
 * be running: it has the lock of the folder. Differences are printed to stderr (the first 20 of each kind), a
 * summary to stdout. */
#ifndef BB_VERIFY_H
#define BB_VERIFY_H

#include "measurement.h"

/* 0 clean | EX_DATAERR differences | EX_UNAVAILABLE the daemon runs | EX_IOERR, BB_EX_STORAGE the store
 * cannot be read */
int bb_verify_run(const struct bb_measurement_config *config);

#endif
