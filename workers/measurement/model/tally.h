/* A tally: what the readings of one point of a trend amount to, and who made it up.
 *
 * Pure. A tally is filled from rollups, or reading by reading where rollups do not say enough: values that
 * follow from their parts, the last reading, who is behind the parts. Nothing is rounded before the end. */
#ifndef BB_TALLY_H
#define BB_TALLY_H

#include "indicator.h"
#include "rollup.h"

#include "runtime/fraction.h"

/* How many organizations: nobody, this one, or several. */
struct bb_party {
    enum { BB_PARTY_NONE, BB_PARTY_ONE, BB_PARTY_MANY } size;
    uint32_t organization; /* of one */
};

struct bb_tally {
    struct bb_rollup sum;
    struct bb_sum computed; /* of the values that follow from parts, each to 24 digits after the point */
    bool overflow;          /* a sum left its range: there is no value */
    struct bb_party party;  /* behind the readings with a value */
    struct bb_party parts;  /* behind those with parts; as `party` when filled from rollups */
    struct bb_reading last; /* the reading with the greatest sequence; its comment is not kept */
    uint32_t last_organization;
    bool by_readings; /* filled reading by reading */
    uint32_t
        overlapped; /* readings that count, and are not in it: another one of their cell stands for them */
};

void bb_party_add(struct bb_party *party, uint32_t organization);
/* Those behind the values of a rollup. */
void bb_party_merge(struct bb_party *party, const struct bb_rollup *rollup);

/* rules: decide what is computed. Readings come in the order of their keys: of two with the same sequence the
 * later one is the last. */
void bb_tally_add(struct bb_tally *tally, const struct bb_indicator *rules, const struct bb_reading *reading,
                  uint32_t organization);
void bb_tally_merge(struct bb_tally *tally, const struct bb_rollup *rollup);

/* Does the point need its readings one by one? Then only a tally of readings gives its figure.
 * merged: filled from rollups. hidden: may something have to be withheld? */
bool bb_tally_needs_readings(const struct bb_tally *merged, const struct bb_indicator *rules, bool hidden);

/* A point as it is shown. */
struct bb_figure {
    char value[BB_DECIMAL_TEXT]; /* "" none, and so for the others */
    char numerator[BB_DECIMAL_TEXT];
    char denominator[BB_DECIMAL_TEXT];
    uint32_t readings;
    uint32_t without_parts; /* only where a ratio is asked for */
    uint32_t periods;       /* of a longer period: those of its periods that have data, ... */
    uint32_t of_periods;    /* ... of so many; 0: it is not made of others, or of any */
    struct bb_party party;  /* whose figure the value is */
    struct bb_party parts;  /* whose the numerator and denominator are */
};

void bb_tally_figure(const struct bb_tally *tally, const struct bb_indicator *rules,
                     struct bb_figure *ret_figure);

/* The value of the figure before it is rounded; of values that follow from parts a sum has 24 digits after
 * the point. False: there is none. */
bool bb_tally_exact(const struct bb_tally *tally, const struct bb_indicator *rules,
                    struct bb_fraction *ret_value);

/* The digits after the point of a division. */
unsigned bb_figure_decimals(const struct bb_indicator *rules);

/* The value of a reading that follows from its parts. False when it does not, or does not fit. */
bool bb_reading_computed(const struct bb_indicator *rules, const struct bb_reading *reading, unsigned scale,
                         struct bb_decimal *ret_value);

#endif
