/* Why there is no connection: one step after the other, until one fails. */
#ifndef BACKBONE_DIAGNOSE_H
#define BACKBONE_DIAGNOSE_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

enum bb_step_state {
    BB_STEP_FINE = 0,
    BB_STEP_WARNING = 1,
    BB_STEP_FAILED = 2,
    BB_STEP_NOT_TRIED = 3, /* one before it failed */
};

struct bb_step {
    const char *name; /* "key file", "name", "tcp", "handshake", "key", "clock", "version", "role"; with ipc
                         "socket" and "daemon" in place of the first three; static */
    enum bb_step_state state;
    const char *found; /* NULL: not tried */
    const char *fix;   /* what to do about it; NULL: nothing */
    int64_t took_us;
    int code; /* of sysexits.h, of what failed; 0 */
};

typedef void bb_step_fn(void *self, const struct bb_step *step);

/* Try endpoint, server_key and key_file (or both keys) of these options; a step takes up to timeout_ms (0:
 * 5,000), but for the name, which takes as long as the system lets it. Blocks. 0 | the code of the step that
 * failed | -errno */
BB_API int bb_diagnose(const struct bb_client_options *options, bb_step_fn *each, void *self);

#ifdef __cplusplus
}
#endif

#endif
