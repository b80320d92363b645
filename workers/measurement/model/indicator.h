/* Definitions of indicators: checking one that came, and what of it the rules need.
 *
 * Pure. A definition travels and is kept as the message Indicator with its fields as text; this parses the
 * fields that are numbers, periods and words, and says which field is wrong and what would be right. */
#ifndef BB_INDICATOR_H
#define BB_INDICATOR_H

#include "note.h"

#include "runtime/decimal.h"
#include "runtime/period.h"

#include "measurement.pb-c.h"

enum bb_aggregation {
    BB_AGGREGATE_SUM = 1,
    BB_AGGREGATE_AVERAGE = 2,
    BB_AGGREGATE_LAST = 3,
    BB_AGGREGATE_RATIO = 4,
};

#define BB_DECIMALS_DEFAULT 6 /* digits after the point of a division whose indicator names none */

struct bb_indicator {
    struct bb_decimal factor; /* 100 for percent, else 1, unless the definition says otherwise */
    struct bb_decimal minimum, maximum;
    bool has_minimum, has_maximum;
    bool percent; /* the unit */
    bool has_decimals;
    unsigned decimals;             /* 0 to 24 */
    enum bb_period_type frequency; /* 0: any */
    enum bb_aggregation time_aggregation, organization_aggregation;
    bool has_due_days;
    bool overlap_maximum;    /* of a cell the greatest of all organizations counts (query/overlap.h) */
    bool publish_approved;   /* what is not approved counts nowhere, and others do not see it */
    unsigned suppress_below; /* smaller counts are protected (suppress.h); 0: none are */
    bool counted_otherwise;  /* since: of a moment before the present definition (store/terms.h) */
    unsigned due_days;       /* days behind the end of a period until which a report is on time */
    bool computed;           /* from other indicators, by its expressions */
    bool comparable;         /* what one organization reports with what all do: it is no sum of theirs */
    uint32_t retired_day;    /* periods that begin on it, or later, are refused; 0: it is not retired */
};

#define BB_SUPPRESS_BELOW_MAX 1000000u

/* 0 | 1 refused: the note has a code and a text, *ret_column the column it speaks of (static) | -ENOMEM */
int bb_indicator_parse(const Bb__Indicator *definition, struct bb_indicator *ret_indicator,
                       struct bb_note *ret_note, const char **ret_column);

/* The targets of the field of that name, one after the other. */
struct bb_targets {
    struct bb_bytes rest;
    enum bb_period_type frequency;
};
struct bb_target {
    struct bb_bytes organization; /* code; empty: of all together */
    struct bb_period period;
    struct bb_decimal value;
};
struct bb_targets bb_targets(const char *text, enum bb_period_type frequency);
/* 0 | 1 there are no more | -EINVAL */
int bb_targets_next(struct bb_targets *targets, struct bb_target *ret_target);

/* Do both definitions say the same, version and sequence aside? */
bool bb_indicator_same(const Bb__Indicator *a, const Bb__Indicator *b);

#endif
