/* Turns: records of the log, and what is made of them for those who are fed.
 *
 * A record is looked at where LMDB has it, and its message is copied once for each body that it goes into.
 * Records of the same audience are asked about once in a turn; entries are found by author and channels. */
#include "feed_core.h"

#include "communication.pb-c.h"

#include <errno.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define AUDIENCES 512u
#define SLOTS     1024u
#define SCAN      8192u        /* records of a turn, also those that nobody sees */
#define BODY      (128u << 10) /* aim for bodies of this size */
#define COST      64u          /* of looking at a record, in bytes */

#define TAG_MESSAGE     0x12 /* Deliver.message, length-delimited */
#define TAG_REDELIVERED 0x18 /* Deliver.redelivered_up_to, varint */

struct entry {
    struct bb_audience audience;
    uint64_t until;
    uint32_t index; /* in the fan-out's turn */
    bool seen;
};

struct bb_reading {
    struct bb_record record[BB_FANOUT_ITEMS];
    uint32_t n_records;
    struct entry entry[AUDIENCES];
    uint32_t n_entries;
    uint16_t slot[SLOTS]; /* 0 free, else an entry's number plus 1 */
};

int
bb_reading_new(struct bb_reading **ret_reading)
{
    *ret_reading = calloc(1, sizeof **ret_reading);
    return *ret_reading ? 0 : -ENOMEM;
}

void
bb_reading_destroy(struct bb_reading **reading)
{
    free(*reading);
    *reading = NULL;
}

/* Audiences */

static struct bb_bytes
channels_of(const struct bb_record *record)
{
    return bb_bytes(record->channels, (size_t)record->n_channels * 4);
}

static bool
same_audience(const struct bb_audience *a, const struct bb_record *b, bool hidden)
{
    return bb_bytes_equal(channels_of(&a->record), channels_of(b)) &&
           bb_bytes_equal(a->record.author, b->author) && a->hidden == hidden;
}

/* The entry of the record's audience, or a new one; NULL: there are enough. */
static struct entry *
find_entry(struct bb_communication *c, const struct bb_record *record, bool *ret_new)
{
    struct bb_reading *reading = c->feed->reading;
    bool hidden = bb_audience_hidden(&c->access, record);
    struct bb_bytes channels = channels_of(record);
    uint64_t seed = XXH3_64bits(record->author.data, record->author.len);
    uint32_t at = (uint32_t)XXH3_64bits_withSeed(channels.data, channels.len, seed) % SLOTS;
    struct entry *entry;

    *ret_new = false;
    for (; reading->slot[at]; at = (at + 1) % SLOTS) {
        entry = &reading->entry[reading->slot[at] - 1];
        if (same_audience(&entry->audience, record, hidden))
            return entry;
    }
    if (reading->n_entries == AUDIENCES)
        return NULL;
    *ret_new = true;
    entry = &reading->entry[reading->n_entries++];
    reading->slot[at] = (uint16_t)reading->n_entries;
    return entry;
}

/* Does anybody see the record? 0 with the entry, or NULL when the turn takes no more audiences | <0 */
static int
look(struct bb_communication *c, const struct bb_record *record, struct entry **ret_entry)
{
    bool is_new;
    struct entry *entry = find_entry(c, record, &is_new);
    int r;

    *ret_entry = entry;
    if (!entry || (!is_new && record->sequence < entry->until))
        return 0;
    bb_audience_init(&entry->audience, &c->access, record);
    r = bb_fanout_audience(c->feed->fanout, &entry->audience, record->sequence, &entry->index, &entry->until);
    entry->seen = r == 1;
    return r < 0 ? r : 0;
}

/* Withdrawn, or its last day is over. */
static bool
is_over(const struct bb_communication *c, const struct bb_record *record)
{
    return record->flags & BB_RECORD_WITHDRAWN || (record->expires_day && record->expires_day < c->today);
}

/* Reading */

/* One record that is not over. 1: the turn takes no more; ret_to: up to here it was looked at. */
static int
read_one(struct bb_communication *c, const struct bb_record *record, uint64_t *ret_to)
{
    struct bb_reading *reading = c->feed->reading;
    struct entry *entry;
    int r = look(c, record, &entry);

    if (r < 0)
        return r;
    if (!entry) {
        *ret_to = record->sequence - 1;
        return 1;
    }
    if (!entry->seen)
        return 0;
    reading->record[reading->n_records] = *record;
    *ret_to = record->sequence;
    return bb_fanout_add(c->feed->fanout, &(struct bb_fanout_item){
                                              .sequence = record->sequence,
                                              .bytes = (uint32_t)bb_view_shared_bytes(record),
                                              .audience = entry->index,
                                              .tag = reading->n_records++,
                                              .notable = record->kind != BB__MESSAGE_KIND__UPDATE,
                                          });
}

/* The records of a turn. */
static int
read_records(struct bb_communication *c, MDB_cursor *walk, const struct bb_fanout_turn *turn,
             uint64_t *ret_to, uint64_t *bytes)
{
    struct bb_bytes key, payload;
    struct bb_record record;
    uint8_t from[8];
    int r;

    bb_put_u64(from, turn->after + 1);
    r = bb_cursor_seek(walk, bb_bytes(from, sizeof from), &key, &payload);
    for (unsigned n = 0; r == 0; n++) {
        r = bb_record_unpack(key, payload, &record);
        if (r != 0 || record.sequence > turn->limit)
            break;
        *bytes += COST;
        r = is_over(c, &record) ? 0 : read_one(c, &record, ret_to);
        if (r != 0)
            return r < 0 ? r : 0;
        if (n == SCAN) {
            *ret_to = record.sequence;
            return 0;
        }
        r = bb_cursor_move(walk, MDB_NEXT, &key, &payload);
    }
    if (r < 0)
        return r;
    *ret_to = turn->limit;
    return 0;
}

/* Composing */

static size_t
varint_bytes(uint64_t value)
{
    size_t n = 1;

    while (value >>= 7)
        n++;
    return n;
}

static void
put_varint(struct bb_buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        bb_buffer_byte(out, (uint8_t)(value | 0x80));
    bb_buffer_byte(out, (uint8_t)value);
}

static void
send_body(struct bb_communication *c, const struct bb_fanout_action *action)
{
    struct bb_feed *feed = c->feed;

    if (action->redelivered) {
        bb_buffer_byte(&feed->body, TAG_REDELIVERED);
        put_varint(&feed->body, action->redelivered);
    }
    c->outlet.fanout(c->outlet.self, BB_KIND_DELIVER, bb_buffer_bytes(&feed->body), action->session,
                     action->n_sessions);
    bb_buffer_reset(&feed->body);
}

static int
deliver(struct bb_communication *c, const struct bb_fanout_action *action, uint64_t *bytes)
{
    struct bb_feed *feed = c->feed;

    bb_buffer_reset(&feed->body);
    for (uint32_t i = 0; i < action->n_parts; i++) {
        const struct bb_record *record = &feed->reading->record[action->part[i].tag];
        struct bb_view view = bb_select_unpack(action->part[i].view);
        size_t len = bb_view_shared_bytes(record) + bb_view_own_bytes(&c->access, record, view);
        if (feed->body.len > 0 && feed->body.len + len + varint_bytes(len) > BODY)
            send_body(c, action);
        bb_buffer_byte(&feed->body, TAG_MESSAGE);
        put_varint(&feed->body, len);
        bb_view_write(&c->access, record, view, &feed->body);
        *bytes += len;
    }
    if (feed->body.error)
        return feed->body.error;
    send_body(c, action);
    return 0;
}

static int
tell_gap(struct bb_communication *c, const struct bb_fanout_action *action)
{
    struct bb_feed *feed = c->feed;
    Bb__Gap gap = BB__GAP__INIT;
    uint8_t *body;

    gap.from = action->gap_from;
    gap.to = action->gap_to;
    bb_buffer_reset(&feed->body);
    body = bb_buffer_extend(&feed->body, bb__gap__get_packed_size(&gap));
    if (!body)
        return feed->body.error;
    bb_feed_send(c, BB_KIND_GAP, bb__gap__pack(&gap, body), action->session);
    return 0;
}

static int
act(struct bb_communication *c, uint64_t *bytes)
{
    struct bb_fanout_action action;
    int r = 0;

    while (bb_fanout_action(c->feed->fanout, &action))
        if (r == 0)
            r = action.n_parts > 0 ? deliver(c, &action, bytes) : tell_gap(c, &action);
    return r;
}

int
bb_feed_turn(struct bb_communication *c, enum bb_fanout_lane lane, uint64_t *bytes)
{
    struct bb_feed *feed = c->feed;
    struct bb_fanout_turn turn;
    MDB_cursor *walk;
    uint64_t to = 0;
    int r = bb_fanout_begin(feed->fanout, lane, &bb_select_ops, &feed->select, &turn);

    if (r != 1)
        return r;
    feed->reading->n_records = feed->reading->n_entries = 0;
    memset(feed->reading->slot, 0, sizeof feed->reading->slot);
    r = bb_msglog_cursor(c->log, BB_LOG_MESSAGE, &walk);
    if (r != 0)
        return r;
    r = read_records(c, walk, &turn, &to, bytes);
    if (r == 0) {
        bb_fanout_end(feed->fanout, to);
        r = act(c, bytes);
    }
    mdb_cursor_close(walk);
    return r == 0 ? 1 : r;
}
