/* Input of a target that is a message of one of several types:
 *
 *     which of them (2 bytes) | how (1 byte) | the rest
 *
 * The rest is the message as it is, or choices of which one is made (support/any_message.h): by chance alone
 * a fuzzer seldom finds one in which every text and every length is right. How: 0 as it is, 1 made, 2 made
 * with faults.
 *
 * Which: each of the 65536 numbers stands for the type whose name gives the highest hash with it, so when a
 * type is added, few inputs change what they are. */
#ifndef BB_TESTS_FUZZ_TYPED_H
#define BB_TESTS_FUZZ_TYPED_H

#include "fuzz.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "tests/support/any_message.h"

#define TYPED_NUMBERS 4096u
#define TYPED_TYPES   1000u

struct typed {
    const ProtobufCMessageDescriptor *const *type;
    uint16_t n;
    uint16_t of[TYPED_NUMBERS]; /* number -> index of its type */
};

static inline uint32_t
typed_hash(const char *name, uint32_t hash)
{
    hash ^= 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    hash ^= hash >> 15;
    return hash * 0x2C1B3C6Du ^ hash >> 12;
}

static inline void
typed_init(struct typed *typed, const ProtobufCMessageDescriptor *const *type, size_t n)
{
    if (typed->n)
        return;
    require(n > 0 && n <= TYPED_TYPES);
    typed->type = type;
    typed->n = (uint16_t)n;
    for (uint32_t number = 0; number < TYPED_NUMBERS; number++) {
        uint32_t best = 0;
        for (uint16_t i = 0; i < n; i++) {
            uint32_t hash = typed_hash(type[i]->name, number * 0x9E3779B1u);
            if (i == 0 || hash > best)
                typed->of[number] = i;
            best = hash > best ? hash : best;
        }
    }
}

/* The number of one that stands for the type. */
static inline uint16_t
typed_number(const struct typed *typed, uint16_t which)
{
    uint16_t number = 0;

    while (typed->of[number] != which)
        require(++number < TYPED_NUMBERS);
    return number;
}

struct typed_input {
    uint16_t which;
    const ProtobufCMessageDescriptor *type;
    struct bb_bytes packed;
    bool sound; /* it is, by how it was made */
    struct bb_buffer made;
};

/* Of this type: how, and the rest. False: too short. The input is to be released. */
static inline bool
typed_make(const ProtobufCMessageDescriptor *type, struct bb_bytes in, struct typed_input *input)
{
    struct any any = {.state = 0};

    if (in.len < 1)
        return false;
    *input = (struct typed_input){.type = type};
    bb_buffer_init(&input->made, 64u << 10);
    any.left = bb_bytes(in.data + 1, in.len - 1);
    input->packed = any.left;
    if (in.data[0] % 3 == 0)
        return true;
    any.faults = in.data[0] % 3 == 2 ? 30 : 0;
    any_message(&any, type, &input->made);
    input->packed = bb_buffer_bytes(&input->made);
    input->sound = any.made == 0 && input->made.error == 0;
    return true;
}

static inline bool
typed_take(const struct typed *typed, struct bb_bytes in, struct typed_input *input)
{
    uint16_t which;

    if (in.len < 3)
        return false;
    which = typed->of[((unsigned)in.data[0] << 8 | in.data[1]) % TYPED_NUMBERS];
    if (!typed_make(typed->type[which], bb_bytes(in.data + 2, in.len - 2), input))
        return false;
    input->which = which;
    return true;
}

static inline void
typed_release(struct typed_input *input)
{
    bb_buffer_release(&input->made);
}

/* What has been seen, for libFuzzer, which otherwise sees one piece of code whatever the type. */
#if defined(BB_FUZZ) && defined(__linux__)
#define TYPED_SEEN __attribute__((section("__libfuzzer_extra_counters")))
#else
#define TYPED_SEEN
#endif

#endif
