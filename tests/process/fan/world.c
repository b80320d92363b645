#include "world.h"

#include <stdio.h>
#include <string.h>

/* OWN stands for org/ of the organization itself, GROUP for the group that it is in. */
static const char *const filters[][FAN_CHANNELS_MAX] = {
    {"all"},          {"all", "OWN", "group/*"},
    {"group/*"},      {"indicator/fan-count", "all"},
    {"indicator/*"},  {"OWN"},
    {"GROUP"},        {"all", "indicator/fan-rate"},
    {"org/*", "all"}, {"indicator/fan-rate"},
};

#define FILTERS (sizeof filters / sizeof filters[0])

static void
own_channel(uint32_t organization, char ret_channel[static FAN_TEXT])
{
    snprintf(ret_channel, FAN_TEXT, "org/fan-%u", organization);
}

static const char *
group_of(uint32_t organization)
{
    return organization % 2 ? "group/odd" : "group/even";
}

void
fan_channel(uint32_t n, char ret_channel[static FAN_TEXT])
{
    switch (n % 8) {
    case 0:
        own_channel(n / 8 % FAN_ORGANIZATIONS, ret_channel);
        return;
    case 1:
        strcpy(ret_channel, "group/even");
        return;
    case 2:
        strcpy(ret_channel, "group/odd");
        return;
    case 3:
        strcpy(ret_channel, "indicator/fan-count");
        return;
    case 4:
        strcpy(ret_channel, "indicator/fan-rate");
        return;
    default:
        strcpy(ret_channel, "all");
        return;
    }
}

size_t
fan_filter(uint32_t subscriber, char ret_channel[static FAN_CHANNELS_MAX][FAN_TEXT])
{
    const char *const *filter = filters[subscriber / FAN_ORGANIZATIONS % FILTERS];
    size_t n = 0;

    for (; n < FAN_CHANNELS_MAX && filter[n]; n++) {
        if (strcmp(filter[n], "OWN") == 0)
            own_channel(fan_organization(subscriber), ret_channel[n]);
        else
            snprintf(ret_channel[n], FAN_TEXT, "%s",
                     strcmp(filter[n], "GROUP") == 0 ? group_of(fan_organization(subscriber)) : filter[n]);
    }
    return n;
}

/* Does this channel of a filter select that one, which the organization may read? */
static bool
matches(const char *pattern, const char *channel)
{
    size_t len = strlen(pattern);

    return pattern[len - 1] == '*' ? strncmp(pattern, channel, len - 1) == 0 : strcmp(pattern, channel) == 0;
}

static bool
may_read(uint32_t organization, const char *channel)
{
    char own[FAN_TEXT];

    own_channel(organization, own);
    if (strncmp(channel, "org/", 4) == 0)
        return strcmp(channel, own) == 0;
    return strncmp(channel, "group/", 6) != 0 || strcmp(channel, group_of(organization)) == 0;
}

bool
fan_selects(uint32_t subscriber, const char *channel)
{
    char filter[FAN_CHANNELS_MAX][FAN_TEXT];
    size_t n = fan_filter(subscriber, filter);

    if (!may_read(fan_organization(subscriber), channel))
        return false;
    for (size_t i = 0; i < n; i++)
        if (matches(filter[i], channel))
            return true;
    return false;
}
