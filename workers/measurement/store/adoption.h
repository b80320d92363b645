/* Adoptions: which organization has agreed to report which indicator, since when, and until when.
 *
 * Never a condition for reporting: it says what is expected (reporting.h). What an organization says anew
 * takes the place of what it said before, which stays for queries of earlier moments. */
#ifndef BB_ADOPTION_H
#define BB_ADOPTION_H

#include "views.h"

#include "proto/limits.h"

#include "runtime/store/map.h"

#include "measurement.pb-c.h"

struct bb_adoption {
    uint32_t indicator, organization;
    uint32_t version;
    uint32_t from_day, until_day; /* half-open; until_day 0: without an end */
    struct bb_bytes member;       /* organization/member who said so; borrowed, and not kept by the tables */
};

/* In the view `adoption`: indicator | organization | sequence of the entry -> version | from | until |
 * member.
 */
#define BB_ADOPTION_KEY    (4 + 4 + 8)
#define BB_ADOPTION_PAIR   (4 + 4)
#define BB_ADOPTION_PACKED (4 + 4 + 4 + 2 * BB_LIMIT_CODE_BYTES + 1)

void bb_adoption_key(uint32_t indicator, uint32_t organization, uint64_t sequence,
                     uint8_t out[static BB_ADOPTION_KEY]);
size_t bb_adoption_pack(const struct bb_adoption *adoption, uint8_t out[static BB_ADOPTION_PACKED]);
/* 0 | -EBADMSG */
int bb_adoption_unpack(struct bb_bytes key, struct bb_bytes record, struct bb_adoption *ret_adoption);

static inline uint64_t
bb_adoption_sequence(struct bb_bytes key)
{
    return bb_get_u64(key.data + BB_ADOPTION_PAIR);
}

/* What holds, for the writer. */
struct bb_adoptions {
    struct bb_map number; /* indicator | organization -> number in the array */
    struct bb_adoption *adoption;
    uint32_t count, size;
};

/* From the view. 0 | -ENOMEM | -EBADMSG */
int bb_adoptions_load(struct bb_adoptions *adoptions, const struct bb_views *views);
void bb_adoptions_release(struct bb_adoptions *adoptions);

/* NULL: it has said nothing. Valid until the next set. */
const struct bb_adoption *bb_adoptions_get(const struct bb_adoptions *adoptions, uint32_t indicator,
                                           uint32_t organization);
/* 0 | -ENOMEM */
int bb_adoptions_set(struct bb_adoptions *adoptions, const struct bb_adoption *adoption);

/* The numbers of an Adoption as it is journalled. 0 | -EBADMSG */
int bb_adoption_read(const Bb__Adoption *message, struct bb_adoption *ret_adoption);

#endif
