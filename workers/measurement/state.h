/* The lock of a state folder: one process at a time opens its environments. LMDB would let two of them in,
 * and each would write what the other does not know of.
 *
 * The lock ends with the process, however it ends; the file stays. */
#ifndef BB_STATE_H
#define BB_STATE_H

#include <stddef.h>

/* Take <state>/lock. ret_fd: close it to let go. 0 | -EBUSY another process has it | -errno; with a message.
 */
int bb_state_lock(const char *state, int *ret_fd, char *error, size_t size);

#endif
