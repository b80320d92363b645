#include "early.h"

#include <stdlib.h>

struct bb_early_message {
    struct bb_early_message *next;
    struct bb_incoming incoming;
    bb_mono until;
};

static void
close_frames(struct bb_incoming *incoming)
{
    zmq_msg_close(&incoming->id);
    zmq_msg_close(&incoming->body);
}

static void
move_frames(struct bb_incoming *to, struct bb_incoming *from)
{
    zmq_msg_init(&to->id);
    zmq_msg_init(&to->body);
    zmq_msg_move(&to->id, &from->id);
    zmq_msg_move(&to->body, &from->body);
}

/* Off the list. */
static struct bb_early_message *
unlink_message(struct bb_early *early, struct bb_early_message **at)
{
    struct bb_early_message *message = *at;

    *at = message->next;
    early->n--;
    early->bytes -= zmq_msg_size(&message->incoming.body);
    return message;
}

static void
drop(struct bb_early *early, struct bb_early_message **at)
{
    struct bb_early_message *message = unlink_message(early, at);

    close_frames(&message->incoming);
    free(message);
}

void
bb_early_release(struct bb_early *early)
{
    while (early->first)
        drop(early, &early->first);
}

void
bb_early_hold(struct bb_early *early, bb_mono now, struct bb_incoming *incoming)
{
    struct bb_early_message *message, **end = &early->first;
    size_t bytes = zmq_msg_size(&incoming->body);

    if (early->n == BB_EARLY_MOST || bytes > BB_EARLY_BYTES - early->bytes)
        return;
    message = malloc(sizeof *message);
    if (!message)
        return;
    *message = (struct bb_early_message){
        .incoming = {.door = incoming->door, .fd = incoming->fd, .frames = incoming->frames},
        .until = now + BB_EARLY_MS};
    move_frames(&message->incoming, incoming);
    while (*end)
        end = &(*end)->next;
    *end = message;
    early->n++;
    early->bytes += bytes;
}

bool
bb_early_take(struct bb_early *early, bb_mono now, struct bb_peers *peers, struct bb_incoming *ret_message)
{
    for (struct bb_early_message **at = &early->first; *at;) {
        struct bb_early_message *message = *at;
        const struct bb_link *link = bb_peers_link(peers, message->incoming.fd);

        if (link && link->door == message->incoming.door) {
            unlink_message(early, at);
            *ret_message = (struct bb_incoming){.door = message->incoming.door,
                                                .fd = message->incoming.fd,
                                                .frames = message->incoming.frames};
            move_frames(ret_message, &message->incoming);
            close_frames(&message->incoming);
            free(message);
            return true;
        }
        if (now >= message->until)
            drop(early, at);
        else
            at = &message->next;
    }
    return false;
}
