/* How the broker and its services are doing. */
#ifndef BACKBONE_STATUS_H
#define BACKBONE_STATUS_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bb_service_status {
    const char *service;
    bool ready;
    uint64_t queued;    /* requests that wait for the service */
    uint64_t in_flight; /* requests that it works on */
    bool has_sequence;  /* false: not known; there is no worker, or it has just come, or has no journal */
    bool has_lag;
    uint64_t sequence; /* head of its journal */
    uint64_t lag;      /* entries that its views are behind */
};

struct bb_counter {
    const char *name;
    uint64_t value;
};

struct bb_status {
    const uint8_t *boot; /* 16 bytes, new at every start of the broker */
    uint64_t uptime_ms;
    uint32_t connections;
    uint32_t organizations;
    uint64_t directory_version;
    const struct bb_service_status *service;
    size_t n_services;
    const struct bb_counter *counter;
    size_t n_counters;
};

typedef void bb_status_fn(void *self, const struct bb_status *status);
BB_API int bb_client_status(struct bb_client *client, bb_status_fn *each, bb_done_fn *done, void *self);

struct bb_measurement_status {
    uint64_t head;     /* last sequence in the journal */
    uint64_t applied;  /* last sequence in the views */
    uint64_t readings; /* without those that are withdrawn */
    uint64_t pending_rows;
    uint64_t journal_bytes;
    uint64_t views_bytes;
    uint64_t free_pages;
};

typedef void bb_measurement_status_fn(void *self, const struct bb_measurement_status *status);
BB_API int bb_client_measurement_status(struct bb_client *client, bb_measurement_status_fn *each,
                                        bb_done_fn *done, void *self);

struct bb_communication_status {
    uint64_t head;     /* last sequence of the log */
    uint64_t messages; /* that are kept */
    uint64_t cursors;
    uint64_t sessions; /* cursors that somebody listens to */
    uint64_t behind;   /* of these, those that have not caught up */
    uint64_t followed; /* sequence of the measurement journal up to which updates were written */
    uint64_t store_bytes;
    uint64_t gaps;       /* told to subscribers since the start */
    uint64_t taken_over; /* sessions whose cursor another one took */
};

typedef void bb_communication_status_fn(void *self, const struct bb_communication_status *status);
BB_API int bb_client_communication_status(struct bb_client *client, bb_communication_status_fn *each,
                                          bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
