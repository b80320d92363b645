/* Why a row was refused or warned of: a code, the field it speaks of, and a sentence with what was found and
 * what would be right. */
#ifndef BB_NOTE_H
#define BB_NOTE_H

#include "proto/bytes.h"
#include "proto/rows.h"

#define BB_NOTE_TEXT 240

struct bb_note {
    enum bb_row_code code;
    enum bb_field field;
    char text[BB_NOTE_TEXT];
};

/* Fill a note; returns the code, so that a check can end with it. `found` is quoted and cut. */
enum bb_row_code bb_note_found(struct bb_note *note, enum bb_row_code code, enum bb_field field,
                               struct bb_bytes found, const char *expected_format, ...)
    __attribute__((format(printf, 5, 6)));
enum bb_row_code bb_note_set(struct bb_note *note, enum bb_row_code code, enum bb_field field,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
