/* Commands that change the catalogue: definitions of indicators, places, the directory of organizations.
 *
 * An item is judged and, when it is to be kept, brought into the head (names, catalogue, generation) at once,
 * so that the next item meets it. What is kept becomes a journal entry; a replay brings it into the head
 * again. When the entry cannot be committed, the writer rebuilds its head from the journal. */
#ifndef BB_DEFINE_H
#define BB_DEFINE_H

#include "head.h"

#include "proto/arena.h"

#include "journal.pb-c.h"

/* Judge and apply. The reply has one outcome an item, in the arena; the entry holds the created and updated
 * ones (none: nothing to journal). sequence: of the entry that this becomes. 0 | -ENOMEM | -EBADMSG */
int bb_define_indicators(struct bb_head *head, struct bb_arena *arena, const Bb__IndicatorDefine *request,
                         uint64_t sequence, Bb__EntryIndicators *entry, Bb__DefineReply *reply);
int bb_define_places(struct bb_head *head, struct bb_arena *arena, const Bb__PlaceDefine *request,
                     Bb__EntryPlaces *entry, Bb__DefineReply *reply);

/* Bring an entry into the head. 0 | -ENOMEM | -EBADMSG */
int bb_apply_indicators(struct bb_head *head, const Bb__EntryIndicators *entry, uint64_t sequence);
int bb_apply_places(struct bb_head *head, const Bb__EntryPlaces *entry);
int bb_apply_directory(struct bb_head *head, const Bb__EntryDirectory *entry);

/* Is what the head knows of this organization the same? */
bool bb_directory_same(const struct bb_head *head, const Bb__Organization *organization, uint32_t id);

#endif
