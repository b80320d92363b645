/* What a configuration may say of where a worker finds its broker. */
#ifndef BB_ENDPOINT_H
#define BB_ENDPOINT_H

#include <stddef.h>

/* Is this ipc:// and the path of a socket, which has 107 bytes at most? option: its name, for the message.
 * 0 | -EINVAL with a message. */
int bb_endpoint_check_ipc(const char *option, const char *endpoint, char *error, size_t size);

#endif
