/* What commands that write messages have in common: whom it is for, dates, the body, and sending it. */
#ifndef BB_CLI_COMPOSE_H
#define BB_CLI_COMPOSE_H

#include "channels.h"

/* A date such as 2026-09-07, or EX_USAGE. */
const char *bb_compose_date(const struct argp_state *state, const char *option, const char *text);

struct bb_compose {
    struct bb_publication publication;
    struct bb_channels channels;
    const char *body_file; /* NULL: no body */
    const char *reply_to;  /* of bb_message_check_name() */
    const char *supersedes;
    const char *id;                /* --id; NULL: a fresh one */
    uint8_t ids[3][BB_MESSAGE_ID]; /* its own, and those of the other two, when it is sent */
};

/* Options of both commands: keys and their parser, which returns ARGP_ERR_UNKNOWN for others. */
enum { BB_COMPOSE_KEY_BODY = 0x300, BB_COMPOSE_KEY_ID };
#define BB_COMPOSE_OPTIONS                                                                                   \
    {"body", BB_COMPOSE_KEY_BODY, "FILE|-", 0, "the text, up to 64 KiB of Markdown; by default none", 0},    \
    {                                                                                                        \
        "id", BB_COMPOSE_KEY_ID, "UUID", 0, "its id, so that a repeat of the command is the same message", 0 \
    }
/* The subject, of which there is one: EX_USAGE for another. */
void bb_compose_subject(struct bb_compose *compose, const struct argp_state *state, const char *text);
error_t bb_compose_parse(struct bb_compose *compose, int key, char *arg, struct argp_state *state);

/* Read what is to be read, publish, and print the answer. Releases the channels. The exit code. */
int bb_compose_send(struct bb_cli *cli, struct bb_compose *compose);

#endif
