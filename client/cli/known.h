/* What is registered, for files to be compared with: codes, names and aliases of indicators, organizations
 * and places, as a service told them. */
#ifndef BB_CLI_KNOWN_H
#define BB_CLI_KNOWN_H

#include "client/formats/suggest/suggest.h"

struct bb_catalogue;

/* Ask for all of them, as far as the caller may see. A code as enum bb_result, or -ENOMEM; BB_OK: it is
 * there. */
int bb_catalogue_ask(struct bb_client *client, struct bb_catalogue **ret_catalogue);
void bb_catalogue_destroy(struct bb_catalogue **catalogue);

/* Valid as long as the catalogue. */
struct bb_known bb_catalogue_known(struct bb_catalogue *catalogue);

#endif
