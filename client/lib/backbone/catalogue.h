/* Indicators and places, and who has agreed to report what. */
#ifndef BACKBONE_CATALOGUE_H
#define BACKBONE_CATALOGUE_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Texts as in the columns of `indicator define`; NULL: not given. */
struct bb_indicator {
    const char *code;
    const char *name;
    const char *definition;
    const char *unit;
    const char *direction;
    const char *numerator;
    const char *denominator;
    const char *factor;
    const char *decimals;
    const char *frequency;
    const char *time_aggregation;
    const char *organization_aggregation;
    const char *baseline_period;
    const char *baseline_value;
    const char *target_period;
    const char *target_value;
    const char *minimum;
    const char *maximum;
    const char *due_days;
    const char *owner;
    const char *targets;              /* further ones: "2024/2025=75; hartford@2024/2025=80" */
    const char *numerator_expression; /* computed from others: "#{cases}+#{deaths.sex=female}" */
    const char *denominator_expression;
    const char
        *suppress_below; /* smaller counts, and those they follow from, are for staff and their owner */
    const char *overlap; /* sum; maximum: where organizations count the same, of a cell the greatest counts */
    const char *publish; /* reported; approved: others see, and totals count, only what is approved */
    uint32_t version;    /* in answers: 1 for the first definition */
    uint64_t sequence;   /* in answers: of the entry that made this version */
    const char *retired; /* in answers: date; NULL: it is not */
};

struct bb_place {
    const char *name;
    const char *parent; /* NULL: none */
    const char *const *alias;
    size_t n_aliases;
    bool aggregate;     /* contains others, so sums leave it out */
    bool has_aggregate; /* defining: aggregate is meant as it is; else false leaves what was said before */
};

/* What became of one definition. */
struct bb_define_outcome {
    uint32_t item;   /* index */
    uint8_t outcome; /* BB_CREATED, BB_UPDATED, BB_UNCHANGED or BB_REJECTED */
    uint32_t code;
    const char *code_name; /* "" unless rejected, or taken with a warning */
    const char *field;     /* the column; may be "" */
    const char *text;      /* may be "" */
};

typedef void bb_define_fn(void *self, const struct bb_define_outcome *outcome);
typedef int bb_indicator_fn(void *self, const struct bb_indicator *indicator);
typedef int bb_place_fn(void *self, const struct bb_place *place);

/* Define indicators or places; a changed one becomes a new version. As many as fit into 192 KiB: -E2BIG when
 * they do not, and nothing was sent. */
BB_API int bb_client_define_indicators(struct bb_client *client, const struct bb_indicator *indicators,
                                       size_t n, bb_define_fn *each, bb_done_fn *done, void *self);
BB_API int bb_client_define_places(struct bb_client *client, const struct bb_place *places, size_t n,
                                   bb_define_fn *each, bb_done_fn *done, void *self);

/* Bytes that these definitions take of the 192 KiB, for cutting a long list. */
BB_API size_t bb_indicator_bytes(const struct bb_indicator *indicator);
BB_API size_t bb_place_bytes(const struct bb_place *place);

struct bb_indicators_query {
    const char *code;        /* code or name; NULL: all */
    uint64_t as_of_sequence; /* as they were defined then; 0: not asked */
    int64_t as_of_us;        /* 0: not asked */
};

BB_API int bb_client_indicators(struct bb_client *client, const struct bb_indicators_query *query,
                                bb_indicator_fn *each, bb_done_fn *done, void *self);
BB_API int bb_client_places(struct bb_client *client, bb_place_fn *each, bb_done_fn *done, void *self);

/* An organization agrees to report an indicator: that is expected of it then, and is no condition for
 * reporting. What is not given stays as it is. */
struct bb_adoption {
    const char *indicator;    /* code or name; in answers its code */
    const char *organization; /* NULL: the caller's own */
    uint32_t version;         /* of the definition that it agrees to; 0: the present one */
    const char *from;         /* date, "2026-09-07"; NULL: today */
    const char *until;        /* date: from then on it is not expected any more; NULL: without an end */
    /* In answers: */
    const char *member; /* organization/member who said so */
    uint64_t sequence;
    int64_t time_us;
};

typedef int bb_adoption_fn(void *self, const struct bb_adoption *adoption);

/* A partner speaks for itself, staff for anybody. Outcomes as for definitions. */
BB_API int bb_client_adopt(struct bb_client *client, const struct bb_adoption *adoptions, size_t n,
                           bb_define_fn *each, bb_done_fn *done, void *self);

struct bb_adoptions_query {
    const char *indicator;    /* NULL: all */
    const char *organization; /* NULL: all */
    uint64_t as_of_sequence;
    int64_t as_of_us;
};

/* What holds: by indicator, then organization. */
BB_API int bb_client_adoptions(struct bb_client *client, const struct bb_adoptions_query *query,
                               bb_adoption_fn *each, bb_done_fn *done, void *self);

/* Periods that begin on this date (NULL: today) or later are refused from now on; undo: they are not any
 * more. Staff. One outcome. */
BB_API int bb_client_retire(struct bb_client *client, const char *indicator, const char *from, bool undo,
                            bb_define_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
