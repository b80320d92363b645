/* Connections come and go: what the monitors tell, and who is cut off.
 *
 * Each socket's monitor tells of its connections in order. The monitors are not in order with each other, nor
 * with the messages; peers.h and early.h say what follows from that. */
#include "shell.h"

#include "guard.h"

#include "runtime/faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* So long a connection may take to its first words before it can be cut off for another one. */
#define PATIENCE_MS 1000

/* Coming and going. */

static void
on_disconnected(struct bb_broker *broker, enum bb_door door, int fd)
{
    const struct bb_link *link = bb_peers_link(&broker->peers, fd);
    bool unheard = link && link->door == BB_DOOR_PUBLIC && !link->leaving && link->delivered == 0;
    struct bb_peer *peer = NULL;

    if (!bb_peers_link_closed(&broker->peers, door, fd, &peer))
        return;
    bb_trim_closed(&broker->trim, broker->now);
    broker->counters.connections_unheard += unheard;
    if (peer && !bb_fault("id-only"))
        bb_client_drop(broker, peer);
    if (door == BB_DOOR_WORKER)
        bb_worker_link_lost(broker, fd);
}

/* There is one connection too many: who said nothing for longest goes for the new one, unless it may still be
 * about to; so who holds connections open and is silent does not keep others out. It is cut off in this
 * round, not here: that would read events in the middle of one. */
static void
make_room(struct bb_broker *broker, struct bb_link *newest)
{
    struct bb_link *victim = newest;

    for (int fd = 0; fd < broker->peers.n_links; fd++) {
        struct bb_link *link = &broker->peers.links[fd];

        if (link->open && !link->leaving && link->door == BB_DOOR_PUBLIC &&
            link->kick_at <= broker->now + BB_GREETING_MS - PATIENCE_MS && link->kick_at < victim->kick_at)
            victim = link;
    }
    broker->counters.connections_shed++;
    broker->counters.limited_connections++;
    victim->leaving = true;
    victim->kick_at = broker->now;
    broker->shedding = true;
}

/* No enrolment more. Cut off in this round, as above. */
static void
turn_away(struct bb_broker *broker, struct bb_link *link)
{
    broker->counters.limited_enrolments++;
    link->leaving = true;
    link->kick_at = broker->now;
    broker->shedding = true;
}

static void
on_accepted(struct bb_broker *broker, enum bb_door door, int fd)
{
    struct bb_link *link = bb_peers_link(&broker->peers, fd);

    if (link)
        on_disconnected(broker, (enum bb_door)link->door, fd);
    if (bb_peers_link_opened(&broker->peers, door, fd) < 0 || door == BB_DOOR_WORKER)
        return;
    link = bb_peers_link(&broker->peers, fd);
    link->kick_at = broker->now + BB_GREETING_MS;
    if (door == BB_DOOR_ENROL)
        link->kick_at = broker->now + BB_ENROL_MS;
    if (door == BB_DOOR_ENROL && !bb_enrol_has_room(broker))
        turn_away(broker, link);
    if (door != BB_DOOR_PUBLIC)
        return;
    broker->counters.connections_accepted++;
    if (broker->peers.open[BB_DOOR_PUBLIC] > broker->max_connections)
        make_room(broker, link);
}

static void
on_event(struct bb_broker *broker, enum bb_door door, const struct bb_monitor_event *event)
{
    switch (event->kind) {
    case BB_MONITOR_ACCEPTED:
        on_accepted(broker, door, event->value);
        return;
    case BB_MONITOR_DISCONNECTED:
        on_disconnected(broker, door, event->value);
        return;
    case BB_MONITOR_WRONG_MECHANISM:
        broker->counters.handshakes_refused_mechanism++;
        return;
    case BB_MONITOR_CRYPTOGRAPHIC:
        broker->counters.handshakes_refused_cryptographic++;
        return;
    case BB_MONITOR_PROTOCOL:
        broker->counters.handshakes_refused_protocol++;
        return;
    case BB_MONITOR_UNFINISHED:
        broker->counters.handshakes_refused_unfinished++;
        return;
    case BB_MONITOR_ACCEPT_FAILED:
        if (door == BB_DOOR_PUBLIC && event->value == ECONNABORTED) { /* accept.c, as a rule */
            broker->counters.connections_accepted++;
            broker->counters.connections_shed++;
            return;
        }
        if (bb_log_allow(&broker->complaints))
            bb_error("a connection cannot be accepted: %s", strerror(event->value));
        return;
    case BB_MONITOR_REFUSED: /* counted by the ZAP handler, with the cause */
    case BB_MONITOR_OTHER:
        return;
    }
}

void
bb_monitors_read(struct bb_broker *broker)
{
    struct bb_monitor_event event;

    for (int d = 0; d < BB_DOORS; d++)
        while (bb_monitor_read(&broker->door[d].monitor, &event))
            on_event(broker, (enum bb_door)d, &event);
}

bool
bb_link_is_newer(const struct bb_link *link, zmq_msg_t *body)
{
    const char *mark = link->door == BB_DOOR_ADMIN ? NULL : zmq_msg_gets(body, BB_ZAP_MARK);

    return mark && (int32_t)(link->generation - (uint32_t)strtoul(mark, NULL, 16)) > 0 &&
           !bb_fault("any-mark");
}

/* Cutting off. */

/* The descriptor is libzmq's: closing it would crash it, shutting the connection down is seen as a
 * disconnect. Events are read first: by now the descriptor may have been closed and given to another
 * connection. */
void
bb_kick(struct bb_broker *broker, int fd)
{
    struct bb_link *link = bb_peers_link(&broker->peers, fd);
    uint32_t generation = link ? link->generation : 0;

    bb_monitors_read(broker);
    link = bb_peers_link(&broker->peers, fd);
    if (!link || link->generation != generation)
        return;
    link->leaving = true;
    link->kick_at = BB_NEVER;
    shutdown(fd, SHUT_RDWR);
}

void
bb_links_kick_due(struct bb_broker *broker)
{
    broker->shedding = false;
    for (int fd = 0; fd < broker->peers.n_links; fd++) {
        const struct bb_link *link = &broker->peers.links[fd];

        if (!link->open || link->kick_at > broker->now)
            continue;
        if (!link->leaving)
            broker->counters.connections_silent++;
        bb_kick(broker, fd);
    }
}

void
bb_links_look_for_floods(struct bb_broker *broker)
{
    for (int fd = 0; fd < broker->peers.n_links; fd++) {
        const struct bb_link *link = &broker->peers.links[fd];

        if (!link->open || link->leaving || (link->door != BB_DOOR_PUBLIC && link->door != BB_DOOR_ENROL) ||
            bb_guard_ahead(link, fd) <= BB_GUARD_AHEAD_BYTES || bb_fault("no-guard"))
            continue;
        broker->counters.floods++;
        if (bb_log_allow(&broker->complaints))
            bb_warning("a connection that sends without end is cut off");
        bb_kick(broker, fd);
    }
}
