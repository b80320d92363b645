/* Subscriptions as the service keeps them. */
#ifndef BACKBONE_CURSORS_H
#define BACKBONE_CURSORS_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A cursor: a subscription as the service keeps it. */
struct bb_cursor {
    const char *organization;
    const char *name;
    const char *const *channel;
    size_t n_channels;
    uint64_t position; /* acknowledged up to here */
    uint64_t head;     /* last sequence of the log */
    bool online;       /* somebody is being fed from it */
    int64_t used_us;
    int64_t expired_us; /* 0: it is in use */
};

struct bb_cursor_change {
    const char *name;
    const char *const *add; /* channels */
    size_t n_add;
    const char *const *remove;
    size_t n_remove;
    bool from_start; /* it begins, or begins anew, with the first message that is kept */
};

typedef void bb_cursor_put_fn(void *self, const struct bb_cursor *cursor, bool changed);
/* Make a cursor without listening, or change what it selects. */
BB_API int bb_client_cursor_put(struct bb_client *client, const struct bb_cursor_change *change,
                                bb_cursor_put_fn *each, bb_done_fn *done, void *self);

/* changed: there was one. */
typedef void bb_cursor_remove_fn(void *self, bool changed);
BB_API int bb_client_cursor_remove(struct bb_client *client, const char *name, bb_cursor_remove_fn *each,
                                   bb_done_fn *done, void *self);

typedef int bb_cursor_fn(void *self, const struct bb_cursor *cursor);
/* organization: staff may ask for one's; NULL: all that you may see. */
BB_API int bb_client_cursors(struct bb_client *client, const char *organization, bb_cursor_fn *each,
                             bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
