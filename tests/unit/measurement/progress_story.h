/* What happens to the indicators of the test of progress: random definitions, readings, withdrawals,
 * reviews, adoptions and retirements. */
#ifndef BB_TESTS_PROGRESS_STORY_H
#define BB_TESTS_PROGRESS_STORY_H

#include "fixture.h"

enum { PROGRESS_INDICATORS = 6, PROGRESS_COMPUTED = 5, PROGRESS_VERSIONS = 200, PROGRESS_PERIODS = 11 };

struct progress_indicator {
    const char *code, *aggregation, *frequency, *publish, *above, *below;
};

/* The last of them, number PROGRESS_COMPUTED, is computed. */
extern const struct progress_indicator progress_indicators[PROGRESS_INDICATORS];

/* All are over, whatever day it is. */
extern const char *const progress_periods[PROGRESS_PERIODS];

/* A definition, as far as standing goes by it. */
struct progress_version {
    uint64_t sequence;
    int indicator;
    const char *direction, *baseline_period, *baseline_value, *target_period, *target_value, *targets;
    uint32_t retired; /* day; 0 not */
};

struct progress_adoption {
    uint64_t sequence;
    int indicator;
    const char *organization;
    uint32_t from, until; /* days; until 0: open */
};

struct progress_story {
    struct fixture f;
    struct progress_adoption adoption[PROGRESS_VERSIONS];
    int n_adoptions;
    struct progress_version version[PROGRESS_VERSIONS];
    int n;
    bool months; /* and several dimensions; else periods of every type, and one dimension, so that a total is
                    never refused for what lies within its period */
    uint32_t batches;
};

/* So many entries behind the first definitions; opens the fixture. */
void progress_tell(struct progress_story *story, unsigned entries);

/* Is the computed one made from it? */
bool progress_is_input(int indicator);

/* Had the organization adopted it, as it was known at the sequence, so that it reports it on this day? Only
 * what has a frequency is. */
bool progress_has_adopted(const struct progress_story *story, int indicator, const char *organization,
                          uint32_t day, uint64_t sequence);

/* The sequence of the last entry. */
uint64_t progress_head(const struct progress_story *story);

/* The definition that held; before the first one that one. NULL: there is none. */
const struct progress_version *progress_version_at(const struct progress_story *story, int indicator,
                                                   uint64_t sequence);

#endif
