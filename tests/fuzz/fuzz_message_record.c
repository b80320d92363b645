/* Records of the log of messages: a key of eight bytes and what is behind them. Whatever they are, all parts
 * of a record lie within it, as does the subject of its message; and what is written again is the same
 * record. */
#include "fuzz.h"

#include "workers/communication/log_core.h"
#include "workers/communication/view.h"

#include <errno.h>

static bool
within(struct bb_bytes part, struct bb_bytes whole)
{
    return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void
check(const struct bb_record *record, struct bb_bytes payload)
{
    struct bb_bytes subject = bb_record_subject(record), by = bb_view_superseded_by(record);
    uint8_t *again = malloc(bb_record_room(record));

    require(again);
    require(within(record->id, payload) && within(record->author, payload) && within(record->by, payload));
    require(within(record->message, payload) && within(subject, record->message) && within(by, payload));
    for (unsigned i = 0; i < record->n_channels; i++)
        (void)bb_record_channel(record, i);
    size_t n = bb_record_pack(record, again);
    require(n == payload.len && memcmp(again, payload.data, n) == 0);
    free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t key = size < 8 ? size : 8;
    struct bb_bytes payload = bb_bytes(data + key, size - key);
    struct bb_record record;
    int r = bb_record_unpack(bb_bytes(data, key), payload, &record);

    require(r == 0 || r == -EBADMSG);
    if (r == 0)
        check(&record, payload);
    return 0;
}
