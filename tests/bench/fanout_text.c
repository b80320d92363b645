/* Words are syllables put together once, from a fixed seed: the frequent ones short, the rare ones long. The
 * rank of the next word is log-uniform (Zipf's law with exponent 1), as in a natural language. */
#include "fanout_text.h"

#include <math.h>
#include <string.h>

#define DIGITS     10u
#define WORDS      8192u
#define WORD_BYTES 16u
#define RANKS      65536u

static struct {
    char text[WORD_BYTES];
    uint8_t len;
} words[WORDS];
static uint16_t rank_of[RANKS];

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t
next(uint64_t *state)
{
    uint64_t x = (*state += 0x9E3779B97F4A7C15u);

    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static void
make_word(unsigned rank, uint64_t *random)
{
    static const char onset[][3] = {"t", "s",  "th", "w", "r", "m", "b", "p",
                                    "f", "st", "d",  "l", "c", "h", "n", ""};
    static const char nucleus[][3] = {"e", "a", "o", "i", "u", "ea", "ou", "io"};
    static const char coda[][3] = {"",  "",   "",   "n", "r",  "s", "t", "d",
                                   "l", "ng", "nt", "m", "ck", "",  "",  "y"};
    unsigned syllables = rank < 100 ? 1 : rank < 2000 ? 2 : 3;
    char *to = words[rank].text;

    for (unsigned i = 0; i < syllables; i++) {
        uint64_t r = next(random);
        to = stpcpy(to, onset[r % 16]);
        to = stpcpy(to, nucleus[(r >> 8) % 8]);
        to = stpcpy(to, i + 1 == syllables ? coda[(r >> 16) % 16] : "");
    }
    words[rank].len = (uint8_t)(to - words[rank].text);
}

void
fanout_text_init(void)
{
    uint64_t random = 1;

    for (unsigned i = 0; i < WORDS; i++)
        make_word(i, &random);
    for (unsigned i = 0; i < RANKS; i++)
        rank_of[i] = (uint16_t)(pow(WORDS, (i + 0.5) / RANKS) - 1);
}

void
fanout_text(uint64_t number, char ret_text[static FANOUT_TEXT_BYTES])
{
    char line[FANOUT_TEXT_BYTES + WORD_BYTES];
    uint64_t random = number;
    size_t at = DIGITS;

    for (unsigned i = DIGITS; i; i--, number /= 10)
        line[i - 1] = (char)('0' + number % 10);
    while (at < FANOUT_TEXT_BYTES) {
        uint64_t r = next(&random);
        unsigned rank = rank_of[r % RANKS];
        line[at++] = ' ';
        memcpy(line + at, words[rank].text, WORD_BYTES);
        at += words[rank].len;
        if ((r >> 32) % 12 == 0 && at < FANOUT_TEXT_BYTES)
            line[at++] = (r >> 40) % 3 ? ',' : '.';
    }
    memcpy(ret_text, line, FANOUT_TEXT_BYTES);
}

uint64_t
fanout_text_number(const uint8_t *text, size_t len)
{
    uint64_t number = 0;

    if (len != FANOUT_TEXT_BYTES)
        return UINT64_MAX;
    for (unsigned i = 0; i < DIGITS; i++) {
        if (text[i] < '0' || text[i] > '9')
            return UINT64_MAX;
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    return number;
}
