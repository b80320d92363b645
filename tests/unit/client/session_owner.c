#include "session_owner.h"

#include <stdio.h>
#include <string.h>

static int
take(struct bb_listener *core, const Bb__Message *message, struct bb_bytes packed, bool redelivered)
{
    struct owner *o = (struct owner *)core;

    (void)packed;
    if (o->refuse)
        return o->refuse;
    o->redelivered[o->n] = redelivered;
    o->got[o->n++] = message->sequence;
    if (o->acks)
        bb_session_acknowledge(&o->f->s, o->f->now, core, message->sequence);
    if (o->close)
        bb_session_unsubscribe(&o->f->s, core);
    return 0;
}

static void
hear(struct bb_listener *core, const struct bb_subscription_event *event, bool anew)
{
    struct owner *o = (struct owner *)core;
    size_t at = strlen(o->events);
    char *to = o->events + at;
    size_t size = sizeof o->events - at;

    switch (event->kind) {
    case BB_SUBSCRIPTION_OPENED:
        snprintf(to, size, "open %d%s%s; ", (int)event->position, event->created ? " created" : "",
                 anew ? " anew" : "");
        break;
    case BB_SUBSCRIPTION_GAP:
        snprintf(to, size, "gap %d..%d; ", (int)event->from, (int)event->to);
        if (o->hears)
            bb_session_heard_gap(&o->f->s, o->f->now, core, o->n ? o->got[o->n - 1] : 0, event->to);
        break;
    case BB_SUBSCRIPTION_INTERRUPTED:
        snprintf(to, size, "interrupted %s; ", event->problem->name);
        break;
    default:
        snprintf(to, size, "ended %s; ", event->problem->name);
        break;
    }
}

static void
leave(struct bb_listener *core)
{
    ((struct owner *)core)->gone = true;
}

void
owner_subscribe(struct fixture *f, struct owner *o)
{
    o->f = f;
    o->core.name = o->core.name ? o->core.name : "desk";
    o->core.window_messages = o->core.window_messages ? o->core.window_messages : 100;
    o->core.window_bytes = o->core.window_bytes ? o->core.window_bytes : 100000;
    o->core.message = take;
    o->core.event = hear;
    o->core.gone = leave;
    assert_int_equal(bb_session_subscribe(&f->s, f->now, &o->core), 0);
}

void
owner_open(struct fixture *f, struct owner *o, uint64_t position)
{
    session_connect(f);
    owner_subscribe(f, o);
    session_take(f);
    session_subscribed(f, o->core.number, position, position, false);
    session_take(f);
    o->events[0] = '\0';
}

void
session_reconnect(struct fixture *f)
{
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    session_pass(f, 30000);
    session_connect(f);
}

void
owner_reopen(struct fixture *f, const struct owner *o, uint64_t position, uint64_t head)
{
    session_reconnect(f);
    session_take(f);
    session_subscribed(f, o->core.number, position, head, false);
}
