/* chaos-updates STATE: what the communication service wrote of itself, in the order of its log: a line an
 * update
 * ("update CHANNEL CREATED UPDATED") and a line a restatement ("notice CHANNEL INDICATOR OLD NEW"). The
 * service must not be running. */
#include "workers/communication/communication_core.h"

#include "proto/message.h"

#include "communication.pb-c.h"

#include <stdio.h>
#include <sysexits.h>

static void
print(const char *channel, const Bb__Message *message)
{
    unsigned long long created = 0, updated = 0;

    if (message->kind == BB__MESSAGE_KIND__NOTICE && message->n_change > 0) {
        printf("notice %s %s %s %s\n", channel, message->indicator,
               message->change[0]->old_value ? message->change[0]->old_value : "-",
               message->change[0]->new_value ? message->change[0]->new_value : "-");
        return;
    }
    for (size_t i = 0; i < message->n_change; i++) {
        created += message->change[i]->created;
        updated += message->change[i]->updated;
    }
    printf("update %s %llu %llu\n", channel, created, updated);
}

static int
print_all(struct bb_communication *c)
{
    struct bb_record record;
    Bb__Message *message;
    struct bb_arena arena;
    int r = 0;

    bb_arena_init(&arena, 8 << 20);
    for (uint64_t at = 1; r == 0 && (r = bb_msglog_from(c->log, at, &record)) == 0;
         at = record.sequence + 1) {
        bb_arena_reset(&arena);
        r = bb_unpack(bb__message, record.message, &arena, &message);
        if (r == 0 && (record.kind == BB__MESSAGE_KIND__UPDATE || record.kind == BB__MESSAGE_KIND__NOTICE))
            print(bb_channels_at(c->channels, bb_record_channel(&record, 0))->name, message);
    }
    bb_arena_release(&arena);
    bb_msglog_abort(c->log);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
main(int argc, char **argv)
{
    struct bb_communication_config config = {.state = argc == 2 ? argv[1] : NULL, .map_bytes = 1 << 30};
    struct bb_communication c;
    struct bb_sink sink = {.reply = NULL};
    int r;

    if (!config.state) {
        fprintf(stderr, "usage: chaos-updates STATE\n");
        return EX_USAGE;
    }
    r = bb_communication_open(&c, &config, &sink);
    if (r == 0) {
        r = print_all(&c);
        bb_communication_close(&c);
    }
    return r == 0 ? EX_OK : EX_DATAERR;
}
