/* The organizations, as the broker tells them, and since when each is known here.
 *
 * In memory every organization has a number, from 0, which stays for the life of the process; one that has
 * gone from the registry keeps its number, and is neither enabled nor found by a name. All of it is in the
 * store too, so that what is addressed to an organization since it was known does not depend on who was
 * started first. What a round that failed could not store is written with the next one. */
#ifndef BB_DIRECTORY_H
#define BB_DIRECTORY_H

#include "log.h"

#include "proto/arena.h"
#include "runtime/codes.h"

struct bb_organization {
    uint32_t number;
    struct bb_bytes code;
    uint32_t role; /* Bb__Role */
    bool enabled;  /* by the registry; see bb_organization_enabled() */
    bool share_own_line;
    uint32_t left_day;      /* calendar.h: from this day on it is as if it were disabled; 0: none */
    struct bb_codes *limit; /* indicators that it takes part in; NULL: all, as staff does */
    uint64_t since;         /* head of the log when it was first seen: later messages are for it */
};

#define BB_NOBODY UINT32_MAX

struct bb_directory;

/* Reads what is stored. 0 | <0 */
int bb_directory_new(struct bb_msglog *log, struct bb_directory **ret_directory);
void bb_directory_destroy(struct bb_directory **directory);

/* A DIRECTORY of the broker. arena: to decode it. Malformed ones are ignored. 0 | <0 the store cannot be
 * written. */
int bb_directory_update(struct bb_directory *directory, struct bb_bytes packed, struct bb_arena *arena);
/* Stage what a failed round could not keep. Cheap when there is nothing. 0 | <0 */
int bb_directory_save(struct bb_directory *directory);
/* The round is on disk. */
void bb_directory_saved(struct bb_directory *directory);

uint32_t bb_directory_count(const struct bb_directory *directory);
/* Borrowed, valid until the next update. number: below the count. */
const struct bb_organization *bb_directory_at(const struct bb_directory *directory, uint32_t number);
/* By code; NULL when nobody has it. */
const struct bb_organization *bb_directory_by_code(const struct bb_directory *directory,
                                                   struct bb_bytes code);
/* By code, name or alias, of what is in the registry. */
const struct bb_organization *bb_directory_by_name(const struct bb_directory *directory,
                                                   struct bb_bytes name);

/* Is this indicator there for its members? */
static inline bool
bb_organization_takes_part(const struct bb_organization *organization, struct bb_bytes indicator)
{
    return !organization->limit || bb_codes_has(organization->limit, indicator);
}

/* May it take part today? */
static inline bool
bb_organization_enabled(const struct bb_organization *organization, uint32_t today)
{
    return organization->enabled && (organization->left_day == 0 || today < organization->left_day);
}

#endif
