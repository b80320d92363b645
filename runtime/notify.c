/* Service notification (sd_notify(3)). */
#include "daemon.h"

#include <systemd/sd-daemon.h>

void
bb_notify(const char *state)
{
    sd_notify(0, state);
}
