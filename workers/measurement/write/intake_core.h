/* Inside of the intake: what its files share. Only intake.c, intake_names.c and
 * intake_warn.c include this. */
#ifndef BB_INTAKE_CORE_H
#define BB_INTAKE_CORE_H

#include "intake.h"

enum bb_intake_status {
    BB_INTAKE_UNTRIED = 0,
    BB_INTAKE_FOUND,
    BB_INTAKE_NEW, /* valid, and nobody has named it yet */
    BB_INTAKE_REFUSED,
};

/* One row on its way. */
struct bb_intake_row {
    uint32_t number;
    struct bb_rowref ref;
    struct bb_reading_key key;
    struct bb_reading reading;
    struct bb_resolved_period *period;
    bool new_place;  /* named by this row first */
    bool lost_parts; /* it gives a value to a reading that had numerator and denominator too */
    bool warned;     /* has a warning already */
    struct bb_note note;
};

/* The texts of a row become ids. 0 | a row code, the note is filled | <0 */
int bb_intake_resolve(struct bb_intake *intake, struct bb_intake_row *row);

/* What nobody has named before gets an id, place first. 0 | <0 */
int bb_intake_add_place(struct bb_intake *intake, struct bb_intake_row *row);
int bb_intake_add_disaggregation(struct bb_intake *intake, struct bb_intake_row *row);

/* Notes */
#define BB_INTAKE_NOTE_BYTES 14u /* of one without its text, at most, and of the row's outcome */

/* Is there room for so many bytes of words more? Then they are taken. */
bool bb_intake_room(struct bb_intake *intake, size_t bytes);
/* A note of a row; without its text where there is no room for that. 0 | -ENOMEM */
int bb_intake_add_note(struct bb_intake *intake, struct bb_note_list *list, uint32_t row,
                       const struct bb_note *note, struct bb_row_note **ret_added);

/* What is odd about a row that was taken; a replay says nothing. 0 | <0 */
int bb_intake_warn(struct bb_intake *intake, struct bb_intake_row *row);

/* Of a place that is new where places are registered. */
#define BB_INTAKE_PLACE_EXPECTED                                                                             \
    "a registered place, or one that a reading has named before (place ls shows them)"

#endif
