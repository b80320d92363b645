/* Randomness is fetched for many ids at once: a system call each would cost as much as all the rest of a
 * request. What a process and its child have in common after fork() must not become two equal ids, so a pool
 * that was filled before a fork is thrown away. */
#include "uuid.h"

#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>

#define POOL_IDS 32u

struct pool {
    uint8_t bytes[POOL_IDS * BB_UUID_BYTES];
    size_t left;    /* bytes from the end that are unused */
    unsigned forks; /* when it was filled */
};

static _Thread_local struct pool pool;
static atomic_uint forks; /* that this process comes from, counted since the first id */
static bool counts_forks;

static void
count_fork(void)
{
    atomic_fetch_add(&forks, 1);
}

static void
watch_forks(void)
{
    counts_forks = pthread_atfork(NULL, NULL, count_fork) == 0;
}

static void
random_id(uint8_t out[static BB_UUID_BYTES])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint8_t *at;

    pthread_once(&once, watch_forks);
    if (!counts_forks) {
        randombytes_buf(out, BB_UUID_BYTES);
        return;
    }
    if (pool.left == 0 || pool.forks != atomic_load(&forks)) {
        pool.forks = atomic_load(&forks);
        randombytes_buf(pool.bytes, sizeof pool.bytes);
        pool.left = sizeof pool.bytes;
    }
    pool.left -= BB_UUID_BYTES;
    at = pool.bytes + pool.left;
    memcpy(out, at, BB_UUID_BYTES);
    memset(at, 0, BB_UUID_BYTES);
}

/* RFC 9562, 5.7 and 5.8: 48 bits of milliseconds, 4 of version, 12 of content, 2 of variant, 62 of content;
 * version 8 leaves to its maker what stands where. */
static void
shape(uint8_t id[static BB_UUID_BYTES], unsigned version, uint64_t ms)
{
    uint8_t time[8];

    bb_put_u64(time, ms);
    memcpy(id, time + 2, 6);
    id[6] = (uint8_t)(version << 4 | (id[6] & 0x0F));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3F));
}

void
bb_uuid_shape(uint8_t id[static BB_UUID_BYTES], uint64_t ms)
{
    shape(id, 8, ms);
}

bool
bb_uuid_is_shaped(const uint8_t id[static BB_UUID_BYTES])
{
    return id[6] >> 4 == 8 && id[8] >> 6 == 2;
}

void
bb_uuid_new(uint8_t out[static BB_UUID_BYTES])
{
    random_id(out);
    shape(out, 7, (uint64_t)(bb_clock_utc() / 1000));
}

/* The positions of the hyphens in the text. */
static bool
is_hyphen(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

void
bb_uuid_format(const uint8_t uuid[static BB_UUID_BYTES], char out[static BB_UUID_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    size_t nibble = 0;

    for (size_t at = 0; at < BB_UUID_TEXT - 1; at++) {
        if (is_hyphen(at)) {
            out[at] = '-';
            continue;
        }
        out[at] = hex[nibble % 2 ? uuid[nibble / 2] & 0x0F : uuid[nibble / 2] >> 4];
        nibble++;
    }
    out[BB_UUID_TEXT - 1] = '\0';
}

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
bb_uuid_parse(struct bb_bytes text, uint8_t ret_uuid[static BB_UUID_BYTES])
{
    uint8_t uuid[BB_UUID_BYTES] = {0};
    size_t nibble = 0;

    if (text.len != BB_UUID_TEXT - 1)
        return -EINVAL;
    for (size_t at = 0; at < text.len; at++) {
        int digit = is_hyphen(at) ? 0 : hex_digit(text.data[at]);

        if (digit < 0 || (is_hyphen(at) && text.data[at] != '-'))
            return -EINVAL;
        if (is_hyphen(at))
            continue;
        uuid[nibble / 2] = (uint8_t)(uuid[nibble / 2] << 4 | digit);
        nibble++;
    }
    memcpy(ret_uuid, uuid, sizeof uuid);
    return 0;
}
