/* The log: one LMDB environment with the messages, and with all that is kept about them.
 *
 * A *round* is what the worker does between two looks at its socket. What is changed in a round stands in the
 * store's write transaction, and what is read is read there. bb_msglog_commit() ends the round: what it
 * changed is on disk then, in the file `redo` (redo.h), and only then may anybody be told of it. The
 * transaction goes on over many rounds, and is committed when that file is full, and at the end. Bytes that a
 * get, a record or a cursor lends are valid until the next change, or the end of the round.
 *
 * The databases (numbers are big-endian, so that keys are in order):
 *
 *     meta          name                        -> 8 bytes: head, followed ...
 *     message       sequence                    -> record: head of it, channels, the packed Message
 *     id            id (16)                     -> sequence | content hash (32) | recipients (4)
 *     channel       channel number | sequence   -> nothing: which messages a channel has
 *     channel_name  channel number              -> channels.h
 *     organization  code                        -> directory.h
 *     group         code                        -> group.h
 *     member        code | 0 | organization | 0 | ordinal -> group.h
 *     due           day (4) | sequence          -> nothing: messages that are to be acknowledged by that day
 *     receipt       sequence | organization     -> receipt.h
 *     delivery      organization | 0 | cursor | 0 | acknowledged up to -> receipt.h
 *     cursor        organization | 0 | cursor   -> the cursors' own
 *     reminder      id (16)                     -> sequence: reminders that were given (reminder.h)
 *
 * A record is packed once, when the message is appended, and then served as bytes: the Message in it lacks
 * only the fields `channel`, `audience` and `superseded_by`, which view.h writes behind it. */
#ifndef BB_LOG_OF_MESSAGES_H
#define BB_LOG_OF_MESSAGES_H

#include "proto/bytes.h"
#include "runtime/clock.h"
#include "runtime/store/store.h"

enum bb_log_database {
    BB_LOG_META,
    BB_LOG_MESSAGE,
    BB_LOG_ID,
    BB_LOG_CHANNEL,
    BB_LOG_CHANNEL_NAME,
    BB_LOG_ORGANIZATION,
    BB_LOG_GROUP,
    BB_LOG_MEMBER,
    BB_LOG_DUE,
    BB_LOG_RECEIPT,
    BB_LOG_DELIVERY,
    BB_LOG_CURSOR,
    BB_LOG_REMINDER,
    BB_LOG_DATABASES,
};

#define BB_MESSAGE_ID   16
#define BB_CONTENT_HASH 32

/* Flags of a record; on disk. */
enum {
    BB_RECORD_REQUESTED_ACK = 0x01,
    BB_RECORD_WITHDRAWN = 0x02,  /* no body any more; delivered no more */
    BB_RECORD_SUPERSEDED = 0x04, /* by a newer one */
};

/* A message in the log. Borrowed, see above. */
struct bb_record {
    uint64_t sequence;
    uint8_t kind; /* Bb__MessageKind */
    uint8_t flags;
    bb_utc time;
    uint32_t expires_day;   /* the last day on which it is delivered (calendar.h); 0: no end */
    uint32_t ack_day;       /* the last day for acknowledgements; 0: none */
    struct bb_bytes author; /* code of the organization; empty: the service itself */
    unsigned n_channels;
    const uint8_t *channels; /* bb_record_channel() */
    struct bb_bytes id;
    bb_utc changed;          /* withdrawn or superseded then; 0 */
    struct bb_bytes by;      /* id of the notice, or of the newer message; empty */
    struct bb_bytes message; /* packed Message */
};

/* Number of the n-th channel that the message is addressed to. */
static inline uint32_t
bb_record_channel(const struct bb_record *record, unsigned n)
{
    return bb_get_u32(record->channels + (size_t)n * 4);
}

struct bb_msglog;

/* Open, made if it is not there. 0 | -EBADMSG damaged | -errno; with a message. */
int bb_msglog_open(const char *dir, size_t map_bytes, struct bb_msglog **ret_log, char *error, size_t size);
void bb_msglog_close(struct bb_msglog **log);

/* Rounds */

/* The transaction of the round, to read in, or to write in. 0 | <0 */
int bb_msglog_read(struct bb_msglog *log, MDB_txn **ret_txn);
int bb_msglog_write(struct bb_msglog *log, MDB_txn **ret_txn);
/* Has this round changed anything? */
bool bb_msglog_writing(const struct bb_msglog *log);
/* End of the round. Nothing to do when it changed nothing. 0 it is on disk | -ENOSPC and BB_STORE_E_FULL
 * nothing of it was kept: what is in memory is to be loaded again | <0 what is on disk is not known: stop. */
int bb_msglog_commit(struct bb_msglog *log);
/* End of the round, as if it had not been. */
void bb_msglog_abort(struct bb_msglog *log);
/* Bring the store up to where the log is, so that nothing is left to be done again; between rounds. 0 |
 * -ENOSPC it stays as it was | <0 what is on disk is not known: stop */
int bb_msglog_settle(struct bb_msglog *log);
/* The same when nothing was written since it was called last: to be called once a second. */
int bb_msglog_idle(struct bb_msglog *log);

/* The map was full in the middle of a round, which is over: make it larger. 0 | <0 */
int bb_msglog_grow(struct bb_msglog *log);

/* Records of any database, in the round's transaction; as bb_store_get() and its neighbours. */
int bb_msglog_get(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes key,
                  struct bb_bytes *ret_payload);
int bb_msglog_put(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes key,
                  struct bb_bytes payload);
/* 0 also when there was none. */
int bb_msglog_delete(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes key);
/* The first record at or above a key; the last one at or below it. key: not empty. 0 | BB_STORE_E_NOT_FOUND |
 * <0 */
int bb_msglog_seek(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes from,
                   struct bb_bytes *ret_key, struct bb_bytes *ret_payload);
int bb_msglog_seek_back(struct bb_msglog *log, enum bb_log_database database, struct bb_bytes to,
                        struct bb_bytes *ret_key, struct bb_bytes *ret_payload);
/* For a walk. To be closed with mdb_cursor_close() before the round changes anything, or ends. */
int bb_msglog_cursor(struct bb_msglog *log, enum bb_log_database database, MDB_cursor **ret_cursor);

/* A number in `meta`; 0 when it was never set. */
int bb_msglog_number(struct bb_msglog *log, const char *name, uint64_t *ret_value);
int bb_msglog_set_number(struct bb_msglog *log, const char *name, uint64_t value);

/* Messages */

struct bb_append {
    uint8_t kind, flags;
    bb_utc time;
    uint32_t expires_day, ack_day;
    struct bb_bytes author;
    const uint32_t *channels;
    unsigned n_channels;
    const uint8_t *id;   /* BB_MESSAGE_ID bytes */
    const uint8_t *hash; /* BB_CONTENT_HASH bytes: what a repeat is compared with */
    uint32_t recipients;
    struct bb_bytes message; /* packed, with bb_msglog_head() + 1 as its sequence */
};

/* 0 | <0 */
int bb_msglog_append(struct bb_msglog *log, const struct bb_append *append, uint64_t *ret_sequence);

/* The last sequence, with what this round has appended; and without. */
uint64_t bb_msglog_head(const struct bb_msglog *log);
uint64_t bb_msglog_committed(const struct bb_msglog *log);
/* Messages that are kept, and bytes of the store in use, as of the last commit. */
int bb_msglog_usage(struct bb_msglog *log, uint64_t *ret_messages, uint64_t *ret_bytes);
int bb_msglog_room(struct bb_msglog *log, uint64_t *ret_bytes);

/* The message of this sequence; the first one at or above it. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_msglog_at(struct bb_msglog *log, uint64_t sequence, struct bb_record *ret_record);
int bb_msglog_from(struct bb_msglog *log, uint64_t sequence, struct bb_record *ret_record);
/* The last one at or below it. */
int bb_msglog_upto(struct bb_msglog *log, uint64_t sequence, struct bb_record *ret_record);
/* For a walk: a record as a cursor over BB_LOG_MESSAGE gave it. 0 | -EBADMSG */
int bb_record_unpack(struct bb_bytes key, struct bb_bytes payload, struct bb_record *ret_record);

/* The subject in a packed Message, without decoding the rest. Empty: there is none. */
struct bb_bytes bb_record_subject(const struct bb_record *record);
/* Is there an indicator in it that it speaks of, other than of a message that it withdraws? Its code. */
bool bb_record_tells_of(const struct bb_record *record, struct bb_bytes *ret_indicator);

/* What an id was given to. 0 | BB_STORE_E_NOT_FOUND | <0 */
struct bb_known {
    uint64_t sequence;
    uint8_t hash[BB_CONTENT_HASH];
    uint32_t recipients;
};
int bb_msglog_known(struct bb_msglog *log, struct bb_bytes id, struct bb_known *ret_known);

/* The next message of a channel: the first at or above `from`. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_msglog_in_channel(struct bb_msglog *log, uint32_t channel, uint64_t from, uint64_t *ret_sequence);
/* The one before: the last at or below `to`. */
int bb_msglog_in_channel_upto(struct bb_msglog *log, uint32_t channel, uint64_t to, uint64_t *ret_sequence);

/* Write the record anew with a flag, when, and by what; message: as it shall be from now on, perhaps the
 * record's own. `record` is not valid any more. 0 | <0 */
int bb_msglog_change(struct bb_msglog *log, const struct bb_record *record, uint8_t flag, bb_utc now,
                     const uint8_t by[static BB_MESSAGE_ID], struct bb_bytes message);

/* Remove a message, and what leads to it. `record` is not valid any more. 0 | <0 */
int bb_msglog_remove(struct bb_msglog *log, const struct bb_record *record);

#endif
