/* What a bound socket tells of its connections: libzmq's monitor events, read without waiting.
 *
 * The reader is connected before the socket is bound, and its queue has no limit, so no event is lost. */
#ifndef BB_BROKER_MONITOR_H
#define BB_BROKER_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

struct bb_monitor {
    void *socket; /* the reader: to be polled */
    void *watched;
};

enum bb_monitor_kind {
    BB_MONITOR_OTHER,
    BB_MONITOR_ACCEPTED,        /* value: descriptor */
    BB_MONITOR_DISCONNECTED,    /* value: descriptor */
    BB_MONITOR_REFUSED,         /* in the handshake; value: ZAP status code */
    BB_MONITOR_WRONG_MECHANISM, /* NULL or PLAIN to a CURVE server */
    BB_MONITOR_CRYPTOGRAPHIC,   /* the boxes do not open: another server key */
    BB_MONITOR_PROTOCOL,        /* not ZMTP, or not as it should be */
    BB_MONITOR_UNFINISHED,      /* went away, or took too long; value: errno */
    BB_MONITOR_ACCEPT_FAILED,   /* value: errno */
};

struct bb_monitor_event {
    enum bb_monitor_kind kind;
    int value;
};

/* name: an inproc address of its own. Before bind. 0 | -errno */
int bb_monitor_open(struct bb_monitor *monitor, void *context, void *watched, const char *name);
void bb_monitor_close(struct bb_monitor *monitor);
/* False when there is nothing more at hand. */
bool bb_monitor_read(struct bb_monitor *monitor, struct bb_monitor_event *ret_event);

#endif
