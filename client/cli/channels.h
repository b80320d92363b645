/* Channels as arguments: "all", "group:early", "org/hartford"; and names of subscriptions to them. */
#ifndef BB_CLI_CHANNELS_H
#define BB_CLI_CHANNELS_H

#include "cli.h"

/* Spelled as the service does: "group/early". */
struct bb_channels {
    char **channel;
    size_t n;
};

/* Add one channel, or several with commas between them, each once; patterns: "group:*" is one as well. Leaves
 * with EX_USAGE when it is none. option: for the message, "--to". */
void bb_channels_add(struct bb_channels *channels, const struct argp_state *state, const char *option,
                     const char *text, bool patterns);
/* Further arguments that have the form of a channel belong to the option that has just been read. */
void bb_channels_add_arguments(struct bb_channels *channels, struct argp_state *state, const char *option,
                               bool patterns);
void bb_channels_release(struct bb_channels *channels);

/* The --name of a subscription. Leaves with EX_USAGE when it can be none. */
const char *bb_channels_cursor(const struct argp_state *state, const char *text);

#endif
