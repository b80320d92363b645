/* Standing: where an indicator is between its baseline, its figures and its next target; of all together, or
 * of one organization.
 *
 * Of one organization changes are counted from its own figure of the baseline's period, where it has said
 * something of that; else from the indicator's baseline, unless the indicator is a sum: that baseline is what
 * all of them amounted to. Which target is its own: aims.h.
 *
 * Pure, and exact: changes and distances are differences of the figures as they are shown, without rounding;
 * what lies on the straight line from the baseline to the target is compared as a fraction. The line begins
 * at the end of the baseline's period and ends at the end of the target's. */
#ifndef BB_STANDING_H
#define BB_STANDING_H

#include "aims.h"

struct bb_standing_figure {
    bool known; /* there is a value, and it may be seen */
    struct bb_decimal value;
};

struct bb_standing_input {
    const Bb__Indicator *definition; /* sound, as bb_indicator_parse() says */
    const struct bb_indicator *rules;
    struct bb_standing_figure latest, previous;
    uint32_t end_day; /* of the latest period: the first day behind it */
    /* Of one organization */
    struct bb_bytes organization;   /* code; empty: of all together */
    bool said_at_baseline;          /* it has said something of the baseline's period: */
    struct bb_standing_figure then; /* ... which amounts to this */
};

enum bb_movement {
    BB_MOVEMENT_UNKNOWN = 0,
    BB_MOVEMENT_IMPROVING,
    BB_MOVEMENT_WORSENING,
    BB_MOVEMENT_UNCHANGED,
    BB_MOVEMENT_RISING, /* of an indicator without a direction */
    BB_MOVEMENT_FALLING,
};

/* Texts that are empty: there is none. */
struct bb_standing {
    bool has_baseline, own_baseline;
    bool has_baseline_period;
    struct bb_period baseline_period;
    struct bb_decimal baseline;
    char since_baseline[BB_DECIMAL_TEXT]; /* latest - baseline; none before the baseline's period is over */
    char since_previous[BB_DECIMAL_TEXT];
    enum bb_movement movement; /* since the previous figure, or without one since the baseline */
    bool has_target;           /* the earliest that is not over before the latest period */
    bool own_target;           /* of the organization, not of all together */
    struct bb_period target_period;
    struct bb_decimal target;
    char distance[BB_DECIMAL_TEXT]; /* target - latest */
    bool judged;                    /* is it known whether ... */
    bool on_track;
};

/* The period of the baseline. False: the definition names none. */
bool bb_standing_baseline_period(const Bb__Indicator *definition, const struct bb_indicator *rules,
                                 struct bb_period *ret_period);

void bb_standing_of(const struct bb_standing_input *input, struct bb_standing *ret_standing);

/* "improving", "worsening", "unchanged", "rising", "falling"; "" for another number. Static. */
const char *bb_movement_name(enum bb_movement movement);

#endif
