#include "rule_set.h"

#include "proto/arena.h"
#include "proto/message.h"

#include <errno.h>
#include <stdlib.h>

size_t
bb_rule_key(const char *code, uint64_t sequence, uint8_t out[static BB_RULE_KEY])
{
    size_t len = strnlen(code, BB_LIMIT_CODE_BYTES);

    memcpy(out, code, len);
    out[len] = 0;
    bb_put_u64(out + len + 1, sequence);
    return len + 1 + 8;
}

int
bb_rule_key_unpack(struct bb_bytes key, struct bb_bytes *ret_code, uint64_t *ret_sequence)
{
    if (key.len < 2 + 8 || key.len > BB_RULE_KEY || key.data[key.len - 8 - 1] != 0)
        return -EBADMSG;
    *ret_code = bb_bytes(key.data, key.len - 8);
    *ret_sequence = bb_get_u64(key.data + key.len - 8);
    return 0;
}

static void
release_item(struct bb_ruled *item)
{
    bb_rule_release(&item->rule);
    free(item->packed);
    free(item->operand);
}

void
bb_rule_set_release(struct bb_rule_set *set)
{
    for (uint32_t i = 0; i < set->n; i++)
        release_item(&set->item[i]);
    free(set->item);
    free(set->use);
    free(set->used);
    *set = (struct bb_rule_set){0};
}

struct bb_ruled *
bb_rule_set_get(const struct bb_rule_set *set, struct bb_bytes code)
{
    for (uint32_t i = 0; i < set->n; i++)
        if (bb_bytes_equal(bb_bytes_str(set->item[i].rule.code), code))
            return &set->item[i];
    return NULL;
}

/* Putting */

static int
find_operand(const struct bb_expression_input *input, bb_rule_find *find, void *context,
             struct bb_rule_operand *operand)
{
    int r = find(context, BB_OBJECT_INDICATOR, input->indicator, &operand->indicator);

    operand->text = input->disaggregation;
    operand->disaggregation = 0;
    if (r != 0 || operand->text.len == 0)
        return r > 0 ? -EBADMSG : r;
    r = find(context, BB_OBJECT_DISAGGREGATION, operand->text, &operand->disaggregation);
    if (r == BB_STORE_E_NOT_FOUND) {
        operand->disaggregation = BB_RULE_NO_ID;
        r = 0;
    }
    return r;
}

static int
find_operands(struct bb_ruled *item, bb_rule_find *find, void *context)
{
    size_t n = item->rule.state == BB_RULE_ACTIVE ? bb_rule_inputs(&item->rule) : 0;
    int r = 0;

    item->operand = calloc(n + 1, sizeof *item->operand);
    if (!item->operand)
        return -ENOMEM;
    item->n_operands = (uint32_t)n;
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct bb_expression_input input = bb_rule_input(&item->rule, i);
        r = find_operand(&input, find, context, &item->operand[i]);
    }
    return r;
}

static int
read_item(struct bb_bytes packed, struct bb_ruled *item)
{
    struct bb_arena arena;
    const char *column;
    struct bb_note note;
    Bb__Rule *message;
    int r;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    r = bb_unpack(bb__rule, packed, &arena, &message);
    if (r == 0)
        r = bb_rule_read(message, &item->rule, &note, &column);
    bb_arena_release(&arena);
    if (r != 0)
        return r < 0 ? r : -EBADMSG;
    item->packed = malloc(packed.len + 1);
    if (!item->packed)
        return -ENOMEM;
    memcpy(item->packed, packed.data, packed.len);
    item->packed_len = packed.len;
    return 0;
}

static int
place_item(struct bb_rule_set *set, const struct bb_ruled *item)
{
    struct bb_ruled *there = bb_rule_set_get(set, bb_bytes_str(item->rule.code));

    if (there) {
        release_item(there);
        *there = *item;
        return 0;
    }
    if (set->n == set->size) {
        uint32_t size = set->size ? set->size * 2 : 16;
        struct bb_ruled *grown = realloc(set->item, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        set->item = grown;
        set->size = size;
    }
    set->item[set->n++] = *item;
    return 0;
}

int
bb_rule_set_put(struct bb_rule_set *set, struct bb_bytes packed, bb_rule_find *find, void *context)
{
    struct bb_ruled item = {.packed = NULL};
    int r = read_item(packed, &item);

    if (r == 0)
        r = find_operands(&item, find, context);
    if (r == 0)
        r = place_item(set, &item);
    if (r != 0)
        release_item(&item);
    return r;
}

/* The index */

static int
by_indicator(const void *a, const void *b)
{
    const struct bb_rule_use *x = a, *y = b;

    if (x->indicator != y->indicator)
        return x->indicator < y->indicator ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    return x->operand < y->operand ? -1 : x->operand > y->operand;
}

static void
fill_uses(struct bb_rule_set *set)
{
    set->n_uses = 0;
    memset(set->used, 0, set->used_bytes);
    for (uint32_t i = 0; i < set->n; i++)
        for (uint32_t k = 0; k < set->item[i].n_operands; k++) {
            uint32_t indicator = set->item[i].operand[k].indicator;
            set->use[set->n_uses++] = (struct bb_rule_use){indicator, i, k};
            set->used[indicator / 8] |= (uint8_t)(1u << indicator % 8);
        }
    qsort(set->use, set->n_uses, sizeof *set->use, by_indicator);
}

int
bb_rule_set_index(struct bb_rule_set *set)
{
    struct bb_rule_use *use;
    uint32_t n = 0, top = 0;
    uint8_t *used;

    for (uint32_t i = 0; i < set->n; i++)
        for (uint32_t k = 0; k < set->item[i].n_operands; k++) {
            uint32_t indicator = set->item[i].operand[k].indicator;
            top = indicator > top ? indicator : top;
            n++;
        }
    use = realloc(set->use, (n + 1) * sizeof *use);
    if (!use)
        return -ENOMEM;
    set->use = use;
    used = realloc(set->used, n ? top / 8 + 1 : 1);
    if (!used)
        return -ENOMEM;
    set->used = used;
    set->used_bytes = n ? top / 8 + 1 : 0;
    fill_uses(set);
    return 0;
}

uint32_t
bb_rule_set_uses(const struct bb_rule_set *set, uint32_t indicator, const struct bb_rule_use **ret_use)
{
    uint32_t low = 0, high = set->n_uses, n = 0;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (set->use[middle].indicator < indicator)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_use = set->use + low;
    while (low + n < set->n_uses && set->use[low + n].indicator == indicator)
        n++;
    return n;
}

/* Loading: of the versions of one code, which follow each other, the last that is early enough. */

int
bb_rule_set_load(struct bb_rule_set *set, MDB_cursor *cursor, uint64_t sequence, bb_rule_find *find,
                 void *context)
{
    struct bb_bytes key, code, payload;
    uint64_t at;
    int r = bb_cursor_move(cursor, MDB_FIRST, &key, &payload);

    while (r == 0) {
        r = bb_rule_key_unpack(key, &code, &at);
        if (r == 0 && at <= sequence)
            r = bb_rule_set_put(set, payload, find, context);
        if (r == 0)
            r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload);
    }
    return r == BB_STORE_E_NOT_FOUND ? bb_rule_set_index(set) : r > 0 ? -EBADMSG : r;
}
