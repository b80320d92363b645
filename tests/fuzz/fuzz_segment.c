/* A file of the append-only log that journals stand on. The input is groups of records, each
 *
 *     how (1 byte) | records (1) | for each: length (1), so much content
 *
 * where `how` says what is wrong with the last record of the group; or nothing. The bytes behind them stand
 * as they are. An active file is opened with all that is whole, and what was cut off is cleared away; damage
 * in front of a later group is refused. Then it takes a group more, is opened again, and sealed. */
#include "file.h"

#include "runtime/log.h"
#include "runtime/store/segment_core.h"

#include <errno.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BYTES 2048u
#define SALT  0x1122334455667788u

static struct bb_segment shape = {.salt = SALT}; /* for the checksums of records */

static void
put_header(uint8_t *file)
{
    memcpy(file, BB_SEGMENT_MAGIC, 8);
    bb_put_u64(file + 8, 1);
    bb_put_u64(file + 16, SALT);
    bb_put_u64(file + 24, XXH3_64bits(file, 24));
}

enum { SUM = 1, SEQUENCE = 2, INDEX = 4, COUNT = 8, SKIP = 16 };

struct making {
    uint8_t *file;
    size_t at;
    uint64_t sequence;
    struct bb_bytes in;
};

static bool
put_record(struct making *m, uint8_t how, uint32_t index, uint32_t count)
{
    uint8_t *record = m->file + m->at;
    size_t len, whole;

    if (m->in.len < 1 || m->in.data[0] > m->in.len - 1)
        return false;
    len = m->in.data[0];
    whole = bb_record_bytes(len);
    if (whole > BYTES - m->at)
        return false;
    bb_record_begin(record, len);
    memcpy(record + BB_RECORD_HEADER, m->in.data + 1, len);
    bb_record_finish(&shape, record, m->sequence++ + (how & SEQUENCE ? 1 : 0), index + (how & INDEX ? 1 : 0),
                     count + (how & COUNT ? 1 : 0));
    if (how & SUM)
        record[0] ^= 1;
    m->at += whole + (how & SKIP ? 8 : 0);
    m->in = bb_bytes(m->in.data + 1 + len, m->in.len - 1 - len);
    return m->at <= BYTES - BB_RECORD_HEADER;
}

/* Returns the last sequence of the groups that are whole, one behind the other. */
static uint64_t
make(uint8_t *file, struct bb_bytes in)
{
    struct making m = {file, BB_SEGMENT_HEADER, 1, in};
    uint64_t last = 0;
    bool whole = true;

    put_header(file);
    while (m.in.len >= 2) {
        uint8_t how = m.in.data[0] & 31;
        uint32_t count = 1 + m.in.data[1] % 4, i = 0;

        m.in = bb_bytes(m.in.data + 2, m.in.len - 2);
        while (i < count && put_record(&m, i + 1 == count ? how : 0, i, count))
            i++;
        whole = whole && i == count && (how & ~SKIP) == 0;
        last = whole ? m.sequence - 1 : last;
        whole = whole && how == 0;
        if (i < count)
            break;
    }
    if (m.in.len && m.at < BYTES)
        memcpy(file + m.at, m.in.data, m.in.len < BYTES - m.at ? m.in.len : BYTES - m.at);
    return last;
}

static void
read_all(const struct bb_segment *segment)
{
    struct bb_segment_place place = {0};
    struct bb_bytes payload;

    for (uint64_t i = 1; i <= bb_segment_last(segment); i++)
        require(bb_segment_read(segment, i, &place, &payload) == 0);
}

static void
append(struct bb_segment *segment)
{
    uint8_t record[64] = {0};

    bb_record_begin(record, 5);
    memcpy(record + BB_RECORD_HEADER, "hello", 5);
    require(!bb_segment_fits(segment, bb_record_bytes(5)) ||
            bb_segment_append(segment, record, bb_record_bytes(5), 1, false) == 0);
}

static void
use(int folder, struct bb_segment *segment)
{
    char error[300];
    uint64_t last;

    read_all(segment);
    append(segment);
    read_all(segment);
    last = bb_segment_last(segment);
    bb_segment_close(&segment);
    require(bb_segment_open(folder, file_folder, 1, true, BYTES, &segment, error, sizeof error) == 0);
    require(bb_segment_last(segment) == last);
    read_all(segment);
    bb_segment_close(&segment);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1, folder;
    static uint8_t file[BYTES];
    struct bb_segment *segment = NULL;
    char error[300] = "";
    uint64_t last;
    int r;

    if (fd < 0) {
        fd = file_new("00000000000000000001.log");
        folder = open(file_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        require(folder >= 0);
    }
    memset(file, 0, sizeof file);
    last = make(file, bb_bytes(data, size));
    file_fill(fd, bb_bytes(file, sizeof file));
    r = bb_segment_open(folder, file_folder, 1, true, BYTES, &segment, error, sizeof error);
    require(r == 0 || (r == -EBADMSG && *error));
    if (r == 0) {
        require(bb_segment_last(segment) >= last);
        use(folder, segment);
    }
    return 0;
}
