/* Inside of the intake: what its files share. Only intake.c and intake_names.c include this. */
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
    bool new_place; /* named by this row first */
    bool warned;    /* has a warning already */
    struct bb_note note;
};

/* The texts of a row become ids. 0 | a row code, the note is filled | <0 */
int bb_intake_resolve(struct bb_intake *intake, struct bb_intake_row *row);

/* What nobody has named before gets an id, place first. 0 | <0 */
int bb_intake_add_place(struct bb_intake *intake, struct bb_intake_row *row);
int bb_intake_add_disaggregation(struct bb_intake *intake, struct bb_intake_row *row);

#endif
