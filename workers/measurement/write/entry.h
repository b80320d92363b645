/* The journal entry of a submission: its accepted rows with canonical texts, and what became of every row. */
#ifndef BB_ENTRY_H
#define BB_ENTRY_H

#include "intake.h"

#include "journal.pb-c.h"

/* Fill rows, outcomes and notes of an entry from a finished intake. Everything is in the intake's arena or
 * borrowed from it. 0 | -ENOMEM | -EBADMSG */
int bb_entry_fill(struct bb_intake *intake, Bb__EntrySubmission *entry);

/* outcomes as they travel: one byte in all when every row has the same. */
ProtobufCBinaryData bb_entry_outcomes(const struct bb_intake *intake);

/* The notes of a list as messages, in the arena. 0 | -ENOMEM */
int bb_entry_notes(struct bb_intake *intake, const struct bb_note_list *list, Bb__RowNote ***ret_notes,
                   size_t *ret_count);

#endif
