/* The world of the fan-out chaos: its organizations, its channels, and who subscribes to what.
 *
 * Everything follows from numbers, so that publisher, subscribers and check agree without talking.
 * Organizations are fan-0 ... fan-9; those of even number are members of the group even, the others of odd.
 * Subscriber s belongs to organization s % 10 and reads the cursor "sub-S"; its channels are those of
 * filter s / 10 % FAN_FILTERS. */
#ifndef FAN_WORLD_H
#define FAN_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAN_ORGANIZATIONS 10u
#define FAN_CHANNELS_MAX  3u
#define FAN_TEXT          64 /* bytes of a channel or a name */

/* Whom message n of the publisher is for. */
void fan_channel(uint32_t n, char ret_channel[static FAN_TEXT]);

/* The filter of a subscriber, as it is given to SUBSCRIBE. Returns how many channels it has. */
size_t fan_filter(uint32_t subscriber, char ret_channel[static FAN_CHANNELS_MAX][FAN_TEXT]);

/* Is the subscriber to get what is addressed to this channel? */
bool fan_selects(uint32_t subscriber, const char *channel);

static inline uint32_t
fan_organization(uint32_t subscriber)
{
    return subscriber % FAN_ORGANIZATIONS;
}

#endif
