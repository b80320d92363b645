#include "versions.h"

#include "proto/message.h"

/* Of one definition. */
static int
read_version(struct bb_terms *terms, struct bb_snapshot *snapshot, struct bb_bytes key,
             struct bb_bytes payload, struct bb_term_version *ret_version)
{
    Bb__Indicator *definition;

    bb_arena_reset(&terms->scratch);
    if (bb_unpack(bb__indicator, payload, &terms->scratch, &definition) != 0)
        return bb_snapshot_damaged(snapshot, BB_VIEW_DEFINITION, key);
    *ret_version = (struct bb_term_version){.version = definition->version, .sequence = definition->sequence};
    return 0;
}

/* One behind those that are there. Their number grows by doubling; what was too small stays in the arena. */
static int
add_version(struct bb_terms *terms, struct bb_term *indicator, const struct bb_term_version *version)
{
    uint32_t n = indicator->n_versions;
    struct bb_term_version *grown;

    if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4 ... */
        size_t bytes = (n ? 2 * n : 1) * sizeof *grown;
        grown = bb_arena_alloc(&terms->arena, bytes);
        if (!grown)
            return bb_no_room(&terms->arena, bytes);
        if (n)
            memcpy(grown, indicator->versions, n * sizeof *grown);
        indicator->versions = grown;
    }
    indicator->versions[indicator->n_versions++] = *version;
    return 0;
}

static int
read_versions(struct bb_terms *terms, struct bb_snapshot *snapshot, struct bb_term *indicator)
{
    struct bb_term_version version;
    struct bb_bytes key, payload;
    uint8_t first[8];
    int r;

    bb_put_u32(first, indicator->id);
    bb_put_u32(first + 4, 0);
    r = bb_snapshot_seek(snapshot, BB_VIEW_DEFINITION, bb_bytes(first, sizeof first), &key, &payload);
    while (r == 0 && key.len == sizeof first && bb_get_u32(key.data) == indicator->id) {
        r = read_version(terms, snapshot, key, payload, &version);
        if (r == 0)
            r = add_version(terms, indicator, &version);
        if (r == 0)
            r = bb_snapshot_move(snapshot, BB_VIEW_DEFINITION, MDB_NEXT, &key, &payload);
    }
    if (r < 0)
        return r;
    return indicator->n_versions
               ? 0
               : bb_snapshot_damaged(snapshot, BB_VIEW_DEFINITION, bb_bytes(first, sizeof first));
}

int
bb_version_at(struct bb_terms *terms, struct bb_snapshot *snapshot, struct bb_term *indicator,
              uint64_t sequence, uint32_t *ret_version)
{
    int r = indicator->n_versions ? 0 : read_versions(terms, snapshot, indicator);
    uint32_t at;

    if (r != 0)
        return r;
    for (at = indicator->n_versions - 1; at > 0 && indicator->versions[at].sequence > sequence;)
        at--;
    *ret_version = indicator->versions[at].version;
    return 0;
}
