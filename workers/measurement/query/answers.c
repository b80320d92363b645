/* A table of sets of slots; a key falls into a set. Where all of its slots are taken, a new answer takes the
 * place of one that was not asked for since somebody looked for room there. When all together become too many
 * bytes, a hand goes round and takes what was not asked for since it came by last. An answer that somebody
 * still reads is freed by whoever gives it back last. */
#include "answers.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define SLOTS 1024u
#define SET   4u

/* The answer, its parts, their bytes and the key, in one piece. */
struct kept {
    struct bb_answer answer;
    struct bb_bytes key;
    size_t bytes;
    uint32_t readers;
    bool asked; /* since the hand came by */
    bool there; /* in a slot */
};

struct bb_answers {
    pthread_mutex_t lock;
    struct kept *slot[SLOTS];
    size_t bytes;
    uint32_t hand;
};

int
bb_answers_new(struct bb_answers **ret_answers)
{
    struct bb_answers *answers = calloc(1, sizeof *answers);

    if (!answers)
        return -ENOMEM;
    pthread_mutex_init(&answers->lock, NULL);
    *ret_answers = answers;
    return 0;
}

/* Under the lock */

static void
take_out(struct bb_answers *answers, uint32_t slot)
{
    struct kept *kept = answers->slot[slot];

    if (!kept)
        return;
    answers->slot[slot] = NULL;
    answers->bytes -= kept->bytes;
    kept->there = false;
    if (kept->readers == 0)
        free(kept);
}

static void
make_room(struct bb_answers *answers)
{
    while (answers->bytes > BB_ANSWERS_BYTES) {
        struct kept *kept = answers->slot[answers->hand];
        if (kept && !kept->asked)
            take_out(answers, answers->hand);
        else if (kept)
            kept->asked = false;
        answers->hand = (answers->hand + 1) % SLOTS;
    }
}

/* The first slot of the key's set. */
static uint32_t
set_of(struct bb_bytes key)
{
    return (uint32_t)(XXH3_64bits(key.data, key.len) % (SLOTS / SET)) * SET;
}

/* The slot of the key; SLOTS: it is in none. */
static uint32_t
find_slot(const struct bb_answers *answers, struct bb_bytes key)
{
    uint32_t set = set_of(key);

    for (uint32_t i = set; i < set + SET; i++)
        if (answers->slot[i] && bb_bytes_equal(answers->slot[i]->key, key))
            return i;
    return SLOTS;
}

/* A slot for a new answer, which may be taken. */
static uint32_t
choose_slot(struct bb_answers *answers, struct bb_bytes key)
{
    uint32_t set = set_of(key);

    for (uint32_t i = set; i < set + SET; i++)
        if (!answers->slot[i])
            return i;
    for (uint32_t i = set; i < set + SET; i++) {
        if (!answers->slot[i]->asked)
            return i;
        answers->slot[i]->asked = false;
    }
    return set;
}

void
bb_answers_destroy(struct bb_answers **answers_pointer)
{
    struct bb_answers *answers = *answers_pointer;

    if (!answers)
        return;
    for (uint32_t i = 0; i < SLOTS; i++)
        take_out(answers, i);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
    *answers_pointer = NULL;
}

const struct bb_answer *
bb_answers_find(struct bb_answers *answers, struct bb_bytes key)
{
    struct kept *kept;
    uint32_t slot;

    pthread_mutex_lock(&answers->lock);
    slot = find_slot(answers, key);
    kept = slot < SLOTS ? answers->slot[slot] : NULL;
    if (kept) {
        kept->asked = true;
        kept->readers++;
    }
    pthread_mutex_unlock(&answers->lock);
    return kept ? &kept->answer : NULL;
}

void
bb_answers_give_back(struct bb_answers *answers, const struct bb_answer **answer)
{
    struct kept *kept = (struct kept *)(uintptr_t)*answer;
    bool last;

    if (!kept)
        return;
    pthread_mutex_lock(&answers->lock);
    last = --kept->readers == 0 && !kept->there;
    pthread_mutex_unlock(&answers->lock);
    if (last)
        free(kept);
    *answer = NULL;
}

/* Room for it at *to, which moves on; a first look with *to NULL only counts. */
static void *
place(uint8_t **to, size_t *bytes, const void *data, size_t len)
{
    uint8_t *at = *to;

    *bytes += len;
    if (!at)
        return NULL;
    if (len)
        memcpy(at, data, len);
    *to += len;
    return at;
}

static void
place_bytes(uint8_t **to, size_t *bytes, struct bb_bytes *moved)
{
    moved->data = place(to, bytes, moved->data, moved->len);
}

/* Everything that the answer points to, those with the widest members first. Returns the bytes. */
static size_t
place_all(struct kept *kept, uint8_t *to)
{
    struct bb_answer *answer = &kept->answer;
    struct bb_gift *gift = &answer->gift;
    struct bb_bytes *part, *others;
    size_t bytes = 0;

    part = place(&to, &bytes, answer->part, answer->n_parts * sizeof *part);
    others = place(&to, &bytes, gift->others, gift->n_others * sizeof *others);
    gift->id = place(&to, &bytes, gift->id, gift->n_ids * sizeof *gift->id);
    for (uint32_t i = 0; i < answer->n_parts; i++)
        place_bytes(&to, &bytes, to ? &part[i] : &(struct bb_bytes){NULL, answer->part[i].len});
    for (size_t i = 0; i < gift->n_others; i++)
        place_bytes(&to, &bytes, to ? &others[i] : &(struct bb_bytes){NULL, gift->others[i].len});
    place_bytes(&to, &bytes, &gift->organization);
    place_bytes(&to, &bytes, &gift->indicator);
    place_bytes(&to, &bytes, &kept->key);
    answer->part = part;
    gift->others = others;
    return bytes;
}

static struct kept *
copy(struct bb_bytes key, const struct bb_answer *answer)
{
    const struct kept form = {.answer = *answer, .key = key, .there = true};
    struct kept counted = form, *kept;
    size_t bytes = sizeof *kept + place_all(&counted, NULL);

    if (bytes > BB_ANSWER_BYTES || !(kept = malloc(bytes)))
        return NULL;
    *kept = form;
    kept->bytes = bytes;
    place_all(kept, (uint8_t *)(kept + 1));
    return kept;
}

void
bb_answers_keep(struct bb_answers *answers, struct bb_bytes key, const struct bb_answer *answer)
{
    struct kept *kept = copy(key, answer);
    uint32_t slot;

    if (!kept)
        return;
    pthread_mutex_lock(&answers->lock);
    slot = find_slot(answers, key);
    if (slot < SLOTS && answers->slot[slot]->answer.sequence > answer->sequence) {
        free(kept);
    } else {
        slot = slot < SLOTS ? slot : choose_slot(answers, key);
        take_out(answers, slot);
        answers->slot[slot] = kept;
        answers->bytes += kept->bytes;
        make_room(answers);
    }
    pthread_mutex_unlock(&answers->lock);
}
