/* What the files of the broker's shell share: broker.c (life and loop), doors.c (the sockets), links.c
 * (connections), limits.c (what keys may use), send.c (what goes out), clients.c and workers.c (what comes
 * in), subscribe.c and fanout.c (sessions, and what goes to them), service.c (the broker's own methods). Not
 * for anybody else.
 *
 * One thread. A round reads what is at hand, changes the state, and gathers what goes out; then everything
 * gathered is sent, workers first, one message a peer, after what was recorded of it is on disk (record.c).
 */
#ifndef BB_BROKER_SHELL_H
#define BB_BROKER_SHELL_H

#include "audit.h"
#include "early.h"
#include "known.h"
#include "monitor.h"
#include "peers.h"
#include "policy.h"
#include "registry.h"
#include "reserve.h"
#include "router.h"
#include "sessions.h"
#include "settings.h"
#include "silent.h"
#include "trim.h"
#include "usage.h"
#include "zap.h"

#include "proto/message.h"
#include "runtime/bundle.h"
#include "runtime/log.h"

#include "wire.pb-c.h"
#include "worker.pb-c.h"

/* A connection says HELLO within this time, the handshake included; one that claims a routing id which is
 * taken is mute, and ends so. */
#define BB_GREETING_MS 10000
/* One at the enrolment endpoint is over by then. */
#define BB_ENROL_MS 5000

#define BB_ENDPOINT_BYTES 320

/* A connection of a worker. */
struct bb_worker_link {
    uint8_t id[BB_ROUTING_ID_BYTES];
    int fd;
    int service;         /* enum bb_service, or -1 before READY */
    struct bb_conn conn; /* as it calls other services */
    bool gone;           /* freed when the round ends */
    bool broken;         /* could not be sent to */
    bb_mono heard;
    bool has_sequence; /* what its heartbeat said, and whether one did */
    bool has_lag;
    uint64_t sequence;
    uint64_t lag;
    uint64_t told;      /* of sessions, in bytes */
    uint64_t taken;     /* of these, it has taken in */
    uint64_t told_mark; /* what the PONG to our PING, whose token it is, will confirm; 0: none is out */
    struct bb_bundle out;
    struct bb_worker_link *next;
};

/* A request to the broker's own service, kept until the reading of the round is over. */
struct bb_job {
    uint64_t tag;
    uint32_t method;
    uint32_t role;
    int64_t window;
    uint32_t part;
    char organization[BB_LIMIT_CODE_BYTES + 1];
    char member[BB_LIMIT_CODE_BYTES + 1];
    char key[BB_KEY_TEXT];
    char after[BB_LIMIT_CODE_BYTES + 1]; /* of a list: the last organization that was sent */
    uint64_t at;                         /* of the audit log: where the next part begins */
    struct bb_job *next;
    size_t len;
    uint8_t body[];
};

/* What an organization has had recorded, in the hour that began then. */
struct bb_administering {
    bb_mono since;
    uint32_t used;
};

/* X(name): what is counted beside the router's and the ZAP handler's counters. */
#define BB_COUNTERS(X)                                                                                       \
    X(connections_accepted)                                                                                  \
    X(connections_silent)                                                                                    \
    X(connections_shed)                                                                                      \
    X(connections_unheard)                                                                                   \
    X(handshakes_refused_mechanism)                                                                          \
    X(handshakes_refused_cryptographic)                                                                      \
    X(handshakes_refused_protocol)                                                                           \
    X(handshakes_refused_unfinished)                                                                         \
    X(messages_in)                                                                                           \
    X(messages_out)                                                                                          \
    X(bytes_in)                                                                                              \
    X(bytes_out)                                                                                             \
    X(frames_in)                                                                                             \
    X(messages_late)                                                                                         \
    X(refused_multipart)                                                                                     \
    X(refused_routing_id)                                                                                    \
    X(refused_malformed)                                                                                     \
    X(refused_revoked)                                                                                       \
    X(refused_unexpected)                                                                                    \
    X(enrolments)                                                                                            \
    X(enrolments_pending)                                                                                    \
    X(enrolments_refused)                                                                                    \
    X(limited_enrolments)                                                                                    \
    X(slow_readers)                                                                                          \
    X(floods)                                                                                                \
    X(limited_connections)                                                                                   \
    X(limited_organization_connections)                                                                      \
    X(limited_key_connections)                                                                               \
    X(limited_key_requests)                                                                                  \
    X(limited_key_bytes)                                                                                     \
    X(limited_administering)                                                                                 \
    X(limited_key_excess)                                                                                    \
    X(limited_connection_subscriptions)                                                                      \
    X(limited_organization_subscriptions)                                                                    \
    X(limited_subscribing)                                                                                   \
    X(limited_subscribing_bytes)                                                                             \
    X(limited_decoding)                                                                                      \
    X(limited_unread)                                                                                        \
    X(limited_unread_total)                                                                                  \
    X(impostors)                                                                                             \
    X(calls)                                                                                                 \
    X(sessions_opened)                                                                                       \
    X(sessions_refused)                                                                                      \
    X(acks)                                                                                                  \
    X(acks_passed_on)                                                                                        \
    X(fanouts)                                                                                               \
    X(deliveries)                                                                                            \
    X(deliveries_skipped)                                                                                    \
    X(workers_ready)                                                                                         \
    X(workers_gone)

struct bb_counters {
#define X(name) uint64_t name;
    BB_COUNTERS(X)
#undef X
};

struct bb_door_socket {
    void *socket;
    struct bb_monitor monitor;
    int fd; /* ZMQ_FD of the two */
    int monitor_fd;
    bool sent_to; /* since it was last asked what it has */
    bool more;    /* not read to the end */
    bool bound;   /* of a local one: its file is ours */
};

/* What has something. */
struct bb_ready {
    bool signal;
    bool zap;
    bool monitors;
    bool door[BB_DOORS];
};

/* Attempts that were refused, as far as they are recorded. */
struct bb_refusals {
    bb_mono since;
    unsigned used;
    uint64_t left_out;
};

struct bb_broker {
    const struct bb_settings *settings;
    void *context;
    struct bb_zap *zap;
    int zap_fd;
    struct bb_door_socket door[BB_DOORS];
    struct bb_registry *registry;
    struct bb_audit *audit;
    struct bb_reserve reserve;
    struct bb_known known;
    bool known_in_part; /* there was no memory for all of it */
    struct bb_refusals refusals;
    struct bb_policy policy;
    struct bb_router *router;
    struct bb_peers peers;
    struct bb_sessions *sessions;
    struct bb_fanout *fanout;
    struct bb_silent silent;
    struct bb_silent silent_keys; /* the same by number of a usage */
    struct bb_usages usages;
    struct bb_administering *administering; /* by number of an organization */
    uint32_t n_administering;
    struct bb_early early;
    struct bb_trim trim;
    struct bb_peer *dirty;
    struct bb_worker_link *workers;
    bool jobs_left;      /* jobs that could run, for the next round */
    struct bb_job *jobs; /* of the broker's own service, oldest first */
    struct bb_arena arena;
    struct bb_counters counters;
    struct bb_log_limit complaints;
    uint8_t boot[16];
    bb_mono now;
    bb_mono started;
    char today[sizeof "2026-09-07"]; /* in UTC */
    int64_t next_expiry;             /* UTC: from then on an old key is let in no more */
    uint32_t max_connections;
    bool shedding;     /* there are connections to cut off now */
    bb_mono made_room; /* somebody was cut off for the sake of the sum */
    uint64_t unread;   /* bytes that are held for clients, one each, and that they have not confirmed */
    char endpoint[BB_ENDPOINT_BYTES];
    char address[BB_ENDPOINT_BYTES];       /* where clients connect, for those who are far away */
    char enrol_address[BB_ENDPOINT_BYTES]; /* where keys are brought; "": nowhere */
    uint8_t server_key[32];
};

/* send.c */

/* Gather a frame for a peer. */
void bb_send(struct bb_broker *broker, struct bb_peer *peer, enum bb_kind kind,
             const ProtobufCMessage *message);
/* Room for a frame of n bytes for a peer, envelope included; the caller writes all of it at once. NULL: it
 * cannot be sent to. */
uint8_t *bb_send_room(struct bb_broker *broker, struct bb_peer *peer, size_t n);
/* Send a message that others get as well, behind what was gathered. */
void bb_send_shared(struct bb_broker *broker, struct bb_peer *peer, zmq_msg_t *shared);
/* Has it owed the answer to a PING for long? Then nobody should wait for it. */
bool bb_send_lags(const struct bb_broker *broker, const struct bb_peer *peer);
/* Look at the peer when the round ends: to send, or to free it. */
void bb_send_later(struct bb_broker *broker, struct bb_peer *peer);
void bb_send_to_worker(struct bb_broker *broker, struct bb_worker_link *worker, enum bb_kind kind,
                       const ProtobufCMessage *message);
/* A worker's call ends so. */
void bb_send_call_error(struct bb_broker *broker, struct bb_worker_link *worker,
                        const struct bb_router_error *error);
/* Send what was gathered; drop whom it cannot be sent to. */
void bb_flush(struct bb_broker *broker);
/* The client has answered a PING. */
void bb_send_confirmed(struct bb_broker *broker, struct bb_peer *peer, uint64_t token);
/* Ask those who are owed something whether they have read it. */
void bb_send_probes(struct bb_broker *broker);
extern const struct bb_router_ops bb_router_shell;

/* clients.c */

/* Read what clients sent, at most so many messages. True when there may be more. */
bool bb_clients_read(struct bb_broker *broker, enum bb_door door, unsigned most);
/* Look at those messages whose connections were not known when they came, and are now. */
void bb_clients_take_early(struct bb_broker *broker);
/* The peer is gone: its requests end. */
void bb_client_drop(struct bb_broker *broker, struct bb_peer *peer);
/* Tell it to go, and why; cut it off a little later. */
void bb_client_dismiss(struct bb_broker *broker, struct bb_peer *peer, uint32_t code, const char *message,
                       uint32_t retry_after_ms);
/* The registry has changed: who may stay, and as whom? */
void bb_clients_review(struct bb_broker *broker);

/* workers.c */

bool bb_workers_read(struct bb_broker *broker, unsigned most);
void bb_worker_link_lost(struct bb_broker *broker, int fd);
/* Heartbeats, and the silent ones are dropped. Every second. */
void bb_workers_tick(struct bb_broker *broker);
void bb_worker_drop(struct bb_broker *broker, struct bb_worker_link *worker, const char *why);
/* Drop it, and end its connection, so that it notices. */
void bb_worker_expel(struct bb_broker *broker, struct bb_worker_link *worker, const char *why);
/* Tell every worker: one organization, or all of them (NULL). */
void bb_workers_tell(struct bb_broker *broker, const struct bb_organization *organization);
void bb_workers_release(struct bb_broker *broker);

/* subscribe.c */

#define BB_SUBSCRIBE_BYTES ((size_t)48 << 10) /* more than the longest name and filter take */

/* 0 | -errno */
int bb_subscribe_start(struct bb_broker *broker);
/* A SUBSCRIBE, before it is decoded: is it refused? */
bool bb_subscribe_refuse(struct bb_broker *broker, struct bb_peer *peer, struct bb_bytes packed);
void bb_subscribe(struct bb_broker *broker, struct bb_peer *peer, const Bb__Subscribe *subscribe,
                  struct bb_bytes packed);
void bb_subscribe_ack(struct bb_broker *broker, struct bb_peer *peer, const Bb__Ack *ack);
void bb_unsubscribe(struct bb_broker *broker, struct bb_peer *peer, const Bb__Unsubscribe *unsubscribe);
/* The peer is gone, or goes. */
void bb_subscribe_peer_gone(struct bb_broker *broker, struct bb_peer *peer);
/* The worker of the communication service is gone. */
void bb_subscribe_worker_gone(struct bb_broker *broker);
/* It has taken in what it was told. */
void bb_subscribe_told(struct bb_worker_link *worker, const Bb__Pong *pong);
/* Tell it what is new. Once a round. */
void bb_subscribe_tell(struct bb_broker *broker);

/* fanout.c */

/* 0 | -errno */
int bb_fanout_start(struct bb_broker *broker);
void bb_fanout_release(struct bb_broker *broker);
/* A worker's FANOUT: it waits, or goes. 0 | -EBADMSG it breaks the protocol | -ENOMEM: it is not whole */
int bb_fanout(struct bb_broker *broker, const Bb__Fanout *fanout);
/* The PING of the worker whose FANOUTs these are: its PONG is sent when all before it went. 0 | -ENOMEM */
int bb_fanout_ping(struct bb_broker *broker, uint64_t token);
/* The worker is gone, and the sessions are over: forget what waits. */
void bb_fanout_clear(struct bb_broker *broker);
/* Send what may be sent now. Once a round, behind the answers. */
void bb_fanout_run(struct bb_broker *broker);
/* When it has something to do: BB_NEVER when nothing waits. */
bb_mono bb_fanout_deadline(const struct bb_broker *broker);
/* It has something to do when this descriptor is readable, too. -1: none */
int bb_fanout_fd(const struct bb_broker *broker);
/* So much waits that workers are not to be read. */
bool bb_fanout_is_full(const struct bb_broker *broker);
/* Bytes of messages that many share, as long as one of them waits for its copy to be encrypted. */
uint64_t bb_fanout_shared_bytes(const struct bb_broker *broker);

/* enrol.c */

/* Are keys taken at all? */
bool bb_enrol_is_open(const struct bb_broker *broker);
/* Is there room for a connection more? */
bool bb_enrol_has_room(const struct bb_broker *broker);
/* Read and answer what came, at most so many messages. True when there may be more. */
bool bb_enrol_read(struct bb_broker *broker, unsigned most);

/* record.c */

/* "hartford/main", or "hartford" without a member; quoted where it is longer or not a code. */
#define BB_OBJECT_BYTES (2 * BB_LIMIT_CODE_BYTES + 2)
void bb_object(char out[static BB_OBJECT_BYTES], const char *organization, const char *member);

/* An entry of the audit log. */
struct bb_record {
    const struct bb_who *who; /* texts may be NULL */
    const char *action, *object;
    const struct bb_fact *fact; /* the value of one named "key" is a key, and its fingerprint is recorded */
    size_t n_facts;
    bool has_digest;
    uint64_t digest; /* of what the file of the object's organization says then; 0: it is not there */
    bool by_hand;    /* it was found so */
    enum bb_audit_outcome outcome;
};

/* Open the log, read what it knows. What is wrong is logged. 0 | -errno */
int bb_record_open(struct bb_broker *broker);
/* Keep room for who has to act when there is none. Now and then. */
void bb_record_keep_room(struct bb_broker *broker);
/* There is none, and this role has to act: give up what was kept. False: there is nothing, or it may not. */
bool bb_record_make_room(struct bb_broker *broker, uint32_t role);
void bb_record_close(struct bb_broker *broker);
/* An entry, on disk at the end of the round, or when it returns. 0 | -errno, which is logged: what it tells
 * of must not be done */
int bb_record(struct bb_broker *broker, const struct bb_record *record);
int bb_record_now(struct bb_broker *broker, const struct bb_record *record);
/* What was recorded is on disk. 0 | -errno: the broker must stop, and nothing of this round may go out */
int bb_record_flush(struct bb_broker *broker);
/* A command goes to a worker. 0 | -errno: it must not */
int bb_record_command(struct bb_broker *broker, const struct bb_who *who, uint32_t method,
                      struct bb_bytes body);
/* Somebody tried what he may not. Often enough it is not recorded. */
void bb_record_refused(struct bb_broker *broker, const struct bb_who *who, const char *action,
                       const char *object);
/* The broker serves; the registry was read again; with what was found there. 0 | as bb_record_flush() */
int bb_record_start(struct bb_broker *broker);
void bb_record_reload(struct bb_broker *broker);
void bb_record_stop(struct bb_broker *broker);

/* service.c */

/* The worker of the broker's own service, for the router. */
extern char bb_own_service[1];
void bb_service_work(struct bb_broker *broker, const struct bb_router_work *work);
void bb_service_pull(struct bb_broker *broker, uint64_t tag, uint32_t bytes);
void bb_service_cancel(struct bb_broker *broker, uint64_t tag);
/* Answer what has come. */
void bb_service_run(struct bb_broker *broker);
void bb_service_release(struct bb_broker *broker);

/* doors.c */

/* Open, protect and bind the sockets, and try the lock. What is wrong is logged. 0 | -errno */
int bb_doors_open(struct bb_broker *broker);
void bb_doors_close(struct bb_broker *broker);
/* Wait until there is something to do, at most so long. 0 | -errno */
int bb_doors_wait(struct bb_broker *broker, int signal_fd, long ms, struct bb_ready *ret_ready);
/* Have the monitors something to tell? */
bool bb_doors_have_news(const struct bb_broker *broker);

/* limits.c */

/* Where limits begin. */
void bb_limits_start(struct bb_broker *broker);
void bb_limits_release(struct bb_broker *broker);
/* A known key of the organization of this number shakes hands: is there room for a connection more? */
bool bb_limits_let_in(struct bb_broker *broker, const char *key, uint32_t number);
/* A peer of the public socket has sent its first message, on a connection that began at `since`. NULL | why
 * it is to go. */
const char *bb_limits_enter(struct bb_broker *broker, struct bb_peer *peer, bb_mono since);
void bb_limits_leave(struct bb_broker *broker, struct bb_peer *peer);
/* May who is neither staff nor operator have something more recorded in the audit log? Each organization may,
 * so often in an hour. 0 | milliseconds to wait */
uint32_t bb_limits_administer(struct bb_broker *broker, const struct bb_peer *peer);
/* A frame of a peer, before it is decoded. False: it was answered, and that is all. */
bool bb_limits_pass(struct bb_broker *broker, struct bb_peer *peer, const struct bb_frame *frame);

/* links.c */

/* Read the monitors' events. */
void bb_monitors_read(struct bb_broker *broker);
/* The connection that this message came over has gone, and its descriptor is this newer one's: who sends
 * something that is punished, and hangs up, would have that one punished. The monitors have been read. */
bool bb_link_is_newer(const struct bb_link *link, zmq_msg_t *body);
/* Cut a connection off now. */
void bb_kick(struct bb_broker *broker, int fd);
/* Cut off whose time has come: told to go, or silent since the start. */
void bb_links_kick_due(struct bb_broker *broker);
/* Cut off who sends without end: guard.h. */
void bb_links_look_for_floods(struct bb_broker *broker);

#endif
