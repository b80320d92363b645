/* What a file that is imported asks the service, when it comes to that: whether an indicator is boolean.
 *
 * Over a connection of its own, which is made at the first question: a file without true and false needs
 * none. */
#ifndef BB_CLI_ASKS_H
#define BB_CLI_ASKS_H

#include "cli.h"
#include "units.h"

#include "client/formats/source.h"

struct bb_asks {
    struct bb_source_asks asks; /* for the options of a source */
    const struct bb_cli *cli;
    struct bb_client *client;
    struct bb_units *units;
    int code; /* why there is no answer, which was said: an exit code; 0: there was always one */
};

/* cli: borrowed. It must stay where it is. */
void bb_asks_init(struct bb_asks *asks, const struct bb_cli *cli);
void bb_asks_release(struct bb_asks *asks);

#endif
