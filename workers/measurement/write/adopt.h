/* Commands that change what is agreed upon: indicator.adopt and indicator.retire. As in define.h. */
#ifndef BB_ADOPT_H
#define BB_ADOPT_H

#include "define.h"

/* Who asks. */
struct bb_adopter {
    struct bb_bytes code;         /* of the organization */
    bool for_others;              /* staff: may speak for any */
    const struct bb_codes *limit; /* indicators that are there for it; NULL all */
    uint32_t today;               /* calendar.h, UTC */
};

/* Judge and apply; the entry holds what is kept, with canonical texts and dates. 0 | -ENOMEM | -EBADMSG */
int bb_adopt(struct bb_head *head, struct bb_arena *arena, const struct bb_adopter *adopter,
             const Bb__Adopt *request, uint64_t sequence, Bb__EntryAdoptions *entry, Bb__DefineReply *reply);
int bb_apply_adoptions(struct bb_head *head, const Bb__EntryAdoptions *entry, uint64_t sequence);

/* A retirement is a new version of the definition: what a query of an earlier moment finds is as it was. */
int bb_retire(struct bb_head *head, struct bb_arena *arena, uint32_t today,
              const Bb__IndicatorRetire *request, uint64_t sequence, Bb__EntryIndicators *entry,
              Bb__DefineReply *reply);

#endif
