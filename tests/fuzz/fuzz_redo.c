/* The file of rounds of the communication worker. The input is records to be, each
 *
 *     how (1 byte) | length (1) | so much content
 *
 * where `how` says what is wrong with it: its checksum, its number, its generation, its length; or nothing.
 * Behind them the bytes stand as they are. What is replayed is what a sound record said, in order, up to the
 * first that is not; one that is sound behind it is damage. */
#include "file.h"

#include "workers/communication/redo.h"

#include <errno.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BYTES      1024u
#define GENERATION 5u

static struct {
    struct bb_bytes said[BYTES / 64];
    unsigned n, given; /* that must be given, in order; given so far */
} expected;

static int
take(void *self, struct bb_bytes said)
{
    (void)self;
    require(expected.given < expected.n && bb_bytes_equal(said, expected.said[expected.given]));
    expected.given++;
    return 0;
}

enum { SUM = 1, NUMBER = 2, OLDER = 4, LENGTH = 8, MAGIC = 16 };

/* A record at `at`; returns where it ends. */
static size_t
put_record(uint8_t *file, size_t at, uint8_t how, struct bb_bytes said, uint64_t number)
{
    uint8_t *record = file + at;

    bb_put_u32(record, how & MAGIC ? 0x42425200u : 0x42425244u);
    bb_put_u32(record + 4, (uint32_t)said.len + (how & LENGTH ? 0xFFFFFF00u : 0));
    bb_put_u64(record + 8, how & OLDER ? GENERATION - 1 : GENERATION);
    bb_put_u64(record + 16, how & NUMBER ? number + 1 : number);
    memcpy(record + BB_REDO_HEAD, said.data, said.len);
    bb_put_u64(record + 24,
               XXH3_64bits_withSeed(record + BB_REDO_HEAD, said.len, XXH3_64bits(record, BB_REDO_HEAD - 8)) ^
                   (how & SUM ? 1 : 0));
    return (at + BB_REDO_HEAD + said.len + 63) / 64 * 64;
}

static void
put_mark(uint8_t *file)
{
    bb_put_u32(file, 0x4242524Du);
    bb_put_u64(file + 8, GENERATION);
    bb_put_u64(file + 32, XXH3_64bits(file, 32));
}

/* True: a sound record of this generation stands behind what is not. */
static bool
make(uint8_t *file, struct bb_bytes in)
{
    size_t at = BB_REDO_FRONT;
    bool ended = false, damaged = false;
    uint64_t number = 0;

    put_mark(file);
    while (in.len >= 2 && in.data[1] <= in.len - 2 &&
           at + BB_REDO_HEAD + in.data[1] <= BB_REDO_FRONT + BYTES) {
        struct bb_bytes said = bb_bytes(in.data + 2, in.data[1]);
        uint8_t how = in.data[0] & 31;
        bool sound = (how & (SUM | OLDER | LENGTH | MAGIC)) == 0;

        if (how == 0 && !ended) {
            expected.said[expected.n++] = bb_bytes(file + at + BB_REDO_HEAD, said.len);
        } else {
            damaged |= ended && sound && number + (how & NUMBER ? 1 : 0) > expected.n;
            ended = true;
        }
        at = put_record(file, at, how, said, number++);
        in = bb_bytes(said.data + said.len, in.len - 2 - said.len);
    }
    size_t left = BB_REDO_FRONT + BYTES - at;
    if (in.len > 0)
        memcpy(file + at, in.data, in.len < left ? in.len : left);
    return damaged;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static uint8_t file[BB_REDO_FRONT + BYTES];
    struct bb_redo *redo = NULL;
    struct bb_redo_mark mark;
    char error[300] = "";
    bool damaged;
    int r;

    if (fd < 0)
        fd = file_new("redo");
    memset(file, 0, sizeof file);
    expected.n = expected.given = 0;
    damaged = make(file, bb_bytes(data, size));
    file_fill(fd, bb_bytes(file, sizeof file));
    require(bb_redo_look(file_folder, BYTES, &mark, error, sizeof error) == 0 &&
            mark.generation == GENERATION);
    require(bb_redo_open(file_folder, BYTES, true, &redo, error, sizeof error) == 0);
    r = bb_redo_replay(redo, GENERATION, take, NULL);
    require(r == (damaged ? -EBADMSG : 0) && expected.given == expected.n);
    if (r == 0)
        require(bb_redo_secure(redo) == 0);
    bb_redo_close(&redo);
    return 0;
}
