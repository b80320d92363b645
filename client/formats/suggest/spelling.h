/* Periods as people write them, which are none of ours: days with slashes, quarters and months with their
 * names in front of the year. Each has a pattern, names for its groups and the template that makes a period
 * of them, as maps have them (backbone-map(5)). Pure. */
#ifndef BB_FORMATS_SPELLING_H
#define BB_FORMATS_SPELLING_H

#include "proto/bytes.h"

#include <jansson.h>

#define BB_SPELLINGS      8u
#define BB_SPELLING_PARTS 3u

/* In front of a pattern within a text, and behind it: groups of their own, so that digits are not taken from
 * the middle of longer ones. */
#define BB_SPELLING_BEFORE "(^|[^0-9A-Za-z])"
#define BB_SPELLING_BEHIND "([^0-9A-Za-z]|$)"

struct bb_spelling {
    const char *what; /* "day/month/year" */
    const char *pattern;
    const char *name[BB_SPELLING_PARTS]; /* of the groups: YYYY, MM, DD, Q; NULL behind the last one */
    const char *period;
    bool months; /* {MM} is the first three letters of a month's name */
};

/* Their patterns, ready to be matched. */
struct bb_spellings;

/* 0 | -ENOMEM */
int bb_spellings_new(struct bb_spellings **ret_spellings);
void bb_spellings_destroy(struct bb_spellings **spellings);

/* The spelling of this number, below BB_SPELLINGS. */
const struct bb_spelling *bb_spelling(unsigned number);

/* Is all of the text a period of our time in this spelling? */
bool bb_spelling_is(const struct bb_spellings *spellings, unsigned number, struct bb_bytes text);

/* Is there one within it, with no letter or digit beside it? ret_found: the first that looks so, borrowed. */
bool bb_spelling_find(const struct bb_spellings *spellings, unsigned number, struct bb_bytes text,
                      struct bb_bytes *ret_found);

/* Is it the name of a month, or its beginning? */
bool bb_spelling_is_month(struct bb_bytes text);
/* A pattern for the first three letters of one. */
extern const char bb_month_pattern[];

/* What the names of months mean, for the aliases of a map: {"Jan": "1", ...}. A new reference. */
json_t *bb_month_aliases(void);

#endif
