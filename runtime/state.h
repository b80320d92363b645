/* The state folder of a worker: is it there, and whose is it? It is never made here: a path that is mistyped
 * would become an empty store, and the worker on it would take the place of the one with the data.
 *
 * The lock: one process at a time opens what is in it. LMDB would let two of them in, and each would write
 * what the other does not know of. It ends with the process, however that ends; the file stays. */
#ifndef BB_STATE_H
#define BB_STATE_H

#include <stddef.h>

/* Is it a folder that this process may write to? Empty is fine, as for a first start. 0 | -errno; with a
 * message that says how to make one. */
int bb_state_check(const char *state, char *error, size_t size);

/* Take <state>/lock. program: for the message, who is refused. ret_fd: close it to let go. 0 | -EBUSY another
 * process has it | -errno; with a message. */
int bb_state_lock(const char *state, const char *program, int *ret_fd, char *error, size_t size);

#endif
